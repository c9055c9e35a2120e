"""A key rotated as a later release will do it: the new version in use, one step."""

from dataclasses import replace

from pierre_mcp.keyring.manifest import manifest_mac
from pierre_mcp.keyring.ring import KeyState, Purpose, Ring, person_scope
from pierre_mcp.keyring.wrap import new_dek, wrap_key
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import keys
from pierre_mcp.store.database import Store
from tests.stores import MASTER


def rotate(store: Store, grant: Grant) -> int:
    """Replace the person's sealing key in use; return the new one's id."""
    scope = person_scope(grant.tenant, grant.person)
    with store.writing() as tx:
        old = tx.ring.info(tx.ring.active(scope, Purpose.SEAL))
        rows = [keys._wrapped(row) for row in tx.execute(keys._ROWS).fetchall()]
        info = replace(old, id=rows[-1].info.id + 1, version=old.version + 1)
        new = wrap_key(info, new_dek(), master=MASTER, store_id=keys.store_id(store.db))
        retired = [
            replace(row, info=replace(old, state=KeyState.DECRYPT_ONLY))
            if row.info.id == old.id
            else row
            for row in rows
        ]
        tx.execute("UPDATE keyring SET state = 'decrypt_only' WHERE id = ?", (old.id,))
        tx.execute(keys._ADD, (*keys._columns(new), 0, 0))
        (generation,) = tx.one("SELECT generation + 1 FROM store")
        mac = manifest_mac(tx.ring, [*retired, new], generation=generation)
        tx.execute("UPDATE store SET generation = ?, manifest = ?", (generation, mac))
    return info.id


def sealing_key(ring: Ring, grant: Grant) -> int:
    """The id of the person's sealing key in use."""
    return ring.active(person_scope(grant.tenant, grant.person), Purpose.SEAL)
