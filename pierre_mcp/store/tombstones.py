"""Who was erased, noted outside the store: an older copy put back is told by it.

::

    <directory>/<store id>.erased      0600, only ever appended to

    <tombstone, hex> ordered           on the disk before the erasure commits
    <tombstone, hex> erased            it has committed
    <tombstone, hex> cleaned           and nothing of it is left in log or free pages
    <tombstone, hex> kept              it did not commit: the person is still there

The last word of a tombstone counts. A kill can come between the commit and the word
after it, so the order stands here first, and the next opening of the store says which
it was; until then it counts as erased. A tombstone tells nobody who it was: tenant and
person are random ids, and only a copy of the store still names them.
"""

import hashlib
import re
from enum import StrEnum
from pathlib import Path
from typing import Final

from pierre_mcp.errors import (
    StoreDamagedError,
    StorePermissionsError,
    StoreUnwritableError,
)
from pierre_mcp.keyring.pae import pae
from pierre_mcp.model.identity import Identity
from pierre_mcp.platform import append_private_file, make_private_dir

_STORE_ID: Final = re.compile(r"(demo-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINE: Final = re.compile(rb"([0-9a-f]{64}) ([a-z]+)")


class Word(StrEnum):
    """What became of an erasure."""

    ORDERED = "ordered"
    ERASED = "erased"
    CLEANED = "cleaned"
    KEPT = "kept"


def tombstone_of(store_id: str, who: Identity) -> bytes:
    """Return the digest that tells an erased person again, 32 bytes."""
    pieces = (store_id.encode(), who.tenant.encode(), who.person.encode())
    return hashlib.sha256(pae(b"pierre/tombstone", *pieces)).digest()


class Tombstones:
    """The tombstones of one store.

    Args:
        directory: Outside the store's own; made 0700 when something is noted.
        store_id: Whose.

    Raises:
        StoreDamagedError: The id is none that we give.
    """

    __slots__ = ("_path",)

    def __init__(self, directory: Path, store_id: str) -> None:
        if not _STORE_ID.fullmatch(store_id):  # it names a file, and came from one
            raise StoreDamagedError
        self._path = directory / f"{store_id}.erased"

    def note(self, tombstone: bytes, word: Word) -> None:
        """Append one line, on the disk when this returns.

        Raises:
            StoreUnwritableError: It cannot be written.
            StorePermissionsError: The directory or file is not ours alone.
        """
        try:
            make_private_dir(self._path.parent)
            append_private_file(self._path, f"{tombstone.hex()} {word}\n".encode())
        except OSError:
            raise StoreUnwritableError from None

    def words(self) -> dict[bytes, Word]:
        """Return the last word of each tombstone; a line cut short says nothing.

        Raises:
            StorePermissionsError: They are there and cannot be read: nobody may be
                taken for not erased.
        """
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        except OSError:
            raise StorePermissionsError from None
        found = (_LINE.fullmatch(line) for line in lines)
        known = set(map(str, Word))
        return {
            bytes.fromhex(match[1].decode()): Word(match[2].decode())
            for match in found
            if match and match[2].decode() in known
        }

    def erased(self) -> frozenset[bytes]:
        """Return the tombstones of those whom no copy may bring back.

        Raises:
            StorePermissionsError: As for ``words``.
        """
        words = self.words().items()
        return frozenset(one for one, word in words if word is not Word.KEPT)
