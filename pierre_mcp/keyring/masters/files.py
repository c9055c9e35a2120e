"""A master key in a file: a Kubernetes secret, a systemd credential, or our own.

The file's owner and mode are checked through the descriptor it is then read from.
The development key is such a file, in the configuration directory, away from the
database; it is made at a store's first start only.
"""

import os
import stat
import sys
from pathlib import Path
from typing import Final

from pierre_mcp.errors import (
    MasterKeyMissingError,
    MasterKeyTakenError,
    MasterKeyUnreadableError,
    StoreUnwritableError,
)
from pierre_mcp.keyring.master import as_text, key_of_content, new_key
from pierre_mcp.platform import make_private_dir, write_private_file

DEVELOPMENT_KEY_NAME: Final = "development.key"
_MOST_READ = 1024


def key_of_file(path: Path) -> bytes:
    """Return the key in a file: 32 raw bytes, or base64 with a line end or none.

    Raises:
        MasterKeyMissingError: There is no file.
        MasterKeyUnreadableError: It cannot be read, or is open to others.
        MasterKeyMalformedError: It holds no key.
    """
    return key_of_content(read_closed(path))


def development_key(config_dir: Path, *, may_create: bool) -> bytes:
    """Return the development key, made first if there is none and there may be one.

    Raises:
        MasterKeyMissingError: There is none, and there may not be.
        StorePermissionsError: The configuration directory is open to others.
        StoreUnwritableError: It cannot be written there.
    """
    path = config_dir / DEVELOPMENT_KEY_NAME
    try:
        return key_of_file(path)
    except MasterKeyMissingError:
        if not may_create:
            raise
    try:
        make_private_dir(config_dir)
        write_new_key(path, new_key())
    except MasterKeyTakenError:
        pass  # another was first, and theirs is the key
    except OSError:
        raise StoreUnwritableError from None
    # Read back what is there: of two first starters one made it, and both use it.
    return key_of_file(path)


def write_new_key(path: Path, raw: bytes) -> None:
    """Write a key to a new file, 0600 and whole, never over one.

    Raises:
        MasterKeyTakenError: Something has the name already; it was left.
        StoreUnwritableError: It cannot be made there.
    """
    try:
        write_private_file(path, as_text(raw).encode() + b"\n")
    except FileExistsError:
        raise MasterKeyTakenError from None
    except OSError:
        raise StoreUnwritableError from None


def read_closed(path: Path) -> bytes:
    """Read a small file that only its owner can change and only we can read.

    Links are followed, since Kubernetes mounts secrets as links; the file at their end
    is what is checked.

    Raises:
        MasterKeyMissingError: There is no file.
        MasterKeyUnreadableError: It cannot be read, or is open to others.
    """
    # Not blocking: a named pipe would wait for a writer, and is refused below.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            _require_closed(os.fstat(file.fileno()))
            return file.read(_MOST_READ)
    except (FileNotFoundError, NotADirectoryError):
        raise MasterKeyMissingError from None
    except (OSError, ValueError):  # a name with a null byte is a ValueError
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
