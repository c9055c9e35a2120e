"""Heart beats that a device stored apart from its records, as a strap does in a swim.

An ``hr`` message holds rates, and for each the tick of 1/1024 s at which it was told:
whole (32 bits), or its low 12 bits, packed two in three bytes::

    | aaaa aaaa | bbbb aaaa | bbbb bbbb |

A short tick is the first, at or after the one before it, with these low bits. Ticks
count from the strap's own zero: a message that also has a timestamp ties its first one
to that moment, and everything up to the next such message hangs from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_messages import EPOCH_S, HR
from pierre_mcp.formats.fit_scan import Field, Group, Scan
from pierre_mcp.formats.fit_table import rows_of, table, twelve_bits, unrolled
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.samples import Samples
from pierre_mcp.model.track import Column

_RATES, _TICKS, _SHORT_TICKS = 6, 9, 10
_SHORT_BITS = 12
_TICKS_A_SECOND = 1024
_NEAR_S = 1.5

_Ints = NDArray[np.int64]
_NO_TICK, _NO_SHORT_TICK, _NO_RATE = 0xFFFF_FFFF, 0xFFF, 0xFF
_BEAT_BYTES = 2.5
"""The least a beat takes in a file: its rate, and a tick of 12 bits."""


@dataclass(frozen=True, slots=True)
class Beats:
    """Heart rates in order of time.

    Attributes:
        times_s: Unix seconds, finite, never falling, shape (n,).
        bpm: Shape (n,), never missing.
    """

    times_s: Column
    bpm: Column

    def fill(self, samples: Samples) -> Samples:
        """Give each sample without a heart rate the nearest one, if it is near."""
        if not self.times_s.size:
            return samples
        times = samples.times_s
        after = np.searchsorted(self.times_s, times)
        left = np.maximum(after - 1, 0)
        right = np.minimum(after, len(self.times_s) - 1)
        sooner = times - self.times_s[left] <= self.times_s[right] - times
        nearest = np.where(sooner, left, right)
        near = np.abs(self.times_s[nearest] - times) <= _NEAR_S
        told = np.where(near, self.bpm[nearest], np.nan)
        own = samples.columns.get("heart_rate_bpm", told)
        filled = np.where(np.isnan(own), told, own)
        return replace(samples, columns={**samples.columns, "heart_rate_bpm": filled})


@dataclass(frozen=True, slots=True)
class _Told:
    """Rates and ticks as stored, one an element, each of shape (n,).

    Attributes:
        at: Where in the file its message starts.
        whole: The tick has all its bits.
    """

    at: _Ints
    ticks: _Ints
    whole: NDArray[np.bool_]
    rates: _Ints

    def chosen(self, chosen: NDArray[np.bool_] | _Ints) -> "_Told":
        """Return the chosen elements alone."""
        return _Told(
            self.at[chosen], self.ticks[chosen], self.whole[chosen], self.rates[chosen]
        )


def beats(scans: Sequence[Scan], limits: Limits) -> Beats:
    """Return the beats of a chain of FITs that could be placed in time.

    Raises:
        UnreadableError: There could be more of them than a file may have samples.
    """
    groups = [group for scan in scans for group in scan.of(HR)]
    size = sum(len(group.at) * group.step for group in groups)
    if size > _BEAT_BYTES * limits.samples:
        raise UnreadableError(Reason.LIMITS)
    parts = [_beats(scan) for scan in scans if scan.of(HR)]
    times = np.concatenate([np.empty(0), *(times for times, _ in parts)])
    bpm = np.concatenate([np.empty(0), *(bpm for _, bpm in parts)])
    order = np.argsort(times, kind="stable")
    return Beats(times[order], bpm[order])


def _beats(scan: Scan) -> tuple[Column, Column]:
    """Return time and rate of each beat of one FIT."""
    told = _in_order([_told(scan.data, group) for group in scan.of(HR)])
    ticks = unrolled(told.ticks, told.whole, _SHORT_BITS)
    times = _hung(ticks, _ties(scan, told.at))
    sound = ~np.isnan(times) & (told.rates > 0) & (told.rates != _NO_RATE)
    return times[sound], told.rates[sound].astype(np.float64)


def _told(data: bytes, group: Group) -> _Told:
    rows = rows_of(data, group)
    count = len(rows)
    rates = whole = short = np.empty((count, 0), dtype=np.int64)
    for item in group.fields():
        if item.number == _RATES:
            rates = rows[:, item.offset : item.offset + item.size].astype(np.int64)
        elif item.number == _TICKS:
            whole = _whole(rows, item, group.order)
        elif item.number == _SHORT_TICKS:
            short = twelve_bits(rows, item)
    ticks = np.hstack([whole, short])
    width = ticks.shape[1]
    padded = np.full((count, width), _NO_RATE)
    padded[:, : rates.shape[1]] = rates[:, :width]
    return _Told(
        at=np.repeat(group.positions(), width),
        ticks=ticks.ravel(),
        whole=np.tile(np.arange(width) < whole.shape[1], count),
        rates=padded.ravel(),
    )


def _whole(rows: NDArray[np.uint8], item: Field, order: str) -> _Ints:
    cut = rows[:, item.offset : item.offset + item.size // 4 * 4]
    values: _Ints = np.ascontiguousarray(cut).view(order + "u4").astype(np.int64)
    return values


def _in_order(parts: list[_Told]) -> _Told:
    """Put the elements in the order of the file, and leave out those that fill up."""
    told = _Told(
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.ticks for part in parts]),
        np.concatenate([part.whole for part in parts]),
        np.concatenate([part.rates for part in parts]),
    )
    filler = (told.ticks == _NO_SHORT_TICK) & (told.rates == _NO_RATE)
    kept = np.where(told.whole, told.ticks != _NO_TICK, ~filler)
    told = told.chosen(kept)
    return told.chosen(np.argsort(told.at, kind="stable"))


def _ties(scan: Scan, at: _Ints) -> Column:
    """Return the Unix seconds of elements that begin a message with a timestamp."""
    messages = table(scan, HR)
    times = messages.get("time") + EPOCH_S + np.nan_to_num(messages.get("fraction_s"))
    starts = np.sort(np.concatenate([group.positions() for group in scan.of(HR)]))
    begins = np.diff(at, prepend=-1) != 0
    return np.where(begins, times[np.searchsorted(starts, at)], np.nan)


def _hung(ticks: Column, ties: Column) -> Column:
    """Return the time of each tick, counted from the last one tied to a moment."""
    tied = ~np.isnan(ticks) & ~np.isnan(ties)
    last = np.maximum.accumulate(np.where(tied, np.arange(len(ticks)), -1))
    since = (ticks - ticks[last]) % (_NO_TICK + 1)
    return np.where(last >= 0, ties[last] + since / _TICKS_A_SECOND, np.nan)
