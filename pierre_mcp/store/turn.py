"""One unit's stay on the store's thread, and how it may be cancelled.

A cancelled call never fails another: SQLite is interrupted only while this very unit
reads, decided under a lock, and a write is never interrupted.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pierre_mcp.errors import CancelledCallError


class Turn:
    """Whether a unit was cancelled, and whether it may be interrupted now."""

    __slots__ = ("_lock", "_reading", "cancelled")

    def __init__(self) -> None:
        self.cancelled = False
        self._lock = threading.Lock()
        self._reading: sqlite3.Connection | None = None

    def cancel(self) -> None:
        """Mark the unit cancelled, and interrupt it if it is reading."""
        with self._lock:
            self.cancelled = True
            if self._reading is not None:
                self._reading.interrupt()

    def check(self) -> None:
        """Stop here if the unit was cancelled; long work asks between its steps.

        Raises:
            CancelledCallError: It was.
        """
        if self.cancelled:
            raise CancelledCallError

    @contextmanager
    def reading(self, db: sqlite3.Connection) -> Iterator[None]:
        """Hold the time in which an interrupt may hit ``db``.

        Raises:
            CancelledCallError: The unit was cancelled, before or meanwhile.
        """
        with self._lock:  # a cancel comes before this, and is seen, or after, and hits
            self.check()
            self._reading = db
        try:
            yield
        except sqlite3.OperationalError:
            self.check()
            raise
        finally:
            with self._lock:
                self._reading = None
