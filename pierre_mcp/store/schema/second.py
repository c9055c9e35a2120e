"""Version 2: one activity of several recordings, details, operations."""

from typing import Final

from pierre_mcp.store.faults import STALE_KEY
from pierre_mcp.store.schema import first
from pierre_mcp.store.schema.making import (
    IS_ACTIVE,
    by_key,
    never_while_used,
    only_active_keys,
    refuse,
    table,
)

# A recording may be put to another activity under any key: no cell is bound to it.
_MATCHING: Final = (
    "DROP TRIGGER recordings_reseals_active",
    refuse(
        "recordings_reseals_active",
        "BEFORE UPDATE OF kid, activities, heart_rate, power, location, notes"
        f" ON recordings WHEN NOT {IS_ACTIVE}",
        STALE_KEY,
    ),
)

# What one activity is asked for, and a list of thousands is not: one cell a category.
_DETAILS: Final = (
    table(
        "details",
        """
    recording TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    category TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (recording, category)
    """,
        cells=("cell",),
    ),
)

# Long work that an assistant asked for: what it is about is sealed.
_OPERATIONS: Final = (
    table(
        "operations",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL
        CHECK (state IN ('running', 'finished', 'cancelled', 'stopped', 'failed')),
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
    """CREATE INDEX operations_running
    ON operations (tenant, person, seq) WHERE state = 'running'""",
)

_GEAR: Final = (
    table(
        "gear",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    source TEXT NOT NULL,
    digest BLOB NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    UNIQUE (tenant, person, digest)
    """,
        cells=("cell",),
    ),
    # A piece of gear stays while any import that listed it does.
    table(
        "gear_imports",
        """
    gear TEXT NOT NULL REFERENCES gear (id) ON DELETE CASCADE,
    import_id TEXT NOT NULL REFERENCES imports (id),
    PRIMARY KEY (gear, import_id)
    """,
    ),
    "CREATE INDEX gear_imports_of_import ON gear_imports (import_id)",
)

# What was told of the athlete: a value and the month it was told in, by one import.
# What he says himself is of none.
_ATHLETE: Final = (
    table(
        "athlete",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    source TEXT NOT NULL,
    category TEXT NOT NULL,
    import_id TEXT REFERENCES imports (id),
    digest BLOB NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    UNIQUE (tenant, person, digest)
    """,
        cells=("cell",),
    ),
    "CREATE INDEX athlete_of_import ON athlete (import_id)",
)

# Files as they came, in chunks, where the person wants them kept.
_ORIGINALS: Final = (
    table(
        "originals",
        """
    recording TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (recording, seq)
    """,
        cells=("cell",),
    ),
)

_NEW: Final = ("details", "operations", "gear", "athlete", "originals")
SEALED: Final = (*first.SEALED, *_NEW)

SECOND: Final = (
    *_MATCHING,
    *_DETAILS,
    *_OPERATIONS,
    *_GEAR,
    *_ATHLETE,
    *_ORIGINALS,
    *(sql for name in _NEW for sql in only_active_keys(name)),
    *map(by_key, _NEW),
    "DROP TRIGGER keyring_in_use",
    never_while_used(SEALED),
)
