"""How training is spread over three intensities, by heart rate and by power."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.bins import HEART_RATE, POWER, Scale, bins_from
from pierre_mcp.analytics.zone_methods import THREE_ZONES
from pierre_mcp.analytics.zones import polarization_index, seconds_in_zones, shares
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.services.history import History
from pierre_mcp.services.thresholds import InForce

DETAILS: Final = frozenset({Category.HEART_RATE, Category.POWER})
"""What ``history.read`` must give."""

_ANY: Final = frozenset(Sport)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Seconds below, between and above two thresholds, and what they rest on.

    Attributes:
        category: ``heart_rate`` or ``power``.
        kind: The threshold from which the three zones are taken.
        source: Who published how.
        activities: How many have such seconds.
        seconds: Low, moderate and high.
        polarization: Treff's index; None where training is not polarized enough for
            one.
    """

    category: Category
    kind: Kind
    source: str
    activities: int
    seconds: tuple[float, float, float]
    polarization: float | None


@dataclass(frozen=True, slots=True)
class _Way:
    category: Category
    scale: Scale
    kinds: Sequence[Kind]
    sports: frozenset[Sport]


_WAYS: Final = (
    _Way(
        Category.HEART_RATE,
        HEART_RATE,
        (Kind.THRESHOLD_HEART_RATE, Kind.MAX_HEART_RATE),
        _ANY,
    ),
    _Way(Category.POWER, POWER, (Kind.FTP,), frozenset({Sport.CYCLING})),
)


def distributions(
    found: History, those: NDArray[np.bool_], in_force: Mapping[Kind, InForce]
) -> Sequence[Distribution]:
    """Return how some activities are spread, in each way in which that can be told.

    Args:
        found: Read with ``DETAILS``.
        those: Which activities, shape (n,).
        in_force: The thresholds that may be used.
    """
    ways = (_spread(found, those, in_force, way) for way in _WAYS)
    return [one for one in ways if one is not None]


def _spread(
    found: History,
    those: NDArray[np.bool_],
    in_force: Mapping[Kind, InForce],
    way: _Way,
) -> Distribution | None:
    kind = next((kind for kind in way.kinds if in_force[kind].newest), None)
    if kind is None:
        return None
    method = THREE_ZONES[kind]
    spent = seconds_in_zones(
        method,
        bins_from(found.details[way.category], way.scale),
        {kind: in_force[kind].on(found.day)},
    )[those & np.isin(found.sport, list(way.sports))]
    measured = np.isfinite(spent[:, 0])
    if not measured.any():
        return None
    low, moderate, high = np.nansum(spent, axis=0).tolist()
    return Distribution(
        way.category,
        kind,
        method.source,
        int(measured.sum()),
        (low, moderate, high),
        polarization_index(shares(spent)),
    )
