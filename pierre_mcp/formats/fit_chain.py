"""Where each FIT of a file lies, and what is wrong around it.

A file may be several FITs in a row, each a header, messages and a checksum::

    | size | version | profile (2) | data size (4) | ".FIT" | [crc (2)]
    | data | crc (2) |

Where a size is wrong or a part is cut, the next one is found by its header, so that a
broken FIT costs only itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pierre_mcp.formats.fit_crc import crc16

MAGIC = b".FIT"
HEADER_BYTES = 12
_MAGIC_AT = 8
_LONG_HEADER_BYTES = 14
_CRC_BYTES = 2
_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """One FIT of a chain.

    Attributes:
        start: Where its header begins.
        body: Where its messages begin.
        end: Where they end.
        next_at: Where the next one begins, at most the end of the file.
        repairs: A word for each thing that is wrong.
    """

    start: int
    body: int
    end: int
    next_at: int
    repairs: tuple[str, ...]


def is_fit(data: bytes) -> bool:
    """Tell whether these bytes begin as a FIT."""
    return data[_MAGIC_AT:HEADER_BYTES] == MAGIC


def parts(data: bytes) -> Iterator[Part]:
    """Give every FIT of a file, from its first byte on."""
    at = 0
    while is_fit(data[at : at + HEADER_BYTES]):
        part = _part(data, at)
        yield part
        at = part.next_at


def _part(data: bytes, at: int) -> Part:
    body = at + max(data[at], HEADER_BYTES)
    end = body + int.from_bytes(data[at + 4 : at + 8], "little")
    repairs = list(_header_repairs(data[at:body]))
    fault = _fault(data, at, body, end)
    if fault is None:
        following = end + _CRC_BYTES
    else:
        end, following = _mended(data, at, body, end, fault)
        repairs.append("wrong_size" if _sound(data, at, end) else fault)
    after = data[following : following + HEADER_BYTES]
    if after and not is_fit(after):
        repairs.append("trailing_bytes")
        following = _next_header(data, following)
    return Part(at, body, end, following, tuple(repairs))


def _header_repairs(header: bytes) -> Iterator[str]:
    stored = int.from_bytes(header[12:14], "little")
    if len(header) == _LONG_HEADER_BYTES and stored not in {0, crc16(header[:12])}:
        yield "bad_header_crc"


def _fault(data: bytes, at: int, body: int, end: int) -> str | None:
    """Return the word for what is wrong with where a FIT says it ends."""
    after = end + _CRC_BYTES
    if end == body and not is_fit(data[after : after + HEADER_BYTES]):
        # The device died before it could write the size.
        return "no_size"
    if after > len(data):
        return "truncated"
    return None if _sound(data, at, end) else "bad_crc"


def _sound(data: bytes, at: int, end: int) -> bool:
    """Tell whether the checksum at ``end`` is that of what is before it."""
    stored = data[end : end + _CRC_BYTES]
    return crc16(data[at:end]) == int.from_bytes(stored, "little") and stored != b""


def _mended(data: bytes, at: int, body: int, end: int, fault: str) -> tuple[int, int]:
    """Return where a faulty FIT ends and where the next begins.

    It reaches to the header of the next one, if that comes sooner than it says.
    """
    following = _next_header(data, body)
    if fault == "bad_crc" and following >= end + _CRC_BYTES:
        return end, end + _CRC_BYTES
    checked = following - _CRC_BYTES
    if checked >= body and _sound(data, at, checked):
        return checked, following
    return following, following


def _next_header(data: bytes, start: int) -> int:
    """Return where the next FIT begins, else the end of the file."""
    found = start + _MAGIC_AT - 1
    for _ in range(_TRIES):
        found = data.find(MAGIC, found + 1)
        if found < 0:
            break
        at = found - _MAGIC_AT
        header = data[at : at + data[at]]
        whole = len(header) in {HEADER_BYTES, _LONG_HEADER_BYTES}
        if whole and not any(_header_repairs(header)):
            return at
    return len(data)
