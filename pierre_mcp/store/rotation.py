"""Rotation in SQL: which keys retired, and their rows sealed again, few at a time.

The keyring is the state: a key that retired and is not destroyed is a rotation to
finish, whichever process began it. Rows are opened and sealed again in a snapshot,
and written by compare-and-swap, so that whoever wrote one meanwhile wins; they are
counted and their key destroyed in one transaction. Nothing opened is returned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from pierre_mcp.errors import KeyMissingError, SealBrokenError
from pierre_mcp.keyring.cells import column_piece
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import key_changes, listings, sealed
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_changes import Use
from pierre_mcp.store.sealed import SealedRow, Table

# What one step writes at most: 2 ms of the lock at the median, and twice that for 250
# rows, which are hardly faster.
MOST_ROWS: Final = 100
MOST_BYTES: Final = 1_000_000

SEALING: Final = (Purpose.SEAL, Purpose.AUDIT)
"""The purposes of the keys that a routine rotation replaces."""

KEPT: Final = (Purpose.INDEX, Purpose.LEDGER)
"""Old keys of these are no rotation to finish: digests fold over all of them."""


@dataclass(slots=True)
class Batch:
    """Rows sealed again, ready to be written.

    Attributes:
        rows: The values of each row's UPDATE.
        broken: How many rows were passed over: a cell of theirs does not open.
        beyond: The last row looked at.
        last: None is after it.
    """

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    broken: int = 0
    beyond: int = -1
    last: bool = True


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that seals no more, and may have rows under it.

    Attributes:
        compromised: Others may know it.
    """

    id: int
    purpose: Purpose
    compromised: bool

    def passes(self) -> list[Table]:
        """Return the tables to go through, in their order, the most sensitive first.

        Of a compromised key, streams of places and heart rate come before others.
        """
        passes: list[Table] = []
        for table in sealed.TABLES:
            if table.purpose is not self.purpose:
                continue
            if table.urgent and self.compromised:
                passes.append(table.of_urgent())
            passes.append(table)
        return passes


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many keys were made, and how many destroyed with that."""

    made: int = 0
    destroyed: int = 0


def pending(tx: Tx, maintenance: Maintenance) -> list[RetiredKey]:
    """Return the keys that retired and are not destroyed, compromised ones first."""
    del maintenance
    found = [
        RetiredKey(info.id, info.purpose, info.state is KeyState.COMPROMISED)
        for info in tx.ring.infos()
        if info.state is not KeyState.ACTIVE and info.purpose not in KEPT
    ]
    return sorted(found, key=lambda key: not key.compromised)


def in_use(
    tx: Tx, maintenance: Maintenance, purposes: Sequence[Purpose], kind: str | None
) -> list[Use]:
    """Return the keys in use for these purposes, all or of one kind of scope.

    Args:
        tx: Any transaction.
        maintenance: From the gate.
        purposes: Which.
        kind: ``"system"``, ``"tenant"`` or ``"person"``.
    """
    del maintenance
    return [
        (info.scope, info.purpose)
        for info in tx.ring.infos()
        if info.state is KeyState.ACTIVE
        and info.purpose in purposes
        and kind in {None, kind_of(info.scope)}
    ]


def kind_of(scope: str) -> str:
    """Return which kind of scope it is: ``system``, ``tenant`` or ``person``."""
    return scope.partition(":")[0]


def rows_under(tx: Tx, maintenance: Maintenance, key_ids: Iterable[int]) -> int:
    """Return how many rows are under any of these keys."""
    return sum(
        sealed.count(tx, maintenance, table, key_id)
        for key_id in key_ids
        for table in sealed.TABLES
    )


def replace(
    tx: Tx, maintenance: Maintenance, uses: Sequence[Use], *, now: datetime
) -> Replaced:
    """Make a new key the active one of each use.

    What every append to the log rewrites would lose each compare-and-swap: the log's
    two cells are sealed again here, and their old key is destroyed at once.
    """
    held = opened(tx, maintenance, sealed.AUDIT_STATE)
    old = [tx.ring.active(*use) for use in uses if use[1] is Purpose.AUDIT]
    made = key_changes.renew(tx, maintenance, uses, now=now)
    if old:
        put(tx, sealed.AUDIT_STATE, held)
        key_changes.destroy(tx, maintenance, old, now=now)
    return Replaced(len(made), len(old))


def reseal(
    tx: Tx,
    maintenance: Maintenance,
    table: Table,
    key_id: int,
    *,
    beyond: int,
) -> Batch:
    """Seal the next rows of a table under the key that follows theirs, in a snapshot.

    A row with a cell that does not open is passed over: it stays as it is, under its
    key, for ``doctor`` to name.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        table: Which.
        key_id: The key that retired.
        beyond: The row to begin after.
    """
    batch, size = Batch(beyond=beyond), 0
    try:
        key = tx.ring.info(key_id)
    except KeyMissingError:  # another process has finished it
        return batch
    rows = sealed.under(tx, maintenance, table, key_id, beyond=beyond, most=MOST_ROWS)
    for taken, row in enumerate(rows, 1):
        batch.beyond = row.rowid
        plain = _plain(tx, row)
        if plain is None:
            batch.broken += 1
        else:
            batch.rows.append(_sealed(tx, table, OpenedRow(row, key, plain)))
        size += sum(len(cell) for _, _, cell in row.cells)
        if taken == MOST_ROWS or size >= MOST_BYTES:
            batch.last = False
            break
    return batch


def write(tx: Tx, maintenance: Maintenance, table: Table, batch: Batch) -> int:
    """Write what still stands as it was opened; return how many rows that were."""
    del maintenance
    return tx.db.executemany(_update(table), batch.rows).rowcount


def destroy(tx: Tx, maintenance: Maintenance, key_id: int, *, now: datetime) -> bool:
    """Destroy a key under which no row is left; tell whether it is destroyed."""
    if key_id not in {info.id for info in tx.ring.infos()}:
        return True
    if rows_under(tx, maintenance, [key_id]):
        return False
    listings.forget(tx.db, key_id)
    key_changes.destroy(tx, maintenance, [key_id], now=now)
    return True


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """A row about to be sealed again in the same transaction."""

    row: SealedRow
    key: KeyInfo
    plain: Sequence[bytes] = field(repr=False)


def opened(tx: Tx, maintenance: Maintenance, table: Table) -> list[OpenedRow]:
    """Open every row of a small table that opens, for ``put``."""
    rows = sealed.every(tx, maintenance, table)
    found = ((row, _plain(tx, row)) for row in rows)
    return [
        OpenedRow(row, tx.ring.info(row.kid), plain)
        for row, plain in found
        if plain is not None
    ]


def put(tx: Tx, table: Table, rows: Iterable[OpenedRow]) -> None:
    """Seal rows under the keys now in use, and write them."""
    for one in rows:
        tx.execute(_update(table), _sealed(tx, table, one))


def _plain(tx: Tx, row: SealedRow) -> list[bytes] | None:
    try:
        return row.open(tx.ring)
    except SealBrokenError:
        return None


def _sealed(tx: Tx, table: Table, one: OpenedRow) -> tuple[Any, ...]:
    """Seal a row's values under the key now in use; return the values of its UPDATE."""
    cells = one.row.cells
    kid, again = tx.ring.seal_row(
        cells[0][1],
        [
            (column_piece(place.column), plain)
            for (_, place, _), plain in zip(cells, one.plain, strict=True)
        ],
        one.key.scope,
        one.key.purpose,
    )
    if len(table.cells) == 1:
        return (kid, *again, one.row.rowid, one.row.kid, cells[0][2])
    before = {column: cell for column, _, cell in cells}
    after = dict(zip(before, again, strict=True))
    columns = [column for column, _ in table.cells]
    return (
        kid,
        *map(after.get, columns),
        one.row.rowid,
        one.row.kid,
        *map(before.get, columns),
    )


@cache
def _update(table: Table) -> str:
    columns = [column for column, _ in table.cells]
    new = ", ".join(f"{column} = ?" for column in columns)
    same = " AND ".join(f"{column} IS ?" for column in columns)
    return (
        f"UPDATE {table.name} SET kid = ?, {new}"  # noqa: S608 - our own words
        f" WHERE rowid = ? AND kid = ? AND {same}"
    )
