"""Thresholds estimated from best efforts, for where nobody told them.

An estimate is of the best effort within a window that ends with the day itself, and
holds from the day on which that effort was made, or a better one went out of the
window. Where no effort is within the window, the last estimate goes on.

Each is only as good as the hardest effort in its window: of easy training alone it is
too low. None replaces a test, and none is more than a guess for a person who is ill,
takes drugs that slow the heart, or trains little. Callers name the method wherever
they show the value or compute with it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.heart_rate import tanaka_max_bpm
from pierre_mcp.analytics.racing import LONGEST_S, SHORTEST_S
from pierre_mcp.model.details import DISTANCES_M

Days = NDArray[np.datetime64]
Column = NDArray[np.float64]

WINDOW_DAYS: Final = 90
MAX_HEART_RATE_DAYS: Final = 365
OF_20_MIN: Final = 0.95

HIGHEST_BPM: Final = 230.0
"""Beyond it is static or a synthetic file: what is expected of any age, 208, and the 20
that one person may be above it (Tanaka 2001).
"""

_HOUR_S: Final = 3_600.0
_RIEGEL: Final = 1.06
_RACES: Final = tuple(
    i for i, metres in enumerate(DISTANCES_M) if 3_000 <= metres <= 21_097.5
)
_FASTEST_M_S: Final = 6.2
"""Faster is no run, or no distance: the world's best half marathon, 56:42, is 6.18."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A value that holds from a day on until the next; columns of shape (n,).

    Attributes:
        since: datetime64[D], ascending, each day once.
        values: No two in a row are equal; none is NaN.
    """

    since: Days
    values: Column


def rolling_best(day: Days, value: Column, *, window_days: int = WINDOW_DAYS) -> Steps:
    """Return the greatest value of each window of days that ends with the day itself.

    A value of day d counts from d until before d + ``window_days``, and the last best
    goes on where a window has none.

    Args:
        day: Of each effort, datetime64[D], shape (n,), in any order.
        value: Shape (n,); NaN where there is none.
        window_days: At least 1.
    """
    known = ~np.isnan(value)
    order = np.argsort(day[known], kind="stable")
    days = day[known][order].astype("M8[D]").astype(np.int64)
    values = np.append(value[known][order], np.nan)
    # The best can change only where an effort comes in or goes out.
    at = np.unique(np.concatenate([days, days + window_days]))
    first = np.searchsorted(days, at - window_days, side="right")
    after = np.searchsorted(days, at, side="right")
    filled = first < after  # an empty window changes nothing
    at, spans = at[filled], np.stack([first[filled], after[filled]], axis=1)
    if not at.size:
        return _changes(at, np.empty(0))
    best = np.maximum.reduceat(values, spans.ravel())[::2]
    return _changes(at, best)


def ftp_w(day: Days, best_20_min_w: Column) -> Steps:
    """Return functional threshold power: 95 % of the best 20 minutes of cycling, W.

    It holds for a test ridden all-out after a hard five minutes; without these, and for
    riders with much anaerobic power, it is some percent too high.

    Source:
        Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed., ch. 3.
    """
    return _scaled(rolling_best(day, best_20_min_w), OF_20_MIN)


def threshold_heart_rate_bpm(day: Days, best_20_min_bpm: Column) -> Steps:
    """Return threshold heart rate: 95 % of the highest mean over 20 minutes, bpm.

    Friel takes the last 20 of 30 minutes all-out and alone as they are, and says that
    in a race they come out too high; the best 20 minutes of a season mostly are of a
    race, and 95 % of them is what 20-minute tests take, as of power. Heat and long
    efforts raise it, and running gives some beats more than cycling.

    Source:
        Friel (2006), Total Heart Rate Training; Allen & Coggan (2010), ch. 3.
    """
    return _scaled(rolling_best(day, best_20_min_bpm), OF_20_MIN)


def max_heart_rate_bpm(day: Days, best_5_s_bpm: Column) -> Steps:
    """Return maximum heart rate: the highest mean over 5 s within 365 days, bpm.

    Five seconds leave out what a strap reads of static for a beat or two, and over
    ``HIGHEST_BPM`` none counts. Who never went all-out has a higher one.
    """
    held = np.where(best_5_s_bpm <= HIGHEST_BPM, best_5_s_bpm, np.nan)
    return rolling_best(day, held, window_days=MAX_HEART_RATE_DAYS)


def max_heart_rate_by_age_bpm(birth_year: int, last_year: int) -> Steps:
    """Return 208 - 0.7 age for each year of life, bpm, as ``tanaka_max_bpm`` does."""
    age = np.arange(max(0, last_year + 1 - birth_year))
    years = (age + birth_year - 1970).astype("M8[Y]")
    return Steps(years.astype("M8[D]"), tanaka_max_bpm(age.astype(float)))


def threshold_speed_m_s(day: Days, best_s: Column) -> Steps:
    """Return the speed that a runner can hold for an hour, m/s.

    By Riegel's t2 = t1 (d2 / d1)^1.06 from the best of each distance of 3 to 21.1 km
    that took 3.5 minutes or more; the fastest of them counts. Daniels' T pace is that
    of an hour's race too, and differs by at most 3 s a kilometre. Hills and heat are
    not corrected for.

    Args:
        day: Shape (n,).
        best_s: Of runs, along ``DISTANCES_M``, shape (n, 21); NaN where not reached.

    Source:
        Riegel (1981), American Scientist 69(3):285-290; Daniels (2014), Daniels'
        Running Formula, 3rd ed.
    """
    metres, seconds = np.array(DISTANCES_M)[list(_RACES)], best_s[:, _RACES]
    lasts = (seconds >= SHORTEST_S) & (seconds <= LONGEST_S)
    seconds = np.where(lasts, seconds, np.nan)
    hour = metres * (_HOUR_S / seconds) ** (1 / _RIEGEL) / _HOUR_S
    hour[hour > _FASTEST_M_S] = np.nan
    return rolling_best(day, np.fmax.reduce(hour, axis=1))


def threshold_swim_speed_m_s(day: Days, best_s: Column) -> Steps:
    """Return critical swim speed: 200 m over the time from 200 to 400 m, m/s.

    Of the best of each distance within the window, which need not be of one day. Both
    are taken for all-out; turns at the wall make a pool faster than open water.

    Args:
        day: Shape (n,).
        best_s: Of swims, along ``DISTANCES_M``, shape (n, 21); NaN where not reached.

    Source:
        Wakayoshi et al. (1992), Eur J Appl Physiol 64:153-157; Ginn (1993).
    """
    short, long = (
        rolling_best(day, -best_s[:, DISTANCES_M.index(metres)])
        for metres in (200.0, 400.0)
    )
    at = np.union1d(short.since, long.since)
    both = [_last(steps, at) for steps in (short, long)]
    gained = both[0] - both[1]
    speed = np.divide(200.0, gained, out=np.full(at.shape, np.nan), where=gained > 0)
    known = ~np.isnan(speed)
    return _changes(at[known].astype(np.int64), speed[known])


def _scaled(steps: Steps, factor: float) -> Steps:
    return Steps(steps.since, steps.values * factor)


def _last(steps: Steps, at: Days) -> Column:
    """Return the value that holds on each day; NaN before the first."""
    place = np.searchsorted(steps.since, at, side="right")
    values: Column = np.append(np.nan, steps.values)[place]
    return values


def _changes(at: NDArray[np.int64], values: Column) -> Steps:
    """Return steps of what changes, of days as numbers."""
    new = np.append(True, values[1:] != values[:-1])[: len(values)]
    return Steps(at[new].astype("M8[D]"), values[new])
