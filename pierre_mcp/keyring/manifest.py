"""The manifest: one MAC over the whole keyring, checked at each load.

::

    mac = HMAC(DEK(system, manifest),
               PAE("pierre/manifest", generation (8 BE), row*, retired*))
    row     = PAE(id, scope, purpose, version, state, MEK id, wrapped, commitment)
    retired = PAE("pierre/retired", MEK id, 1 if it may be known, else 0)

Rows stand in id order, destroyed ones included; then come the master keys under which
nothing is wrapped any more, in the order of their ids (no piece of one kind can be of
the other). So nobody without the master key can
add, remove or revive a key, nor make a decrypt-only one active (DESIGN.md 5). Seals and
times are left out: they change with every block, and prove nothing.

The manifest key is a row like the others; it is found by its (yet unproved) row, opened
by the master key, and only then proves them all. Putting back a whole older keyring is
not seen here: the outside checkpoint answers for that (DESIGN.md 8).
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pierre_mcp.errors import (
    KeyMissingError,
    KeyringMissingError,
    KeyringTamperedError,
)
from pierre_mcp.keyring.master import Master
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.ring import SYSTEM, KeyState, Purpose, Ring
from pierre_mcp.keyring.wrap import WrappedKey, known_key, unwrap_key


@dataclass(frozen=True, slots=True)
class RetiredMaster:
    """A master key under which nothing is wrapped again.

    Attributes:
        mek_id: Its public id.
        compromised: It may be known to others.
    """

    mek_id: bytes
    compromised: bool


def manifest_mac(
    ring: Ring,
    rows: Iterable[WrappedKey],
    *,
    generation: int,
    retired: Iterable[RetiredMaster] = (),
) -> bytes:
    """Return the MAC to store beside ``rows`` when they are written.

    Args:
        ring: Holds the manifest key in use.
        rows: Every row of the keyring, in any order.
        generation: Grows by one with every change that this MAC covers.
        retired: The master keys that retired, in any order.
    """
    gone = sorted(retired, key=lambda one: one.mek_id)
    ordered = sorted(rows, key=lambda row: row.info.id)
    return ring.mac(
        SYSTEM,
        Purpose.MANIFEST,
        "pierre/manifest/v1",
        b"pierre/manifest",
        generation.to_bytes(8),
        *map(_row, ordered),
        *map(_retired, gone),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeyring:
    """A keyring as one transaction finds it stored.

    Attributes:
        store_id: The store it is from.
        generation: Grows by one with every change.
        rows: Every row, destroyed ones included.
        retired: The master keys that retired.
        mac: Over generation, rows and retired master keys.
    """

    store_id: str
    generation: int
    rows: Sequence[WrappedKey]
    retired: Sequence[RetiredMaster] = ()
    mac: bytes


def open_ring(
    stored: StoredKeyring, masters: Sequence[Master], known: Ring | None = None
) -> Ring:
    """Open a stored keyring, whole or not at all.

    Args:
        stored: As found.
        masters: The master key in use, then those that may only open.
        known: What an earlier load gave: a key that is on it is not unwrapped again.

    Raises:
        KeyringMissingError: There are no rows. Never a first start: the first keys are
            made in the transaction that makes the store.
        MasterKeyWrongError: A row needs a master key that was not given.
        KeyringTamperedError: Anything else is not as it was written.
    """
    if not stored.rows:
        raise KeyringMissingError
    ring = Ring(
        (row.info, _opened(row, masters, stored.store_id, known))
        for row in stored.rows
        if row.info.state is not KeyState.DESTROYED
    )
    try:
        expected = manifest_mac(
            ring, stored.rows, generation=stored.generation, retired=stored.retired
        )
    except KeyMissingError:
        raise KeyringTamperedError from None
    if not hmac.compare_digest(expected, stored.mac):
        raise KeyringTamperedError
    return ring


def _opened(
    row: WrappedKey, masters: Sequence[Master], store_id: str, known: Ring | None
) -> bytes:
    dek = None if known is None else known.dek(row.info.id)
    if dek is not None and known_key(row, dek):
        return dek
    return unwrap_key(row, masters=masters, store_id=store_id)


def _retired(one: RetiredMaster) -> bytes:
    return pae(b"pierre/retired", one.mek_id, b"1" if one.compromised else b"0")


def _row(row: WrappedKey) -> bytes:
    info = row.info
    return pae(
        info.id.to_bytes(4),
        info.scope.encode(),
        info.purpose.encode(),
        info.version.to_bytes(4),
        info.state.encode(),
        info.mek_id,
        row.wrapped,
        row.commitment,
    )
