"""Critical power and critical speed, from best efforts of a few minutes.

Both are the same line: work (or distance) of the best efforts rises with time by the
power (or speed) that could be kept up, above a reserve that is spent once::

    work = CP * time + W'           distance = CS * time + D'

Efforts shorter than the range lie above the line and longer ones below it, so only
those within it count. Best efforts out of training are not all exhaustive: what comes
out is then too low, and its standard error says nothing of that.
"""

from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]

POWER_RANGE_S = (180.0, 1_200.0)
"""From 3 to 20 min. Without efforts of 12 to 20 min CP comes out too high."""
SPEED_RANGE_S = (120.0, 1_200.0)
_LEAST_FOR_ERROR = 3


@dataclass(frozen=True, slots=True)
class CriticalFit:
    """A line through best efforts, by least squares.

    Attributes:
        rate: CP in W, or CS in m/s: what could be kept up.
        reserve: W' in J, or D' in m.
        rate_error: Standard error of ``rate``; None with two efforts.
        reserve_error: Standard error of ``reserve``, likewise.
        see: Standard error of the estimate, in J or m, likewise.
        r_squared: Part of the variance explained, likewise. Near 1 for any such line,
            since work rises with time: judge by the errors.
        efforts: How many were used.
        shortest_s: The shortest of them.
        longest_s: The longest of them.
    """

    rate: float
    reserve: float
    rate_error: float | None
    reserve_error: float | None
    see: float | None
    r_squared: float | None
    efforts: int
    shortest_s: float
    longest_s: float


def critical_power(duration_s: Numbers, power_w: Numbers) -> CriticalFit | None:
    """Return critical power and W' from the best power over durations.

    Linear work-time model, over durations from 3 to 20 min. Where a duration comes
    twice, the higher power counts.

    Args:
        duration_s: Shape (n,), in any order.
        power_w: Best mean power over each, shape (n,), NaN where there is none.

    Returns:
        None with fewer than two durations, where work falls as time rises, or where
        CP or W' would not be positive.

    Source:
        Monod & Scherrer (1965), Ergonomics 8:329-338; Moritani et al. (1981),
        Ergonomics 24:339-350. Range: Mattioni Maturana et al. (2018), J Sci Med Sport
        21:742-747; Karsten et al. (2015), Eur J Appl Physiol 115:197-204.
    """
    return _fit(duration_s, power_w * duration_s, POWER_RANGE_S)


def critical_speed(distance_m: Numbers, best_s: Numbers) -> CriticalFit | None:
    """Return critical speed and D' from the best times over distances.

    Linear distance-time model, over efforts from 2 to 20 min.

    Args:
        distance_m: Shape (n,), in any order.
        best_s: Best time over each, shape (n,), NaN where there is none.

    Returns:
        None with fewer than two efforts, where a longer time went less far, or where
        CS or D' would not be positive.

    Source:
        Hughson, Orok & Staudt (1984), Int J Sports Med 5:23-25; the range Hill (1993),
        Sports Med 16:237-254, and Jones & Vanhatalo (2017), Sports Med 47(S1):65-78.
    """
    return _fit(best_s, distance_m, SPEED_RANGE_S)


def _fit(
    time_s: Numbers, done: Numbers, within_s: tuple[float, float]
) -> CriticalFit | None:
    least_s, most_s = within_s
    counts = (time_s >= least_s) & (time_s <= most_s) & np.isfinite(done)
    times, place = np.unique(time_s[counts], return_inverse=True)
    most = np.full(times.size, -np.inf)
    np.maximum.at(most, place, done[counts])
    if times.size < 2 or (np.diff(most) <= 0).any():
        return None
    fit = _line(times, most)
    return fit if fit.rate > 0 and fit.reserve > 0 else None


def _line(x: Numbers, y: Numbers) -> CriticalFit:
    """Return the least-squares line of y on x, with the usual standard errors."""
    n, mean = x.size, float(x.mean())
    spread = float(np.square(x - mean).sum())
    slope = float(((x - mean) * (y - y.mean())).sum()) / spread
    intercept = float(y.mean()) - slope * mean
    see = slope_error = intercept_error = r_squared = None
    if n >= _LEAST_FOR_ERROR:
        left = float(np.square(y - intercept - slope * x).sum())
        see = sqrt(left / (n - 2))
        slope_error = see / sqrt(spread)
        intercept_error = see * sqrt(1 / n + mean**2 / spread)
        r_squared = 1 - left / float(np.square(y - y.mean()).sum())
    return CriticalFit(
        rate=slope,
        reserve=intercept,
        rate_error=slope_error,
        reserve_error=intercept_error,
        see=see,
        r_squared=r_squared,
        efforts=n,
        shortest_s=float(x[0]),
        longest_s=float(x[-1]),
    )
