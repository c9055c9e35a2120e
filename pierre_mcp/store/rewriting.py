"""A recording written over itself, with other values in its cells.

Every cell is bound to the local day beside it, so one of another day is sealed again
whole: cells, details, streams and the file as it came.
"""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Recording
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import CELL_COLUMNS, column_of, place_of

_WRITE = """
    UPDATE recordings SET sport = ?, local_day = ?, kid = ?, activities = ?,
           heart_rate = ?, power = ?, location = ?, notes = ?
     WHERE tenant = ? AND person = ? AND id = ?
"""
_DETAILS = "SELECT category, cell FROM details WHERE recording = ?"
_SET_DETAIL = """
    UPDATE details SET kid = ?, cell = ? WHERE recording = ? AND category = ?
"""
_STREAMS = "SELECT name, cell FROM streams WHERE recording = ?"
_SET_STREAM = "UPDATE streams SET kid = ?, cell = ? WHERE recording = ? AND name = ?"
_CHUNKS = "SELECT seq FROM originals WHERE recording = ? ORDER BY seq"
_CHUNK = "SELECT cell FROM originals WHERE recording = ? AND seq = ?"
_SET_CHUNK = "UPDATE originals SET kid = ?, cell = ? WHERE recording = ? AND seq = ?"
_HEAD: Final = 0


def rewrite(tx: Tx, grant: Grant, old: Recording, new: Recording) -> None:
    """Write a recording over its older self; what is not in its cells stays.

    Args:
        tx: Writing, and the one in which ``old`` was read.
        grant: The owner's.
        old: As it stands.
        new: The same recording, its place but for the day unchanged.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: A cell that is to be sealed again was altered or moved.
    """
    grant.check()
    if not grant.owner:
        msg = "a recording is corrected for its owner"
        raise RuntimeError(msg)
    scope = person_scope(grant.tenant, grant.person)
    cells = (new.activity, new.heart_rate, new.power, new.location, new.notes)
    sealed = [
        tx.ring.seal(
            recordings.packed(cell),
            place_of(grant, new.id, new.where, new.local_day, column),
            scope,
        )
        if isinstance(cell, BaseModel)
        else None
        for cell, column in zip(cells, CELL_COLUMNS, strict=True)
    ]
    kid = next(pair[0] for pair in sealed if pair)  # one ring, one key in use
    row = (new.sport, new.local_day, kid, *(pair and pair[1] for pair in sealed))
    tx.execute(_WRITE, (*row, grant.tenant, grant.person, new.id))
    if old.local_day != new.local_day:
        _move(tx, grant, old, new)


def _move(tx: Tx, grant: Grant, old: Recording, new: Recording) -> None:
    """Seal what lies beside a recording's cells for its new day."""
    scope = person_scope(grant.tenant, grant.person)
    for sql, column, cell, names in _beside(tx, old.id):
        before = place_of(grant, old.id, old.where, old.local_day, column)
        after = place_of(grant, new.id, new.where, new.local_day, column)
        sealed = tx.ring.seal(tx.ring.open(cell, before), after, scope)
        tx.execute(sql, (*sealed, *names))


def _beside(
    tx: Tx, recording: str
) -> Iterator[tuple[str, str, bytes, tuple[Any, ...]]]:
    """Give each cell beside a recording's row: how to write it, and its column."""
    for name, cell in tx.execute(_DETAILS, (recording,)).fetchall():
        yield _SET_DETAIL, column_of(f"detail.{name}"), cell, (recording, name)
    for name, cell in tx.execute(_STREAMS, (recording,)).fetchall():
        yield _SET_STREAM, column_of(f"stream.{name}"), cell, (recording, name)
    for (seq,) in tx.execute(_CHUNKS, (recording,)).fetchall():
        (cell,) = tx.one(_CHUNK, (recording, seq))
        name = "head" if seq == _HEAD else str(seq)
        yield _SET_CHUNK, f"originals.{name}/1", cell, (recording, seq)
