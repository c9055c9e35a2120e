"""Where activities went, of many at once: their paths, and which touch a zone."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_core import from_json

from pierre_mcp.keyring.cells import column_piece, rows_pieces
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import LocationCell
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.circles import circle_of, touched
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import barred, column_of, readable

_ALL = """
    SELECT activity_id, id, source, origin, local_day, location
      FROM recordings
     WHERE tenant = ? AND person = ? AND location IS NOT NULL
       AND source IN (SELECT value FROM json_each(?))
       AND origin NOT IN (SELECT value FROM json_each(?))
"""
_SOME = """
    SELECT activity_id, id, source, origin, local_day, location
      FROM recordings INDEXED BY recordings_of_activity
     WHERE tenant = ? AND person = ? AND location IS NOT NULL
       AND source IN (SELECT value FROM json_each(?))
       AND origin NOT IN (SELECT value FROM json_each(?))
       AND activity_id IN (SELECT value FROM json_each(?))
"""
_BATCH = 256
_PIECE = column_piece(column_of(str(Category.LOCATION)))


def paths(
    tx: Tx, grant: Grant, activity_ids: Sequence[str] | None
) -> Iterator[tuple[str, LocationCell]]:
    """Return the path of each recording that may be read, with its activity's id.

    Args:
        tx: A snapshot.
        grant: Decides what is opened.
        activity_ids: Of these alone; of every one where None.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    sources = [
        source
        for source in readable(tx, grant, None)
        if grant.reads(source, Category.LOCATION)
    ]
    for of, path in _paths(tx, grant, sources, activity_ids):
        yield of, LocationCell.model_construct(**path)


def touching(tx: Tx, grant: Grant, activity_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these activities come into a zone, as far as it may be looked at.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    circles = [circle_of(zone) for zone in grant.here.zones]
    return frozenset(
        of
        for of, path in _paths(tx, grant, sorted(grant.guards), activity_ids)
        if touched(path["lat_deg"], path["lon_deg"], circles)
    )


def _paths(
    tx: Tx, grant: Grant, sources: Sequence[str], activity_ids: Sequence[str] | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each path as a mapping: lists look at twenty, and need no model of one."""
    who = (grant.tenant, grant.person)
    asked = (*who, json.dumps(sources), barred(grant))
    if activity_ids is None:
        rows = tx.execute(_ALL, asked)
    else:
        rows = tx.execute(_SOME, (*asked, json.dumps(activity_ids)))
    while batch := rows.fetchmany(_BATCH):
        beside = rows_pieces(who, (row[1:5] for row in batch))
        opened = tx.ring.open_column(_PIECE, [row[5] for row in batch], beside)
        for row, plain in zip(batch, opened, strict=True):
            yield row[0], from_json(plain)
