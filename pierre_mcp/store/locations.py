"""Where activities went, asked of several at once: only whether they touch a zone."""

import json
from collections.abc import Sequence

from pierre_mcp.keyring.cells import column_piece
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import LocationCell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Where
from pierre_mcp.policy.circles import circle_of, touched
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import column_of, place_of, readable, unpacked

_PATHS = """
    SELECT id, activity_id, source, origin, local_day, location
      FROM recordings INDEXED BY recordings_of_activity
     WHERE activity_id IN (SELECT value FROM json_each(?))
       AND tenant = ? AND person = ? AND location IS NOT NULL
       AND source IN (SELECT value FROM json_each(?))
"""
_PIECE = column_piece(column_of(str(Category.LOCATION)))


def touching(tx: Tx, grant: Grant, activity_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these activities come into a zone, as far as it may be read.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    circles = [circle_of(zone) for zone in grant.here.zones]
    sources = [
        source
        for source in readable(tx, grant, None)
        if grant.reads(source, Category.LOCATION)
    ]
    found: set[str] = set()
    if not circles or not sources:
        return frozenset()
    asked = (json.dumps(activity_ids), grant.tenant, grant.person, json.dumps(sources))
    for row_id, of, source, origin, day, cell in tx.execute(_PATHS, asked):
        place = place_of(grant, row_id, Where(source, origin), day, "")
        [plain] = tx.ring.open_row(place, [(_PIECE, cell)])
        path = unpacked(LocationCell, plain)
        if touched(path["lat_deg"], path["lon_deg"], circles):
            found.add(of)
    return frozenset(found)
