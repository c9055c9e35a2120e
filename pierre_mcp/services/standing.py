"""Where one activity stands among those of the year before it, of the same sport."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DISTANCES_M, DURATIONS_S
from pierre_mcp.services import best_efforts
from pierre_mcp.services.history import History, Numbers

DAYS: Final = 365
LIKE: Final = 0.2
"""An activity is like another whose distance is within a fifth of it."""

POWER_S: Final = (5, 60, 300, 1_200, 3_600)
"""Which best powers are shown: sprint to an hour."""

_RUN_M: Final = (1_000.0, 5_000.0, 10_000.0, 21_097.5, 42_195.0)
_BY_SPORT: Final[Mapping[Sport, tuple[float, ...]]] = {
    Sport.CYCLING: (10_000.0, 20_000.0, 50_000.0, 100_000.0),
    Sport.SWIMMING: (200.0, 400.0, 1_000.0, 1_500.0, 3_000.0),
}


@dataclass(frozen=True, slots=True)
class Effort:
    """A best effort of one activity, and where it stands.

    Attributes:
        over: Seconds or metres.
        value: Watts or seconds.
        rank: 1 is the best.
        among: How many activities reached so far, this one among them.
        better_on: The last day with a better one, ``YYYY-MM-DD``; None without one.
    """

    over: float
    value: float
    rank: int
    among: int
    better_on: str | None


@dataclass(frozen=True, slots=True)
class Against:
    """One number beside those of activities alike.

    Attributes:
        value: Of this one.
        median: Of the others that have the number.
        above: How many of them are lower.
        known: How many of them there are.
    """

    name: str
    value: float
    median: float
    above: int
    known: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Activities like this one.

    Attributes:
        by: What they have in common with it, ``distance`` or ``duration``.
        count: How many.
        against: Numbers of which something is known of both.
    """

    by: str
    count: int
    against: Sequence[Against]


def of_the_year(found: History, row: int) -> NDArray[np.bool_]:
    """Tell which are of the sport of an activity, and of the year up to its day."""
    day = found.day[row]
    within: NDArray[np.bool_] = (found.day <= day) & (found.day > day - DAYS)
    within &= found.sport == found.sport[row]
    return within


def best_powers(found: History, row: int) -> list[Effort]:
    """Return the best power of an activity over ``POWER_S``."""
    curves = found.details[Category.POWER].mean_max
    columns = [DURATIONS_S.index(seconds) for seconds in POWER_S]
    return _efforts(found, row, -curves[:, columns], POWER_S)


def best_times(found: History, row: int) -> list[Effort]:
    """Return the best times of an activity over the distances of its sport.

    What counts is what counts as a record: not indoors, and no faster than any human.
    """
    metres = _BY_SPORT.get(Sport(found.sport[row]), _RUN_M)
    columns = [DISTANCES_M.index(m) for m in metres]
    times, _, _ = best_efforts.timed(found)
    return _efforts(found, row, times[:, columns], metres)


def alike(found: History, row: int, numbers: Mapping[str, Numbers]) -> Alike:
    """Compare an activity with those alike: of its sport, and about as far or long.

    Args:
        found: Of the year up to its day at least.
        row: Which it is.
        numbers: By name, one for each activity, NaN where unknown.
    """
    by, size = "distance", found.numbers["distance_m"]
    if not size[row] > 0:
        by, size = "duration", found.moving_s
    near = of_the_year(found, row) & (np.abs(size - size[row]) <= LIKE * size[row])
    near[row] = False
    named = ((n, v[row], v[near]) for n, v in numbers.items())
    against = [_against(name, own, others) for name, own, others in named]
    known = [one for one in against if one is not None]
    return Alike(by, int(near.sum()), known)


def _against(name: str, own: float, others: Numbers) -> Against | None:
    known = others[np.isfinite(others)]
    if not (known.size and np.isfinite(own)):
        return None
    above = int((known < own).sum())
    return Against(name, float(own), float(np.median(known)), above, known.size)


def _efforts(
    found: History, row: int, cost: Numbers, over: Sequence[float]
) -> list[Effort]:
    """Rank each column within the year; less is better."""
    same = of_the_year(found, row)
    efforts = []
    for column, length in zip(cost.T, over, strict=True):
        own = column[row]
        if not np.isfinite(own):
            continue
        better = same & (column < own)
        days = found.day[better]
        efforts.append(
            Effort(
                over=length,
                value=abs(float(own)),
                rank=int(better.sum()) + 1,
                among=int((same & np.isfinite(column)).sum()),
                better_on=str(days.max()) if days.size else None,
            )
        )
    return efforts
