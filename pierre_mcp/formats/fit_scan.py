"""One pass over the messages of a FIT: where each lies, and how it is laid out.

A message is a header byte and a payload::

    | 0 1 d . llll |  definition of local type l (d: developer fields follow)
    | 0 0 . . llll |  data of local type l
    | 1 ll ttttt   |  data of local type l, five low bits of its time in t

A definition is ``header, reserved, endian, global number (2), count, count x
(number, size, base type)``, and with d the same again for developer fields. Nothing
but a definition tells how long a message is, so one without a definition ends the pass.

The pass is a loop, and does for a message only a table look-up and an append; where
one header byte follows itself, as in a row of records, it looks ahead over many at a
time. All values are gathered later, column by column, with numpy.
"""

from array import array
from collections.abc import Callable, Container, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats.faults import Reason, UnreadableError

_MAX_LAYOUTS, _MAX_DEFINITIONS = 2_000, 300_000
MAX_MESSAGES = 8_000_000
"""In one file; a real one of 64 MiB holds fewer, as a record takes over 8 bytes."""
_FIXED_BYTES = 6
_AHEAD = 512
_BYTE = 0x0D


class Field(NamedTuple):
    """A field of a message; ``offset`` counts from the header byte."""

    number: int
    offset: int
    size: int
    base: int


@dataclass(slots=True)
class Group:
    """All messages of one layout.

    Attributes:
        number: The global message number.
        raw: The definition, from its endian byte on.
        packed: The header byte carries the low bits of the time.
        step: Bytes of a message, header byte included.
        at: Position of each message's header byte.
    """

    number: int
    raw: bytes
    packed: bool
    step: int
    at: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def order(self) -> str:
        """Return the mark of ``struct`` and numpy for the payload's byte order."""
        return ">" if self.raw[0] else "<"

    def positions(self) -> NDArray[np.int64]:
        """Return where the messages start, shape (n,)."""
        return np.frombuffer(self.at, dtype=np.int64)

    def fields(self, wanted: Container[int] = range(256)) -> Iterator[Field]:
        """Give the wanted fields, each number once: a second one would be a lie."""
        offset, seen = 1, set[int]()
        for number, size, base in _threes(self.raw[4 : 4 + 3 * self.raw[3]]):
            if number in wanted and number not in seen:
                seen.add(number)
                yield Field(number, offset, size, base)
            offset += size

    def developer_fields(self) -> Iterator[tuple[int, Field]]:
        """Give each developer's index and field; the base type is told elsewhere."""
        plain = self.raw[4 : 4 + 3 * self.raw[3]]
        offset = 1 + sum(plain[1::3])
        for number, size, index in _threes(self.raw[5 + len(plain) :]):
            yield index, Field(number, offset, size, _BYTE)
            offset += size


def _threes(raw: bytes) -> Iterator[tuple[int, int, int]]:
    return zip(raw[0::3], raw[1::3], raw[2::3], strict=True)


