"""A master key in a PKCS#11 token: it wraps there, and never enters this process.

::

    alg 0x02: what it made of a DEK = | 12: nonce | AES-256-GCM(DEK), 32 | 16: tag |
    MEK id                          = the tag of AES-256-GCM over nothing,
                                      nonce = "pierre-id-v1",
                                      AAD   = PAE("pierre/token-master/v1")

The key must be AES-256, SENSITIVE and not EXTRACTABLE: then no one, we included, can
take it out. So the public id comes from the key itself, by what only it can compute,
and another key under the same label is a wrong master key, not a keyring tampered with.

That id may be public. A GCM tag over no plaintext is GHASH(AAD) + E(nonce), which is
a one-time pad over the hash as long as that nonce serves for nothing else (SP 800-38D,
appendix A): no wrap ever draws it, and none under it is opened. The AAD begins unlike
that of any wrap. What is left is a check value of 128 bits on a key of 256.

Some tokens insist on choosing the nonce; those cannot be used.
"""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from pierre_mcp.errors import (
    MasterKeyMissingError,
    MasterPackageError,
    MasterTokenError,
    MasterTokenKeyError,
    SealBrokenError,
)
from pierre_mcp.keyring import gcm
from pierre_mcp.keyring.master import MASTER_KEY_BYTES, MEK_ID_BYTES
from pierre_mcp.keyring.masters import token_uri
from pierre_mcp.keyring.masters.files import read_closed
from pierre_mcp.keyring.masters.token_uri import TokenUri
from pierre_mcp.keyring.pae import pae

if TYPE_CHECKING:
    from pkcs11 import Session, Token

_ALG_TOKEN = 0x02
ID_NONCE: Final = b"pierre-id-v1"
_ID_AAD: Final = pae(b"pierre/token-master/v1")
_TAG_BITS = 8 * gcm.TAG_BYTES


class TokenKey(Protocol):
    """What is used of a key in a token; what it is made of is C's."""

    @property
    def encrypt(self) -> Callable[..., bytes]:
        """Encrypt in the token."""
        ...

    @property
    def decrypt(self) -> Callable[..., bytes]:
        """Decrypt there."""
        ...


class TokenMaster:
    """A master key that stays in its token (alg 2).

    Args:
        session: Logged in; kept as long as this is.
        key: In that session.

    Raises:
        MasterTokenError: The token does not compute with it, or not as it is told.
    """

    __slots__ = ("_id", "_key", "_lock", "_session")

    def __init__(self, session: "Session", key: TokenKey) -> None:
        self._session = session
        self._key = key
        # A session does one thing at a time (PKCS#11 2.40, 6.7.6); threads share it.
        self._lock = threading.Lock()
        self._id, again = self._own_tag(), self._own_tag()
        if self._id != again or len(again) != MEK_ID_BYTES:  # a nonce of its own
            raise MasterTokenError

    def __repr__(self) -> str:
        return "<TokenMaster>"

    def __reduce__(self) -> NoReturn:
        msg = "a master key is never copied or pickled"
        raise TypeError(msg)

    @property
    def alg(self) -> int:
        """The byte 0x02: AES-256-GCM in a token."""
        return _ALG_TOKEN

    @property
    def id(self) -> bytes:
        """The public id, 16 bytes."""
        return self._id

    def wrap(self, dek: bytes, context: bytes) -> bytes:
        """Return nonce ‖ AES-256-GCM(dek), with ``context`` as the AAD.

        Raises:
            MasterTokenError: The token is gone.
        """
        nonce = ID_NONCE
        while nonce == ID_NONCE:
            nonce = secrets.token_bytes(gcm.NONCE_BYTES)
        return nonce + self._compute(self._key.encrypt, nonce, dek, context)

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """Return what ``wrap`` was given in the same context.

        Raises:
            SealBrokenError: It was not made by this key, or not in this context.
            MasterTokenError: The token is gone.
        """
        nonce, body = blob[: gcm.NONCE_BYTES], blob[gcm.NONCE_BYTES :]
        if len(body) < gcm.TAG_BYTES or nonce == ID_NONCE:
            raise SealBrokenError
        try:
            return self._compute(self._key.decrypt, nonce, body, context)
        except MasterTokenError:
            # Tokens say of a wrong tag whatever they like, SoftHSM "general error": one
            # that still computes is there, and it was the tag.
            self._own_tag()
            raise SealBrokenError from None

    def _own_tag(self) -> bytes:
        return self._compute(self._key.encrypt, ID_NONCE, b"", _ID_AAD)

    def _compute(
        self, work: Callable[..., bytes], nonce: bytes, content: bytes, aad: bytes
    ) -> bytes:
        import pkcs11  # noqa: PLC0415 - it is loaded already

        how = pkcs11.GCMParams(nonce, aad, _TAG_BITS)
        try:
            with self._lock:
                return bytes(
                    work(
                        content,
                        mechanism=pkcs11.Mechanism.AES_GCM,
                        mechanism_param=how,
                    )
                )
        except pkcs11.PKCS11Error:
            raise MasterTokenError from None


