"""Zip archives, read with suspicion and in place: nothing is ever unpacked to disk.

The central directory is listed once; a member is then read from where the directory
says it lies, so that no directory is parsed again for each of thousands of members.
Either is believed no further than this:

* A member whose name is absolute, has ``..`` or a drive in it, or holds a control
  character is not read, nor is a link, a device, an encrypted member, one compressed
  in a way other than stored or deflated, or one named like another before it.
* No two members share a byte of the file (a bomb of overlapping members is small).
* What comes out is bounded by the declared size, by ``file_bytes`` and by ``ratio``,
  and must have the declared CRC-32.

A zip in a zip is inflated into memory within ``nested_bytes``, ``nesting`` deep at
most.

Layout: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.4 (fields), 4.5.3 (zip64).
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import MIB, Limits
from pierre_mcp.formats.streams import Readable

MAX_NAME_CHARS = 512

_LOCAL = struct.Struct("<4s5H3I2H")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
_CHUNK_BYTES = 65_536
_RAW_WINDOW = -15
_READABLE_TYPES = {0, stat.S_IFREG, stat.S_IFDIR}
_UNIX_MODE_SHIFT = 16


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a zip, as its central directory has it.

    Attributes:
        path: Its name, with ``/`` between folders.
        at: Where its local header begins, in bytes from the start of the archive.
        packed: Its size in the archive.
        size: Its size as declared.
        method: How it is compressed: 0 (stored) or 8 (deflated).
        crc: CRC-32 of its content, as declared.
    """

    path: str
    at: int
    packed: int
    size: int
    method: int
    crc: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A member, and why it is not to be read, if it is not."""

    member: Member
    refused: Reason | None = None


def members(archive: BinaryIO, limits: Limits) -> list[Listed]:
    """List the members of a zip in their order, folders left out.

    Args:
        archive: Seekable.
        limits: What its directory may ask for.

    Raises:
        UnreadableError: It is no zip, or its directory is too large.
    """
    found = _directory(archive, limits)
    if len(found) > limits.members:
        raise UnreadableError(Reason.TOO_MANY_MEMBERS)
    overlapping = _overlapping(found)
    seen: set[str] = set()
    listed: list[Listed] = []
    for place, info in enumerate(found):
        if info.is_dir():
            continue
        path = info.filename.replace("\\", "/")
        refused = _refused(info, limits)
        if refused is None and place in overlapping:
            refused = Reason.OVERLAPS
        if refused is None and path.casefold() in seen:
            refused = Reason.NAMED_TWICE
        seen.add(path.casefold())
        listed.append(Listed(_member(info, path), refused))
    return listed


def open_member(archive: BinaryIO, chain: Sequence[Member], limits: Limits) -> Readable:
    """Open the last member of ``chain``, each one a zip inside the one before.

    Raises:
        UnreadableError: It is not where its directory said, or is too large.
    """
    *around, last = chain
    return _Content(open_nested(archive, around, limits), last, limits)


def open_nested(archive: BinaryIO, chain: Sequence[Member], limits: Limits) -> BinaryIO:
    """Return the innermost zip of ``chain``, in memory; ``archive`` if it is empty.

    Raises:
        UnreadableError: They lie too deep in one another, or one is too large.
    """
    if len(chain) >= limits.nesting:
        raise UnreadableError(Reason.NESTED_TOO_DEEP)
    for member in chain:
        content = _Content(archive, member, limits).read(limits.nested_bytes + 1)
        if len(content) > limits.nested_bytes:
            raise UnreadableError(Reason.TOO_LARGE)
        archive = io.BytesIO(content)
    return archive


def _directory(archive: BinaryIO, limits: Limits) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(_Careful(archive, limits.directory_bytes)) as opened:
            return opened.infolist()
    except UnreadableError:
        raise
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error):
        # A name that lies about its encoding is a ValueError.
        raise UnreadableError(Reason.BROKEN_ARCHIVE) from None


class _Careful(io.RawIOBase):
    """A file that gives no more at once than a directory may have.

    ``zipfile`` reads as many bytes as the end of the file tells it to.
    """

    def __init__(self, inner: BinaryIO, most: int) -> None:
        self._inner = inner
        self._most = most

    def read(self, size: int = -1, /) -> bytes:
        over = size < 0 or size > self._most
        data = self._inner.read(self._most + 1 if over else size)
        if len(data) > self._most:
            raise UnreadableError(Reason.TOO_MANY_MEMBERS)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def seekable(self) -> bool:
        return True


def _member(info: zipfile.ZipInfo, path: str) -> Member:
    return Member(
        path=path[:MAX_NAME_CHARS],
        at=info.header_offset,
        packed=info.compress_size,
        size=info.file_size,
        method=info.compress_type,
        crc=info.CRC,
    )


def _refused(info: zipfile.ZipInfo, limits: Limits) -> Reason | None:
    """Say why a member is not to be read, from its directory entry alone."""
    kind = stat.S_IFMT(info.external_attr >> _UNIX_MODE_SHIFT)
    checks = (
        (Reason.UNSAFE_NAME, unsafe(info.orig_filename)),
        (Reason.LINK_OR_DEVICE, kind not in _READABLE_TYPES),
        (Reason.ENCRYPTED, bool(info.flag_bits & _ENCRYPTED)),
        (
            Reason.UNKNOWN_COMPRESSION,
            info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED},
        ),
        (Reason.BOMB, info.file_size > max(info.compress_size * limits.ratio, MIB)),
        (Reason.TOO_LARGE, info.file_size > limits.file_bytes),
    )
    return next((reason for reason, holds in checks if holds), None)


def unsafe(name: str) -> bool:
    """Tell whether a name leads out of where it is put, or hides something."""
    path = name.replace("\\", "/")
    parts = path.split("/")
    leads_out = path.startswith("/") or ".." in parts or ":" in parts[0]
    hides = any(ord(char) < 0x20 or ord(char) == 0x7F for char in path)
    return leads_out or hides or not path or len(path) > MAX_NAME_CHARS


def _overlapping(found: Sequence[zipfile.ZipInfo]) -> set[int]:
    """Return which members share bytes with one that begins no later.

    A local header is at least as long as its fixed part and the name.
    """
    overlapping: set[int] = set()
    end = 0
    for place in sorted(range(len(found)), key=lambda i: found[i].header_offset):
        info = found[place]
        if info.header_offset < end:
            overlapping.add(place)
        name = len(info.orig_filename)
        size = _LOCAL.size + name + info.compress_size
        end = max(end, info.header_offset + size)
    return overlapping


class _Content:
    """The content of one member: forward only, within its bounds, checked at its end.

    Raises:
        UnreadableError: While reading, where it is not what its directory says.
    """

    def __init__(self, archive: BinaryIO, member: Member, limits: Limits) -> None:
        self._member = member
        self._crc = 0
        self._given = 0
        self._most = min(member.size, limits.file_bytes)
        ratio_bytes = max(member.packed * limits.ratio, MIB)
        if member.size > ratio_bytes:
            raise UnreadableError(Reason.BOMB)
        archive.seek(_data_at(archive, member))
        self._parts = self._inflated(archive)
        self._waiting = b""

    def read(self, size: int, /) -> bytes:
        """Return exactly ``size`` bytes, fewer at the end only."""
        parts = [self._waiting[:size]]
        self._waiting = self._waiting[size:]
        size -= len(parts[0])
        while size > 0 and (part := next(self._parts, b"")):
            parts.append(part[:size])
            self._waiting = part[size:]
            size -= len(parts[-1])
        return b"".join(parts)

    def _inflated(self, archive: BinaryIO) -> Iterator[bytes]:
        deflated = self._member.method == zipfile.ZIP_DEFLATED
        inflating = zlib.decompressobj(_RAW_WINDOW) if deflated else None
        left = self._member.packed
        while left > 0 and (chunk := archive.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            if inflating is None:
                yield self._counted(chunk)
                continue
            while chunk:
                try:
                    part = inflating.decompress(chunk, _CHUNK_BYTES)
                except zlib.error:
                    raise UnreadableError(Reason.BROKEN_MEMBER) from None
                chunk = inflating.unconsumed_tail
                if part:
                    yield self._counted(part)
        if inflating is not None and (part := inflating.flush()):
            yield self._counted(part)
        if self._given != self._member.size or self._crc != self._member.crc:
            raise UnreadableError(Reason.BROKEN_MEMBER)

    def _counted(self, part: bytes) -> bytes:
        self._given += len(part)
        if self._given > self._most:  # it declared less than it holds
            raise UnreadableError(Reason.BOMB)
        self._crc = zlib.crc32(part, self._crc)
        return part


def _data_at(archive: BinaryIO, member: Member) -> int:
    """Return where a member's data begins; its local header says how long it is."""
    try:
        archive.seek(member.at)
        header = archive.read(_LOCAL.size)
    except (OSError, ValueError, OverflowError):  # no file is as long as that
        raise UnreadableError(Reason.BROKEN_MEMBER) from None
    if len(header) != _LOCAL.size or not header.startswith(_SIGNATURE):
        raise UnreadableError(Reason.BROKEN_MEMBER)
    *_, name, extra = _LOCAL.unpack(header)
    return int(member.at + _LOCAL.size + name + extra)