class Scan:
    """The messages of one FIT, grouped by layout.

    Attributes:
        groups: In order of first definition; only those with messages.
        repairs: ``truncated`` or ``undefined_message`` where the pass ended early.
    """

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self.data = data
        self.repairs: list[str] = []
        self._groups: dict[tuple[bytes, bool], Group] = {}
        self._layouts = [(b"", 0)] * 16
        self._defined = 0
        self._opened: list[list[int]] = [[] for _ in range(16)]
        self._steps = [0] * 256
        self._appends: list[Callable[[int], None]] = [_never] * 256
        self._extends: list[Callable[[Iterable[int]], None]] = [_never] * 256
        self._walk(start, end)
        self.groups = [group for group in self._groups.values() if group.at]
        self._of: dict[int, list[Group]] = {}
        for group in self.groups:
            self._of.setdefault(group.number, []).append(group)

    @property
    def size(self) -> int:
        """Return how many messages there are."""
        return sum(len(group.at) for group in self.groups)

    @property
    def numbers(self) -> AbstractSet[int]:
        """Return the global message numbers there are."""
        return self._of.keys()

    def of(self, number: int) -> list[Group]:
        """Return the groups of one global message number."""
        return self._of.get(number, [])

    def count(self, number: int) -> int:
        """Return how many messages have a global number."""
        return sum(len(group.at) for group in self.of(number))

    def _walk(self, pos: int, end: int) -> None:
        data, head, last = self.data, 0, -1
        steps, appends = self._steps, self._appends
        left = MAX_MESSAGES
        while pos < end:
            left -= 1
            if left < 0:
                raise UnreadableError(Reason.LIMITS)
            head = data[pos]
            if step := steps[head]:
                appends[head](pos)
                pos += step
                if head == last:
                    many = self._row(head, pos, end)
                    pos += many * step
                    left -= many
                last = head
            elif head & 0xC0 == 0x40:
                pos, last = self._define(pos, end), -1
            elif not self._open(head):
                self.repairs.append("undefined_message")
                return
        if pos > end:
            self._cut(head)

    def _row(self, head: int, pos: int, end: int) -> int:
        """Take in the messages from ``pos`` on that begin with the same header."""
        step = self._steps[head]
        heads = self.data[pos : min(pos + _AHEAD * step, end) : step]
        many = len(heads) - len(heads.lstrip(bytes((head,))))
        self._extends[head](range(pos, pos + many * step, step))
        return many

    def _cut(self, head: int) -> None:
        """Take back the last message, of which the end is missing."""
        self.repairs.append("truncated")
        begun = [group for group in self._groups.values() if group.at]
        if begun and head & 0xC0 != 0x40:
            max(begun, key=lambda group: group.at[-1]).at.pop()

    def _define(self, pos: int, end: int) -> int:
        """Take in a definition; return where the next message starts."""
        self._defined += 1
        if self._defined > _MAX_DEFINITIONS:
            raise UnreadableError(Reason.LIMITS)
        data, head = self.data, self.data[pos]
        stop = pos + _FIXED_BYTES
        if stop > end:
            return stop
        sizes = data[stop + 1 : stop + 3 * data[stop - 1] : 3]
        stop += 3 * data[stop - 1]
        if head & 0x20 and stop < end:
            sizes += data[stop + 2 : stop + 1 + 3 * data[stop] : 3]
            stop += 1 + 3 * data[stop]
        if stop <= end:
            self._admit(head & 0x0F, data[pos + 2 : stop], 1 + sum(sizes))
        return stop

    def _admit(self, local: int, raw: bytes, step: int) -> None:
        """Make this the layout of a local type, and forget its headers until seen."""
        if self._layouts[local] == (raw, step):
            return
        self._layouts[local] = (raw, step)
        for head in self._opened[local]:
            self._steps[head] = 0
        self._opened[local].clear()

    def _open(self, head: int) -> bool:
        """Route a header byte to the group of its layout, if it has one."""
        packed = head >= 0x80
        # Bits 4 and 5 of a plain data header are reserved: some devices set them.
        local = head >> 5 & 0x03 if packed else head & 0x0F
        raw, step = self._layouts[local]
        if not step:
            return False
        group = self._group(raw, step, packed=packed)
        self._steps[head] = step
        self._appends[head] = group.at.append
        self._extends[head] = group.at.extend
        self._opened[local].append(head)
        return True

    def _group(self, raw: bytes, step: int, *, packed: bool) -> Group:
        group = self._groups.get((raw, packed))
        if group is None:
            if len(self._groups) >= _MAX_LAYOUTS:
                raise UnreadableError(Reason.LIMITS)
            number = int.from_bytes(raw[1:3], "big" if raw[0] else "little")
            group = self._groups[raw, packed] = Group(number, raw, packed, step)
        return group


def _never(_pos: object, /) -> None:
    """Stand for a header byte not seen yet; its step of 0 is looked at first."""
