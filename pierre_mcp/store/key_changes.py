"""Changes of the keyring: each in the caller's writing transaction, manifest and all.

A change is seen by every other process at its next unit, by the generation; in the
transaction that makes it, ``tx.ring`` is the ring it leads to. States only move
forward: active, decrypt_only, compromised, destroyed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from pierre_mcp.errors import MasterKeyRetiredError
from pierre_mcp.keyring.manifest import RetiredMaster, manifest_mac
from pierre_mcp.keyring.master import Master
from pierre_mcp.keyring.ring import (
    SEAL_BLOCK,
    KeyInfo,
    KeyState,
    Purpose,
    Ring,
)
from pierre_mcp.keyring.wrap import WrappedKey, new_dek, rewrap_key, wrap_key
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import keys
from pierre_mcp.store.database import Tx

Use = tuple[str, Purpose]
"""The scope and purpose of a key."""

_LAST_ID: Final = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"
_RETIRE: Final = "UPDATE keyring SET state = ?, retired_us = ? WHERE id = ?"
_DESTROY: Final = """
    UPDATE keyring SET state = 'destroyed', wrapped = NULL, destroyed_us = ?
     WHERE id = ?
"""
_WRAP: Final = "UPDATE keyring SET mek_id = ?, wrapped = ? WHERE id = ?"
_RETIRE_MASTER: Final = """
    INSERT INTO retired_masters (mek_id, compromised, retired_us) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET compromised = max(compromised, excluded.compromised)
