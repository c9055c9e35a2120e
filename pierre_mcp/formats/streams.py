"""Streams that are read forward once, within bounds."""

import zlib
from typing import Protocol

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import MIB, Limits

_CHUNK_BYTES = 65_536
_GZIP_WINDOW = 31


class Readable(Protocol):
    """Anything that gives bytes in order; fewer than asked for only at its end."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


class Bounded:
    """A stream that refuses to give more than so many bytes."""

    def __init__(self, inner: Readable, left_bytes: int) -> None:
        self._inner = inner
        self._left = left_bytes

    def read(self, size: int, /) -> bytes:
        """Return exactly ``size`` bytes, fewer at the end only."""
        parts: list[bytes] = []
        while size > 0 and (part := self._inner.read(size)):
            parts.append(part)
            size -= len(part)
            self._left -= len(part)
            if self._left < 0:
                raise UnreadableError(Reason.TOO_LARGE)
        return b"".join(parts)


class Rewound:
    """A stream with its first bytes put back."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Return the head, then the rest."""
        head, self._head = self._head[:size], self._head[size:]
        wanted = size - len(head)
        return head + self._rest.read(wanted) if wanted else head


class Gunzip:
    """What is inside a gzip of one or more members.

    It ends where the gzip is damaged, so that what came before can be kept. Bounded by
    ``file_bytes``, and by ``ratio`` once past the first mebibyte.
    """

    def __init__(self, inner: Readable, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._waiting = b""
        self._taken = 0
        self._given = 0
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """Return exactly ``size`` bytes, fewer at the end only."""
        parts: list[bytes] = []
        while size > 0 and (part := self._next(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _next(self, size: int) -> bytes:
        """Return up to ``size`` bytes more; none at the end."""
        while not self._ended:
            if not self._waiting:
                self._waiting = self._inner.read(_CHUNK_BYTES)
                self._taken += len(self._waiting)
            if part := self._inflated(size):
                return part
        return b""

    def _inflated(self, size: int) -> bytes:
        # A part may wait inside the member, so it is asked even with nothing to feed.
        fed = self._waiting
        try:
            part = self._member.decompress(fed, size)
        except zlib.error:
            self._ended = True
            return b""
        self._waiting = self._member.unconsumed_tail
        if self._member.eof:
            self._waiting = self._member.unused_data
            self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._ended = not fed and not part
        self._count(len(part))
        return part

    def _count(self, given: int) -> None:
        self._given += given
        over = self._given > max(self._taken * self._limits.ratio, MIB)
        if over or self._given > self._limits.file_bytes:
            raise UnreadableError(Reason.TOO_LARGE)
