"""Pseudonyms: the ids a recipient sees in place of ours.

::

    key       = subkey of DEK(tenant, person, pseudonym) that names the recipient
    pseudonym = base64url(AES-256(key, 16 bytes of the UUID)), 22 characters

The same record has the same pseudonym for one recipient, another for each other, and
none can be led back without the key (DESIGN.md 7, level medium).

AES is called on one block with no mode, which the library spells ECB. ECB is unsafe
because equal blocks of one message show; a UUID is one block, and each value's image
being always the same is the very purpose. What is wanted is a keyed permutation of 16
bytes, and AES is one: short, reversible, and without a table to keep.

It authenticates nothing: any 22 canonical characters lead back to some UUID, which then
is not found among the person's own. A rotated key gives new pseudonyms.
"""

import base64
import binascii
import uuid
from collections.abc import Sequence
from struct import Struct

from cryptography.hazmat.primitives.ciphers import (
    Cipher,
    CipherContext,
    algorithms,
    modes,
)

from pierre_mcp.keyring.ring import Purpose, Ring

_CHARACTERS = 22
_BLOCK = Struct("16s")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

_LINE = f"{uuid.UUID(int=0)}\n".encode()
_AS_ZERO = bytes.maketrans(b"123456789abcdef", b"0" * 15)
"""Makes a UUID in its one lower-case spelling into that of 0, and nothing else."""


class Pseudonyms:
    """The pseudonyms of one person's records.

    Args:
        ring: Holds the person's pseudonym key.
        scope: The person, as ``ring.person_scope`` gives it.
    """

    __slots__ = ("_hiders", "_ring", "_scope")

    def __init__(self, ring: Ring, scope: str) -> None:
        self._ring = ring
        self._scope = scope
        self._hiders: dict[str, CipherContext] = {}

    def hide(self, recipient: str, uuids: Sequence[str]) -> list[str]:
        """Return the pseudonyms of ids of ours for one recipient, in their order.

        Raises:
            ValueError: One is not a UUID in its one lower-case spelling.
        """
        plain = _blocks(uuids)
        hide = self._hiders.get(recipient)
        if hide is None:  # kept: each block stands alone, so one serves every id
            hide = self._hiders[recipient] = self._cipher(recipient).encryptor()
        return _texts(hide.update(plain))

    def reveal(self, recipient: str, text: str) -> str | None:
        """Return the id behind a pseudonym, or None for what cannot be one."""
        block = _block(text)
        if block is None:
            return None
        plain = self._cipher(recipient).decryptor().update(block)
        return str(uuid.UUID(bytes=plain))

    def _cipher(self, recipient: str) -> Cipher[modes.ECB]:
        label = f"pierre/pseudonym/v1:{recipient}"
        key = self._ring.derive(self._scope, Purpose.PSEUDONYM, label)
        mode = modes.ECB()  # noqa: S305 - one block is a permutation; see above
        return Cipher(algorithms.AES(key), mode)


def _blocks(uuids: Sequence[str]) -> bytes:
    """Decode ids together, 16 bytes each: a call an id would cost most of a list.

    Each stands on a line of its own, so that no two lean on each other to fit.
    """
    lines = "\n".join([*uuids, ""]).encode("ascii", "replace")
    if lines.translate(_AS_ZERO) != _LINE * len(uuids):
        msg = "an id is a lower-case UUID"
        raise ValueError(msg)
    return binascii.unhexlify(lines.translate(None, b"-\n"))


def _texts(blocks: bytes) -> list[str]:
    """Encode blocks of 16 bytes, a line each: 22 characters, padding and its end."""
    lines = b"".join([binascii.b2a_base64(b) for (b,) in _BLOCK.iter_unpack(blocks)])
    return lines.translate(_URL_SAFE, b"=").decode().split()


def _block(text: str) -> bytes | None:
    """Decode the one spelling of 16 bytes; the last character has four idle bits."""
    if len(text) != _CHARACTERS or not text.isascii():
        return None
    try:
        block = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    canonical = base64.urlsafe_b64encode(block).rstrip(b"=").decode()
    return block if canonical == text else None
