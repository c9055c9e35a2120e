"""The worker's side of a job: an open file in, frames out; nothing in a file raises.

Tracks are answered by ``activity`` frames, a directory by ``member`` frames, a table by
``row``, ``gear`` and ``zone`` frames, bytes by ``part`` frames; then comes one ``end``,
``failed`` or ``skipped``. The end of a member carries the SHA-256 of its content.
"""

import base64
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass
from typing import Any, BinaryIO

from pierre_mcp.formats import archive, strava_export, strava_extras
from pierre_mcp.formats.faults import SKIPPED, Reason, UnreadableError
from pierre_mcp.formats.frames import Frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.formats.strava_export import BrokenRow, ExportedActivity
from pierre_mcp.formats.streams import Readable
from pierre_mcp.model.athlete import Kind, plausible
from pierre_mcp.model.bounds import BOUNDS
from pierre_mcp.model.track import Track
from pierre_mcp.services.work import PART_BYTES, Reader, Work

_CHUNK_BYTES = 65_536

_BEATS, _WATTS = ("mean_bpm", "max_bpm"), ("mean_power_w", "max_power_w")
_NAME_CHARS, _GEAR_CHARS, _TEXT_CHARS = 1_000, 200, 20_000


@dataclass(frozen=True, slots=True)
class Task:
    """One job as the worker has it: the open file, and what to do with it."""

    stream: BinaryIO
    work: Work


class Readers:
    """Answers tasks; the zip that a zip held last is kept, since its members follow.

    Args:
        limits: What a file may ask for.
        track_frame: Returns the frame of one track.
    """

    def __init__(self, limits: Limits, track_frame: Callable[[Track], Frame]) -> None:
        self._limits = limits
        self._track_frame = track_frame
        self._held: tuple[object, BinaryIO] | None = None

    def frames(self, task: Task) -> Iterator[Frame]:
        """Give the frames that answer one task."""
        try:
            yield from self._answer(task)
        except UnreadableError as fault:
            yield _without(fault.reason)
        except MemoryError:
            yield _without(Reason.LIMITS)

    def _answer(self, task: Task) -> Iterator[Frame]:
        reader, chain = task.work.reader, task.work.chain
        if reader is Reader.LISTING:
            yield from _listing(self._zip(task, len(chain)), self._limits)
            yield Frame({"kind": "end"})
            return
        content: Readable = task.stream
        if chain:
            inside = self._zip(task, len(chain) - 1)
            content = archive.open_member(inside, chain[-1:], self._limits)
        hashed = _Hashed(content)
        if reader is Reader.TRACKS:
            for track in read_tracks(hashed, self._limits):
                yield self._track_frame(track)
        elif reader is Reader.BYTES:
            yield from _parts(hashed)
        else:
            yield from _rows(hashed, reader, self._limits)
        digest = {"digest": hashed.finish()} if chain else {}
        yield Frame({"kind": "end", **digest})

    def _zip(self, task: Task, depth: int) -> BinaryIO:
        """Return the zip that the first ``depth`` members of the chain lead to."""
        chain = task.work.chain[:depth]
        if not chain:
            return task.stream
        key = (_identity(task.stream), chain)
        if self._held is None or self._held[0] != key:
            self._held = None  # before the next one takes its memory
            nested = archive.open_nested(task.stream, chain, self._limits)
            self._held = (key, nested)
        return self._held[1]


class _Hashed:
    """A stream that is hashed as it is read."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self._hash = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data = self._inner.read(size)
        self._hash.update(data)
        return data

    def finish(self) -> str:
        """Read what is left, and return the SHA-256 of all of it, in hexadecimal."""
        while self.read(_CHUNK_BYTES):
            pass
        return self._hash.hexdigest()


def _identity(stream: BinaryIO) -> object:
    """Say which file this is: each job comes with a descriptor of its own."""
    try:
        status = os.fstat(stream.fileno())
    except io.UnsupportedOperation:  # its bytes came over a pipe
        return stream
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _without(reason: Reason) -> Frame:
    kind = "skipped" if reason in SKIPPED else "failed"
    return Frame({"kind": kind, "reason": reason.value})


def _parts(content: Readable) -> Iterator[Frame]:
    while data := content.read(PART_BYTES):
        yield Frame({"kind": "part", "data": base64.b64encode(data).decode("ascii")})


def _listing(stream: BinaryIO, limits: Limits) -> Iterator[Frame]:
    for listed in archive.members(stream, limits):
        refused = listed.refused and listed.refused.value
        member = astuple(listed.member)
        yield Frame({"kind": "member", "member": member, "refused": refused})


def _rows(stream: Readable, reader: Reader, limits: Limits) -> Iterator[Frame]:
    if reader is Reader.ACTIVITIES:
        for row in strava_export.activities(stream, limits):
            yield _row_frame(row)
    elif reader is Reader.ZONES:
        for zone in strava_extras.zones(stream, limits):
            yield Frame({"kind": "zone", "zone": zone and asdict(zone)})
    else:
        kind: strava_extras.Kind = "shoes" if reader is Reader.SHOES else "bike"
        for piece in strava_extras.gear(stream, kind, limits):
            texts = {k: v[:_GEAR_CHARS] for k, v in asdict(piece).items()}
            yield Frame({"kind": "gear", "gear": texts})


def _row_frame(row: ExportedActivity | BrokenRow) -> Frame:
    if isinstance(row, BrokenRow):
        return Frame({"kind": "broken", "row": row.row, "reason": row.reason.value})
    totals = {
        name: value
        for name, value in row.totals.items()
        if BOUNDS[name][0] <= value <= BOUNDS[name][1]
    }
    beats, watts = _pair(totals, _BEATS), _pair(totals, _WATTS)
    elapsed = totals.get("elapsed_s", totals.get("moving_s", 0.0))
    facts = {n: v for n, v in totals.items() if n not in {*_BEATS, *_WATTS}}
    started_us = round(row.started_at.timestamp()) * 1_000_000
    return Frame(
        {
            "kind": "row",
            "row": row.row,
            "provider_id": row.provider_id[:32],
            "file": row.file and row.file[: archive.MAX_NAME_CHARS],
            "sport": row.sport and row.sport.value,
            "name": _text(row.name, _NAME_CHARS),
            "description": _text(row.description, _TEXT_CHARS),
            "private_note": _text(row.private_note, _TEXT_CHARS),
            "gear": _text(row.gear, _GEAR_CHARS),
            "weight_kg": _weight_kg(row.weight_kg),
            "activity": facts | {"started_us": started_us, "elapsed_s": elapsed},
            "heart_rate": beats,
            "power": watts,
        }
    )


def _pair(totals: dict[str, float], names: tuple[str, str]) -> dict[str, Any] | None:
    found = {name: totals.get(name) for name in names}
    return found if any(v is not None for v in found.values()) else None


def _weight_kg(value: float | None) -> float | None:
    known = value is not None and plausible(Kind.WEIGHT, value)
    return round(value, 2) if value is not None and known else None


def _text(text: str, most: int) -> str | None:
    return text.strip()[:most] or None
