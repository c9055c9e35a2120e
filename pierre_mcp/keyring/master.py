"""The master key: outside the database, one class for each way to hold it.

::

    HKDF-Expand-SHA512(MEK, "pierre/mek/v1", 96) = 32: wrap key ‖ 16: MEK id ‖ 48: spare

Only the cipher of the wrap key and the public id are kept; the master key itself is
dropped once they are made (DESIGN.md 5, "Memory"; Python cannot wipe bytes, and nothing
more is claimed). The id says which key a store needs, and gives nothing of it away.

Sources here: ``env``, ``file:/absolute/path`` and ``dev``. A key that is absent and one
that cannot be read are different faults, and neither ever makes a new key.
"""

import base64
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import (
    MasterKeyMalformedError,
    MasterKeyMissingError,
    MasterKeyUnreadableError,
    MasterSourceError,
    StoreUnwritableError,
)
from pierre_mcp.keyring import gcm
from pierre_mcp.keyring.hkdf import expand_sha512
from pierre_mcp.platform import make_private_dir, write_private_file

MASTER_KEY_BYTES: Final = 32
DEVELOPMENT_KEY_NAME: Final = "development.key"

_ALG_LOCAL = 0x01
_ID_AT, _ID_END = 32, 48
# Of 32 random bytes about 30 differ; fewer than 17 do once in 10**13. What fails was
# typed or repeated: a short word over and over, or hexadecimal (16) taken for bytes.
_DISTINCT_BYTES = 17
_MOST_READ = 1024
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
class MasterOrigin:
    """Where the master key came from, fit to print.

    Attributes:
        kind: ``"env"``, ``"file"`` or ``"dev"``.
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


def load_master(
    source: str,
    *,
    env_key: str | None,
    config_dir: Path,
    production: bool,
    may_create: bool,
) -> tuple[LocalMaster, MasterOrigin]:
    """Find the master key where the settings say it is.

    Args:
        source: ``"env"``, ``"file:/absolute/path"`` or ``"dev"``; empty is ``env``
            where a key is given there, and ``dev`` where none is.
        env_key: ``PIERRE_MASTER_ENCRYPTION_KEY``, or None where it is not set. Set but
            empty is malformed, not absent.
        config_dir: Where the development key is kept, away from the database.
        production: Refuses a development key.
        may_create: The store is not made yet, so a development key may be. For a store
            that is, a new key would open nothing.

    Raises:
        MasterKeyMissingError: There is none where there should be.
        MasterKeyMalformedError: It is not base64 of exactly 32 random bytes.
        MasterKeyUnreadableError: Its file cannot be read, or is open to others.
        MasterSourceError: ``source`` is none of these.
        StorePermissionsError: The configuration directory is open to others.
        StoreUnwritableError: The development key cannot be written there.
    """
    kind, _, path = (source or ("dev" if env_key is None else "env")).partition(":")
    match kind, path:
        case "env", "":
            raw = _from_env(env_key)
        case "file", name if Path(name).is_absolute():
            raw = _from_file(Path(name))
        case "dev", "":
            if production:
                raise MasterKeyMissingError
            raw = _development(config_dir, may_create=may_create)
        case _:
            raise MasterSourceError
    master = LocalMaster(raw)
    return master, MasterOrigin(kind, master.id.hex(), development=kind == "dev")


def reveal_development_key(config_dir: Path) -> str:
    """Return the development key as ``PIERRE_MASTER_ENCRYPTION_KEY`` takes it.

    For ``pierre-mcp keys reveal``, which shows it on a terminal only.
    """
    raw = _development(config_dir, may_create=False)
    return base64.b64encode(raw).decode()


def _from_env(text: str | None) -> bytes:
    if text is None:
        raise MasterKeyMissingError
    return _from_base64(text)


def _from_file(path: Path) -> bytes:
    """Read a key file: 32 raw bytes, or base64 with a line end or none."""
    content = _read_closed(path)
    # 32 characters of base64 are the text of 24 bytes, not a key: random bytes are all
    # such characters once in 10**18.
    if len(content) == MASTER_KEY_BYTES and not _BASE64.issuperset(content):
        return content
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    return _from_base64(line.decode("ascii", "replace"))


def _from_base64(text: str) -> bytes:
    """Decode the one canonical spelling: a key that is nearly right is another key."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:  # not base64, or not even ASCII
        raise MasterKeyMalformedError from None
    if base64.b64encode(raw).decode() != text:
        raise MasterKeyMalformedError
    _require_random(raw)
    return raw


def _require_random(raw: bytes) -> None:
    if len(raw) != MASTER_KEY_BYTES or len(set(raw)) < _DISTINCT_BYTES:
        raise MasterKeyMalformedError


def _development(config_dir: Path, *, may_create: bool) -> bytes:
    """Read the development key, made first if there is none and there may be one."""
    path = config_dir / DEVELOPMENT_KEY_NAME
    try:
        return _from_file(path)
    except MasterKeyMissingError:
        if not may_create:
            raise
    _create_development(path)
    # Read back what is there: of two first starters one made it, and both use it.
    return _from_file(path)


def _create_development(path: Path) -> None:
    text = base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES))
    try:
        make_private_dir(path.parent)
        write_private_file(path, text + b"\n")
    except FileExistsError:
        return  # another was first, and theirs is the key
    except OSError:
        raise StoreUnwritableError from None


def _read_closed(path: Path) -> bytes:
    """Read a small file that only its owner can change and only we can read.

    Links are followed, since Kubernetes mounts secrets as links; the file at their end
    is what is checked, through the descriptor it is then read from.
    """
    # Not blocking: a named pipe would wait for a writer, and is refused below.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            _require_closed(os.fstat(file.fileno()))
            return file.read(_MOST_READ)
    except (FileNotFoundError, NotADirectoryError):
        raise MasterKeyMissingError from None
    except OSError:
        raise MasterKeyUnreadableError from None


def _require_closed(found: os.stat_result) -> None:
    """Refuse what another user could change or read; a group may read (fsGroup)."""
    if not stat.S_ISREG(found.st_mode):
        raise MasterKeyUnreadableError
    if sys.platform != "win32" and (
        found.st_uid not in {os.geteuid(), 0}
        or found.st_mode & (stat.S_IWGRP | stat.S_IRWXO)
    ):
        raise MasterKeyUnreadableError
