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
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import key_changes, sealed
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_changes import Use
from pierre_mcp.store.sealed import SealedRow, Table

MOST_ROWS: Final = 250
MOST_BYTES: Final = 1_000_000

SEALING: Final = (Purpose.SEAL, Purpose.AUDIT)
"""The purposes of the keys that a routine rotation replaces."""

_KEPT: Final = (Purpose.INDEX, Purpose.LEDGER)
"""Old keys of these are no rotation to finish: digests fold over all of them."""

_RETIRED: Final = (KeyState.COMPROMISED, KeyState.DECRYPT_ONLY)
_FORGET: Final = "DELETE FROM listings WHERE compromised = ?"


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


def pending(tx: Tx, maintenance: Maintenance) -> list[KeyInfo]:
    """Return the keys that retired and are not destroyed, compromised ones first."""
    del maintenance
    found = (info for info in tx.ring.infos() if info.purpose not in _KEPT)
    retired = (info for info in found if info.state in _RETIRED)
    return sorted(retired, key=lambda info: _RETIRED.index(info.state))


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
) -> list[KeyInfo]:
    """Make a new key the active one of each use, and return the new ones.

    What every append to the log rewrites would lose each compare-and-swap: the log's
    two cells are sealed again here, and their old key is destroyed at once.
    """
    moved = [sealed.AUDIT_STATE] if any(p is Purpose.AUDIT for _, p in uses) else []
    held = [_opened(tx, maintenance, table) for table in moved]
    old = [tx.ring.active(*use) for use in uses if use[1] is Purpose.AUDIT]
    made = key_changes.renew(tx, maintenance, uses, now=now)
    for table, rows in zip(moved, held, strict=True):
        _put(tx, table, rows)
    key_changes.destroy(tx, maintenance, old, now=now)
    return made


def reseal(
    tx: Tx, maintenance: Maintenance, table: Table, key_id: int, *, beyond: int
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
        try:
            plain = [tx.ring.open(cell, place) for _, place, cell in row.cells]
        except SealBrokenError:
            batch.broken += 1
        else:
            batch.rows.append(_sealed(tx, table, row, plain, key))
        size += sum(len(cell) for _, _, cell in row.cells)
        if taken == MOST_ROWS or size >= MOST_BYTES:
            batch.last = False
            break
    return batch


def write(tx: Tx, maintenance: Maintenance, table: Table, batch: Batch) -> int:
    """Write what still stands as it was opened; return how many rows that were."""
    del maintenance
    sql = _update(table)
    return sum(tx.execute(sql, values).rowcount for values in batch.rows)


def destroy(tx: Tx, maintenance: Maintenance, key_id: int, *, now: datetime) -> bool:
    """Destroy a key under which no row is left; tell whether it is destroyed."""
    if key_id not in {info.id for info in tx.ring.infos()}:
        return True
    if rows_under(tx, maintenance, [key_id]):
        return False
    tx.execute(_FORGET, (key_id,))
    key_changes.destroy(tx, maintenance, [key_id], now=now)
    return True


def _opened(
    tx: Tx, maintenance: Maintenance, table: Table
) -> list[tuple[SealedRow, KeyInfo, list[bytes]]]:
    return [
        (
            row,
            tx.ring.info(row.kid),
            [tx.ring.open(cell, place) for _, place, cell in row.cells],
        )
        for row in sealed.every(tx, maintenance, table)
    ]


def _put(
    tx: Tx, table: Table, rows: Sequence[tuple[SealedRow, KeyInfo, list[bytes]]]
) -> None:
    for row, key, plain in rows:
        tx.execute(_update(table), _sealed(tx, table, row, plain, key))


def _sealed(
    tx: Tx, table: Table, row: SealedRow, plain: Iterable[bytes], key: KeyInfo
) -> tuple[Any, ...]:
    """Seal a row's values under the key now in use; return the values of its UPDATE."""
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    kid = row.kid
    for (column, place, cell), value in zip(row.cells, plain, strict=True):
        before[column] = cell
        kid, after[column] = tx.ring.seal(value, place, key.scope, key.purpose)
    columns = [column for column, _ in table.cells]
    return (
        kid,
        *(after.get(column) for column in columns),
        row.rowid,
        row.kid,
        *(before.get(column) for column in columns),
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
