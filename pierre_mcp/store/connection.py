"""A connection to the file, and the pragmas that the design asks for."""

import sqlite3
from pathlib import Path
from typing import Final

WAL_PAGES: Final = 1_000
WAL_BYTES: Final = WAL_PAGES * 4_096

BUSY_TIMEOUT: Final = "busy_timeout = 5000"
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # INSERT OR REPLACE would slip past delete triggers
    "secure_delete = ON",
    "cell_size_check = ON",
    "wal_autocheckpoint = 0",  # we checkpoint ourselves, under the lock
    # Cut back when it starts again, or its size would ask for a checkpoint for ever.
    f"journal_size_limit = {WAL_BYTES // 2}",
    "temp_store = MEMORY",
    "mmap_size = 0",
    "cache_size = -16000",  # KiB: a whole history is read at once
    BUSY_TIMEOUT,
    "fullfsync = ON",  # macOS: fsync alone does not reach the platter
    "checkpoint_fullfsync = ON",
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, and change nothing in it: it may not be ours."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA trusted_schema = OFF")
    return db


def settle(db: sqlite3.Connection) -> None:
    """Set every pragma the design asks for, on a file that is ours."""
    for pragma in _PRAGMAS:
        db.execute(f"PRAGMA {pragma}")
