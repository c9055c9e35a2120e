"""Wrapped data keys: what the keyring's rows hold in place of a key.

::

    wrapped    = | 1: version 0x01 | 1: alg | what the master key made of the DEK |
    alg 0x01   = | 12: nonce | AES-256-GCM(DEK), 32 | 16: tag |
    AAD        = PAE("pierre/dek-wrap", version ‖ alg, store id, key id (4 BE), scope,
                     purpose, version (4 BE), MEK id)
    commitment = HKDF-Expand-SHA256(DEK, "pierre/dek-commitment/v1", 32)

The MEK id is public. It picks the master key without trying any, and tells a wrong key
from a changed row. GCM does not commit to its key, and master keys are chosen outside
and may be several; the commitment closes that (DESIGN.md 5).

Nonces are random under a subkey that wraps a few dozen keys in its life.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pierre_mcp.errors import KeyringTamperedError, MasterKeyWrongError, SealBrokenError
from pierre_mcp.keyring.hkdf import expand
from pierre_mcp.keyring.master import Master
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.ring import DEK_BYTES, KeyInfo

WRAP_VERSION: Final = 0x01


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One row of the keyring, as stored; a destroyed key's two values are empty.

    Attributes:
        info: Id, scope, purpose, version, state and MEK id.
        wrapped: The key under the master key, in the format above.
        commitment: 32 bytes that only this key gives.
    """

    info: KeyInfo
    wrapped: bytes
    commitment: bytes


def new_dek() -> bytes:
    """Return a new data key: 32 bytes from the system's generator."""
    return secrets.token_bytes(DEK_BYTES)


def wrap_key(info: KeyInfo, dek: bytes, *, master: Master, store_id: str) -> WrappedKey:
    """Wrap a data key for its row.

    Raises:
        ValueError: ``info`` names another master key.
    """
    if info.mek_id != master.id:
        msg = "a key is wrapped under the master key that its row names"
        raise ValueError(msg)
    header = bytes((WRAP_VERSION, master.alg))
    wrapped = header + master.wrap(dek, _aad(header, info, store_id))
    return WrappedKey(info, wrapped, _commitment(dek))


def known_key(row: WrappedKey, dek: bytes) -> bool:
    """Tell whether a data key that was opened before is this row's.

    The commitment says so, and the manifest covers it: a process goes on with the keys
    it has while they are wrapped again under a master key that it was not given.
    """
    return hmac.compare_digest(_commitment(dek), row.commitment)


def rewrap_key(
    row: WrappedKey, *, masters: Sequence[Master], to: Master, store_id: str
) -> WrappedKey:
    """Wrap a row's data key again, under another master key.

    Raises:
        MasterKeyWrongError: None of ``masters`` is the one it was wrapped under.
        KeyringTamperedError: The row was changed, or is another store's.
    """
    dek = unwrap_key(row, masters=masters, store_id=store_id)
    info = replace(row.info, mek_id=to.id)
    return wrap_key(info, dek, master=to, store_id=store_id)


def unwrap_key(row: WrappedKey, *, masters: Sequence[Master], store_id: str) -> bytes:
    """Return a row's data key.

    Raises:
        MasterKeyWrongError: None of ``masters`` is the one it was wrapped under.
        KeyringTamperedError: The row was changed, or is another store's.
    """
    master = _master(row.info.mek_id, masters)
    header = row.wrapped[:2]
    if header != bytes((WRAP_VERSION, master.alg)):
        raise KeyringTamperedError
    try:
        dek = master.unwrap(row.wrapped[2:], _aad(header, row.info, store_id))
    except SealBrokenError:
        raise KeyringTamperedError from None
    if not hmac.compare_digest(_commitment(dek), row.commitment):
        raise KeyringTamperedError
    return dek


def _master(mek_id: bytes, masters: Sequence[Master]) -> Master:
    for master in masters:
        if master.id == mek_id:
            return master
    raise MasterKeyWrongError(mek_id)


def _commitment(dek: bytes) -> bytes:
    return expand(dek, b"pierre/dek-commitment/v1")


def _aad(header: bytes, info: KeyInfo, store_id: str) -> bytes:
    # Not the state, which changes without a new wrap: the manifest holds it.
    return pae(
        b"pierre/dek-wrap",
        header,
        store_id.encode(),
        info.id.to_bytes(4),
        info.scope.encode(),
        info.purpose.encode(),
        info.version.to_bytes(4),
        info.mek_id,
    )
