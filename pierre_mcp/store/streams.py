"""Streams: one sealed, packed column each, opened only where its category is granted.

Whether a stream is there is told only to whom its category is granted, for the source
of its recording. What comes back is still packed: ``formats.columns`` unpacks it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

from pierre_mcp.keyring.cells import Place
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Where
from pierre_mcp.model.streams import STREAMS
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import barred, readable

# By this index, or it would look at all of the person's, to have them by day.
_HELD = """
    SELECT r.id, r.source, r.origin, r.local_day, s.name
      FROM recordings AS r INDEXED BY recordings_of_activity
      LEFT JOIN streams s ON s.recording = r.id
     WHERE r.tenant = ? AND r.person = ? AND r.activity_id = ?
       AND r.source IN (SELECT value FROM json_each(?))
       AND r.origin NOT IN (SELECT value FROM json_each(?))
     ORDER BY r.local_day, r.id, s.name
"""
_CELLS = """
    SELECT s.name, s.cell
      FROM recordings r JOIN streams s ON s.recording = r.id
     WHERE r.tenant = ? AND r.person = ? AND r.id = ?
       AND s.name IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording and the streams of it that the grant may open.

    Attributes:
        id: Of the recording, ours.
        day: Local, ``YYYY-MM-DD``.
    """

    id: str
    where: Where
    day: str
    names: frozenset[str]


def of_activity(tx: Tx, grant: Grant, activity_id: str) -> list[Kept]:
    """Return the recordings of one activity that the grant may read; maybe none."""
    sources = json.dumps(readable(tx, grant, None))
    asked = (grant.tenant, grant.person, activity_id, sources, barred(grant))
    found: dict[tuple[str, str, str, str], set[str]] = {}
    for *recording, name in tx.execute(_HELD, asked):
        row_id, source, origin, day = recording
        names = found.setdefault((row_id, source, origin, day), set())
        if name is not None and may_open(grant, source, name):
            names.add(name)
    return [
        Kept(row_id, Where(source, origin), day, frozenset(names))
        for (row_id, source, origin, day), names in found.items()
    ]


def packed(tx: Tx, grant: Grant, of: Kept, names: Collection[str]) -> dict[str, bytes]:
    """Open streams of a recording; what is not granted or not there is left out.

    Raises:
        SealBrokenError: One was altered or moved.
    """
    wanted = sorted(n for n in names if may_open(grant, of.where.source, n))
    asked = (grant.tenant, grant.person, of.id, json.dumps(wanted))
    return {
        name: tx.ring.open(cell, _place(grant, of, name))
        for name, cell in tx.execute(_CELLS, asked)
    }


def may_open(grant: Grant, source: str, name: str) -> bool:
    """Tell whether the grant covers a stream of this name, from this source."""
    category = STREAMS.get(name)
    summaries = grant.reads(source, Category.ACTIVITIES)
    return category is not None and summaries and grant.reads(source, category)


def _place(grant: Grant, of: Kept, name: str) -> Place:
    column = f"recordings.stream.{name}/1"
    who = (grant.tenant, grant.person)
    return Place(column, *who, of.id, of.where.source, of.where.origin, of.day)
