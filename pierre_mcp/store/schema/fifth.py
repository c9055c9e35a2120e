"""Version 5: checkpoints of the log and what was pruned before them; alerts, incidents.

A checkpoint's note is the truth of it; number and size are there to find it by. Rows of
the log may go only below an anchor, which a checkpoint has signed (DESIGN 8).
"""

from typing import Final

from pierre_mcp.store.schema import fourth
from pierre_mcp.store.schema.making import (
    by_key,
    never_deleted,
    never_while_used,
    only_active_keys,
    refuse,
    table,
)

_CHECKPOINTS: Final = (
    table(
        "checkpoints",
        """
    number INTEGER PRIMARY KEY CHECK (number > 0),
    size INTEGER NOT NULL UNIQUE CHECK (size > 0),
    note TEXT NOT NULL
    """,
    ),
    never_deleted("checkpoints"),
    refuse("checkpoints_stay", "BEFORE UPDATE ON checkpoints", "append_only"),
)

# The hashes of what was pruned, so that proofs of later rows go on to hold.
_ANCHORS: Final = (
    table(
        "anchors",
        """
    size INTEGER PRIMARY KEY REFERENCES checkpoints (size),
    hashes BLOB NOT NULL
    """,
    ),
    never_deleted("anchors"),
    refuse("anchors_stay", "BEFORE UPDATE ON anchors", "append_only"),
    "DROP TRIGGER audit_keeps",
    refuse(
        "audit_keeps",
        "BEFORE DELETE ON audit"
        " WHEN OLD.seq > (SELECT coalesce(max(size), 0) FROM anchors)",
        "append_only",
    ),
)

_OF_A_PERSON: Final = """
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    seq INTEGER NOT NULL UNIQUE,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL
"""

# What looked like misuse, what became of it, and what was done about it by hand.
_WATCH: Final = (
    table("alerts", _OF_A_PERSON, cells=("cell",)),
    table("incidents", _OF_A_PERSON, cells=("cell",)),
    # How far the log was looked through, and by which thresholds.
    table(
        "monitor",
        """
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (tenant, person, name)
    """,
        cells=("cell",),
    ),
)

_NEW: Final = ("alerts", "incidents", "monitor")
SEALED: Final = (*fourth.SEALED, *_NEW)

FIFTH: Final = (
    *_CHECKPOINTS,
    *_ANCHORS,
    *_WATCH,
    *(sql for name in _NEW for sql in only_active_keys(name)),
    *map(by_key, _NEW),
    "DROP TRIGGER keyring_in_use",
    never_while_used(SEALED),
)
