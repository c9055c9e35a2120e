"""The outside file of checkpoints: every note a store signed, kept away from it.

::

    <store id>.checkpoints          notes, oldest first, an empty line between two

Beside the high-water mark, and appended right after the COMMIT that took the
checkpoint, under the store's lock: so it may lack the last ones (killed between the
two), and never holds one that the store does not. What a crash left of a note is
passed over. Whoever can also write here can shorten it; a witness elsewhere cannot be.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pierre_mcp.errors import HighWaterUnreadableError, StorePutBackError
from pierre_mcp.platform import make_private_dir, replace_private_file

LOG = logging.getLogger(__name__)

_END_BYTES: Final = 4_096
_NOTE: Final = re.compile(
    r"^pierre-mcp/[^\n]+\n(?:(?!pierre-mcp/)[^\n]+\n)+\n"
    r"— [^ \n]+ [A-Za-z0-9+/]{91}=\n(?:— [^\n]+\n)*",
    re.MULTILINE,
)
"""Our own signature is whole, 68 bytes in base64; those of witnesses may follow."""

_SIZE: Final = re.compile(r"[^\n]+\n([0-9]{1,18})\n")
# As a BLOB: text made invalid by hand could not even be read.
_AT: Final = "SELECT CAST(note AS BLOB) FROM checkpoints WHERE size = ?"
_ALL: Final = "SELECT CAST(note AS BLOB) FROM checkpoints ORDER BY number"


class OutsideNotes:
    """The notes of one store; used under that store's lock.

    Args:
        directory: Of the outside files.
        store_id: Whose; ``HighWater`` has checked it.
    """

    __slots__ = ("_failed", "path")

    def __init__(self, directory: Path, store_id: str) -> None:
        self.path = directory / f"{store_id}.checkpoints"
        self._failed = False

    def read(self) -> list[str]:
        """Return every whole note, oldest first; none where there is no file.

        Raises:
            HighWaterUnreadableError: It cannot be read.
        """
        try:
            return notes_in(self.path.read_bytes())
        except FileNotFoundError:
            return []
        except OSError:
            raise HighWaterUnreadableError from None

    def check(self, db: sqlite3.Connection) -> None:
        """Let pass a store that has the last note, before it signs another.

        Two notes that contradict each other are never signed (C2SP tlog-checkpoint).
        Where the file is gone or cannot be read, nothing is known against it.

        Raises:
            StorePutBackError: Its log took another way than what was noted.
        """
        try:
            last = self._last()
        except OSError:
            return
        if last is None:
            return
        found = db.execute(_AT, (_size(last),)).fetchone()
        if found is None or found[0] != last.encode():
            raise StorePutBackError

    def add(self, notes: Iterable[str]) -> None:
        """Append notes, after the COMMIT; a failure is a warning, once a process."""
        try:
            self._append(_joined(notes))
        except OSError:
            if not self._failed:
                LOG.warning(
                    "a checkpoint of the audit log could not be noted in the "
                    "configuration directory: is it full, or read-only?"
                )
            self._failed = True

    def begin(self, db: sqlite3.Connection) -> None:
        """Write the file anew as the store has it; what stood there is kept aside.

        Where a store put back was accepted: the notes of the way it did not take speak
        of rows that were, and are no longer held against it.

        Raises:
            OSError: It cannot be written.
        """
        ours = b"".join(b"\n" + note for (note,) in db.execute(_ALL))
        try:
            there = self.path.read_bytes()
        except FileNotFoundError:
            there = b""
        if there and not ours.startswith(there):
            self.path.replace(self._aside())
        if ours:
            make_private_dir(self.path.parent)
            replace_private_file(self.path, ours)

    def _append(self, content: bytes) -> None:
        # What a crash cut short is ended by the empty line before, and spoils nothing.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        fd = os.open(self.path, flags, 0o600)
        try:
            if os.write(fd, b"\n" + content) <= len(content):
                raise OSError
        finally:
            os.close(fd)

    def _aside(self) -> Path:
        taken = sum(1 for _ in self.path.parent.glob(f"{self.path.name}.*"))
        return self.path.with_name(f"{self.path.name}.{taken + 1}")

    def _last(self) -> str | None:
        with self.path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _END_BYTES))
            found = notes_in(file.read())
        return found[-1] if found else None


def notes_in(content: bytes) -> list[str]:
    """Return every whole note in what a file holds, in its order."""
    return [found[0] for found in _NOTE.finditer(content.decode(errors="replace"))]


def _joined(notes: Iterable[str]) -> bytes:
    return "\n".join(notes).encode()


def _size(note: str) -> int:
    found = _SIZE.match(note)
    return int(found[1]) if found else 0
