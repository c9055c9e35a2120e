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
import re
import uuid
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import (
    Cipher,
    CipherContext,
    algorithms,
    modes,
)

from pierre_mcp.keyring.ring import Purpose, Ring

_CHARACTERS = 22
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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
        if any(_UUID.fullmatch(text) is None for text in uuids):
            msg = "an id is a lower-case UUID"
            raise ValueError(msg)
        hide = self._hiders.get(recipient)
        if hide is None:  # kept: each block stands alone, so one serves every id
            hide = self._hiders[recipient] = self._cipher(recipient).encryptor()
        blocks = hide.update(bytes.fromhex("".join(uuids).replace("-", "")))
        return _texts(blocks)

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


def _texts(blocks: bytes) -> list[str]:
    """Encode blocks of 16 bytes together, each padded to 18, whose end says nothing."""
    padded = b"".join(
        blocks[at : at + 16] + b"\0\0" for at in range(0, len(blocks), 16)
    )
    text = base64.urlsafe_b64encode(padded).decode()
    return [text[at : at + _CHARACTERS] for at in range(0, len(text), 24)]


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
