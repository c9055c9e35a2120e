"""Cells in packed form: what lists and totals read lies at fixed places.

In bytes, little-endian::

    | 1: version 1 | 1: flags | 4: length of tail | head | float64 each | tail: JSON |

    cell         head                            numbers, in order
    activities   4: utc_offset_s 8: started_us   ``NUMBERS[ActivityCell]``
    heart_rate   none                            ``NUMBERS[HeartRateCell]``
    power        none                            ``NUMBERS[PowerCell]``

NaN stands for "not recorded". Flag bit 0: indoor. The tail is a JSON object of every
other field that is not at its default, such as the zone's name. Cells of the first
release are JSON throughout, and begin with ``{``, which is no version.

Totals over thousands of cells join the fixed parts and read them as one array; nothing
else of such a cell is looked at. What lies where is frozen: a new number goes to the
tail, or takes a new version.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import isfinite, nan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic_core import from_json

from pierre_mcp.late import Late
from pierre_mcp.model.cells import ActivityCell, Cell, HeartRateCell, PowerCell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = Late("numpy")

VERSION: Final = 0x01

# ``measured_s``, ``normalized_power_w``, ``work_kj`` and both graded speeds are of
# formula version 2.
NUMBERS: Final[Mapping[type[Cell], tuple[str, ...]]] = MappingProxyType(
    {
        ActivityCell: (
            "elapsed_s", "moving_s", "distance_m", "ascent_m", "descent_m",
            "max_speed_m_s", "mean_cadence_rpm", "calories_kcal",
            "graded_speed_m_s", "normalized_graded_speed_m_s",
        ),
        HeartRateCell: ("mean_bpm", "max_bpm", "measured_s"),
        PowerCell: (
            "mean_power_w", "max_power_w", "measured_s", "normalized_power_w",
            "work_kj",
        ),
    }
)  # fmt: skip
"""The fields that may be NaN, in the order they lie in."""

Fixed: TypeAlias = tuple[Any, ...]
"""The fixed part of a cell, as it lies there: ``index_of`` tells where what is."""

_HEADS: Final[Mapping[type[Cell], tuple[tuple[str, str], ...]]] = MappingProxyType(
    {ActivityCell: (("utc_offset_s", "<i4"), ("started_us", "<i8"))}
)
INDOOR: Final = 1
_JSON: Final = b"{"
_EMPTY: Final = len("{}")
_LETTERS: Final = {"<i4": "i", "<i8": "q"}


class _Layout:
    """Where the fields of one kind of cell lie."""

    def __init__(self, kind: type[Cell]) -> None:
        head, numbers = _HEADS.get(kind, ()), NUMBERS[kind]
        letters = "".join(_LETTERS[code] for _, code in head)
        self.whole = tuple(name for name, _ in head)
        self.numbers = numbers
        self.names = (*self.whole, *numbers)
        self.struct = struct.Struct(f"<BBI{letters}{len(numbers)}d")
        self._head = head
        self.lying = ("version", "flags", "tail", *self.names)
        self.fixed = {"indoor", *self.whole, *numbers}

    @cached_property
    def dtype(self) -> "np.dtype[np.void]":
        return np.dtype(
            [("version", "u1"), ("flags", "u1"), ("tail", "<u4"), *self._head]
            + [(name, "<f8") for name in self.numbers]
        )

    def pack(self, fields: Mapping[str, Any], tail: bytes) -> bytes:
        flags = INDOOR if fields.get("indoor") else 0
        whole = (fields[name] for name in self.whole)
        numbers = (_number(fields.get(name)) for name in self.numbers)
        return self.struct.pack(VERSION, flags, len(tail), *whole, *numbers) + tail

    def parts(self, plains: Sequence[bytes]) -> list[Fixed] | None:
        """Return fixed parts; None if a cell is cut, too long or of another form."""
        try:
            found = list(map(self.struct.unpack_from, plains))
        except struct.error:
            return None
        size = self.struct.size
        lengths = [size + part[2] for part in found if part[0] == VERSION]
        return found if lengths == list(map(len, plains)) else None

    def packed(self, plain: bytes) -> bytes:
        is_old = plain[:1] == _JSON
        return self.pack(from_json(plain), b"") if is_old else plain

    def joined(self, parts: Sequence[bytes]) -> "NDArray[np.void] | None":
        """Return fixed parts as one array; None if one is cut or of another form."""
        together = b"".join(parts)
        if len(together) != len(parts) * self.struct.size:
            return None
        found = np.frombuffer(together, self.dtype)
        return found if (found["version"] == VERSION).all() else None


_LAYOUTS: Final = {kind: _Layout(kind) for kind in NUMBERS}


def pack(cell: Cell) -> bytes:
    """Return the bytes of a cell; a number that is not finite is not recorded.

    Args:
        cell: Of a kind that has ``NUMBERS``.
    """
    layout = _LAYOUTS[type(cell)]
    tail = cell.model_dump_json(exclude=layout.fixed, exclude_defaults=True)
    return layout.pack(dict(cell), tail.encode())


def unpack(kind: type[Cell], plain: bytes) -> dict[str, Any]:
    """Return the fields of a cell, packed or JSON; what is left out is at its default.

    Raises:
        ValueError: It is cut, too long, or of a version not known here.
    """
    if plain[:1] == _JSON:
        found: dict[str, Any] = from_json(plain)
        return found
    layout = _LAYOUTS[kind]
    [(_, flags, tail, *values)] = numbers_of(kind, [plain])
    seen = {
        name: value if value == value else None  # noqa: PLR0124 - NaN is not recorded
        for name, value in zip(layout.names, values, strict=True)
    }
    if flags & INDOOR:
        seen["indoor"] = True
    if tail > _EMPTY:
        seen |= from_json(plain[layout.struct.size :])
    return seen


def numbers_of(kind: type[Cell], plains: Sequence[bytes]) -> list[Fixed]:
    """Return the fixed parts of cells, packed or JSON, in their order.

    Lists look at a few numbers of each of dozens of cells: ``index_of`` tells where.

    Raises:
        ValueError: One is cut, too long, or of a version not known here.
    """
    layout = _LAYOUTS[kind]
    found = layout.parts(plains)
    if found is None:  # or some are of the first release
        found = layout.parts([layout.packed(plain) for plain in plains])
    if found is None:
        msg = "a packed cell is cut, or of no known form"
        raise ValueError(msg)
    return found


def index_of(kind: type[Cell], name: str) -> int:
    """Return where a field stands in the fixed part of its cell.

    Raises:
        ValueError: It has no such field there.
    """
    return _LAYOUTS[kind].lying.index(name)


def fixed_parts(kind: type[Cell], plains: Iterable[bytes]) -> "NDArray[np.void]":
    """Return the fixed parts of many cells, packed or JSON, as one array.

    Its fields are named as the cell's. Of a cell only its fixed part is looked at.

    Raises:
        ValueError: A fixed part is cut, or of a version not known here.
    """
    layout = _LAYOUTS[kind]
    end = layout.struct.size
    cells = list(plains)
    found = layout.joined([plain[:end] for plain in cells])
    if found is None:  # or some are of the first release
        found = layout.joined([layout.packed(plain)[:end] for plain in cells])
    if found is None:
        msg = "a packed cell is cut, or of no known form"
        raise ValueError(msg)
    return found


def tail_of(kind: type[Cell], plain: bytes) -> Mapping[str, Any]:
    """Return what a cell holds beside its fixed part, and of JSON all of it."""
    found: Mapping[str, Any] = from_json(
        plain if plain[:1] == _JSON else plain[_LAYOUTS[kind].struct.size :]
    )
    return found


def _number(value: float | None) -> float:
    return nan if value is None or not isfinite(value) else value
