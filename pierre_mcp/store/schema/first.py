"""Version 1: keys, people, the log, recordings."""

from typing import Final

from pierre_mcp.store.schema.making import (
    by_key,
    never_deleted,
    never_while_used,
    only_active_keys,
    refuse,
    table,
)

SEALED: Final = (
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

_KEYS: Final = (
    table(
        "store",
        """
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    manifest BLOB NOT NULL
    """,
    ),
    refuse("store_id_stays", "BEFORE UPDATE OF one, id ON store", "store_id"),
    never_deleted("store"),
    table(
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
    never_while_used(SEALED),
    refuse(
        "keyring_counts_up",
        "BEFORE UPDATE OF seals ON keyring WHEN NEW.seals < OLD.seals",
        "seals",
    ),
    never_deleted("keyring"),
)

_PEOPLE: Final = (
    table(
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
    table(
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
    table(
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
    never_deleted("ledger"),
    refuse(  # the cell and its key may change: it is sealed again at a rotation
        "ledger_stays",
        "BEFORE UPDATE OF seq, id, tenant, person, mac ON ledger",
        "append_only",
    ),
)

_AUDIT: Final = (
    table(
        "audit",
        """
    seq INTEGER PRIMARY KEY,
    entry TEXT NOT NULL,
    link BLOB NOT NULL,
    mac BLOB NOT NULL
    """,
    ),
    never_deleted("audit"),
    refuse("audit_stays", "BEFORE UPDATE ON audit", "append_only"),
    table(
        "audit_detail",
        """
    seq INTEGER PRIMARY KEY REFERENCES audit (seq),
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    table(
        "audit_state",
        """
    name TEXT PRIMARY KEY CHECK (name IN ('epoch', 'tail')),
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    never_deleted("audit_state"),
)

_RECORDINGS: Final = (
    table(
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
    table(
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
    table(
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
    table(
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
    *(sql for name in SEALED for sql in only_active_keys(name)),
    *map(by_key, SEALED),
)
