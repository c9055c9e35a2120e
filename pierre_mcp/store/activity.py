"""One activity: every recording of it whole, with what else was kept of each.

Like a list, it shows only what the grant may read; unlike a list, each cell is checked
against its model again.
"""

import json
from typing import Any

from pydantic import MISSING

from pierre_mcp.keyring.cells import column_piece
from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DETAILS, Details
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed_details import unpack
from pierre_mcp.model.recording import CELLS, Recording, Where
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import (
    CELL_COLUMNS,
    barred,
    detail_column,
    place_of,
    readable,
    unpacked,
)

_COLUMNS = """id, activity_id, source, origin, sport, local_day, formula,
           activities, heart_rate, power, location, notes"""

# Else they would be looked for among all of the person's, to have them by day.
_OF_ACTIVITY = f"""
    SELECT {_COLUMNS} FROM recordings INDEXED BY recordings_of_activity
     WHERE tenant = ? AND person = ? AND activity_id = ?
       AND source IN (SELECT value FROM json_each(?))
       AND origin NOT IN (SELECT value FROM json_each(?))
     ORDER BY local_day, id
"""  # noqa: S608  constant columns, no value in the text
_ONE = f"""
    SELECT {_COLUMNS} FROM recordings
     WHERE tenant = ? AND person = ? AND id = ?
       AND origin NOT IN (SELECT value FROM json_each(?))
"""  # noqa: S608  constant columns, no value in the text
_EVENT = """
    SELECT other.activity_id FROM recordings AS one
      JOIN recordings AS other USING (tenant, person, digest, source)
     WHERE one.tenant = ? AND one.person = ? AND one.id = ?
       AND other.origin NOT IN (SELECT value FROM json_each(?))
     ORDER BY other.part
"""
_PIECES = [column_piece(column) for column in CELL_COLUMNS]
_DETAILS_OF = "SELECT category, cell FROM details WHERE recording = ?"


def recordings_of(tx: Tx, grant: Grant, activity_id: str) -> list[Recording]:
    """Return the recordings of one activity that the grant may read; maybe none."""
    sources = json.dumps(readable(tx, grant, None))
    asked = (grant.tenant, grant.person, activity_id, sources, barred(grant))
    rows = tx.execute(_OF_ACTIVITY, asked)
    return [_recording(tx.ring, grant, row) for row in rows]


def recording(tx: Tx, grant: Grant, recording_id: str) -> Recording | None:
    """Return one recording, for its owner; None if there is none."""
    row = tx.one(_ONE, (grant.tenant, grant.person, recording_id, barred(grant)))
    return row and _recording(tx.ring, grant, row)


def event_of(tx: Tx, grant: Grant, recording: Recording) -> list[str]:
    """Return the ids of the activities that came in one file with this recording."""
    grant.check()
    asked = (grant.tenant, grant.person, recording.id, barred(grant))
    return [activity_id for (activity_id,) in tx.execute(_EVENT, asked)]


def details_of(tx: Tx, grant: Grant, recording: Recording) -> Details:
    """Return the details of a recording that the grant may read, by category."""
    where, found = recording.where, {}
    for name, cell in tx.execute(_DETAILS_OF, (recording.id,)):
        category = Category(name)
        if grant.reads(where.source, category):
            column, day = detail_column(category), recording.local_day
            place = place_of(grant, recording.id, where, day, column)
            found[category] = unpack(DETAILS[category], tx.ring.open(cell, place))
    return found


def _recording(ring: Ring, grant: Grant, row: tuple[Any, ...]) -> Recording:
    """Return one row with the cells opened that the grant may read."""
    row_id, activity_id, source, origin, sport, day, formula, *cells = row
    where = Where(source, origin)
    may = [grant.reads(source, category) for category in CELLS]
    there = [
        (piece, cell)
        for piece, cell, allowed in zip(_PIECES, cells, may, strict=True)
        if allowed and cell is not None
    ]
    place = place_of(grant, row_id, where, day, "")
    opened = iter(ring.open_row(place, there))
    seen: list[Any] = [
        MISSING
        if not allowed
        else cell and kind.model_validate(unpacked(kind, next(opened)))
        for kind, cell, allowed in zip(CELLS.values(), cells, may, strict=True)
    ]
    return Recording(
        id=row_id, activity_id=activity_id, where=where, sport=Sport(sport),
        local_day=day, formula=formula, activity=seen[0], heart_rate=seen[1],
        power=seen[2], location=seen[3], notes=seen[4],
    )  # fmt: skip
