"""Deleting what is held of one category, of one source or before one day.

::

    kept file (its head first) and streams, half a mebibyte a step
      ─► the row without the cell and its details, or the row itself

What is left is whole after each step: a file without its head is not kept, a recording
without a stream lacks the stream. What is still to be deleted follows from what is
there, so whatever stops it, it is gone on with by looking again.

The person and what is deleted come from whoever has it done; no value is returned.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pierre_mcp.errors import KeyMissingError, SealBrokenError
from pierre_mcp.keyring.cells import Place, column_piece
from pierre_mcp.keyring.ring import KeyState, Purpose, person_scope
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import ActivityCell
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.recording import CELLS
from pierre_mcp.model.streams import STREAMS
from pierre_mcp.policy.retention import without_places
from pierre_mcp.store import corrections
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import CELL_COLUMNS, packed, unpacked

MOST_BYTES: Final = 2**19
"""Of streams and files deleted in one step: some milliseconds of the lock."""

_NO_DAY: Final = "9999-99-99"

# A file is kept with its first recording, and holds what every other of it came from.
_ORIGINAL = """EXISTS (SELECT 1 FROM recordings f JOIN originals o ON o.recording = f.id
                        WHERE f.tenant = r.tenant AND f.person = r.person
                          AND f.digest = r.digest)"""
_STREAM = """EXISTS (SELECT 1 FROM streams s WHERE s.recording = r.id
                        AND s.name IN (SELECT value FROM json_each(?5)))"""
_DETAIL = """EXISTS (SELECT 1 FROM details d
                      WHERE d.recording = r.id AND d.category = ?6)"""
# Which recordings hold some of a category. A kept file holds all there is.
_HOLDS: Final[dict[Category, str]] = {
    Category.ACTIVITIES: "TRUE",
    Category.SLEEP: "FALSE",
    Category.BODY: f"{_STREAM} OR {_ORIGINAL}",
    Category.PROFILE: _ORIGINAL,
    **{
        of: f"r.{of} IS NOT NULL OR {_STREAM} OR {_DETAIL} OR {_ORIGINAL}"
        for of in CELLS
        if of is not Category.ACTIVITIES
    },
}
_WHICH = """FROM recordings r
     WHERE r.tenant = ?1 AND r.person = ?2 AND r.source = coalesce(?3, r.source)
       AND r.local_day < ?4"""
_IDS = {
    of: f"SELECT r.id {_WHICH} AND ({holds}) ORDER BY r.local_day, r.id"
    for of, holds in _HOLDS.items()
}
_CHUNKS = """
    SELECT recording, seq, length(cell) FROM originals
     WHERE recording IN (
           SELECT f.id FROM recordings r
             JOIN recordings f USING (tenant, person, digest)
            WHERE r.id IN (SELECT value FROM json_each(?)))
     ORDER BY recording, seq
"""
_STREAMS = """
    SELECT recording, name, length(cell) FROM streams
     WHERE recording IN (SELECT value FROM json_each(?))
       AND name IN (SELECT value FROM json_each(?))
"""
_DROP_CHUNK = "DELETE FROM originals WHERE recording = ? AND seq = ?"
_DROP_STREAM = "DELETE FROM streams WHERE recording = ? AND name = ?"
_DROP_DETAIL = "DELETE FROM details WHERE recording = ? AND category = ?"
_DROP_CORRECTION = """
    DELETE FROM corrections
     WHERE (tenant, person, digest, part) IN
           (SELECT tenant, person, digest, part FROM recordings
             WHERE tenant = ? AND person = ? AND id = ?)
"""
_DROP = "DELETE FROM recordings WHERE tenant = ? AND person = ? AND id = ?"
_NAMES = ", ".join(str(of) for of in CELLS)
_ROWS = f"""
    SELECT id, source, origin, local_day, kid, {_NAMES}
      FROM recordings
     WHERE tenant = ? AND person = ? AND id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - our own names
