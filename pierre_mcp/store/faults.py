"""What SQLite says, in our own sentences: they carry no path and no SQL.

Only these faults of the machine and of other processes are turned. An SQL error that
could only be ours stays what it is, and is seen as the bug it is.
"""

import sqlite3

from pierre_mcp.errors import (
    LockTimeoutError,
    PierreError,
    StaleKeyError,
    StoreDamagedError,
    StoreUnwritableError,
)

STALE_KEY = "stale_key"
"""What the triggers say of a write under a key that is not active."""

_MEANING: dict[int, type[PierreError]] = {
    sqlite3.SQLITE_BUSY: LockTimeoutError,
    sqlite3.SQLITE_LOCKED: LockTimeoutError,
    sqlite3.SQLITE_PROTOCOL: LockTimeoutError,
    sqlite3.SQLITE_READONLY: StoreUnwritableError,
    sqlite3.SQLITE_IOERR: StoreUnwritableError,
    sqlite3.SQLITE_FULL: StoreUnwritableError,
    sqlite3.SQLITE_CANTOPEN: StoreUnwritableError,
    sqlite3.SQLITE_CORRUPT: StoreDamagedError,
    sqlite3.SQLITE_NOTADB: StoreDamagedError,
}


class translated:  # noqa: N801 - reads as what it does: `with translated():`
    """Raise the meaning of an SQLite error raised in the body.

    A class, since each unit of the store stands in one: a generator costs twice that.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Change nothing."""

    def __exit__(self, _kind: object, error: object, _trace: object) -> None:
        """Raise what ``error`` means, if it is SQLite's."""
        if not isinstance(error, sqlite3.DatabaseError):
            return
        if isinstance(error, sqlite3.IntegrityError):
            if str(error) == STALE_KEY:
                raise StaleKeyError from None
            return
        # Python's own errors (a closed connection) have no code; extended codes keep
        # the primary one in their low byte.
        meaning = _MEANING.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
        if meaning is not None:
            raise meaning from None
