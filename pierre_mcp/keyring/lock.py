"""The consent lock: a signing key that only a passphrase opens.

::

    seed      = 32 random bytes                              the Ed25519 private key
    key       = Argon2id(NFKC(passphrase), salt, t, m, p)    RFC 9106, section 4
    sealed    = nonce ‖ AES-256-GCM(key, seed),
                AAD = PAE("pierre/consent-lock/key/v1", public, salt, t, m, p)
    message   = PAE("pierre/consent-lock/v1", store id, tenant/person, policy epoch,
                action, SHA-256(canonical JSON of the detail))
    signature = Ed25519(seed, message)                       RFC 8032, 64 bytes

What a person lets out is signed, so that the gate can tell an act of whoever knows the
passphrase from one of a program that merely types. The epoch is the one in force: each
change of the policy moves it, and no signature fits twice.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import LockPassphraseWrongError, SealBrokenError
from pierre_mcp.keyring import gcm, signing
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.stretching import LOW_MEMORY, SALT_BYTES, Cost, stretch
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.lock import ConsentLock


class Signer:
    """An open lock: signs what the person lets out, and shows its key to nobody."""

    __slots__ = ("_key",)

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    def __repr__(self) -> str:
        return "<Signer>"

    def __reduce__(self) -> NoReturn:
        msg = "an open lock is never copied or pickled: its key would go along"
        raise TypeError(msg)

    def __call__(self, message: bytes) -> bytes:
        """Return the signature over a message, 64 bytes."""
        return self._key.sign(message)


def new_lock(passphrase: str, *, cost: Cost = LOW_MEMORY) -> ConsentLock:
    """Make a key pair, and seal its private half under a passphrase."""
    key, salt = Ed25519PrivateKey.generate(), secrets.token_bytes(SALT_BYTES)
    public = key.public_key().public_bytes_raw()
    cipher = AESGCM(stretch(passphrase, salt, cost))
    nonce = secrets.token_bytes(gcm.NONCE_BYTES)
    aad = _aad(public, salt, cost)
    sealed = nonce + gcm.encrypt(cipher, nonce, key.private_bytes_raw(), aad)
    return ConsentLock(
        public=public.hex(),
        salt=salt.hex(),
        time_cost=cost.time,
        memory_kib=cost.memory_kib,
        lanes=cost.lanes,
        sealed=sealed.hex(),
    )


def open_lock(lock: ConsentLock, passphrase: str) -> Signer:
    """Open a lock; it takes as long for a wrong passphrase as for the right one.

    Raises:
        LockPassphraseWrongError: It is another passphrase.
    """
    cost = Cost(lock.time_cost, lock.memory_kib, lock.lanes)
    public, salt = bytes.fromhex(lock.public), bytes.fromhex(lock.salt)
    sealed = bytes.fromhex(lock.sealed)
    nonce, body = sealed[: gcm.NONCE_BYTES], sealed[gcm.NONCE_BYTES :]
    cipher = AESGCM(stretch(passphrase, salt, cost))
    try:
        return Signer(gcm.decrypt(cipher, nonce, body, _aad(public, salt, cost)))
    except SealBrokenError:
        raise LockPassphraseWrongError from None


def message(
    store_id: str,
    who: Identity,
    epoch: int,
    action: str,
    detail: Mapping[str, Any],
) -> bytes:
    """Return what is signed of one act: in which store, on whose policy, and what."""
    canonical = json.dumps(detail, sort_keys=True, separators=(",", ":")).encode()
    return pae(
        b"pierre/consent-lock/v1",
        store_id.encode(),
        f"{who.tenant}/{who.person}".encode(),
        str(epoch).encode(),
        action.encode(),
        hashlib.sha256(canonical).digest(),
    )


def signed_under(lock: ConsentLock, signature: bytes, of: bytes) -> bool:
    """Tell whether whoever opened this lock signed exactly this."""
    return signing.signed_by(bytes.fromhex(lock.public), signature, of)


def _aad(public: bytes, salt: bytes, cost: Cost) -> bytes:
    numbers = (str(n).encode() for n in (cost.time, cost.memory_kib, cost.lanes))
    return pae(b"pierre/consent-lock/key/v1", public, salt, *numbers)
