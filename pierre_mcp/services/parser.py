"""The parser worker: hostile files in, frames out, and no key in sight.

Run as ``python -I -m pierre_mcp.services.parser``. It imports ``formats``,
``analytics`` and ``model`` only, limits itself before it reads a byte, and answers each
job with one ``activity`` frame for each track and an ``end``, or with one ``failed`` or
``skipped`` frame with a reason from a closed list; ``readers`` says what else there is.

A job is a frame ``{"kind": "file"}``, or of another kind of ``work``. Over a socket the
open file travels with it as a descriptor; over a pipe (Windows) ``size`` says how many
bytes follow.
"""

import io
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from pierre_mcp.analytics.summary import summarise
from pierre_mcp.formats.frames import (
    BrokenFrameError,
    Frame,
    read_frame,
    write_frame,
)
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.streams import Readable, Rewound
from pierre_mcp.model.track import Track
from pierre_mcp.services.confinement import allow_cpu, confine
from pierre_mcp.services.readers import Readers, Task
from pierre_mcp.services.work import Work

_PREFIX_BYTES = 4


class Jobs(Protocol):
    """Where jobs come from."""

    def next(self) -> Task | None:
        """Return the next file to read; None when there are no more."""
        ...


class PipedJobs:
    """Jobs over a pipe, each followed by the bytes of its file."""

    def __init__(self, reader: Readable, limits: Limits) -> None:
        self._reader = reader
        self._limits = limits

    def next(self) -> Task | None:
        """See ``Jobs``."""
        frame = read_frame(self._reader)
        if frame is None:
            return None
        size = frame.header.get("size")
        if type(size) is not int or not 0 <= size <= self._limits.file_bytes:
            raise BrokenFrameError
        stream = io.BytesIO(self._reader.read(size))
        return Task(stream, Work.of(frame.header))


class PassedJobs:
    """Jobs over a Unix socket, each with the descriptor of its open file."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def next(self) -> Task | None:
        """See ``Jobs``."""
        # The descriptor comes with the first byte, so it is taken with the prefix.
        prefix, passed, _, _ = socket.recv_fds(self._channel, _PREFIX_BYTES, 1)
        if not prefix:
            return None
        if len(passed) != 1:
            raise BrokenFrameError
        stream = os.fdopen(passed[0], "rb")
        frame = read_frame(Rewound(prefix, _Received(self._channel)))
        if frame is None:
            raise BrokenFrameError
        return Task(stream, Work.of(frame.header))


class _Received:
    """A socket read like a file."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def read(self, size: int, /) -> bytes:
        """Return exactly ``size`` bytes, fewer at the end only."""
        data = b""
        while len(data) < size and (part := self._channel.recv(size - len(data))):
            data += part
        return data


def answer(
    jobs: Jobs,
    writer: BinaryIO,
    limits: Limits,
    *,
    allow: Callable[[], None] = lambda: None,
) -> None:
    """Answer every job in turn, until there are no more.

    ``allow`` is called before each, to grant it its processor time.
    """
    readers = Readers(limits, activity_frame)
    while (task := jobs.next()) is not None:
        allow()
        with task.stream:
            for frame in readers.frames(task):
                write_frame(writer, frame)


def activity_frame(track: Track) -> Frame:
    """Return the frame of one track: its cells, its details and its columns."""
    summary = summarise(track)
    location = summary.location
    first = [location.lat_deg[0], location.lon_deg[0]] if location else None
    cells = {
        name: None if cell is None else cell.model_dump(mode="json")
        for name, cell in (
            ("activity", summary.activity),
            ("heart_rate", summary.heart_rate),
            ("power", summary.power),
            ("location", summary.location),
            ("notes", summary.notes),
        )
    }
    header: dict[str, Any] = {
        "kind": "activity",
        "sport": track.sport.value,
        "utc_offset_s": track.utc_offset_s,
        "first_position_deg": first,
        "repairs": list(track.repairs),
        "athlete": [fact.model_dump(mode="json") for fact in track.athlete],
        "details": {
            category.value: detail.model_dump(mode="json")
            for category, detail in summary.details.items()
        },
    }
    return Frame(header | cells, track.columns)


def main() -> None:  # pragma: no cover - exec'd with an empty environment
    """Serve the parent until it hangs up."""
    confine()
    limits = Limits()
    writer = os.fdopen(os.dup(1), "wb")
    # A stray print must not become part of a frame.
    os.dup2(2, 1)
    jobs: Jobs = PipedJobs(sys.stdin.buffer, limits)
    if hasattr(socket, "recv_fds"):
        jobs = PassedJobs(socket.socket(fileno=os.dup(0)))
    answer(jobs, writer, limits, allow=allow_cpu)


if __name__ == "__main__":  # pragma: no cover
    main()