"""
_SETTLE: Final = "UPDATE store SET generation = generation + 1, manifest = ?"
_GENERATION: Final = "SELECT generation + 1 FROM store"


def begin(tx: Tx, use: Use, *, now: datetime) -> None:
    """Make the first key of a use, where it has none yet.

    For what signs, which many a store never needs; nothing is under such a key.
    """
    infos = (info for info in tx.ring.infos() if info.state is KeyState.ACTIVE)
    if use not in ((info.scope, info.purpose) for info in infos):
        _renewed(tx, [use], now=now, old=KeyState.DECRYPT_ONLY)


def renew(
    tx: Tx,
    maintenance: Maintenance,
    uses: Iterable[Use],
    *,
    now: datetime,
    old: KeyState = KeyState.DECRYPT_ONLY,
) -> list[KeyInfo]:
    """Make a new key the active one of each use, and return the new ones.

    A use that has no key yet gets its first. The new keys are wrapped under the master
    key that the store's others are under, which need not be the one set as primary.

    Args:
        tx: A writing transaction.
        maintenance: From the gate.
        uses: Which.
        now: Noted as the time of both.
        old: What the active ones become: decrypt_only, or compromised.

    Raises:
        MasterKeyWrongError: The master key in use was not given to this process.
    """
    del maintenance
    return _renewed(tx, uses, now=now, old=old)


def compromise(
    tx: Tx, maintenance: Maintenance, key_ids: Iterable[int], *, now: datetime
) -> None:
    """Mark keys that only open as known to others."""
    del maintenance
    rows = {row.info.id: row for row in keys.stored(tx.db)}
    for key_id in key_ids:
        tx.execute(_RETIRE, (KeyState.COMPROMISED, _us(now), key_id))
        _put(rows, replace(rows[key_id].info, state=KeyState.COMPROMISED))
    _settle(tx, list(rows.values()))


def destroy(
    tx: Tx, maintenance: Maintenance, key_ids: Iterable[int], *, now: datetime
) -> None:
    """Destroy keys: what they sealed opens nowhere any more.

    Raises:
        sqlite3.IntegrityError: A row is still under one of them.
    """
    del maintenance
    rows = {row.info.id: row for row in keys.stored(tx.db)}
    for key_id in key_ids:
        tx.execute(_DESTROY, (_us(now), key_id))
        info = replace(rows[key_id].info, state=KeyState.DESTROYED)
        rows[key_id] = replace(rows[key_id], info=info, wrapped=b"")
    _settle(tx, list(rows.values()))


def rewrap(
    tx: Tx,
    maintenance: Maintenance,
    to: Master,
    *,
    now: datetime,
    compromised: bool = False,
) -> int:
    """Wrap every key under ``to``, retire the master keys before it; return how many.

    Args:
        tx: A writing transaction.
        maintenance: From the gate.
        to: The master key to use from now on.
        now: Noted as the time.
        compromised: The ones before it may be known to others.

    Raises:
        MasterKeyRetiredError: ``to`` is one that retired.
        MasterKeyWrongError: A key is wrapped under a master key that was not given.
    """
    del maintenance
    if to.id in {one.mek_id for one in keys.retired(tx.db)}:
        raise MasterKeyRetiredError
    store_id, rows, before = keys.store_id(tx.db), keys.stored(tx.db), set()
    changed = 0
    for at, row in enumerate(rows):
        if row.info.state is KeyState.DESTROYED or row.info.mek_id == to.id:
            continue
        before.add(row.info.mek_id)
        rows[at] = rewrap_key(row, masters=tx.keys.masters, to=to, store_id=store_id)
        tx.execute(_WRAP, (to.id, rows[at].wrapped, row.info.id))
        changed += 1
    for mek_id in before:
        tx.execute(_RETIRE_MASTER, (mek_id, compromised, _us(now)))
    _settle(tx, rows)
    return changed


def current_master(ring: Ring) -> bytes:
    """Return the id of the master key that the keys in use are wrapped under."""
    return ring.info(ring.active("system", Purpose.MANIFEST)).mek_id


def _settle(
    tx: Tx, rows: Sequence[WrappedKey], added: Sequence[tuple[KeyInfo, bytes]] = ()
) -> None:
    """Write the manifest over what the rows are now, and go on with their ring."""
    new = {info.id for info, _ in added}
    infos = [row.info for row in rows if row.info.id not in new]
    tx.ring = tx.ring.altered(infos, added)
    (generation,) = tx.one(_GENERATION)
    gone: list[RetiredMaster] = keys.retired(tx.db)
    mac = manifest_mac(tx.ring, rows, generation=generation, retired=gone)
    tx.execute(_SETTLE, (mac,))


def _renewed(
    tx: Tx, uses: Iterable[Use], *, now: datetime, old: KeyState
) -> list[KeyInfo]:
    rows = {row.info.id: row for row in keys.stored(tx.db)}
    master = tx.keys.holding(current_master(tx.ring))
    (last_id,) = tx.one(_LAST_ID, ("keyring",))
    added: list[tuple[KeyInfo, bytes]] = []
    for use in uses:
        before = _active(rows.values(), use)
        if before is not None:
            tx.execute(_RETIRE, (old, _us(now), before.id))
            _put(rows, replace(before, state=old))
        version = 1 + max(_versions(rows.values(), use), default=0)
        last_id += 1
        info = KeyInfo(last_id, *use, version, KeyState.ACTIVE, master.id)
        dek = new_dek()
        row = wrap_key(info, dek, master=master, store_id=keys.store_id(tx.db))
        keys.insert(tx.db, row, now)
        rows[info.id] = row
        added.append((info, dek))
    _settle(tx, list(rows.values()), added)
    for info, _ in added:
        tx.ring.reserve(info.id, SEAL_BLOCK)
    return [info for info, _ in added]


def _active(rows: Iterable[WrappedKey], use: Use) -> KeyInfo | None:
    active = (row.info for row in rows if row.info.state is KeyState.ACTIVE)
    return next((info for info in active if (info.scope, info.purpose) == use), None)


def _versions(rows: Iterable[WrappedKey], use: Use) -> list[int]:
    infos = (row.info for row in rows)
    return [info.version for info in infos if (info.scope, info.purpose) == use]


def _put(rows: dict[int, WrappedKey], info: KeyInfo) -> None:
    rows[info.id] = replace(rows[info.id], info=info)


def _us(now: datetime) -> int:
    return int(now.timestamp() * 1e6)
