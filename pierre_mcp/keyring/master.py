"""The master key: outside the database, and what every holder of one can do.

::

    HKDF-Expand-SHA512(MEK, "pierre/mek/v1", 96) = 32: wrap key ‖ 16: MEK id ‖ 48: spare

Only the cipher of the wrap key and the public id are kept; the master key itself is
dropped once they are made (DESIGN.md 5, "Memory"; Python cannot wipe bytes, and nothing
more is claimed). The id says which key a store needs, and gives nothing of it away.

Where a key comes from is in ``masters``, one module for each source. A key that is
absent and one that cannot be read are different faults, and neither ever makes a new
key.
"""

import base64
import secrets
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import MasterKeyMalformedError
from pierre_mcp.keyring import gcm
from pierre_mcp.keyring.hkdf import expand_sha512

MASTER_KEY_BYTES: Final = 32
MEK_ID_BYTES: Final = 16

_ALG_LOCAL = 0x01
_ID_AT, _ID_END = 32, 48
# Of 32 random bytes about 30 differ; fewer than 17 do once in 10**13. What fails was
# typed or repeated: a short word over and over, or hexadecimal (16) taken for bytes.
_DISTINCT_BYTES = 17
_BASE64 = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\r\n"
)


class Master(Protocol):
    """What wraps data keys, wherever its key is: here, or in a token (PKCS#11)."""

    @property
    def alg(self) -> int:
        """The byte that says in a wrapped key which kind of master made it."""
        ...

    @property
    def id(self) -> bytes:
        """The public id, 16 bytes: it picks the key without trying any."""
        ...

    def wrap(self, dek: bytes, context: bytes) -> bytes:
        """Wrap a data key, bound to ``context``."""
        ...

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """Return what ``wrap`` was given in the same context.

        Raises:
            SealBrokenError: It was not made by this key, or not in this context.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoreNeed:
    """What a store asks of whoever holds the master keys.

    Attributes:
        store_id: Its id; the salt of a passphrase, so that it survives a backup.
        is_new: It is not made yet: the only time a development key may be.
        mek_ids: The public ids that its keys are wrapped under; none for a new one.
    """

    store_id: str
    is_new: bool = False
    mek_ids: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class MasterOrigin:
    """Where the master key came from, fit to print.

    Attributes:
        kind: The word of its source: ``"env"``, ``"file"``, ``"pkcs11"`` ...
        public_id: The MEK id in hexadecimal.
        development: True for a key made here, which is warned about.
    """

    kind: str
    public_id: str
    development: bool


class LocalMaster:
    """A master key whose wrap key is in this process (alg 1).

    Args:
        raw: The 32 bytes of the master key; not kept.

    Raises:
        MasterKeyMalformedError: It is not 32 bytes, or not random.
    """

    __slots__ = ("_cipher", "_id")

    def __init__(self, raw: bytes) -> None:
        _require_random(raw)
        derived = expand_sha512(raw, b"pierre/mek/v1", 96)
        self._cipher = AESGCM(derived[:_ID_AT])
        self._id = derived[_ID_AT:_ID_END]

    def __repr__(self) -> str:
        return "<LocalMaster>"

    def __reduce__(self) -> NoReturn:
        msg = "a master key is never copied or pickled"
        raise TypeError(msg)

    @property
    def alg(self) -> int:
        """The byte 0x01: AES-256-GCM under a subkey, here."""
        return _ALG_LOCAL

    @property
    def id(self) -> bytes:
        """The public id, 16 bytes."""
        return self._id

    def wrap(self, dek: bytes, context: bytes) -> bytes:
        """Return nonce ‖ AES-256-GCM(dek), with ``context`` as the AAD."""
        nonce = secrets.token_bytes(gcm.NONCE_BYTES)
        return nonce + gcm.encrypt(self._cipher, nonce, dek, context)

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """Return what ``wrap`` was given in the same context.

        Raises:
            SealBrokenError: It was not made by this key, or not in this context.
        """
        nonce, body = blob[: gcm.NONCE_BYTES], blob[gcm.NONCE_BYTES :]
        return gcm.decrypt(self._cipher, nonce, body, context)


def new_key() -> bytes:
    """Return a new master key: 32 bytes from the system's generator."""
    return secrets.token_bytes(MASTER_KEY_BYTES)


def as_text(raw: bytes) -> str:
    """Return a key as ``PIERRE_MASTER_ENCRYPTION_KEY`` takes it."""
    return base64.b64encode(raw).decode()


def key_of_text(text: str) -> bytes:
    """Decode the one canonical spelling: a key that is nearly right is another key.

    Raises:
        MasterKeyMalformedError: It is not base64 of exactly 32 random bytes.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:  # not base64, or not even ASCII
        raise MasterKeyMalformedError from None
    if base64.b64encode(raw).decode() != text:
        raise MasterKeyMalformedError
    _require_random(raw)
    return raw


def key_of_content(content: bytes) -> bytes:
    """Return the key that a file or a command holds: 32 raw bytes, or base64.

    Base64 may end with one line end, of either kind.

    Raises:
        MasterKeyMalformedError: It is neither.
    """
    # 32 characters of base64 are the text of 24 bytes, not a key: random bytes are all
    # such characters once in 10**18.
    if len(content) == MASTER_KEY_BYTES and not _BASE64.issuperset(content):
        _require_random(content)
        return content
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    return key_of_text(line.decode("ascii", "replace"))


def _require_random(raw: bytes) -> None:
    if len(raw) != MASTER_KEY_BYTES or len(set(raw)) < _DISTINCT_BYTES:
        raise MasterKeyMalformedError
