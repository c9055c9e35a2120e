"""Histograms, mean-max curves and normalized power, from seconds.

A curve gives, for each duration of the grid, the highest mean over that long **or
longer**: so it never rises, though the best 3 s may beat the best 2 s of the same ride.
It is taken over running sums, one subtraction a duration.
"""

from collections.abc import Sequence

import numpy as np

from pierre_mcp.analytics.held import Sums
from pierre_mcp.model.details import DURATIONS_S, MAX_BINS, Histogram
from pierre_mcp.model.track import Column

ROLLING_S = 30
MOST_UNKNOWN = 0.05
"""A window of heart rate counts where at most a twentieth of it is unknown."""

_NEARLY = 1e-6


def histogram(values: Column, seconds: Column, width: float) -> Histogram:
    """Return whole seconds by bin, without the empty bins at either end.

    Rounding is carried from bin to bin, so that many bins of part of a second add up.
    """
    bins = np.floor(values / width + _NEARLY).clip(0, MAX_BINS - 1).astype(np.int64)
    # The least addend counters sums of tenths that fall short of a half.
    upto = np.cumsum(np.bincount(bins, weights=seconds))
    whole = np.diff(np.floor(upto + 0.5 + _NEARLY), prepend=0.0).astype(np.int64)
    filled = np.flatnonzero(whole)
    if not filled.size:
        return Histogram()
    first, last = int(filled[0]), int(filled[-1])
    return Histogram(first=first, seconds=tuple(whole[first : last + 1].tolist()))


def mean_max(total: Column, digits: int) -> tuple[float, ...]:
    """Return the highest means along ``DURATIONS_S``; what is unknown adds nothing.

    So a window over a gap or a pause counts with what was measured in it: never more
    than was done.

    Args:
        total: Running sum at the edges of each second, shape (n + 1,).
        digits: Decimals kept.
    """
    gained = np.empty(len(total))
    best = [
        float(np.subtract(total[d:], total[:-d], out=gained[d:]).max()) / d
        for d in _reached(total)
    ]
    return _falling(best, digits)


def mean_max_known(seconds: Sums, digits: int) -> tuple[float, ...]:
    """Return the highest means along ``DURATIONS_S`` of what is known.

    A heart does not stand still when its strap drops out, so the mean is over the
    seconds known, and a window with too few of them does not count.
    """
    total, known = seconds.total, seconds.known
    if known[-1] - known[0] >= len(known) - 1:
        return mean_max(total, digits)
    best = []
    for d in _reached(total):
        span = known[d:] - known[:-d]
        enough = span >= d * (1 - MOST_UNKNOWN) - _NEARLY
        mean = np.divide(
            total[d:] - total[:-d], span, out=np.full(len(span), -1.0), where=enough
        )
        best.append(float(mean.max()))
    return _falling(best, digits)


def normalized(seconds: Column) -> float | None:
    """Return the fourth-power mean of 30 s rolling means; None below 30 s.

    The windows begin with the thirtieth second: 600 s at 300 W and 600 s at 100 W give
    252.38. Seconds without a value, pauses among them, are left out and the rest
    joined, as on the device's timer.

    Args:
        seconds: The mean of each second with a value, in order, shape (n,).

    Source:
        Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed., ch. 7.
    """
    if len(seconds) < ROLLING_S:
        return None
    total = np.concatenate([[0.0], np.cumsum(seconds)])
    rolling = (total[ROLLING_S:] - total[:-ROLLING_S]) / ROLLING_S
    return float(np.square(np.square(rolling)).mean() ** 0.25)


def _reached(total: Column) -> Sequence[int]:
    return [d for d in DURATIONS_S if d < len(total)]


def _falling(best: Sequence[float], digits: int) -> tuple[float, ...]:
    """Return the highest of each and all that come after, without negative ones."""
    highest = np.maximum.accumulate(np.array(best[::-1]))[::-1]
    return tuple(np.round(highest[highest >= 0], digits).tolist())
