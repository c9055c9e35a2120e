"""Recordings: one row each, one sealed cell for each category of data.

Person, sources and categories come from the grant. A row is returned only where its
source is granted for ``activities``; of its other cells, only what is granted is
opened. What is not consented to is never decrypted, and adds nothing, not even its
existence.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from uuid import uuid4

from pydantic import MISSING

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Purpose, Ring, person_scope
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import Cell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import CELLS, FORMULA, NewRecording, Recording, Where
from pierre_mcp.store.database import Tx

_COLUMNS = """id, activity_id, source, origin, sport, local_day,
           activities, heart_rate, power, location, notes"""

_BEFORE = f"""
    SELECT {_COLUMNS} FROM recordings
     WHERE tenant = ? AND person = ?
       AND source IN (SELECT value FROM json_each(?))
       AND local_day BETWEEN ? AND ?
       AND sport = coalesce(?, sport)
     ORDER BY local_day DESC, id LIMIT ?
"""  # noqa: S608  constant columns, no value in the text
_OF_ACTIVITY = f"""
    SELECT {_COLUMNS} FROM recordings
     WHERE tenant = ? AND person = ? AND activity_id = ?
       AND source IN (SELECT value FROM json_each(?))
     ORDER BY source, id
"""  # noqa: S608  constant columns, no value in the text
_SOURCES = """
    SELECT DISTINCT source FROM recordings WHERE tenant = ? AND person = ?
     ORDER BY source
"""
_RANGE = """
    SELECT min(local_day), max(local_day), count(*) FROM recordings
     WHERE tenant = ? AND person = ? AND source = ?
"""
_KNOWN = """
    SELECT 1 FROM recordings WHERE tenant = ? AND person = ? AND digest = ? LIMIT 1
