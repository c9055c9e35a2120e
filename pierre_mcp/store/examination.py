"""Examining a whole store, damaged or not: it counts, and returns no value.

Nothing here trusts the file: a page that does not read, a text that is none or a place
that cannot be ends the walk of that table and is told of; the next table is walked all
the same.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.ring import KeyState
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import keys, sealed
from pierre_mcp.store.database import Tx
from pierre_mcp.store.sealed import SealedRow, Table

_MOST_FAULTS = 1_000
_REPORT_EVERY = 256

Listen = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Walked:
    """One table, walked.

    Attributes:
        cells: Looked at.
        broken: Of these, how many do not open.
        ended: Whether the walk came to the table's end.
    """

    table: str
    cells: int
    broken: int
    ended: bool


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What is under keys, against the states of the keys.

    Attributes:
        lost: Rows under a key that is destroyed, or was never there.
        unserved: Scopes that have rows and no active key to seal more.
        retired_masters: Keys wrapped under a master key that retired.
        compromised: Rows under a key that may be known to others.
        retired: Rows under a key that only opens: a rotation to finish.
        unlisted: Compromised keys that have rows, and no list of what they may open.
    """

    lost: int
    unserved: int
    retired_masters: int
    compromised: int
    retired: int
    unlisted: int


def rows(tx: Tx, maintenance: Maintenance) -> int:
    """Return how many rows a walk of every table would look at."""
    del maintenance
    return sum(
        tx.one(f"SELECT count(*) FROM {table.name}")[0]  # noqa: S608 - our own words
        for table in sealed.TABLES
    )


def walk(tx: Tx, maintenance: Maintenance, table: Table, listen: Listen) -> Walked:
    """Open every cell of a table and let each go.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        table: Which.
        listen: Hears how many rows more were looked at.
    """
    cells = broken = seen = 0
    ended = False
    try:
        for row in sealed.every(tx, maintenance, table):
            cells += len(row.cells)
            broken += _broken(tx, row)
            seen += 1
            if seen % _REPORT_EVERY == 0:
                listen(_REPORT_EVERY)
        ended = True
    except Exception:  # noqa: BLE001, S110 - a damaged file may break anything; it is told
        pass
    listen(seen % _REPORT_EVERY)
    return Walked(table.name, cells, broken, ended)


def faults(tx: Tx, maintenance: Maintenance) -> int:
    """Return how many faults SQLite finds in the file's structure and indexes."""
    del maintenance
    found = tx.execute(f"PRAGMA integrity_check({_MOST_FAULTS})").fetchall()
    return 0 if found == [("ok",)] else len(found)


def dangling(tx: Tx, maintenance: Maintenance) -> int:
    """Return how many rows refer to one that is not there."""
    del maintenance
    return len(tx.execute("PRAGMA foreign_key_check").fetchall())


def key_use(tx: Tx, maintenance: Maintenance) -> KeyUse:
    """Hold the state of every key against what is under it."""
    del maintenance
    infos = {info.id: info for info in tx.ring.infos()}
    under: Counter[int] = Counter()
    served = {
        (i.scope, i.purpose) for i in infos.values() if i.state is KeyState.ACTIVE
    }
    unserved = set()
    for table in sealed.TABLES:
        sql = f"SELECT kid, count(*) FROM {table.name} GROUP BY kid"  # noqa: S608 - likewise
        for kid, count in tx.execute(sql):
            under[kid] += count
            if kid in infos and (infos[kid].scope, table.purpose) not in served:
                unserved.add(infos[kid].scope)
    by_state = Counter[KeyState]()
    for kid, count in under.items():
        by_state[infos[kid].state if kid in infos else KeyState.DESTROYED] += count
    gone = {one.mek_id for one in keys.retired(tx.db)}
    lists = {kid for (kid,) in tx.execute("SELECT compromised FROM listings")}
    return KeyUse(
        lost=by_state[KeyState.DESTROYED],
        unserved=len(unserved),
        retired_masters=sum(info.mek_id in gone for info in infos.values()),
        compromised=by_state[KeyState.COMPROMISED],
        retired=by_state[KeyState.DECRYPT_ONLY],
        unlisted=sum(
            kid in under and kid not in lists
            for kid, info in infos.items()
            if info.state is KeyState.COMPROMISED
        ),
    )


def _broken(tx: Tx, row: SealedRow) -> int:
    """Return how many cells of a row do not open."""
    broken = 0
    for _, place, cell in row.cells:
        try:
            tx.ring.open(cell, place)
        except SealBrokenError:
            broken += 1
    return broken
