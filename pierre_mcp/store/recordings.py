"""Recordings: one row each, one sealed cell for each category of data.

Person, sources and categories come from the grant. A row is returned only where its
source is granted for ``activities``; of its other cells, only what is granted is
opened. What is not consented to is never decrypted, and adds nothing, not even its
existence.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from pydantic_core import from_json

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Ring, person_scope
from pierre_mcp.model import packed_details
from pierre_mcp.model.athlete import Fact
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import Cell
from pierre_mcp.model.details import Detail
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import NUMBERS, pack, unpack
from pierre_mcp.model.recording import (
    CELLS,
    FORMULA,
    NewRecording,
    SealedRow,
    Where,
)
from pierre_mcp.policy import provenance
from pierre_mcp.store.database import Tx

# By this index rows come in order, one by one, and as few as are taken.
_NEWEST = """
    SELECT id, activity_id, source, origin, sport, local_day,
           activities, heart_rate, power, notes
      FROM recordings INDEXED BY recordings_by_day
     WHERE tenant = ? AND person = ?
       AND source IN (SELECT value FROM json_each(?))
       AND local_day BETWEEN ? AND ?
       AND sport = coalesce(?, sport)
       AND origin NOT IN (SELECT value FROM json_each(?))
     ORDER BY local_day DESC, id
"""
_BESIDE = """
    SELECT id, activity_id, source, origin, sport, local_day,
           activities, heart_rate, power, notes
      FROM recordings
     WHERE tenant = ? AND person = ? AND activity_id = ?
       AND source IN (SELECT value FROM json_each(?))
       AND origin NOT IN (SELECT value FROM json_each(?))
"""
_SOURCES = """
    SELECT DISTINCT source FROM recordings WHERE tenant = ? AND person = ?
     ORDER BY source
"""
_RANGE = """
    SELECT min(local_day), max(local_day), count(*) FROM recordings
     WHERE tenant = ? AND person = ? AND source = ?
       AND origin NOT IN (SELECT value FROM json_each(?))
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
_REGROUP = """
    UPDATE recordings SET activity_id = ?
     WHERE tenant = ? AND person = ? AND id IN (SELECT value FROM json_each(?))
"""
_MERGE = """
    UPDATE recordings SET activity_id = ?
     WHERE tenant = ? AND person = ? AND activity_id = ?
"""
_OF_IMPORT = """
    SELECT DISTINCT activity_id FROM recordings
     WHERE tenant = ? AND person = ? AND import_id = ?
"""
_ADD_DETAIL = """
    INSERT INTO details (recording, category, kid, cell) VALUES (?, ?, ?, ?)
"""
_DROP = "DELETE FROM recordings WHERE tenant = ? AND person = ? AND digest = ?"
_UNDO = "DELETE FROM recordings WHERE tenant = ? AND person = ? AND import_id = ?"

# As ``_make`` does, which is a call in Python for each.
_sealed_row = partial(tuple.__new__, SealedRow)

FILES = "files"
"""The source of plain files."""

FIRST_DAY = "0001-01-01"
LAST_DAY = "9999-12-31"


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
    details: tuple[tuple[str, str, int, bytes], ...]
    athlete: tuple[Fact, ...] = ()

    @property
    def id(self) -> str:
        """The recording's id."""
        return str(self.row[0])

    @property
    def activity_id(self) -> str:
        """The activity it was sealed as a part of."""
        return str(self.row[1])

    @property
    def import_id(self) -> str:
        """The run it came with."""
        return str(self.row[8])

    @property
    def source(self) -> str:
        """Where it is from, as consent names it."""
        return str(self.row[4])

    @property
    def day(self) -> str:
        """Its local day."""
        return str(self.row[7])


def newest(tx: Tx, grant: Grant, wanted: Wanted) -> Iterator[SealedRow]:
    """Give recordings by local day, newest first, as they are taken.

    The time of day is sealed: a day is only ordered once it is opened.
    """
    sources = json.dumps(readable(tx, grant, wanted.sources))
    span = (wanted.from_day, wanted.to_day)
    asked = (grant.tenant, grant.person, sources, *span, wanted.sport, barred(grant))
    rows = tx.execute(_NEWEST, asked)
    return map(_sealed_row, rows)


def beside(
    tx: Tx, grant: Grant, activity_id: str, sources: frozenset[str] | None
) -> list[SealedRow]:
    """Return every recording of one activity, of these sources as far as granted."""
    asked = json.dumps(readable(tx, grant, sources))
    which = (grant.tenant, grant.person, activity_id, asked, barred(grant))
    return list(map(_sealed_row, tx.execute(_BESIDE, which)))


