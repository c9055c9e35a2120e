"""What SQLite says, in our own sentences: they carry no path and no SQL.

Only these faults of the machine and of other processes are turned. An SQL error that
could only be ours stays what it is, and is seen as the bug it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def translated() -> Iterator[None]:
    """Raise the meaning of an SQLite error raised in the body."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if str(error) == STALE_KEY:
            raise StaleKeyError from None
        raise
    except sqlite3.DatabaseError as error:
        # Python's own errors (a closed connection) have no code; extended codes keep
        # the primary one in their low byte.
        meaning = _MEANING.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
        if meaning is None:
            raise
        raise meaning from None
