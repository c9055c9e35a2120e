"""Version 4: notices, what the person corrected, and the register of requests."""

from typing import Final

from pierre_mcp.store.schema import third
from pierre_mcp.store.schema.making import (
    by_key,
    never_deleted,
    never_while_used,
    only_active_keys,
    refuse,
    table,
)

# What a consent was given upon, word for word, for as long as the ledger names it.
_NOTICES: Final = (
    table(
        "notices",
        """
    version INTEGER NOT NULL CHECK (version > 0),
    language TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (version, language)
    """,
    ),
    never_deleted("notices"),
    refuse("notices_stay", "BEFORE UPDATE ON notices", "append_only"),
)

# Of the file a recording came from, and not of the recording: so that a correction
# outlives the recording, and is there when the same file is imported again.
_CORRECTIONS: Final = (
    table(
        "corrections",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    digest BLOB NOT NULL,
    part INTEGER NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    UNIQUE (tenant, person, digest, part)
    """,
        cells=("cell",),
    ),
)

# What the person asked for by law, until when it is due, and what became of it.
_REQUESTS: Final = (
    table(
        "requests",
        """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
    """,
        cells=("cell",),
    ),
)

_NEW: Final = ("corrections", "requests")
SEALED: Final = (*third.SEALED, *_NEW)

FOURTH: Final = (
    *_NOTICES,
    *_CORRECTIONS,
    *_REQUESTS,
    *(sql for name in _NEW for sql in only_active_keys(name)),
    *map(by_key, _NEW),
    "DROP TRIGGER keyring_in_use",
    never_while_used(SEALED),
)
