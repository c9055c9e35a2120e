"""Version 3: master keys that retired, keys that may be known, people erased."""

from typing import Final

from pierre_mcp.store.schema import second
from pierre_mcp.store.schema.making import (
    by_key,
    never_deleted,
    never_while_used,
    only_active_keys,
    refuse,
    table,
)

# No key is wrapped under one of these again; the keyring's manifest covers them.
_RETIRED_MASTERS: Final = (
    table(
        "retired_masters",
        """
    mek_id BLOB PRIMARY KEY,
    compromised INTEGER NOT NULL CHECK (compromised IN (0, 1)),
    retired_us INTEGER NOT NULL
    """,
    ),
    never_deleted("retired_masters"),
)

# What was under a key when it was marked compromised: nothing else opens under it.
_LISTINGS: Final = (
    table(
        "listings",
        """
    compromised INTEGER NOT NULL REFERENCES keyring (id),
    seq INTEGER NOT NULL,
    kid INTEGER NOT NULL REFERENCES keyring (id),
    cell BLOB NOT NULL,
    PRIMARY KEY (compromised, seq)
    """,
        cells=("cell",),
    ),
)

# A digest that tells an erased person again in an older copy, and the signed receipt.
_ERASURES: Final = (
    table(
        "erasures",
        """
    tombstone BLOB PRIMARY KEY,
    erased_us INTEGER NOT NULL,
    receipt TEXT NOT NULL
    """,
    ),
    never_deleted("erasures"),
    refuse("erasures_stay", "BEFORE UPDATE ON erasures", "append_only"),
)

# The ledger is MACed again when its key is replaced, and goes with its person.
_LEDGER: Final = (
    "DROP TRIGGER ledger_stays",
    refuse(
        "ledger_stays",
        "BEFORE UPDATE OF seq, id, tenant, person ON ledger",
        "append_only",
    ),
    "DROP TRIGGER ledger_keeps",
    refuse(
        "ledger_keeps",
        "BEFORE DELETE ON ledger WHEN EXISTS (SELECT 1 FROM people"
        " WHERE tenant = OLD.tenant AND person = OLD.person)",
        "append_only",
    ),
)

_STATES: Final = "'active decrypt_only compromised destroyed'"
_KEYS: Final = (
    refuse(
        "keyring_forward",
        "BEFORE UPDATE OF state ON keyring"
        f" WHEN instr({_STATES}, NEW.state) < instr({_STATES}, OLD.state)",
        "key_state",
    ),
)

SEALED: Final = (*second.SEALED, "listings")

THIRD: Final = (
    *_RETIRED_MASTERS,
    *_LISTINGS,
    *_ERASURES,
    *_LEDGER,
    *_KEYS,
    *only_active_keys("listings"),
    by_key("listings"),
    "DROP TRIGGER keyring_in_use",
    never_while_used(SEALED),
)
