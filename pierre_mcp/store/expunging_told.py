"""Deleting what was told of the athlete, gear, and the names of files that went.

None of it is much: each function is one step of a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.athlete import Kind, Seen
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy.telling import SELF
from pierre_mcp.store.database import Tx
from pierre_mcp.store.expunging import Target
from pierre_mcp.store.imports import FileLine

LINES_A_STEP: Final = 400
DELETED: Final = "deleted"
"""The reason that stands with a file whose recording was deleted since."""

_TOLD = """
    SELECT id, source, category, cell FROM athlete
     WHERE tenant = ? AND person = ? AND source = coalesce(?, source)
       AND category = ?
"""
_DROP_TOLD = "DELETE FROM athlete WHERE id = ? AND cell = ?"
# Gear has no day of its own: it goes with the last recording of where it is from.
_GEAR_WHICH = """FROM gear AS g
     WHERE g.tenant = ?1 AND g.person = ?2 AND g.source = coalesce(?3, g.source)
       AND (?4 IS NULL OR NOT EXISTS (
           SELECT 1 FROM recordings r WHERE r.tenant = ?1 AND r.person = ?2
              AND r.source = g.source AND r.local_day >= ?4))"""
_GEAR = f"SELECT count(*) {_GEAR_WHICH}"
_DROP_GEAR = f"DELETE {_GEAR_WHICH}"
_LINES = """
    SELECT f.rowid, f.import_id, f.seq, f.cell
      FROM import_files AS f CROSS JOIN imports AS i ON i.id = f.import_id
     WHERE i.tenant = ? AND i.person = ? AND i.state <> 'undone' AND f.rowid > ?
     ORDER BY f.rowid LIMIT ?
"""
_IS_THERE = "SELECT 1 FROM recordings WHERE id = ?"
_SET_LINE = """
    UPDATE import_files SET kid = ?, cell = ?
     WHERE import_id = ? AND seq = ? AND cell = ?
"""

Told = tuple[str, bytes]
"""A row of the athlete: its id and cell."""


def told(
    tx: Tx, maintenance: Maintenance, who: Identity, target: Target
) -> Sequence[Told]:
    """Return what was told of the athlete that is to go.

    What the person said himself and still holds stays, however long ago he said it,
    unless all of it is to go.
    """
    del maintenance
    asked = (who.tenant, who.person, target.source, target.category)
    found = tx.execute(_TOLD, asked).fetchall()
    if target.before is None:
        return [(row_id, cell) for row_id, *_, cell in found]
    opened = [(row, seen) for row in found if (seen := _opened(tx, who, row))]
    since = _held_since([s for (_, source, *_), s in opened if source == SELF], target)
    return [
        (row_id, cell)
        for (row_id, source, _, cell), seen in opened
        if seen.last_day < target.before
        and (source != SELF or seen.first_day < since.get(seen.fact.kind, ""))
    ]


def drop_told(tx: Tx, maintenance: Maintenance, rows: Sequence[Told]) -> int:
    """Delete what still stands as it was found; return how much that was."""
    del maintenance
    return sum(tx.execute(_DROP_TOLD, row).rowcount for row in rows)


def count_gear(tx: Tx, maintenance: Maintenance, who: Identity, target: Target) -> int:
    """Return how many pieces of gear are to go."""
    del maintenance
    if target.category is not Category.PROFILE:
        return 0
    (found,) = tx.one(_GEAR, (who.tenant, who.person, target.source, target.before))
    return int(found)


def drop_gear(tx: Tx, maintenance: Maintenance, who: Identity, target: Target) -> int:
    """Delete gear; return how many pieces."""
    del maintenance
    if target.category is not Category.PROFILE:
        return 0
    which = (who.tenant, who.person, target.source, target.before)
    return tx.execute(_DROP_GEAR, which).rowcount


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of imports that name a recording which is not there any more.

    Attributes:
        rows: The values of each UPDATE.
        beyond: After which row to go on; None once there are no more.
    """

    rows: Sequence[tuple[Any, ...]] = ()
    beyond: int | None = None


def lines(tx: Tx, maintenance: Maintenance, who: Identity, beyond: int) -> Lines:
    """Return the next lines without name and recording, in a snapshot."""
    del maintenance
    asked = (who.tenant, who.person, beyond, LINES_A_STEP)
    found = tx.execute(_LINES, asked).fetchall()
    rows = [row for _, *line in found if (row := _cleared(tx, who, *line))]
    more = len(found) == LINES_A_STEP
    return Lines(rows, found[-1][0] if more else None)


def write_lines(tx: Tx, maintenance: Maintenance, some: Lines) -> None:
    """Write those that still stand as they were found."""
    del maintenance
    tx.db.executemany(_SET_LINE, some.rows)


def _cleared(
    tx: Tx, who: Identity, import_id: str, seq: int, cell: bytes
) -> tuple[Any, ...] | None:
    row, scope = f"{import_id}/{seq}", person_scope(who.tenant, who.person)
    place = Place("import_files.cell/1", who.tenant, who.person, row)
    try:
        line = FileLine.model_validate_json(tx.ring.open(cell, place))
    except SealBrokenError:
        return None
    if line.recording is None or tx.one(_IS_THERE, (line.recording,)):
        return None
    gone = FileLine(name=f"({DELETED})", outcome=line.outcome, reason=DELETED)
    kid, again = tx.ring.seal(gone.model_dump_json().encode(), place, scope)
    return kid, again, import_id, seq, cell


def _opened(tx: Tx, who: Identity, row: tuple[str, str, str, bytes]) -> Seen | None:
    row_id, source, category, cell = row
    column = f"athlete.{category}/1"
    place = Place(column, who.tenant, who.person, row_id, source)
    try:
        return Seen.model_validate_json(tx.ring.open(cell, place))
    except SealBrokenError:
        return None


def _held_since(said: Sequence[Seen], target: Target) -> dict[Kind, str]:
    """Return since when what the person said of each kind holds on the first day."""
    since: dict[Kind, str] = {}
    for seen in said:
        if seen.first_day <= (target.before or ""):
            kind = seen.fact.kind
            since[kind] = max(since.get(kind, ""), seen.first_day)
    return since
