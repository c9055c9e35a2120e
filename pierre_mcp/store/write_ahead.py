"""The write-ahead log: moved into the file now and then, and emptied of old keys.

What was overwritten stands in it until it is emptied: old seals, and the key of an
epoch that a checkpoint has closed.
"""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from pierre_mcp.errors import LockTimeoutError
from pierre_mcp.store.connection import BUSY_TIMEOUT, WAL_BYTES
from pierre_mcp.store.faults import translated
from pierre_mcp.store.lock import Turnstile

WRITE_DEADLINE_S: Final = 20.0
TIDY_DEADLINE_S: Final = 0.1
CLOSE_DEADLINE_S: Final = 1.0
TRUNCATE_TRIES: Final = 40
TRUNCATE_PAUSE_S: Final = 0.25


class WriteAhead:
    """The part of ``Store`` that keeps its write-ahead log.

    Args:
        db: Connected.
        lock: Shared with every other process on this store.
        path: The database file; its ``-wal`` is only looked at, never opened.
    """

    def __init__(self, db: sqlite3.Connection, *, lock: Turnstile, path: Path) -> None:
        self.db = db
        self._lock = lock
        self._wal = path.with_name(path.name + "-wal")
        self._tidied: tuple[int, int] | None = None
        # Of whoever was killed before it could empty it, too.
        log = self._log()
        self._stale = log is not None and log[0] > 0

    def wants_tidying(self) -> bool:
        """Tell whether there is something for ``tidy`` to do."""
        return self._stale or self.wants_checkpoint()

    def wants_checkpoint(self) -> bool:
        """Tell whether the write-ahead log is over 1,000 pages, and has news."""
        log = self._log()
        return log is not None and log[0] > WAL_BYTES and log != self._tidied

    def checkpoint(self, deadline_s: float = WRITE_DEADLINE_S) -> None:
        """Move what the log holds into the file, as far as no reader is in the way.

        Once all of it is moved and no reader is left in it, the next write starts the
        log again and cuts it back.

        Raises:
            LockTimeoutError: Others held the store until the deadline.
        """
        with translated(), self._lock.hold(deadline_s):
            self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._tidied = self._log()

    def truncate(self, tries: int = TRUNCATE_TRIES) -> bool:
        """Move all of the log into the file and empty it; tell whether it is empty.

        What was overwritten stands in the log until then, old seals and old keys too.
        A reader in its snapshot is in the way: it is asked again, without the lock in
        between.
        """
        with translated(), suppress(LockTimeoutError):
            for tried in range(tries):
                if tried:
                    time.sleep(TRUNCATE_PAUSE_S)
                with self._lock.hold(WRITE_DEADLINE_S):
                    if self._truncated():
                        return True
        return False

    def sweep(self, tries: int = TRUNCATE_TRIES) -> bool:
        """Write the file anew without what was deleted, and empty its log.

        Zeroing what is deleted, as ``secure_delete`` does, leaves pieces of it where
        pages are merged. It holds the lock for long, which only the rare step does
        that must leave nothing behind (DESIGN.md 4).

        Returns:
            Whether the log is empty.
        """
        with translated(), self._lock.hold(WRITE_DEADLINE_S):
            self.db.execute("VACUUM")
        return self.truncate(tries)

    def tidy(self) -> None:
        """Do what is due if the lock is soon had; else another time.

        Emptied of an old key once no reader is in the way: it is tried each time.
        """
        with suppress(LockTimeoutError):
            if self._stale:
                with translated(), self._lock.hold(TIDY_DEADLINE_S):
                    self._truncated()
            if self.wants_checkpoint():
                self.checkpoint(TIDY_DEADLINE_S)

    def _truncated(self) -> bool:
        # Waiting for readers inside the lock would keep every writer waiting too.
        self.db.execute("PRAGMA busy_timeout = 0")
        try:
            sql = "PRAGMA wal_checkpoint(TRUNCATE)"
            [(busy, _, _)] = self.db.execute(sql).fetchall()
        finally:
            self.db.execute(f"PRAGMA {BUSY_TIMEOUT}")
        self._stale = self._stale and bool(busy)
        return not busy

    def _log(self) -> tuple[int, int] | None:
        try:
            found = self._wal.stat()
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns
