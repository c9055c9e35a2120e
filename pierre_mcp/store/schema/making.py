"""The SQL of tables whose cells are sealed, and of what refuses to touch them.

What is plain in a row is only: our own random ids, tenant, person, source, origin,
sport, local day, key id, formula version, order and state. Everything measured, named
or timed is in a sealed cell. Cells of a row share the row's key (``kid``), which the
``CHECK`` holds; the triggers refuse a write under a key that is not active, and the
destruction of a key in use, whatever process asks.
"""

from collections.abc import Sequence
from typing import Final

from pierre_mcp.store.faults import STALE_KEY


def table(name: str, columns: str, *, cells: tuple[str, ...] = ()) -> str:
    """SQL of a table; its cells are held to the row's key, which bytes 3 to 6 name."""
    checks = "".join(
        f",\n    CHECK ({cell} IS NULL OR"
        f" hex(substr({cell}, 3, 4)) = printf('%08X', kid))"
        for cell in cells
    )
    return f"CREATE TABLE {name} ({columns.rstrip()}{checks}\n) STRICT"


def refuse(name: str, when: str, saying: str) -> str:
    """SQL of a trigger that refuses what ``when`` describes."""
    return f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{saying}'); END"


IS_ACTIVE: Final = "(SELECT state FROM keyring WHERE id = NEW.kid) IS 'active'"


def only_active_keys(table: str) -> tuple[str, str]:
    """Triggers by which a stale process cannot write under a retired key."""
    when = f"ON {table} WHEN NOT {IS_ACTIVE}"
    return (
        refuse(f"{table}_seals_active", f"BEFORE INSERT {when}", STALE_KEY),
        refuse(f"{table}_reseals_active", f"BEFORE UPDATE {when}", STALE_KEY),
    )


def never_deleted(table: str) -> str:
    """Trigger by which rows are only ever added."""
    return refuse(f"{table}_keeps", f"BEFORE DELETE ON {table}", "append_only")


def never_while_used(tables: Sequence[str]) -> str:
    """Trigger by which a key is not destroyed while a row is under it."""
    in_use = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE kid = OLD.id)"  # noqa: S608 - our own names
        for table in tables
    )
    return refuse(
        "keyring_in_use",
        "BEFORE UPDATE OF state ON keyring"
        f" WHEN NEW.state = 'destroyed' AND ({in_use})",
        "key_in_use",
    )


def by_key(table: str) -> str:
    """Return the index by which the rows under a key are found."""
    return f"CREATE INDEX {table}_by_key ON {table} (kid)"
