"""The audit log's arithmetic: links that anyone can check, MACs that only we can make.

::

    link_i     = SHA-256(PAE("pierre/audit", link_{i-1}, entry_i))
    mac_i      = HMAC-SHA256(K_epoch, link_i)
    K_next     = HMAC-SHA256(K_epoch, PAE("pierre/audit-epoch"))
    commitment = SHA-256(PAE("pierre/audit-detail", salt, detail))

The epoch key moves forward at each checkpoint and cannot be led back, so whoever takes
today's key cannot make yesterday's MACs (DESIGN.md 8). A commitment's salt hides the
detail from guessing once the sealed detail is destroyed.
"""

import hashlib
import hmac
import secrets
from typing import Final

from pierre_mcp.keyring.pae import pae

LINK_BYTES: Final = 32
FIRST_LINK: Final = bytes(LINK_BYTES)
EPOCH_KEY_BYTES: Final = 32
SALT_BYTES: Final = 16

# What each such encoding begins with: a log is checked by a hundred thousand of them.
_START: Final = pae(b"pierre/audit", b"", b"")[: -2 * 8]


def link(previous: bytes, entry: bytes) -> bytes:
    """Return the link of ``entry`` after ``previous``, at first ``FIRST_LINK``."""
    pieces = (_START, _size(previous), previous, _size(entry), entry)
    return hashlib.sha256(b"".join(pieces)).digest()


def mac(epoch_key: bytes, link: bytes) -> bytes:
    """Return the MAC of a link under the epoch's key.

    Raises:
        ValueError: It is not a link.
    """
    # A link is 32 bytes and what `next_epoch_key` hashes 34: they never meet.
    if len(link) != LINK_BYTES:
        msg = "a link is 32 bytes"
        raise ValueError(msg)
    return hmac.digest(epoch_key, link, "sha256")


def mac_holds(epoch_key: bytes, link: bytes, claimed: bytes) -> bool:
    """Tell in constant time whether ``claimed`` is the MAC of ``link``."""
    return hmac.compare_digest(mac(epoch_key, link), claimed)


def new_epoch_key() -> bytes:
    """Return the first epoch's key."""
    return secrets.token_bytes(EPOCH_KEY_BYTES)


def next_epoch_key(epoch_key: bytes) -> bytes:
    """Return the key of the next epoch; there is no way back from it."""
    return hmac.digest(epoch_key, pae(b"pierre/audit-epoch"), "sha256")


def new_salt() -> bytes:
    """Return the salt of one commitment."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, detail: bytes) -> bytes:
    """Return what stands in the row for the sealed ``detail``.

    Raises:
        ValueError: The salt is short; a guess at the detail could then be checked.
    """
    if len(salt) < SALT_BYTES:
        msg = "a salt is at least 16 bytes"
        raise ValueError(msg)
    return hashlib.sha256(pae(b"pierre/audit-detail", salt, detail)).digest()


def _size(piece: bytes) -> bytes:
    return len(piece).to_bytes(8, "little")