"""
_ADD = """
    INSERT INTO recordings
        (id, activity_id, tenant, person, source, origin, sport, local_day, import_id,
         digest, part, formula, kid, activities, heart_rate, power, location, notes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_STREAM = "INSERT INTO streams (recording, name, kid, cell) VALUES (?, ?, ?, ?)"
_DROP = "DELETE FROM recordings WHERE tenant = ? AND person = ? AND digest = ?"
_UNDO = "DELETE FROM recordings WHERE tenant = ? AND person = ? AND import_id = ?"

FILES = "files"
"""The source of plain files."""

FIRST_DAY = "0001-01-01"
LAST_DAY = "9999-12-31"
ALL = -1
"""As a count: every one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which recordings to list; days are local and inclusive, ``YYYY-MM-DD``."""

    sources: frozenset[str] | None = None
    sport: Sport | None = None
    from_day: str = FIRST_DAY
    to_day: str = LAST_DAY


@dataclass(frozen=True, slots=True)
class SourceRange:
    """What is held of one source."""

    source: str
    first_day: str
    last_day: str
    recordings: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A recording sealed outside the lock, ready to be written."""

    row: tuple[Any, ...]
    streams: tuple[tuple[str, str, int, bytes], ...]


def newest(tx: Tx, grant: Grant, wanted: Wanted, count: int) -> list[Recording]:
    """Return recordings by local day, newest first: ``count``, and the last day whole.

    The time of day is sealed, so a day is only ordered once it is opened; returning
    the last day whole lets the caller order and cut.
    """
    sources = json.dumps(_readable(tx, grant, wanted.sources))
    who, sport = (grant.tenant, grant.person, sources), wanted.sport
    span = (wanted.from_day, wanted.to_day)
    rows = tx.execute(_BEFORE, (*who, *span, sport, count)).fetchall()
    if len(rows) == count and rows:
        day = rows[-1][5]
        rows = [row for row in rows if row[5] != day]
        rows += tx.execute(_BEFORE, (*who, day, day, sport, ALL)).fetchall()
    return list(map(_Reader(tx.ring, grant).recording, rows))


def of_activity(tx: Tx, grant: Grant, activity_id: str) -> list[Recording]:
    """Return the recordings of one activity that the grant may read; maybe none."""
    sources = json.dumps(_readable(tx, grant, None))
    rows = tx.execute(_OF_ACTIVITY, (grant.tenant, grant.person, activity_id, sources))
    return list(map(_Reader(tx.ring, grant).recording, rows))


def ranges(tx: Tx, grant: Grant) -> list[SourceRange]:
    """Return first and last day and count of each source the grant may read."""
    who = (grant.tenant, grant.person)
    found = ((s, *tx.one(_RANGE, (*who, s))) for s in _readable(tx, grant, None))
    return [SourceRange(*row) for row in found if row[-1]]


def sources(tx: Tx, grant: Grant) -> list[str]:
    """Return the names of the sources the owner has; for the owner only.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    grant.check()
    if not grant.owner:
        msg = "a recipient is not told which sources exist"
        raise RuntimeError(msg)
    return [s for (s,) in tx.execute(_SOURCES, (grant.tenant, grant.person))]


def seal(
    ring: Ring, grant: Grant, new: NewRecording, *, digest: bytes, import_id: str
) -> Sealed:
    """Seal one recording; bulk work does this before it takes the lock.

    Args:
        ring: Its keys, with seals in hand.
        grant: Whose it is.
        new: What to seal.
        digest: SHA-256 of the file it is from, or of what stands for one; stored
            keyed, never plain.
        import_id: The run it came with, by which it can be undone.
    """
    grant.check()
    row_id, scope = str(uuid4()), person_scope(grant.tenant, grant.person)
    place = partial(_place, grant, row_id, new.where, new.local_day)
    cells = (new.activity, new.heart_rate, new.power, new.location, new.notes)
    sealed = [
        None if cell is None else ring.seal(_packed(cell), place(column), scope)
        for cell, column in zip(cells, _CELL_COLUMNS, strict=True)
    ]
    kid = next(pair[0] for pair in sealed if pair)  # one ring, one key in use
    streams = tuple(
        (row_id, name, *ring.seal(packed, place(_column(f"stream.{name}")), scope))
        for name, packed in new.streams.items()
    )
    row = (
        row_id, str(uuid4()), grant.tenant, grant.person, new.where.source,
        new.where.origin, new.sport, new.local_day, import_id,
        keyed_digest(ring, grant, digest, new.where.source), new.part, FORMULA, kid,
        *(pair and pair[1] for pair in sealed),
    )  # fmt: skip
    return Sealed(row, streams)


def _packed(cell: Cell) -> bytes:
    """Return a cell as JSON; what is at its default is left out, and read as such."""
    return cell.model_dump_json(exclude_defaults=True).encode()


def add(tx: Tx, grant: Grant, sealed: Iterable[Sealed]) -> None:
    """Write sealed recordings; a trigger refuses them if their key has retired."""
    grant.check()
    for one in sealed:
        tx.execute(_ADD, one.row)
        for stream in one.streams:
            tx.execute(_ADD_STREAM, stream)


def known(tx: Tx, grant: Grant, digest: bytes, source: str = FILES) -> bool:
    """Tell whether a file with this SHA-256 was imported and not undone.

    Each source is consented to apart, so the same file of two sources is two.
    """
    grant.check()
    keyed = keyed_digest(tx.ring, grant, digest, source)
    return tx.one(_KNOWN, (grant.tenant, grant.person, keyed)) is not None


def drop(tx: Tx, grant: Grant, digest: bytes, source: str) -> None:
    """Remove what came with this digest: something better is there now."""
    grant.check()
    keyed = keyed_digest(tx.ring, grant, digest, source)
    tx.execute(_DROP, (grant.tenant, grant.person, keyed))


def undo(tx: Tx, grant: Grant, import_id: str) -> int:
    """Remove the recordings of one import and return how many there were."""
    grant.check()
    return tx.execute(_UNDO, (grant.tenant, grant.person, import_id)).rowcount


def keyed_digest(ring: Ring, grant: Grant, digest: bytes, source: str = FILES) -> bytes:
    """Return the digest as stored: keyed, so that a known file cannot be looked for."""
    scope = person_scope(grant.tenant, grant.person)
    # Plain files are as the first release stored them; pieces keep the two apart.
    pieces = (digest,) if source == FILES else (source.encode(), digest)
    return ring.mac(scope, Purpose.INDEX, "file/1", *pieces)


def _readable(tx: Tx, grant: Grant, asked: frozenset[str] | None) -> Sequence[str]:
    granted = grant.sources(Category.ACTIVITIES)
    if granted is None:
        granted = frozenset(sources(tx, grant))
    return sorted(granted if asked is None else granted & asked)


def _column(name: str) -> str:
    return f"recordings.{name}/1"


_CELL_COLUMNS = tuple(map(_column, CELLS))


def _place(grant: Grant, row: str, where: Where, day: str, column: str) -> Place:
    return Place(
        column, grant.tenant, grant.person, row, where.source, where.origin, day
    )


Parse: TypeAlias = Callable[[bytes], Cell]


class _Reader:
    """Opens the rows of one answer; what may be opened is settled once a source."""

    __slots__ = ("_grant", "_readable", "_ring")

    def __init__(self, ring: Ring, grant: Grant) -> None:
        self._ring = ring
        self._grant = grant
        self._readable: dict[str, list[tuple[bool, str, Parse]]] = {}

    def recording(self, row: tuple[Any, ...]) -> Recording:
        """Return one row with the cells opened that the grant may read."""
        row_id, activity_id, source, origin, sport, day, *cells = row
        who = self._grant.tenant, self._grant.person
        where, open_ = Where(source, origin), self._ring.open
        seen: list[Any] = []
        for (may, column, parse), cell in zip(self._of(source), cells, strict=True):
            if not may:
                seen.append(MISSING)
            elif cell is None:
                seen.append(None)
            else:
                place = Place(column, *who, row_id, source, origin, day)
                seen.append(parse(open_(cell, place)))
        return Recording(
            activity_id=activity_id, where=where, sport=Sport(sport), local_day=day,
            activity=seen[0], heart_rate=seen[1], power=seen[2], location=seen[3],
            notes=seen[4],
        )  # fmt: skip

    def _of(self, source: str) -> list[tuple[bool, str, Parse]]:
        if source not in self._readable:
            reads = self._grant.reads
            self._readable[source] = [
                (reads(source, category), column, kind.model_validate_json)
                for (category, kind), column in zip(
                    CELLS.items(), _CELL_COLUMNS, strict=True
                )
            ]
        return self._readable[source]