def ranges(tx: Tx, grant: Grant) -> list[SourceRange]:
    """Return first and last day and count of each source the grant may read."""
    who = (grant.tenant, grant.person)
    sources, not_of = readable(tx, grant, None), barred(grant)
    found = ((s, *tx.one(_RANGE, (*who, s, not_of))) for s in sources)
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
    place = partial(place_of, grant, row_id, new.where, new.local_day)
    cells = (new.activity, new.heart_rate, new.power, new.location, new.notes)
    sealed = [
        None if cell is None else ring.seal(packed(cell), place(column), scope)
        for cell, column in zip(cells, CELL_COLUMNS, strict=True)
    ]
    kid = next(pair[0] for pair in sealed if pair)  # one ring, one key in use
    streams = tuple(
        (row_id, name, *ring.seal(packed, place(column_of(f"stream.{name}")), scope))
        for name, packed in new.streams.items()
    )
    details = tuple(
        (
            row_id,
            str(category),
            *ring.seal(packed(d), place(detail_column(category)), scope),
        )
        for category, d in new.details.items()
    )
    row = (
        row_id, new.activity_id or str(uuid4()), grant.tenant, grant.person,
        new.where.source,
        new.where.origin, new.sport, new.local_day, import_id,
        keyed_digest(ring, grant, digest, new.where.source), new.part, FORMULA, kid,
        *(pair and pair[1] for pair in sealed),
    )  # fmt: skip
    return Sealed(row, streams, details, new.athlete)


def packed(cell: Cell) -> bytes:
    """Return a cell's bytes; what is at its default is left out, and read as such."""
    if type(cell) in NUMBERS:
        return pack(cell)
    if isinstance(cell, Detail):
        return packed_details.pack(cell)
    return cell.model_dump_json(exclude_defaults=True).encode()


def unpacked(kind: type[Cell], plain: bytes) -> Any:
    """Return a cell's bytes as a mapping; version 1 wrote all of them as JSON."""
    return unpack(kind, plain) if kind in NUMBERS else from_json(plain)


def add(tx: Tx, grant: Grant, sealed: Iterable[Sealed]) -> None:
    """Write sealed recordings; a trigger refuses them if their key has retired."""
    grant.check()
    for one in sealed:
        tx.execute(_ADD, one.row)
        for stream in one.streams:
            tx.execute(_ADD_STREAM, stream)
        for sealed_detail in one.details:
            tx.execute(_ADD_DETAIL, sealed_detail)


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


def regroup(tx: Tx, grant: Grant, ids: Sequence[str], activity_id: str) -> None:
    """Put these recordings to an activity; no cell is bound to it."""
    grant.check()
    which = json.dumps(ids)
    tx.execute(_REGROUP, (activity_id, grant.tenant, grant.person, which))


def merge(tx: Tx, grant: Grant, activity_id: str, into: str) -> None:
    """Put every recording of an activity to another one."""
    grant.check()
    tx.execute(_MERGE, (into, grant.tenant, grant.person, activity_id))


def undo(tx: Tx, grant: Grant, import_id: str) -> tuple[int, list[str]]:
    """Remove the recordings of one import.

    Returns:
        How many there were, and the ids of the activities they were of.
    """
    grant.check()
    which = (grant.tenant, grant.person, import_id)
    activities = [one for (one,) in tx.execute(_OF_IMPORT, which)]
    return tx.execute(_UNDO, which).rowcount, activities


def keyed_digest(ring: Ring, grant: Grant, digest: bytes, source: str = FILES) -> bytes:
    """Return the digest as stored: keyed, so that a known file cannot be looked for."""
    scope = person_scope(grant.tenant, grant.person)
    # Plain files are as the first release stored them; pieces keep the two apart.
    pieces = (digest,) if source == FILES else (source.encode(), digest)
    return ring.digest(scope, "file/1", *pieces)


def readable(tx: Tx, grant: Grant, asked: frozenset[str] | None) -> Sequence[str]:
    """Return the sources whose recordings the grant may see, of those asked for."""
    granted = grant.sources(Category.ACTIVITIES)
    if granted is None:
        granted = frozenset(sources(tx, grant))
    return sorted(granted if asked is None else granted & asked)


def barred(grant: Grant) -> str:
    """Return as JSON the origins whose rows the grant may not read at all."""
    return provenance.barred(owner=grant.owner)


def column_of(name: str) -> str:
    """Return the logical column of a cell: a stable name that its seal is bound to."""
    return f"recordings.{name}/1"


def detail_column(category: Category) -> str:
    """Return the logical column of the details of a category."""
    return column_of(f"detail.{category}")


CELL_COLUMNS = tuple(map(column_of, CELLS))
"""The logical columns of a recording's cells, in their order."""


def place_of(grant: Grant, row: str, where: Where, day: str, column: str) -> Place:
    """Return where a cell of a recording lives."""
    return Place(
        column, grant.tenant, grant.person, row, where.source, where.origin, day
    )
