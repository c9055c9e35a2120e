"""The manifest: one MAC over the whole keyring, checked at each load.

::

    mac = HMAC(DEK(system, manifest),
               PAE("pierre/manifest", generation (8 BE), row*))
    row = PAE(id, scope, purpose, version, state, MEK id, wrapped, commitment)

Rows stand in id order, destroyed ones included. So nobody without the master key can
add, remove or revive a key, nor make a decrypt-only one active (DESIGN.md 5). Seals and
times are left out: they change with every block, and prove nothing.

The manifest key is a row like the others; it is found by its (yet unproved) row, opened
by the master key, and only then proves them all. Putting back a whole older keyring is
not seen here: the outside checkpoint answers for that (DESIGN.md 8).
"""

import hmac
from collections.abc import Iterable, Sequence

from pierre_mcp.errors import (
    KeyMissingError,
    KeyringMissingError,
    KeyringTamperedError,
)
from pierre_mcp.keyring.master import Master
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.ring import SYSTEM, KeyState, Purpose, Ring
from pierre_mcp.keyring.wrap import WrappedKey, unwrap_key


def manifest_mac(ring: Ring, rows: Iterable[WrappedKey], *, generation: int) -> bytes:
    """Return the MAC to store beside ``rows`` when they are written.

    Args:
        ring: Holds the manifest key in use.
        rows: Every row of the keyring, in any order.
        generation: Grows by one with every change that this MAC covers.
    """
    ordered = sorted(rows, key=lambda row: row.info.id)
    return ring.mac(
        SYSTEM,
        Purpose.MANIFEST,
        "pierre/manifest/v1",
        b"pierre/manifest",
        generation.to_bytes(8),
        *map(_row, ordered),
    )


def open_ring(
    rows: Sequence[WrappedKey],
    *,
    masters: Sequence[Master],
    store_id: str,
    generation: int,
    mac: bytes,
) -> Ring:
    """Open a stored keyring, whole or not at all.

    Args:
        rows: Every row, destroyed ones included.
        masters: The master key in use, then those that may only open.
        store_id: The store these rows are from.
        generation: As stored.
        mac: As stored.

    Raises:
        KeyringMissingError: There are no rows. Never a first start: the first keys are
            made in the transaction that makes the store.
        MasterKeyWrongError: A row needs a master key that was not given.
        KeyringTamperedError: Anything else is not as it was written.
    """
    if not rows:
        raise KeyringMissingError
    ring = Ring(
        (row.info, unwrap_key(row, masters=masters, store_id=store_id))
        for row in rows
        if row.info.state is not KeyState.DESTROYED
    )
    try:
        expected = manifest_mac(ring, rows, generation=generation)
    except KeyMissingError:
        raise KeyringTamperedError from None
    if not hmac.compare_digest(expected, mac):
        raise KeyringTamperedError
    return ring


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
