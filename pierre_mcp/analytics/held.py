"""How long a sample holds: the one place for gaps, pauses, dropouts and spikes.

A device writes every second, or only when something changed, and a sensor comes and
goes. So nothing is counted by samples. Each value of a column holds from its time until
the next value of that column:

* **Gaps.** It holds for three usual intervals of its column at most, and these for 5 s
  at least and 60 s at most. Smart recording, which writes every few seconds, is so
  bridged and so is a dropout of a moment; beyond it nothing is known.
* **Pauses.** It never holds while the timer stood still.
* **Dropouts and spikes.** What is missing (NaN) or outside the sensor's range is not a
  value: the one before it holds as over any gap.
* **Zero is a value** of power, cadence and speed; a heart has none below 25.
* **Time that stands still**: of samples of one instant only the last holds for any
  time; where no time passes at all, they share a second.
* **The end.** The last value holds for one usual interval.

Curves and normalized power are taken second by second from the integral of what holds,
so that any sampling is resampled to 1 Hz exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.pieces import paused_s
from pierre_mcp.model.cells import Pieces
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column, Track

USUAL_INTERVALS = 3.0
LEAST_HOLD_S, MOST_HOLD_S = 5.0, 60.0
MOST_SECONDS = 432_000
"""Curves end after five days, whatever times a file claims."""

_NO_TIME_S = 1e-9


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of a track.

    Attributes:
        time_s: Since the start, of each sample, shape (n,), n > 0.
        running_s: The same with pauses taken off.
        for_s: How long each sample holds.
        seconds: Whole seconds from the first sample to the end of the last.
    """

    time_s: Column
    running_s: Column
    for_s: Column
    seconds: int

    @property
    def grid_s(self) -> Column:
        """The edges of these seconds, shape (seconds + 1,)."""
        edges: Column = self.time_s[0] + np.arange(self.seconds + 1.0)
        return edges


def clock_of(track: Track) -> Clock | None:
    """Return a track's clock; None where it has no sample."""
    time_s = track.columns[TIME]
    if not time_s.size:
        return None
    running_s = np.maximum.accumulate(time_s - paused_s(time_s, track.pauses))
    for_s = holds_s(running_s)
    end_s = float(time_s[-1] - time_s[0] + for_s[-1])
    # A time from the file is off by some units of the last place.
    seconds = int(np.ceil(min(end_s, MOST_SECONDS) - 1e-6))
    return Clock(time_s, running_s, for_s, max(seconds, 1))


@dataclass(frozen=True, slots=True)
class Sums:
    """Running sums at the edges of a clock's seconds, shape (seconds + 1,) each.

    Attributes:
        total: Of the value over time.
        known: Of the seconds that had one.
    """

    total: Column
    known: Column

    @property
    def each_s(self) -> Column:
        """How much of each second is known, shape (seconds,)."""
        return np.diff(self.known)

    @property
    def mostly(self) -> NDArray[np.bool_]:
        """Which seconds are known for half of them or more, shape (seconds,)."""
        half: NDArray[np.bool_] = self.each_s >= 0.5
        return half

    @property
    def means(self) -> Column:
        """The mean of each second mostly known, in order, the others left out."""
        mostly = self.mostly
        means: Column = np.diff(self.total)[mostly] / self.each_s[mostly]
        return means

    @property
    def aligned(self) -> Column:
        """The mean of each second, NaN where not mostly known, shape (seconds,)."""
        aligned = np.full(len(self.total) - 1, np.nan)
        aligned[self.mostly] = self.means
        return aligned


@dataclass(frozen=True, slots=True)
class Held:
    """Values and the seconds each holds, shape (n,) each, n > 0.

    Attributes:
        at_s: Since the start, never falling.
    """

    at_s: Column
    values: Column
    for_s: Column

    @property
    def measured_s(self) -> float:
        """How long there was a value."""
        return float(self.for_s.sum())

    @property
    def total(self) -> float:
        """The integral over time: watts give joules."""
        # Not ``@``: BLAS starts threads for it, which costs more than the sum.
        return float((self.values * self.for_s).sum())

    @property
    def mean(self) -> float:
        """The mean over time."""
        return self.total / self.measured_s

    @property
    def highest(self) -> float:
        """The highest single value."""
        return float(self.values.max())

    def until(self, at_s: Column) -> Sums:
        """Return integral and seconds with a value from the start up to each time."""
        last = np.searchsorted(self.at_s, at_s, side="right") - 1
        ran = np.clip(at_s - self.at_s[last], 0.0, self.for_s[last])
        ran[last < 0] = 0.0
        before, known = _before(self.values * self.for_s), _before(self.for_s)
        return Sums(before[last] + self.values[last] * ran, known[last] + ran)

    def by_second(self, clock: Clock) -> Sums:
        """Return ``until`` each edge of the clock's seconds."""
        grid_s, whole = clock.grid_s, np.arange(clock.seconds + 1.0)
        if np.array_equal(self.at_s, grid_s[:-1]) and (self.for_s == 1).all():
            return Sums(np.concatenate([[0.0], np.cumsum(self.values)]), whole)
        return self.until(grid_s)

    def means(self, pieces: Pieces) -> list[float | None]:
        """Return the mean over each piece to 0.1; None where it has no value."""
        if not pieces.start_s:
            return []
        starts = np.array(pieces.start_s)
        ends = starts + np.array(pieces.duration_s)
        upto, count = self.until(np.concatenate([starts, ends])), len(starts)
        sums = upto.total[count:] - upto.total[:count]
        spans = upto.known[count:] - upto.known[:count]
        return [
            round(float(s / w), 1) if w > _NO_TIME_S else None
            for s, w in zip(sums, spans, strict=True)
        ]


def hold(clock: Clock, values: Column | None, low: float, high: float) -> Held | None:
    """Return what holds of a column; None where nothing of it is from low to high."""
    if values is None:
        return None
    known = (values >= low) & (values <= high)
    if known.all():
        return Held(clock.time_s, values, clock.for_s)
    if not known.any():
        return None
    for_s = holds_s(clock.running_s[known])
    return Held(clock.time_s[known], values[known], for_s)


def holds_s(running_s: Column) -> Column:
    """Return the seconds each of a column's values holds, shape (n,), n > 0.

    Args:
        running_s: When each was recorded, pauses taken off.
    """
    ran = np.diff(running_s)
    if not ran.any():
        return np.full(len(running_s), 1 / len(running_s))
    usual = _usual_s(ran)
    longest = min(max(USUAL_INTERVALS * usual, LEAST_HOLD_S), MOST_HOLD_S)
    for_s: Column = np.minimum(np.append(ran, usual), longest)
    return for_s


def _usual_s(intervals: Column) -> float:
    """Return the median of those that last; a second where none does."""
    lasting = intervals[intervals > 0]
    return float(np.median(lasting)) if lasting.size else 1.0


def _before(parts: Column) -> Column:
    """Return the sum before each part, and a last 0 for the index -1, (n + 1,)."""
    sums = np.zeros(len(parts) + 1)
    np.cumsum(parts[:-1], out=sums[1:-1])
    return sums
