"""AES-256-GCM, called in one place: 96-bit nonces, 128-bit tags (NIST SP 800-38D).

Everything sealed anywhere passes these two functions, and the CAVP cases of this shape
are run through them (``tests/keyring/test_gcm.py``).
"""

import hashlib
from collections.abc import Iterable
from typing import Final, NoReturn, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import SealBrokenError

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
LISTED_BYTES: Final = 16


class ListedCipher:
    """The cipher of a key that others may know: it opens what was listed, no more.

    Whoever knows a key can make messages that open under it, and have a tag that was
    made for one place hold in another: GCM does not commit to what it authenticates. So
    message and place are held to the list, before anything is opened.

    Args:
        subkey: Of the data key, 32 bytes.
        listed: ``listing_of`` each message.
    """

    __slots__ = ("_cipher", "_listed")

    def __init__(self, subkey: bytes, listed: frozenset[bytes]) -> None:
        self._cipher = AESGCM(subkey)
        self._listed = listed

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Open a message that was listed.

        Raises:
            InvalidTag: It was not, or does not open.
        """
        if listing_of(nonce + data, associated_data) not in self._listed:
            raise InvalidTag
        return self._cipher.decrypt(nonce, data, associated_data)

    def encrypt(self, *_: object) -> NoReturn:
        """Seal nothing.

        Raises:
            RuntimeError: Always: only a key in use seals.
        """
        msg = "a compromised key seals nothing"
        raise RuntimeError(msg)


AnyCipher: TypeAlias = AESGCM | ListedCipher


def listing_of(message: bytes, aad: bytes) -> bytes:
    """Return what stands in a list for a message (nonce, ciphertext, tag): 16 bytes.

    To find another message with the same ones takes 2**128 tries (FIPS 180-4).
    """
    whole = len(aad).to_bytes(8, "little") + aad + message
    return hashlib.sha256(whole).digest()[:LISTED_BYTES]


def encrypt(cipher: AnyCipher, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    """Return ciphertext ‖ tag. A nonce serves once under one key.

    Raises:
        ValueError: The nonce is not 12 bytes: other lengths are hashed first, and
            collide sooner (SP 800-38D, 8.2.2).
    """
    if len(nonce) != NONCE_BYTES:
        msg = "a nonce is 12 bytes"
        raise ValueError(msg)
    return cipher.encrypt(nonce, plain, aad)


def decrypt(cipher: AnyCipher, nonce: bytes, body: bytes, aad: bytes) -> bytes:
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


def decrypt_each(
    cipher: AnyCipher,
    cells: Iterable[tuple[bytes, bytes]],
    begins: bytes,
    nonce_at: int,
) -> list[bytes]:
    """Return what ``decrypt`` would of many messages under one key.

    A whole history is opened at once, and a call a cell would be a fifth of it.

    Args:
        cipher: Of the key that all of them name.
        cells: Each message, its nonce from ``nonce_at`` on and the rest after that,
            and the end of its associated data.
        begins: The beginning of the associated data of all.
        nonce_at: Where the nonce begins.

    Raises:
        SealBrokenError: As for ``decrypt``; of any of them.
    """
    body_at, opened = nonce_at + NONCE_BYTES, cipher.decrypt
    try:
        return [
            opened(cell[nonce_at:body_at], cell[body_at:], begins + ends)
            for cell, ends in cells
        ]
    except (InvalidTag, ValueError):  # a nonce cut short is a ValueError
        raise SealBrokenError from None
