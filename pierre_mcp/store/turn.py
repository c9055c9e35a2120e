"""One unit's stay on the store's thread, and how it may be cancelled.

A cancelled call never fails another: SQLite is interrupted only while this very unit
reads, decided under a lock, and a write is never interrupted.
"""

import sqlite3
import threading

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

    def reading(self, db: sqlite3.Connection) -> "_Reading":
        """Hold the time in which an interrupt may hit ``db``, as a context.

        Raises:
            CancelledCallError: The unit was cancelled, before or meanwhile.
        """
        return _Reading(self, db)

    def interruptible(self, db: sqlite3.Connection | None) -> None:
        """Say what a cancellation interrupts from now on; None for nothing."""
        with self._lock:  # a cancel comes before this, and is seen, or after, and hits
            if db is not None:
                self.check()
            self._reading = db


class _Reading:
    """The time in which one turn reads."""

    __slots__ = ("_db", "_turn")

    def __init__(self, turn: Turn, db: sqlite3.Connection) -> None:
        self._turn = turn
        self._db = db

    def __enter__(self) -> None:
        """Begin it.

        Raises:
            CancelledCallError: The unit was cancelled.
        """
        self._turn.interruptible(self._db)

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        """End it; an interrupt that a cancellation made is told as that."""
        self._turn.interruptible(None)
        if isinstance(error, sqlite3.OperationalError):
            self._turn.check()
