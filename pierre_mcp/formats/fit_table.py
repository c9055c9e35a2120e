"""Values of FIT messages, by column: gathered with numpy from where the scan saw them.

A value that is its base type's invalid sentinel is NaN. An array field counts by its
first element, and a field shorter than its base type has no value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite, nan
from struct import unpack_from
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats.fit_developer import metrics
from pierre_mcp.formats.fit_messages import (
    COMPRESSED_SPEED_DISTANCE,
    FIELDS,
    RECORD,
    TIMESTAMP,
    Spec,
)
from pierre_mcp.formats.fit_scan import Field, Group, Scan
from pierre_mcp.model.track import Column

_Ints = NDArray[np.int64]


class _Base(NamedTuple):
    """A base type: its size, its code for ``struct`` and numpy, its invalid value."""

    size: int
    code: str
    kind: str
    invalid: int | None


_BASES = {
    0: _Base(1, "B", "u1", 0xFF),
    1: _Base(1, "b", "i1", 0x7F),
    2: _Base(1, "B", "u1", 0xFF),
    3: _Base(2, "h", "i2", 0x7FFF),
    4: _Base(2, "H", "u2", 0xFFFF),
    5: _Base(4, "i", "i4", 0x7FFFFFFF),
    6: _Base(4, "I", "u4", 0xFFFFFFFF),
    8: _Base(4, "f", "f4", None),
    9: _Base(8, "d", "f8", None),
    10: _Base(1, "B", "u1", 0),
    11: _Base(2, "H", "u2", 0),
    12: _Base(4, "I", "u4", 0),
    13: _Base(1, "B", "u1", 0xFF),
    14: _Base(8, "q", "i8", 0x7FFFFFFFFFFFFFFF),
    15: _Base(8, "Q", "u8", 0xFFFFFFFFFFFFFFFF),
    16: _Base(8, "Q", "u8", 0),
}
"""By the low five bits of the number; strings have none."""

ROLLING = "rolling_distance"
"""A distance in 1/16 m of which only the low 12 bits are told."""
_PACKED_BITS = 5
"""How much of its time a packed header carries."""
_FEW = 12
"""Up to so many messages of one layout are read one by one, which is faster then."""


@dataclass(frozen=True, slots=True)
class Table:
    """All messages of one number, in the order of the file.

    Attributes:
        size: How many there are.
        columns: Each of shape (size,), NaN where missing; none is all NaN.
    """

    size: int
    columns: Mapping[str, Column]

    def get(self, name: str) -> Column:
        """Return a column, all NaN where no message has it."""
        found = self.columns.get(name)
        return np.full(self.size, np.nan) if found is None else found

    def first(self, name: str) -> float | None:
        """Return the first value of a column, if it has any."""
        found = self.columns.get(name)
        return None if found is None else float(found[~np.isnan(found)][0])

    def at(self, name: str, row: int) -> float | None:
        """Return one value, if it is there."""
        found = self.columns.get(name)
        return None if found is None or np.isnan(found[row]) else float(found[row])


def table(scan: Scan, number: int) -> Table:
    """Gather every message with this number."""
    groups = scan.of(number)
    if not groups:
        return Table(0, {})
    developer = metrics(scan) if number == RECORD else {}
    parts = [_values(scan.data, group, developer) for group in groups]
    if len(parts) == 1:
        columns, places = parts[0], groups[0].positions()
    else:
        places = np.concatenate([group.positions() for group in groups])
        order = np.argsort(places, kind="stable")
        joined = _joined(parts, [len(group.at) for group in groups])
        columns = {name: column[order] for name, column in joined.items()}
        places = places[order]
    if any(group.packed for group in groups):
        times = _packed_times(scan, places)
        if not np.isnan(times).all():
            columns["time"] = times
    return Table(len(places), columns)


def _joined(parts: list[dict[str, Column]], sizes: list[int]) -> dict[str, Column]:
    """Put the columns of each layout behind one another."""
    columns: dict[str, Column] = {}
    done = 0
    for part, size in zip(parts, sizes, strict=True):
        for name, values in part.items():
            if name not in columns:
                columns[name] = np.full(sum(sizes), np.nan)
            columns[name][done : done + size] = values
        done += size
    return columns


def _values(
    data: bytes, group: Group, developer: Mapping[tuple[int, int], Spec]
) -> dict[str, Column]:
    """Return the columns of one layout, without any that has no value."""
    columns: dict[str, Column] = {}
    gathered = Gathered(data, group)
    specs = FIELDS.get(group.number, {})
    found = [(item, specs[item.number]) for item in group.fields(specs)]
    if developer:
        found += [
            (item, developer[index, item.number])
            for index, item in group.developer_fields()
            if (index, item.number) in developer
        ]
    for item, spec in found:
        values = gathered.column(item, spec)
        if values is not None:
            columns.setdefault(spec.name, values)
    if group.number == RECORD:
        for item in group.fields((COMPRESSED_SPEED_DISTANCE,)):
            for name, values in _speed_and_distance(rows_of(data, group), item):
                columns.setdefault(name, values)
    return columns


class Gathered:
    """The messages of one layout, for taking columns out of."""

    def __init__(self, data: bytes, group: Group) -> None:
        self._data = data
        self._group = group
        self._few = len(group.at) <= _FEW
        self._rows = b"" if self._few else _cut(data, group)

    def column(self, item: Field, spec: Spec) -> Column | None:
        """Return the scaled values of a field; None where it has not one."""
        base = _BASES.get((item.base if spec.base is None else spec.base) & 0x1F)
        if base is None or item.size < base.size:
            return None
        if self._few:
            return self._one_by_one(item, base, spec)
        raw = self._at_once(item, base)
        missing = ~np.isfinite(raw) if base.invalid is None else raw == base.invalid
        if missing.all():
            return None
        values: Column = raw.astype(np.float64)
        if spec.scale != 1:
            values /= spec.scale
        if spec.offset:
            values -= spec.offset
        values[missing] = np.nan
        return values

    def _one_by_one(self, item: Field, base: _Base, spec: Spec) -> Column | None:
        """Unpack and scale a field message by message."""
        code, data = self._group.order + base.code, self._data
        taken = [unpack_from(code, data, at + item.offset)[0] for at in self._group.at]
        if base.invalid is None:
            taken = [raw if isfinite(raw) else None for raw in taken]
        else:
            taken = [None if raw == base.invalid else raw for raw in taken]
        if taken.count(None) == len(taken):
            return None
        return np.array(
            [nan if raw is None else raw / spec.scale - spec.offset for raw in taken]
        )

    def _at_once(self, item: Field, base: _Base) -> NDArray[Any]:
        """View a field of every message, at the distance of one from the next."""
        return np.ndarray(
            (len(self._group.at),),
            dtype=self._group.order + base.kind,
            buffer=self._rows,
            offset=item.offset,
            strides=(self._group.step,),
        )


def _cut(data: bytes, group: Group) -> bytes:
    """Return the messages of one layout, one right behind the other."""
    # One item of so many bytes a message: numpy copies such an item at once.
    kind = np.dtype((np.void, group.step))
    shape = (len(data) - group.step + 1,)
    every: NDArray[np.void] = np.ndarray(shape, kind, buffer=data, strides=(1,))
    return every[group.positions()].tobytes()


def rows_of(data: bytes, group: Group) -> NDArray[np.uint8]:
    """Return the messages as bytes, shape (n, step)."""
    return np.frombuffer(_cut(data, group), np.uint8).reshape(-1, group.step)


def twelve_bits(rows: NDArray[np.uint8], item: Field) -> NDArray[np.int64]:
    """Return the numbers of 12 bits in a field, two in three bytes, low bits first."""
    pairs = item.size // 3
    cut = rows[:, item.offset : item.offset + 3 * pairs].astype(np.int64)
    low, middle, high = (cut[:, i::3] for i in range(3))
    both = [low | (middle & 0x0F) << 8, middle >> 4 | high << 4]
    return np.stack(both, axis=2).reshape(len(rows), 2 * pairs)


def _speed_and_distance(
    rows: NDArray[np.uint8], item: Field
) -> Iterable[tuple[str, Column]]:
    """Expand 12 bits of speed (0.01 m/s) and 12 of a distance that rolls over."""
    if item.size < 3:
        return
    speed, rolling = twelve_bits(rows, item)[:, :2].T
    valid = (speed & rolling) != 0xFFF
    if valid.any():
        yield "speed_m_s", np.where(valid, speed / 100, np.nan)
        yield ROLLING, np.where(valid, rolling, np.nan)


def _packed_times(scan: Scan, places: NDArray[np.int64]) -> Column:
    """Return the time of messages at ``places``, where some give five bits only.

    Each packed time is the first moment, at or after the time last seen in any
    message of the file, whose low five bits are those given.
    """
    found = [_clock(scan.data, group) for group in scan.groups]
    at = np.concatenate([group.positions() for group in scan.groups])
    order = np.argsort(at, kind="stable")
    times = np.concatenate([times for times, _ in found])[order]
    whole = np.concatenate([full for _, full in found])[order]
    seen = ~np.isnan(times)
    known = np.full(len(at), np.nan)
    known[seen] = unrolled(times[seen].astype(np.int64), whole[seen], _PACKED_BITS)
    return known[np.searchsorted(at[order], places)]


def _clock(data: bytes, group: Group) -> tuple[Column, NDArray[np.bool_]]:
    """Return full or five-bit times of a group's messages, and which are full."""
    count = len(group.at)
    if group.packed:
        heads = np.frombuffer(data, dtype=np.uint8)[group.positions()] & 0x1F
        return heads.astype(np.float64), np.zeros(count, dtype=np.bool_)
    times = None
    for item in group.fields((TIMESTAMP,)):
        times = Gathered(data, group).column(item, Spec("time"))
    known = np.full(count, np.nan) if times is None else times
    return known, np.ones(count, dtype=np.bool_)


def unrolled(times: NDArray[np.int64], whole: NDArray[np.bool_], bits: int) -> Column:
    """Turn the low bits of rising times into full ones; NaN before the first whole."""
    step = np.diff(times, prepend=times[:1]) & (1 << bits) - 1
    step[whole] = 0
    grown = np.cumsum(step)
    anchor = np.maximum.accumulate(np.where(whole, np.arange(len(times)), -1))
    value = times[anchor] + grown - grown[anchor]
    return np.where(anchor >= 0, value, np.nan)
