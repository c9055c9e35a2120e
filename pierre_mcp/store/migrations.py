"""The schema, as an append-only list of steps; each runs in one transaction."""

import hashlib
import sqlite3
from typing import Final

from pierre_mcp.errors import StoreDamagedError, StoreForeignError, StoreNewerError
from pierre_mcp.store.schema.fifth import FIFTH
from pierre_mcp.store.schema.first import FIRST
from pierre_mcp.store.schema.fourth import FOURTH
from pierre_mcp.store.schema.second import SECOND
from pierre_mcp.store.schema.third import THIRD

APPLICATION_ID: Final = 0x50494552  # "PIER"

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    FIRST,
    SECOND,
    THIRD,
    FOURTH,
    FIFTH,
)
VERSION: Final = len(MIGRATIONS)
MARKED_FROM: Final = 3
"""The first version that has an outside file."""

DIGEST: Final = "61b7b31e298ea980f1d3e9baa6da553b2c70a49a8b48fcb800480680016b5a17"
"""Of the schema at ``VERSION``, as ``digest_of`` computes it."""


def migrate(db: sqlite3.Connection, start: int) -> None:
    """Bring a store from version ``start`` to the newest, inside the caller's step."""
    for version, steps in enumerate(MIGRATIONS[start:], start + 1):
        for sql in steps:
            db.execute(sql)
        db.execute(f"PRAGMA user_version = {version:d}")
    db.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")


def version_of(db: sqlite3.Connection) -> int:
    """Return the store's version; 0 for an empty file.

    Raises:
        StoreForeignError: Another program's database.
        StoreNewerError: Made by a later release.
        StoreDamagedError: Ours, but of no version.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application, version, tables) != (0, 0, 0):
        raise StoreForeignError
    if version > VERSION:
        raise StoreNewerError
    if application == APPLICATION_ID and version < 1:
        raise StoreDamagedError
    return int(version)


def digest_of(db: sqlite3.Connection) -> str:
    """Return a digest of the schema as the file holds it, triggers included."""
    rows = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return hashlib.sha256(
        "\n".join(sorted(sql for (sql,) in rows)).encode()
    ).hexdigest()


def check_schema(db: sqlite3.Connection) -> None:
    """Refuse a schema that is not the one this version makes.

    A trigger dropped by hand would let a stale process write under a retired key.

    Raises:
        StoreDamagedError: The schema was changed outside this program.
    """
    if digest_of(db) != DIGEST:
        raise StoreDamagedError
