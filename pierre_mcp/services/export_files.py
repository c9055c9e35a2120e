"""The files of an export: originals as they came, else streams as CSV and as TCX."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pierre_mcp.errors import StoreDamagedError
from pierre_mcp.formats import csv_writing
from pierre_mcp.formats.columns import DamagedColumnError, unpack
from pierre_mcp.formats.tcx_writing import Written, tcx
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import NotesCell
from pierre_mcp.model.details import ActivityDetail
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Recording
from pierre_mcp.model.stream_names import COLUMNS
from pierre_mcp.model.track import Column, Pause
from pierre_mcp.services.export_activities import Files
from pierre_mcp.store import activity, originals, renewal
from pierre_mcp.store.database import Tx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """One member: its name, and what gives its content."""

    name: str
    content: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The files of one recording, read and not yet written.

    Attributes:
        size: About how many bytes are held for them.
    """

    files: tuple[File, ...]
    size: int


def load(tx: Tx, grant: Grant, recording_id: str, named: Files) -> Loaded:
    """Read what is written of one recording; nothing if it is gone by now.

    Raises:
        SealBrokenError: A cell was altered or moved.
        StoreDamagedError: A stream is not one that was packed.
    """
    if named.original is not None:
        kept = originals.content(tx, grant, recording_id) if named.keeps else None
        if kept is None:
            return Loaded((), 0)
        return Loaded((File(named.original, lambda: _pieces(kept)),), len(kept))
    one = activity.recording(tx, grant, recording_id)
    if one is None:
        return Loaded((), 0)
    columns = _columns(renewal.streams_of(tx, grant, one))
    written = _written(one, activity.details_of(tx, grant, one), columns)
    files = [File(named.track, lambda: _encoded(tcx(written)))]
    if columns:
        streams = lambda: _encoded(csv_writing.streams(columns))  # noqa: E731 - as above
        files.insert(0, File(named.streams, streams))
    return Loaded(tuple(files), sum(column.nbytes for column in columns.values()))


def _columns(packed: Mapping[str, bytes]) -> dict[str, Column]:
    try:
        return {name: unpack(packed[name]) for name in COLUMNS if name in packed}
    except DamagedColumnError:
        raise StoreDamagedError from None


def _written(
    one: Recording, details: Mapping[Category, object], columns: Mapping[str, Column]
) -> Written:
    cell, detail = one.activity, details.get(Category.ACTIVITIES)
    spans = detail.pauses if isinstance(detail, ActivityDetail) else None
    notes = one.notes if isinstance(one.notes, NotesCell) else NotesCell()
    return Written(
        sport=one.sport,
        started_at=_EPOCH + timedelta(microseconds=cell.started_us),
        utc_offset_s=cell.utc_offset_s,
        seconds=cell.elapsed_s if cell.moving_s is None else cell.moving_s,
        distance_m=cell.distance_m,
        calories_kcal=cell.calories_kcal,
        notes="\n\n".join(text for text in (notes.name, notes.description) if text),
        columns=columns,
        pauses=tuple(map(Pause, spans.start_s, spans.end_s)) if spans else (),
    )


def _encoded(texts: Iterator[str]) -> Iterator[bytes]:
    return (text.encode() for text in texts)


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
