"""Recordings computed by an older formula, read whole and written again.

The row, its streams and its place stay; its cells are sealed anew, all under one key,
beside the details that the newest formula gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pierre_mcp.keyring.ring import Ring, person_scope
from pierre_mcp.model.cells import HeartRateCell, LocationCell, NotesCell, PowerCell
from pierre_mcp.model.details import Details
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import FORMULA, Recording
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import CELL_COLUMNS, detail_column, place_of

_DUE = """
    SELECT id FROM recordings WHERE tenant = ? AND person = ? AND formula < ?
     ORDER BY local_day DESC, id
"""
_COUNT = """
    SELECT count(*) FROM recordings WHERE tenant = ? AND person = ? AND formula < ?
"""
_STREAMS = """
    SELECT s.name, s.cell FROM recordings r JOIN streams s ON s.recording = r.id
     WHERE r.tenant = ? AND r.person = ? AND r.id = ?
"""
_RENEW = """
    UPDATE recordings SET formula = ?, kid = ?, activities = ?, heart_rate = ?,
           power = ?, location = ?, notes = ?
     WHERE tenant = ? AND person = ? AND id = ? AND formula = ?
"""
_CELLS = (HeartRateCell, PowerCell, LocationCell, NotesCell)
_FORGET = "DELETE FROM details WHERE recording = ?"
_ADD = "INSERT INTO details (recording, category, kid, cell) VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Renewed:
    """A recording sealed again, ready to be written over its older self."""

    row: tuple[Any, ...]
    details: tuple[tuple[str, str, int, bytes], ...]


def due(tx: Tx, grant: Grant) -> list[str]:
    """Return the ids of the recordings of an older formula, newest day first."""
    grant.check()
    found = tx.execute(_DUE, (grant.tenant, grant.person, FORMULA))
    return [recording_id for (recording_id,) in found]


def count_due(tx: Tx, grant: Grant) -> int:
    """Return how many there are."""
    grant.check()
    (count,) = tx.one(_COUNT, (grant.tenant, grant.person, FORMULA))
    return int(count)


def streams_of(tx: Tx, grant: Grant, one: Recording) -> Mapping[str, bytes]:
    """Open every stream of a recording, still packed; for the owner only.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: One was altered or moved.
    """
    if not grant.owner:
        msg = "a recording is renewed by its owner"
        raise RuntimeError(msg)
    place = partial(place_of, grant, one.id, one.where, one.local_day)
    rows = tx.execute(_STREAMS, (grant.tenant, grant.person, one.id))
    return {
        name: tx.ring.open(cell, place(recordings.column_of(f"stream.{name}")))
        for name, cell in rows
    }


def seal(ring: Ring, grant: Grant, one: Recording, details: Details) -> Renewed:
    """Seal a recording's cells and details again; bulk work does so before the lock."""
    grant.check()
    scope = person_scope(grant.tenant, grant.person)
    place = partial(place_of, grant, one.id, one.where, one.local_day)
    cells = (one.activity, one.heart_rate, one.power, one.location, one.notes)
    sealed = [
        ring.seal(recordings.packed(cell), place(column), scope)
        if isinstance(cell, _CELLS) or cell is one.activity
        else None
        for cell, column in zip(cells, CELL_COLUMNS, strict=True)
    ]
    kid = next(pair[0] for pair in sealed if pair)
    return Renewed(
        (
            FORMULA, kid, *(pair and pair[1] for pair in sealed),
            grant.tenant, grant.person, one.id, one.formula,
        ),
        tuple(
            (one.id, str(category), *ring.seal(
                recordings.packed(detail), place(detail_column(category)), scope
            ))
            for category, detail in details.items()
        ),
    )  # fmt: skip


def write(tx: Tx, grant: Grant, renewed: Renewed) -> bool:
    """Write it, and tell whether the older recording was still there."""
    grant.check()
    if not tx.execute(_RENEW, renewed.row).rowcount:
        return False
    tx.execute(_FORGET, (renewed.row[-2],))
    for detail in renewed.details:
        tx.execute(_ADD, detail)
    return True
