"""What a worker gives of a member's own bytes, checked as hostile.

They come in ``part`` frames, base64 in JSON, and an ``end``. The parent counts them,
and holds them to the size and the CRC-32 of the archive's directory.
"""

import base64
import binascii
import zlib
from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import Field

from pierre_mcp.formats.archive import Member
from pierre_mcp.formats.frames import BrokenFrameError, Frame
from pierre_mcp.formats.limits import MIB
from pierre_mcp.formats.streams import Readable
from pierre_mcp.services.parsed import Header, checked, ending_of
from pierre_mcp.services.work import PART_BYTES

MOST_BYTES: Final = 128 * MIB
"""A file that is kept as it came is held in memory whole; the largest FIT is half."""


class _Part(Header):
    kind: Literal["part"]
    data: Annotated[str, Field(min_length=4, max_length=PART_BYTES // 3 * 4)]


def content_of(next_frame: Callable[[], Frame], member: Member) -> bytes | None:
    """Take the frames of one member's bytes; None where it could not be read.

    Raises:
        BrokenFrameError: One is not what it should be, or the bytes are not those
            that the archive's directory told of.
    """
    content = bytearray()
    while (frame := next_frame()).header.get("kind") == "part":
        content += _decoded(frame)
        if len(content) > member.size:
            raise BrokenFrameError
    _, reason = ending_of(frame)
    if reason is not None:
        return None
    if len(content) != member.size or zlib.crc32(content) != member.crc:
        raise BrokenFrameError
    return bytes(content)


def whole(stream: Readable, size: int) -> bytes | None:
    """Return a file of ``size`` bytes; None where it is another by now, or not read."""
    try:
        content = stream.read(size + 1)
    except OSError:
        return None
    return content if len(content) == size else None


def _decoded(frame: Frame) -> bytes:
    part = checked(_Part, frame)
    if frame.columns:
        raise BrokenFrameError
    try:
        return base64.b64decode(part.data, validate=True)
    except (binascii.Error, ValueError):
        raise BrokenFrameError from None
