"""Gear: one sealed cell a piece, kept while any import that listed it is.

An activity names its gear by the row's random id, in its own sealed cell, so that the
file shows neither how much gear there is to an activity nor which was used.
"""

from uuid import uuid4

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.category import Category
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import barred

_FIND = "SELECT id FROM gear WHERE tenant = ? AND person = ? AND digest = ?"
# An import is of one origin, which its recordings tell; gear is read if any that lists
# it may be.
_ALL = """
    SELECT g.id, g.source, g.cell FROM gear AS g
     WHERE g.tenant = ? AND g.person = ?
       AND EXISTS (SELECT 1 FROM gear_imports AS i
                    WHERE i.gear = g.id
                      AND coalesce((SELECT r.origin FROM recordings AS r
                                     WHERE r.import_id = i.import_id LIMIT 1), '')
                          NOT IN (SELECT value FROM json_each(?)))
     ORDER BY g.id
"""
_ADD = """
    INSERT INTO gear (id, tenant, person, source, digest, kid, cell)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_LIST = "INSERT OR IGNORE INTO gear_imports (gear, import_id) VALUES (?, ?)"
_UNLIST = "DELETE FROM gear_imports WHERE import_id = ?"
_SWEEP = """
    DELETE FROM gear
     WHERE tenant = ? AND person = ? AND id NOT IN (SELECT gear FROM gear_imports)
"""


def add(tx: Tx, grant: Grant, source: str, gear: Gear, import_id: str) -> str:
    """Note a piece of gear that an import lists, and return its id; once is enough.

    The same source's gear of the same name is the same piece.
    """
    grant.check()
    who = (grant.tenant, grant.person)
    scope = person_scope(*who)
    kind, title = (gear.kind or "").encode(), gear.title.casefold().encode()
    digest = tx.ring.digest(scope, "gear/1", source.encode(), kind, title)
    row = tx.one(_FIND, (*who, digest))
    gear_id = str(uuid4()) if row is None else str(row[0])
    if row is None:
        plain = gear.model_dump_json(exclude_defaults=True).encode()
        kid, cell = tx.ring.seal(plain, _place(grant, gear_id, source), scope)
        tx.execute(_ADD, (gear_id, *who, source, digest, kid, cell))
    tx.execute(_LIST, (gear_id, import_id))
    return gear_id


def listed(tx: Tx, grant: Grant) -> dict[str, Gear]:
    """Return by id the gear of every source whose profile may be read.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    grant.check()
    rows = tx.execute(_ALL, (grant.tenant, grant.person, barred(grant)))
    return {
        gear_id: Gear.model_validate_json(
            tx.ring.open(cell, _place(grant, gear_id, source))
        )
        for gear_id, source, cell in rows
        if grant.reads(source, Category.PROFILE)
    }


def undo(tx: Tx, grant: Grant, import_id: str) -> None:
    """Forget what one import listed, and gear that no other import lists."""
    grant.check()
    tx.execute(_UNLIST, (import_id,))
    tx.execute(_SWEEP, (grant.tenant, grant.person))


def _place(grant: Grant, gear_id: str, source: str) -> Place:
    return Place("gear.cell/1", grant.tenant, grant.person, gear_id, source)