_SET = ", ".join(f"{of} = ?" for of in CELLS)
_SAME = " AND ".join(f"{of} IS ?" for of in CELLS)
_UPDATE = f"UPDATE recordings SET kid = ?, {_SET} WHERE id = ? AND {_SAME}"  # noqa: S608 - our own names
_COLUMN: Final = {
    of: column_piece(column) for of, column in zip(CELLS, CELL_COLUMNS, strict=True)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be deleted.

    Attributes:
        category: Of ``activities`` the recordings go whole.
        source: None: of every source.
        before: Local day, ``YYYY-MM-DD``, the first that stays; None: of every day.
    """

    category: Category
    source: str | None = None
    before: str | None = None

    @property
    def streams(self) -> list[str]:
        """The names of the streams that go."""
        every = self.category is Category.ACTIVITIES
        return [n for n, of in STREAMS.items() if every or of is self.category]


def recordings(
    tx: Tx, maintenance: Maintenance, who: Identity, target: Target
) -> list[str]:
    """Return the ids of the recordings that hold any of it, oldest first."""
    del maintenance
    asked = (
        who.tenant,
        who.person,
        target.source,
        target.before or _NO_DAY,
        json.dumps(target.streams),
        target.category,
    )
    # SQLite takes no value for a number that its statement does not name.
    sql = _IDS[target.category]
    taken = next(n for n in range(6, 3, -1) if f"?{n}" in sql)
    return [found for (found,) in tx.execute(sql, asked[:taken])]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step deletes, worked out in a snapshot.

    Attributes:
        pieces: Chunks and streams: the statement, recording and key of each.
        rows: The new cells of recordings, and the cells they had; None: the row goes.
        last: Whether nothing of these recordings is left to be deleted after it.
        broken: How many recordings could not be sealed again, and so stay.
    """

    pieces: Sequence[tuple[str, tuple[str, Any]]] = ()
    rows: Sequence[tuple[str, tuple[Any, ...] | None]] = ()
    last: bool = True
    broken: int = 0


def batch(
    tx: Tx, maintenance: Maintenance, who: Identity, target: Target, ids: Sequence[str]
) -> Batch:
    """Return what of some recordings the next step can delete, in a snapshot."""
    del maintenance
    pieces, size = [], 0
    for sql, recording, key, length in _pieces(tx, target, ids):
        pieces.append((sql, (recording, key)))
        size += length
        if size >= MOST_BYTES:
            return Batch(pieces, last=False)
    if target.category not in CELLS:
        return Batch(pieces)
    if target.category is Category.ACTIVITIES:
        return Batch(pieces, [(one, None) for one in ids])
    found = tx.execute(_ROWS, (who.tenant, who.person, json.dumps(ids)))
    rows = [_without(tx, who, target.category, row) for row in found.fetchall()]
    return Batch(pieces, [r for r in rows if r], broken=rows.count(None))


def write(
    tx: Tx, maintenance: Maintenance, who: Identity, target: Target, planned: Batch
) -> bool:
    """Delete it; tell whether every row still stood as it was found."""
    del maintenance
    for sql, key in planned.pieces:
        tx.execute(sql, key)
    stood = [_written(tx, who, target.category, row) for row in planned.rows]
    return all(stood)


def _pieces(
    tx: Tx, target: Target, ids: Sequence[str]
) -> list[tuple[str, str, Any, int]]:
    which = json.dumps(ids)
    chunks = tx.execute(_CHUNKS, (which,))
    streams = tx.execute(_STREAMS, (which, json.dumps(target.streams)))
    return [
        *((_DROP_CHUNK, *row) for row in chunks),
        *((_DROP_STREAM, *row) for row in streams),
    ]


def _without(
    tx: Tx, who: Identity, category: Category, row: tuple[Any, ...]
) -> tuple[str, tuple[Any, ...]] | None:
    """Return the values of the UPDATE that leaves a category out of a recording.

    Cells of a row share its key, and no retired one takes a write: then all are sealed
    again, as they are where the summary itself loses what came from places.
    """
    row_id, source, origin, day, kid, *cells = row
    held = dict(zip(CELLS, cells, strict=True))
    left = {of: c for of, c in held.items() if c is not None and of is not category}
    places = category is Category.LOCATION and held[category] is not None
    place = Place("", who.tenant, who.person, row_id, source, origin, day)
    try:
        if places or tx.ring.info(kid).state is not KeyState.ACTIVE:
            kid, left = _sealed_again(tx, place, left, places=places)
    except (KeyMissingError, SealBrokenError):
        return None
    return row_id, (kid, *map(left.get, CELLS), row_id, *cells)


def _sealed_again(
    tx: Tx, place: Place, cells: dict[Category, bytes], *, places: bool
) -> tuple[int, dict[Category, bytes]]:
    named = [(_COLUMN[of], cell) for of, cell in cells.items()]
    plain = dict(zip(cells, tx.ring.open_row(place, named), strict=True))
    if places:
        summary = unpacked(ActivityCell, plain[Category.ACTIVITIES])
        cleared = without_places(ActivityCell.model_validate(summary))
        plain[Category.ACTIVITIES] = packed(cleared)
    scope = person_scope(place.tenant, place.person)
    pairs = [(_COLUMN[of], value) for of, value in plain.items()]
    kid, again = tx.ring.seal_row(place, pairs, scope, Purpose.SEAL)
    return kid, dict(zip(plain, again, strict=True))


def _written(
    tx: Tx, who: Identity, category: Category, row: tuple[str, tuple[Any, ...] | None]
) -> bool:
    row_id, values = row
    which = (who.tenant, who.person, row_id)
    if values is None:
        tx.execute(_DROP_CORRECTION, which)
        tx.execute(_DROP, which)
        return True
    corrections.forget(tx, who, row_id, {category})
    tx.execute(_DROP_DETAIL, (row_id, category))
    return tx.execute(_UPDATE, values).rowcount == 1
