"""Signatures that anyone can check: Ed25519 (RFC 8032), of receipts and checkpoints.

::

    seed      = subkey "pierre/receipt/v1" of DEK(system, receipt-sign)
    signature = Ed25519(seed, message)                                  64 bytes

The public key goes with what is signed, so a receipt is checked without this program
and without any key of the store. Ed25519 hashes what it signs; the message says itself
what it is, and no other use shares this key (DESIGN.md 5): what else is signed has a
label or a purpose, and so a key, of its own.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from pierre_mcp.keyring.ring import SYSTEM, Purpose, Ring

_LABEL = "pierre/receipt/v1"


def public_key(
    ring: Ring, label: str = _LABEL, purpose: Purpose = Purpose.RECEIPT_SIGN
) -> bytes:
    """Return the 32 bytes by which what this store signs is checked.

    Raises:
        KeyMissingError: No key signs for this purpose yet.
    """
    return _signer(ring, label, purpose).public_key().public_bytes_raw()


def sign(
    ring: Ring,
    message: bytes,
    label: str = _LABEL,
    purpose: Purpose = Purpose.RECEIPT_SIGN,
) -> bytes:
    """Return the signature of a message, 64 bytes.

    Raises:
        KeyMissingError: No key signs for this purpose yet.
    """
    return _signer(ring, label, purpose).sign(message)


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether the holder of ``public``'s other half signed exactly this."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _signer(ring: Ring, label: str, purpose: Purpose) -> Ed25519PrivateKey:
    seed = ring.derive(SYSTEM, purpose, label)
    return Ed25519PrivateKey.from_private_bytes(seed)
