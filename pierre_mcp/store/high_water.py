"""The outside file: how far a store's log had come, noted away from the store.

::

    <store id> <seq> <link, hexadecimal>          one line a committed append

The last whole line counts: the log must hold that row with that link, else the store is
an older copy, or another, put in its place (DESIGN 8). A line is added under the
store's lock right after the COMMIT, so the file may be behind the store (killed between
the two, or the power cut: lines are not synced), and never ahead of it. What a crash
left of a line is passed over.

It stops an older copy put back by mistake, by a synchronised folder or by who can write
to the store alone. Who can also write here can shorten the file.
"""

import logging
import os
import re
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pierre_mcp.errors import (
    HighWaterUnreadableError,
    HighWaterUnwritableError,
    StoreDamagedError,
    StorePutBackError,
)
from pierre_mcp.platform import (
    make_private_dir,
    replace_private_file,
    write_private_file,
)
from pierre_mcp.store.outside_notes import OutsideNotes

LOG = logging.getLogger(__name__)

MOST_BYTES: Final = 256 * 1_024
"""A file longer than this is cut down to its last line."""

_END_BYTES: Final = 1_024
_STORE_ID: Final = re.compile(r"(demo-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINE: Final = re.compile(rb"(\S+) ([0-9]{1,18}) ([0-9a-f]{64})")
_LINK: Final = "SELECT link FROM audit WHERE seq = ?"
_NEWEST: Final = "SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of the log: its number, and its link to all before it.

    Attributes:
        seq: 0 for a log without a row.
    """

    seq: int = 0
    link: bytes = bytes(32)

    @classmethod
    def newest(cls, db: sqlite3.Connection) -> Self:
        """Return the mark of the newest row there is."""
        row = db.execute(_NEWEST).fetchone()
        return cls() if row is None else cls(int(row[0]), bytes(row[1]))

    def is_in(self, db: sqlite3.Connection) -> bool:
        """Tell whether a log has this row, with this link."""
        if self.seq == 0:
            return self == Mark()
        row = db.execute(_LINK, (self.seq,)).fetchone()
        return row is not None and bytes(row[0]) == self.link


class HighWater:
    """The outside file of one store; used under that store's lock.

    Args:
        directory: Of all such files; made when the first is.
        store_id: Whose.

    Attributes:
        notes: The outside file of checkpoints, beside it.

    Raises:
        StoreDamagedError: The id is none that we give.
    """

    __slots__ = (
        "_failed", "_name", "_owner", "_path", "_torn", "notes", "store_id",
    )  # fmt: skip

    def __init__(self, directory: Path, store_id: str) -> None:
        if not _STORE_ID.fullmatch(store_id):  # it names a file, and came from one
            raise StoreDamagedError
        self.store_id = store_id
        self.notes = OutsideNotes(directory, store_id)
        self._path = directory / f"{store_id}.log"
        self._name = str(self._path)  # made once: it is opened at each unit
        self._owner = store_id.encode()
        self._failed = self._torn = False

    def mark(self) -> Mark | None:
        """Return the last mark noted; None where the file is gone, or holds none.

        Raises:
            HighWaterUnreadableError: It is there and cannot be read.
        """
        try:
            whole = self._end(_END_BYTES)
            found = self._last_of(whole)
            if found is None and len(whole) == _END_BYTES:
                found = self._last_of(self._end(2 * MOST_BYTES))
        except FileNotFoundError:
            return None
        except OSError:
            raise HighWaterUnreadableError from None
        self._torn = not whole.endswith(b"\n")
        return found

    def check(self, db: sqlite3.Connection) -> None:
        """Let pass a store whose log holds the mark.

        Raises:
            StorePutBackError: It does not, or there is no mark.
            HighWaterUnreadableError: The file cannot be read.
        """
        mark = self.mark()
        if mark is None or not mark.is_in(db):
            raise StorePutBackError

    def begin(self, mark: Mark) -> None:
        """Make the file with its first line, on the disk, before the store's COMMIT.

        Also where a store put back was accepted: what stood there no longer counts.

        Raises:
            HighWaterUnwritableError: It cannot be made.
        """
        try:
            make_private_dir(self._path.parent)
            self._replace(mark)
        except OSError:
            raise HighWaterUnwritableError from None

    def begin_as(self, db: sqlite3.Connection) -> None:
        """Make the outside files what a store says that was accepted, or put in place.

        Raises:
            HighWaterUnwritableError: They cannot be made.
        """
        self.begin(Mark.newest(db))
        try:
            self.notes.begin(db)
        except OSError:
            raise HighWaterUnwritableError from None

    def note(self, mark: Mark) -> None:
        """Add a line, after the COMMIT that it tells of.

        What was committed stays so, whatever happens here: a failure is a warning, once
        a process, and ``doctor`` tells of it.
        """
        try:
            self._append(mark)
        except OSError:
            if not self._failed:
                LOG.warning(
                    "the high-water mark in the configuration directory could not be "
                    "written: is it full, or read-only?"
                )
            self._failed = True

    def _append(self, mark: Mark) -> None:
        line = self._line(mark)
        if self._torn:  # by a crash or a full disk: what is left of a line stands alone
            line = b"\n" + line
        fd = os.open(self._name, os.O_WRONLY | os.O_APPEND)
        try:
            self._torn = os.write(fd, line) < len(line)
            size = os.lseek(fd, 0, os.SEEK_END)
        finally:
            os.close(fd)
        if self._torn:
            raise OSError
        if size > MOST_BYTES:
            self._replace(mark)

    def _replace(self, mark: Mark) -> None:
        with suppress(FileExistsError):
            write_private_file(self._path, self._line(mark))
            return
        replace_private_file(self._path, self._line(mark))

    def _end(self, most: int) -> bytes:
        fd = os.open(self._name, os.O_RDONLY)
        try:
            size = os.lseek(fd, 0, os.SEEK_END)
            os.lseek(fd, max(0, size - most), os.SEEK_SET)
            return os.read(fd, most)
        finally:
            os.close(fd)

    def _last_of(self, content: bytes) -> Mark | None:
        whole, _, _ = content.rpartition(b"\n")
        for line in reversed(whole.split(b"\n")):
            found = _LINE.fullmatch(line)
            if found and found[1] == self._owner:
                return Mark(int(found[2]), bytes.fromhex(found[3].decode()))
        return None

    def _line(self, mark: Mark) -> bytes:
        return f"{self.store_id} {mark.seq} {mark.link.hex()}\n".encode()
