"""The schema, as an append-only list of steps; each runs in one transaction.

What is plain in a row is only: our own random ids, tenant, person, source, origin,
sport, local day, key id, formula version, order and state. Everything measured, named
or timed is in a sealed cell. Cells of a row share the row's key (``kid``), which the
``CHECK`` holds; the triggers refuse a write under a key that is not active, and the
destruction of a key in use, whatever process asks.
"""

import hashlib
import sqlite3
from typing import Final

from pierre_mcp.errors import StoreDamagedError, StoreForeignError, StoreNewerError
from pierre_mcp.store.faults import STALE_KEY

APPLICATION_ID: Final = 0x50494552  # "PIER"


def _table(name: str, columns: str, *, cells: tuple[str, ...] = ()) -> str:
    """SQL of a table; its cells are held to the row's key, which bytes 3 to 6 name."""
    checks = "".join(
        f",\n    CHECK ({cell} IS NULL OR"
        f" hex(substr({cell}, 3, 4)) = printf('%08X', kid))"
        for cell in cells
    )
    return f"CREATE TABLE {name} ({columns.rstrip()}{checks}\n) STRICT"


def _refuse(name: str, when: str, saying: str) -> str:
    """SQL of a trigger that refuses what ``when`` describes."""
    return f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{saying}'); END"


def _only_active_keys(table: str) -> tuple[str, str]:
    """Triggers by which a stale process cannot write under a retired key."""
    active = "(SELECT state FROM keyring WHERE id = NEW.kid) IS 'active'"
    when = f"ON {table} WHEN NOT {active}"
    return (
        _refuse(f"{table}_seals_active", f"BEFORE INSERT {when}", STALE_KEY),
        _refuse(f"{table}_reseals_active", f"BEFORE UPDATE {when}", STALE_KEY),
    )


def _never_deleted(table: str) -> str:
    return _refuse(f"{table}_keeps", f"BEFORE DELETE ON {table}", "append_only")


_SEALED_TABLES: Final = (
    "people",
    "policies",
    "ledger",
    "audit_state",
    "audit_detail",
    "recordings",
    "streams",
    "imports",
    "import_files",
)


def _in_use(tables: tuple[str, ...]) -> str:
    """SQL that tells whether a cell of any of these is sealed under the key."""
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE kid = OLD.id)"  # noqa: S608 - our own names
        for table in tables
    )


_KEYS: Final = (
    _table(
        "store",
        """
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    manifest BLOB NOT NULL
    """,
    ),
    _refuse("store_id_stays", "BEFORE UPDATE OF one, id ON store", "store_id"),
    _never_deleted("store"),
    _table(
        "keyring",
        """
    id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967295),
    scope TEXT NOT NULL,
    purpose TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('active', 'decrypt_only', 'compromised', 'destroyed')),
    mek_id BLOB NOT NULL,
    wrapped BLOB,
    commitment BLOB NOT NULL,
    seals INTEGER NOT NULL DEFAULT 0,
    created_us INTEGER NOT NULL,
    retired_us INTEGER,
    destroyed_us INTEGER,
    UNIQUE (scope, purpose, version),
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
    """,
    ),
    """CREATE UNIQUE INDEX keyring_one_active
    ON keyring (scope, purpose) WHERE state = 'active'""",
    _refuse(
        "keyring_in_use",
        "BEFORE UPDATE OF state ON keyring"
        f" WHEN NEW.state = 'destroyed' AND ({_in_use(_SEALED_TABLES)})",
        "key_in_use",
    ),
    _refuse(
        "keyring_counts_up",
        "BEFORE UPDATE OF seals ON keyring WHEN NEW.seals < OLD.seals",
        "seals",
    ),
    _never_deleted("keyring"),
)

