"""Values of FIT messages, by column: gathered with numpy from where the scan saw them.

A value that is its base type's invalid sentinel is NaN. An array field counts by its
first element, and a field shorter than its base type has no value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats.fit_messages import (
    COMPRESSED_SPEED_DISTANCE,
    FIELD_DESCRIPTION,
    FIELDS,
    RECORD,
    TIMESTAMP,
    Spec,
)
from pierre_mcp.formats.fit_scan import Field, Group, Scan
from pierre_mcp.model.track import Column

_BASES: dict[int, tuple[str, float | None]] = {
    0: ("u1", 0xFF),
    1: ("i1", 0x7F),
    2: ("u1", 0xFF),
    3: ("i2", 0x7FFF),
    4: ("u2", 0xFFFF),
    5: ("i4", 0x7FFFFFFF),
    6: ("u4", 0xFFFFFFFF),
    8: ("f4", None),
    9: ("f8", None),
    10: ("u1", 0),
    11: ("u2", 0),
    12: ("u4", 0),
    13: ("u1", 0xFF),
    14: ("i8", 0x7FFFFFFFFFFFFFFF),
    15: ("u8", 0xFFFFFFFFFFFFFFFF),
    16: ("u8", 0),
}
"""Numpy type and invalid value of each base type, by its low five bits."""


_PACKED_BITS = 5
"""How much of its time a packed header carries."""


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


def table(scan: Scan, number: int) -> Table:
    """Gather every message with this number."""
    groups = scan.of(number)
    if not groups:
        return Table(0, {})
    places = np.concatenate([group.positions() for group in groups])
    order = np.argsort(places, kind="stable")
    developer = _developer_fields(scan) if number == RECORD else {}
    columns = _gather(scan, groups, len(places), developer)
    if any(group.packed for group in groups):
        columns["time"] = _packed_times(scan, places)
    kept = {n: c[order] for n, c in columns.items() if not np.isnan(c).all()}
    return Table(len(places), kept)


def _gather(
    scan: Scan,
    groups: list[Group],
    size: int,
    developer: Mapping[tuple[int, int], Spec],
) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    done = 0
    for group in groups:
        part = slice(done, done + len(group.at))
        done = part.stop
        for name, values in _values(scan.data, group, developer):
            column = columns.setdefault(name, np.full(size, np.nan))
            # A plain field and a developer's may carry the same: the first one holds.
            held = column[part]
            column[part] = np.where(np.isnan(held), values, held)
    return columns


def _values(
    data: bytes, group: Group, developer: Mapping[tuple[int, int], Spec]
) -> Iterable[tuple[str, Column]]:
    rows = rows_of(data, group)
    specs = FIELDS.get(group.number, {})
    for item in group.fields():
        if item.developer is not None:
            spec = developer.get((item.developer, item.number))
        else:
            spec = specs.get(item.number)
            if group.number == RECORD and item.number == COMPRESSED_SPEED_DISTANCE:
                yield from _speed_and_distance(rows, item)
        if spec is not None:
            raw = _raw(
                rows, item, group.order, item.base if spec.base is None else spec.base
            )
            if raw is not None:
                yield spec.name, raw / spec.scale - spec.offset


def rows_of(data: bytes, group: Group) -> NDArray[np.uint8]:
    """Return the messages as bytes, shape (n, step)."""
    shape = (len(data) - group.step + 1, group.step)
    every = np.ndarray(shape, dtype=np.uint8, buffer=data, strides=(1, 1))
    rows: NDArray[np.uint8] = every[group.positions()]
    return rows


def _raw(rows: NDArray[np.uint8], item: Field, order: str, base: int) -> Column | None:
    kind, invalid = _BASES.get(base & 0x1F, ("", None))
    if not kind or item.size < int(kind[1]):
        return None
    cut = rows[:, item.offset : item.offset + int(kind[1])]
    raw = np.ascontiguousarray(cut).view(order + kind)[:, 0]
    values: Column = raw.astype(np.float64)
    if invalid is None:
        values[~np.isfinite(values)] = np.nan
    else:
        values[raw == invalid] = np.nan
    return values


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
    """Expand 12 bits of speed (0.01 m/s) and 12 of distance (1/16 m, rolling over)."""
    if item.size < 3:
        return
    speed, rolling = twelve_bits(rows, item)[:, :2].T
    valid = (speed & rolling) != 0xFFF
    rolling = rolling[valid]
    distance = np.full(len(rows), np.nan)
    if rolling.size:
        grown = np.diff(rolling, prepend=rolling[:1]) & 0xFFF
        distance[valid] = (rolling[0] + np.cumsum(grown)) / 16
    yield "speed_m_s", np.where(valid, speed / 100, np.nan)
    yield "distance_m", distance


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
    whole = np.ones(count, dtype=np.bool_)
    for item in group.fields():
        if item.number == TIMESTAMP and item.developer is None:
            raw = _raw(rows_of(data, group), item, group.order, item.base)
            if raw is not None:
                return raw, whole
    return np.full(count, np.nan), whole


def unrolled(times: NDArray[np.int64], whole: NDArray[np.bool_], bits: int) -> Column:
    """Turn the low bits of rising times into full ones; NaN before the first whole."""
    step = np.diff(times, prepend=times[:1]) & (1 << bits) - 1
    step[whole] = 0
    grown = np.cumsum(step)
    anchor = np.maximum.accumulate(np.where(whole, np.arange(len(times)), -1))
    value = times[anchor] + grown - grown[anchor]
    return np.where(anchor >= 0, value, np.nan)


def _developer_fields(scan: Scan) -> dict[tuple[int, int], Spec]:
    """Return which developer fields stand for an unscaled field of a record."""
    out: dict[tuple[int, int], Spec] = {}
    described = table(scan, FIELD_DESCRIPTION)
    names = ("index", "number", "base", "message", "native")
    for row in np.stack([described.get(name) for name in names], axis=1):
        index, number, base, message, native = np.nan_to_num(row, nan=-1).tolist()
        spec = FIELDS[RECORD].get(int(native))
        if message in {RECORD, -1} and spec is not None and spec.scale == 1:
            out[int(index), int(number)] = spec._replace(base=int(base))
    return out
