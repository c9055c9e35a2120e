"""Time in zones of one activity, by heart rate, power and pace.

The zones of heart rate are by threshold in runs and rides, for which its method is
made, and by tens of percent of maximum elsewhere; what was told comes before what is
estimated. Those of power are of rides, and those of pace of runs and swims: by speed as
it was, not graded, and without standing still.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pierre_mcp.analytics import bins, zones
from pierre_mcp.analytics.bins import Bins
from pierre_mcp.analytics.zone_methods import (
    COGGAN,
    FITZGERALD_SWIM,
    FRIEL_PACE,
    FRIEL_RIDE,
    FRIEL_RUN,
    PERCENT_OF_MAX,
)
from pierre_mcp.analytics.zones import Method
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.packed_details import DetailColumns
from pierre_mcp.services.thresholds import Value

_HEART_RATE: Final[Mapping[Sport, tuple[Method, ...]]] = {
    Sport.RUNNING: (FRIEL_RUN, PERCENT_OF_MAX),
    Sport.CYCLING: (FRIEL_RIDE, PERCENT_OF_MAX),
}
_POWER: Final = {Sport.CYCLING: (COGGAN,)}
_PACE: Final = {Sport.RUNNING: (FRIEL_PACE,), Sport.SWIMMING: (FITZGERALD_SWIM,)}


@dataclass(frozen=True, slots=True)
class ZoneTimes:
    """Seconds in each zone of one method.

    Attributes:
        by: ``heart_rate``, ``power`` or ``pace``.
        kind: The threshold it rests on.
        begins: Where each zone begins: bpm, W or m/s.
        seconds: In each, of what was measured.
    """

    by: str
    method: Method
    kind: Kind
    begins: Sequence[float]
    seconds: Sequence[float]


def zone_times(
    details: Mapping[Category, DetailColumns],
    sport: Sport,
    in_force: Mapping[Kind, Value],
) -> list[ZoneTimes]:
    """Return the time in zones by everything that tells some.

    Args:
        details: Of one activity, by category.
        sport: Its sport.
        in_force: The thresholds of its day.
    """
    found = (
        _times(by, method, measured, in_force)
        for by, methods, measured in _ways(details, sport)
        if (method := _method(methods, in_force)) is not None
    )
    return [one for one in found if one is not None]


def _ways(
    details: Mapping[Category, DetailColumns], sport: Sport
) -> Iterator[tuple[str, Sequence[Method], Bins]]:
    heart = _HEART_RATE.get(sport, (PERCENT_OF_MAX,))
    beats = bins.bins_from(details[Category.HEART_RATE], bins.HEART_RATE)
    yield "heart_rate", heart, beats
    power = _POWER.get(sport, ())
    yield "power", power, bins.bins_from(details[Category.POWER], bins.POWER)
    pace = _PACE.get(sport, ())
    speeds = bins.bins_from(details[Category.ACTIVITIES], bins.SPEED)
    yield "pace", pace, bins.moving(speeds)


def _method(methods: Sequence[Method], in_force: Mapping[Kind, Value]) -> Method | None:
    """Return the first whose threshold was told, else the first with an estimate."""
    known = [m for m in methods if m.needs[0] in in_force]
    told = [m for m in known if not in_force[m.needs[0]].is_estimate]
    return next(iter((*told, *known)), None)


def _times(
    by: str, method: Method, measured: Bins, in_force: Mapping[Kind, Value]
) -> ZoneTimes | None:
    values = {kind: in_force[kind].value for kind in method.needs}
    [seconds] = zones.seconds_in_zones(method, measured, values)
    if np.isnan(seconds).any():
        return None
    begins = zones.begins(method, values).tolist()
    return ZoneTimes(by, method, method.needs[0], begins, seconds.tolist())