_PEOPLE: Final = (
    _table(
        "people",
        """
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    profile BLOB NOT NULL,
    PRIMARY KEY (tenant, person)
    """,
        cells=("profile",),
    ),
    _table(
        "policies",
        """
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (tenant, person)
    """,
        cells=("cell",),
    ),
    _table(
        "ledger",
        """
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    mac BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    _never_deleted("ledger"),
    _refuse(  # the cell and its key may change: it is sealed again at a rotation
        "ledger_stays",
        "BEFORE UPDATE OF seq, id, tenant, person, mac ON ledger",
        "append_only",
    ),
)

_AUDIT: Final = (
    _table(
        "audit",
        """
    seq INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    link BLOB NOT NULL,
    mac BLOB NOT NULL
    """,
    ),
    _never_deleted("audit"),
    _refuse("audit_stays", "BEFORE UPDATE ON audit", "append_only"),
    _table(
        "audit_detail",
        """
    seq INTEGER PRIMARY KEY REFERENCES audit (seq),
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    _table(
        "audit_state",
        """
    name TEXT PRIMARY KEY CHECK (name IN ('epoch', 'tail')),
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    _never_deleted("audit_state"),
)

_RECORDINGS: Final = (
    _table(
        "imports",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL
        CHECK (state IN ('running', 'finished', 'interrupted', 'undone')),
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    _table(
        "import_files",
        """
    import_id TEXT NOT NULL REFERENCES imports (id),
    seq INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (import_id, seq)
    """,
        cells=("cell",),
    ),
    _table(
        "recordings",
        """
    id TEXT PRIMARY KEY,
    activity_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    source TEXT NOT NULL,
    origin TEXT NOT NULL,
    sport TEXT NOT NULL,
    local_day TEXT NOT NULL CHECK (local_day GLOB '????-??-??'),
    import_id TEXT NOT NULL REFERENCES imports (id),
    digest BLOB NOT NULL,
    part INTEGER NOT NULL,
    formula INTEGER NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    activities BLOB NOT NULL,
    heart_rate BLOB,
    power BLOB,
    location BLOB,
    notes BLOB,
    UNIQUE (tenant, person, digest, part)
    """,
        cells=("activities", "heart_rate", "power", "location", "notes"),
    ),
    # Holds all that a list is chosen and ordered by, so that only its rows are read.
    """CREATE INDEX recordings_by_day
    ON recordings (tenant, person, local_day DESC, id, source, sport)""",
    """CREATE INDEX recordings_by_source
    ON recordings (tenant, person, source, local_day)""",
    "CREATE INDEX recordings_of_activity ON recordings (activity_id)",
    "CREATE INDEX recordings_of_import ON recordings (import_id)",
    _table(
        "streams",
        """
    recording TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (recording, name)
    """,
        cells=("cell",),
    ),
)

FIRST: Final = (
    *_KEYS,
    *_PEOPLE,
    *_AUDIT,
    *_RECORDINGS,
    *(sql for table in _SEALED_TABLES for sql in _only_active_keys(table)),
    *(f"CREATE INDEX {table}_by_key ON {table} (kid)" for table in _SEALED_TABLES),
)

_GEAR: Final = (
    _table(
        "gear",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    digest BLOB NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    UNIQUE (tenant, person, digest)
    """,
        cells=("cell",),
    ),
    # A piece of gear stays while any import that listed it does.
    _table(
        "gear_imports",
        """
    gear TEXT NOT NULL REFERENCES gear (id) ON DELETE CASCADE,
    import_id TEXT NOT NULL REFERENCES imports (id),
    PRIMARY KEY (gear, import_id)
    """,
    ),
    "CREATE INDEX gear_imports_of_import ON gear_imports (import_id)",
    *_only_active_keys("gear"),
    "CREATE INDEX gear_by_key ON gear (kid)",
)

_SEALED_SECOND: Final = (*_SEALED_TABLES, "gear")
"""Tables with sealed cells from the second migration on."""

SECOND: Final = (
    *_GEAR,
    "DROP TRIGGER keyring_in_use",
    _refuse(
        "keyring_in_use",
        "BEFORE UPDATE OF state ON keyring"
        f" WHEN NEW.state = 'destroyed' AND ({_in_use(_SEALED_SECOND)})",
        "key_in_use",
    ),
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (FIRST, SECOND)
VERSION: Final = len(MIGRATIONS)
DIGEST: Final = "6e7282151b0104f7ce81e44bd88c7e1a01f387b29bcff77e54f84551b295e65c"
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
