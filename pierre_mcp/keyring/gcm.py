"""AES-256-GCM, called in one place: 96-bit nonces, 128-bit tags (NIST SP 800-38D).

Everything sealed anywhere passes these two functions, and the CAVP cases of this shape
are run through them (``tests/keyring/test_gcm.py``).
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import SealBrokenError

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


def encrypt(cipher: AESGCM, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    """Return ciphertext ‖ tag. A nonce serves once under one key.

    Raises:
        ValueError: The nonce is not 12 bytes: other lengths are hashed first, and
            collide sooner (SP 800-38D, 8.2.2).
    """
    if len(nonce) != NONCE_BYTES:
        msg = "a nonce is 12 bytes"
        raise ValueError(msg)
    return cipher.encrypt(nonce, plain, aad)


def decrypt(cipher: AESGCM, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    """Return what ``encrypt`` was given, from ciphertext ‖ tag.

    Raises:
        SealBrokenError: Anything at all differs. The cause is cut: it says which check
            failed, and the caller must not know.
    """
    if len(nonce) != NONCE_BYTES or len(body) < TAG_BYTES:
        raise SealBrokenError
    try:
        return cipher.decrypt(nonce, body, aad)
    except InvalidTag:
        raise SealBrokenError from None
