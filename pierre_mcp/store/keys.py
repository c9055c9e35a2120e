"""The keyring's rows: made once, loaded at each change of generation.

The first keys are made by INSERT, in the transaction that creates the store, and
never again: an empty keyring in an initialised store is an error, not a first start.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pierre_mcp.errors import (
    KeyringTamperedError,
    MasterKeyWrongError,
    StoreDamagedError,
)
from pierre_mcp.keyring.manifest import (
    RetiredMaster,
    StoredKeyring,
    manifest_mac,
    open_ring,
)
from pierre_mcp.keyring.master import Master
from pierre_mcp.keyring.ring import (
    SEAL_BLOCK,
    SYSTEM,
    KeyInfo,
    KeyState,
    Purpose,
    Ring,
    person_scope,
    tenant_scope,
)
from pierre_mcp.keyring.wrap import WrappedKey, new_dek, wrap_key
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import listings

_STORE: Final = "SELECT id, generation, manifest FROM store"
_NEW_STORE: Final = """
    INSERT INTO store (one, id, generation, manifest) VALUES (1, ?, 1, x'')
"""
_ROWS: Final = """
    SELECT id, scope, purpose, version, state, mek_id, wrapped, commitment
      FROM keyring ORDER BY id
"""
_ADD: Final = """
    INSERT INTO keyring
        (id, scope, purpose, version, state, mek_id, wrapped, commitment, seals,
         created_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_GONE: Final = "SELECT mek_id, compromised FROM retired_masters"
_SET_MANIFEST: Final = "UPDATE store SET manifest = ?"

# What signs checkpoints too: made later it would be wrapped under whichever master is
# then the primary, and a server that holds the one before could not go on.
_SYSTEM_KEYS: Final = (Purpose.MANIFEST, Purpose.AUDIT, Purpose.CHECKPOINT_SIGN)
_TENANT_KEYS: Final = (Purpose.SEAL,)
_PERSON_KEYS: Final = (
    Purpose.SEAL,
    Purpose.INDEX,
    Purpose.LEDGER,
    Purpose.PSEUDONYM,
    Purpose.TOKEN_MAC,
)


def create(
    db: sqlite3.Connection,
    *,
    store_id: str,
    who: Identity,
    master: Master,
    now: datetime,
) -> Ring:
    """Make the store's row and its first keys; return them with a block of seals each.

    The block is counted in the same transaction that makes the keys: until it commits
    they exist nowhere else.
    """
    db.execute(_NEW_STORE, (store_id,))
    rows, keys = [], []
    system = ((SYSTEM, purpose) for purpose in _SYSTEM_KEYS)
    for key_id, (scope, purpose) in enumerate([*system, *uses_of(who)], 1):
        info = KeyInfo(key_id, scope, purpose, 1, KeyState.ACTIVE, master.id)
        dek = new_dek()
        rows.append(wrap_key(info, dek, master=master, store_id=store_id))
        keys.append((info, dek))
    for row in rows:
        insert(db, row, now)
    ring = Ring(keys)
    for info, _ in keys:
        ring.reserve(info.id, SEAL_BLOCK)
    db.execute(_SET_MANIFEST, (manifest_mac(ring, rows, generation=1),))
    return ring


class Keys:
    """The stored keyring, under the master keys that were given.

    Args:
        masters: The one in use first, then those that may only open.
    """

    __slots__ = ("masters",)

    def __init__(self, masters: Sequence[Master]) -> None:
        self.masters = tuple(masters)

    def load(self, db: sqlite3.Connection, known: Ring | None = None) -> Ring:
        """Open the whole keyring as it stands in the caller's transaction.

        Args:
            db: In that transaction.
            known: What an earlier load gave, and need not be unwrapped again.
        """
        store_id, generation, manifest = _store(db)
        if generation < 0:  # the manifest holds it as 8 bytes
            raise KeyringTamperedError
        found = StoredKeyring(
            store_id=store_id,
            generation=generation,
            rows=stored(db),
            retired=retired(db),
            mac=manifest,
        )
        ring = open_ring(found, self.masters, known)
        listings.load(db, ring)
        return ring

    def behind(self, ring: Ring) -> bool:
        """Tell whether the keys are wrapped under another than the primary."""
        manifest = ring.info(ring.active(SYSTEM, Purpose.MANIFEST))
        return self.masters[0].id != manifest.mek_id

    def holding(self, mek_id: bytes) -> Master:
        """Return the master key of this id.

        Raises:
            MasterKeyWrongError: It was not given.
        """
        for master in self.masters:
            if master.id == mek_id:
                return master
        raise MasterKeyWrongError(mek_id)


def stored(db: sqlite3.Connection) -> list[WrappedKey]:
    """Return every row of the keyring, destroyed ones included, in id order."""
    return [_wrapped(row) for row in db.execute(_ROWS).fetchall()]


def retired(db: sqlite3.Connection) -> list[RetiredMaster]:
    """Return the master keys under which nothing is wrapped again."""
    return [RetiredMaster(bytes(one), bool(known)) for one, known in db.execute(_GONE)]


def insert(db: sqlite3.Connection, row: WrappedKey, now: datetime) -> None:
    """Add a key's row, with a block of seals counted."""
    db.execute(_ADD, (*_columns(row), SEAL_BLOCK, int(now.timestamp() * 1e6)))


def needed_ids(db: sqlite3.Connection) -> frozenset[bytes]:
    """Return the public ids of the master keys this store's keys are wrapped under."""
    return frozenset(bytes(row[5]) for row in db.execute(_ROWS) if row[6] is not None)


def store_id(db: sqlite3.Connection) -> str:
    """Return the store's id; a demo store's starts with ``demo-`` for ever."""
    return _store(db)[0]


def _store(db: sqlite3.Connection) -> tuple[str, int, bytes]:
    row = db.execute(_STORE).fetchone()
    if row is None:
        raise StoreDamagedError
    return str(row[0]), int(row[1]), bytes(row[2])


def uses_of(who: Identity) -> list[tuple[str, Purpose]]:
    """Return the scope and purpose of each key that a person begins with."""
    person = person_scope(who.tenant, who.person)
    return [
        *((tenant_scope(who.tenant), purpose) for purpose in _TENANT_KEYS),
        *((person, purpose) for purpose in _PERSON_KEYS),
    ]


def _columns(row: WrappedKey) -> tuple[object, ...]:
    i = row.info
    plain = (i.id, i.scope, i.purpose, i.version, i.state, i.mek_id)
    return (*plain, row.wrapped, row.commitment)


def _wrapped(
    row: tuple[int, str, str, int, str, bytes, bytes | None, bytes],
) -> WrappedKey:
    key_id, scope, purpose, version, state, mek_id, wrapped, commitment = row
    # Before the manifest proves a row, it may say anything.
    if purpose not in set(Purpose) or not 0 < version < 2**32:
        raise KeyringTamperedError
    info = KeyInfo(
        key_id, scope, Purpose(purpose), version, KeyState(state), bytes(mek_id)
    )
    return WrappedKey(info, bytes(wrapped or b""), bytes(commitment))
