"""Looking after a store without seeing into it: nothing opened is ever returned."""

import sqlite3

from pierre_mcp.keyring.ring import KeyState
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import keys, people
from pierre_mcp.store.database import Tx


def sqlite_version() -> tuple[int, int, int]:
    """Return the version of the SQLite library in use."""
    major, minor, patch = sqlite3.sqlite_version_info
    return major, minor, patch


def intact(tx: Tx, maintenance: Maintenance) -> bool:
    """Tell whether SQLite finds the file whole and every reference held."""
    del maintenance
    check = tx.execute("PRAGMA quick_check(1)").fetchall()
    references = tx.execute("PRAGMA foreign_key_check").fetchall()
    return check == [("ok",)] and not references


def key_count(tx: Tx, maintenance: Maintenance) -> int:
    """Return how many keys are in use."""
    del maintenance
    return sum(info.state is KeyState.ACTIVE for info in tx.ring.infos())


def masters_in_use(tx: Tx, maintenance: Maintenance) -> frozenset[str]:
    """Return the public ids that keys are wrapped under, in hexadecimal."""
    del maintenance
    return frozenset(one.hex() for one in keys.needed_ids(tx.db))


def open_one(tx: Tx, maintenance: Maintenance, who: Identity) -> None:
    """Open one cell of the person's, and let it go.

    Raises:
        SealBrokenError: It does not open.
    """
    del maintenance
    people.profile(tx, who)


def recordings(tx: Tx, maintenance: Maintenance) -> int:
    """Return how many recordings there are."""
    del maintenance
    (found,) = tx.one("SELECT count(*) FROM recordings")
    return int(found)
