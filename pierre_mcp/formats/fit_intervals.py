"""Times between heart beats, out of the ``hrv`` messages of a FIT.

A message is an array of up to five times in 1/1000 s, filled up with 65,535. It has no
time of its own: it belongs where it stands, behind the record written before it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_messages import EPOCH_S, HRV, RECORD
from pierre_mcp.formats.fit_scan import Group, Scan
from pierre_mcp.formats.fit_table import Table, rows_of
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Column

_TIMES = 0
_UINT16 = 4
_FILLER = 0xFFFF


@dataclass(frozen=True, slots=True)
class Intervals:
    """Times between beats in the order of the file.

    Attributes:
        after_s: Unix seconds of the record before each, shape (n,); minus infinity
            where there is none, or none with a time.
        seconds: Shape (n,), all positive.
    """

    after_s: Column
    seconds: Column

    def within(self, start_s: float, end_s: float) -> Column:
        """Return those that stand behind a record of so many Unix seconds."""
        return self.seconds[(self.after_s >= start_s) & (self.after_s < end_s)]


def intervals(scan: Scan, records: Table, limits: Limits) -> Intervals:
    """Return every time between beats.

    Raises:
        UnreadableError: There are more than the limits allow for samples.
    """
    groups = scan.of(HRV)
    if sum(len(group.at) * group.step for group in groups) > 4 * limits.samples:
        raise UnreadableError(Reason.LIMITS)
    parts = [_told(scan.data, group) for group in groups]
    at = np.concatenate([np.empty(0, dtype=np.int64), *(at for at, _ in parts)])
    raw = np.concatenate([np.empty(0), *(raw for _, raw in parts)])
    if not raw.size:
        return Intervals(raw, raw)
    order = np.argsort(at, kind="stable")
    order = order[(raw[order] != _FILLER) & (raw[order] > 0)]
    return Intervals(_after(scan, records, at[order]), raw[order] / 1000)


def _told(data: bytes, group: Group) -> tuple[NDArray[np.int64], Column]:
    """Return where each time stands, and the time as stored."""
    for item in group.fields((_TIMES,)):
        if item.base & 0x1F == _UINT16:
            rows = rows_of(data, group)
            cut = rows[:, item.offset : item.offset + item.size // 2 * 2]
            raw = np.ascontiguousarray(cut).view(group.order + "u2")
            at = np.repeat(group.positions(), raw.shape[1])
            return at, raw.ravel().astype(np.float64)
    return np.empty(0, dtype=np.int64), np.empty(0)


def _after(scan: Scan, records: Table, at: NDArray[np.int64]) -> Column:
    """Return the time of the last record before each position."""
    groups = scan.of(RECORD)
    if not groups:
        return np.full(len(at), -np.inf)
    places = np.sort(np.concatenate([group.positions() for group in groups]))
    times = np.append(records.get("time") + EPOCH_S, -np.inf)
    before = times[np.searchsorted(places, at) - 1]
    return np.where(np.isnan(before), -np.inf, before)