def master_of_token(rest: str) -> TokenMaster:
    """Open the token and find the key that a URI names.

    Args:
        rest: What stands after ``pkcs11:``.

    Raises:
        MasterSourceError: It is no such URI.
        MasterPinError: A PIN stands in it.
        MasterPackageError: The package is not installed.
        MasterTokenError: The module, the token or its PIN is not as named.
        MasterKeyMissingError: The token holds no such key, or there is no PIN file.
        MasterKeyUnreadableError: The PIN's file is open to others.
        MasterTokenKeyError: The key is not AES-256, or could leave the token.
    """
    named = token_uri.parse(rest)
    pin = None if named.pin_file is None else _pin(named.pin_file)
    try:
        import pkcs11  # noqa: PLC0415 - an extra
    except ImportError:
        raise MasterPackageError from None
    try:
        session = _session(pkcs11.lib(str(named.module)), named, pin)
        key: Any = session.get_key(
            object_class=pkcs11.ObjectClass.SECRET_KEY, label=named.label, id=named.id
        )
        _require_kept(key)
    except pkcs11.NoSuchKey:
        raise MasterKeyMissingError from None
    except pkcs11.PKCS11Error:
        raise MasterTokenError from None
    return TokenMaster(session, key)


def _session(lib: Any, named: TokenUri, pin: str | None) -> "Session":
    import pkcs11  # noqa: PLC0415 - it is loaded already

    tokens = [
        slot.get_token()
        for slot in lib.get_slots(token_present=True)
        if named.slot in {None, slot.slot_id}
    ]
    found = [token for token in tokens if _is_named(token, named)]
    if len(found) != 1:
        raise MasterTokenError
    if pin is None and pkcs11.TokenFlag.LOGIN_REQUIRED in found[0].flags:
        raise MasterTokenError
    try:
        session: Session = found[0].open(user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:  # by another session of this process
        session = found[0].open()
    return session


def _is_named(token: "Token", named: TokenUri) -> bool:
    serial = token.serial.decode(errors="replace").strip()
    return named.token in {None, token.label} and named.serial in {None, serial}


def _require_kept(key: Any) -> None:
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415 - it is loaded already

    kept = key[Attribute.SENSITIVE] and not key[Attribute.EXTRACTABLE]
    able = key[Attribute.ENCRYPT] and key[Attribute.DECRYPT]
    fits = key.key_type is KeyType.AES and key.key_length == 8 * MASTER_KEY_BYTES
    if not (kept and able and fits):
        raise MasterTokenKeyError


def _pin(path: Path) -> str:
    line = read_closed(path).removesuffix(b"\n").removesuffix(b"\r")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise MasterTokenError from None
