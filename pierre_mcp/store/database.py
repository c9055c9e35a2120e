"""The database: snapshots and write units, one connection on one thread.

A unit is ``reading()`` (a snapshot, no lock) or ``writing()`` (``BEGIN IMMEDIATE``
under the turnstile, since SQLite before 3.51.3 can corrupt a WAL when two connections
write and checkpoint at the same instant). Each first reads the schema version and the
keyring's generation: a change of keys reloads the ring, and a newer schema ends an
old process with a sentence. Units do not nest, and nothing of one outlives it: a row
half read would hold its snapshot, and the interrupt that hit it, over the next.
"""

import os
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from pierre_mcp.errors import (
    LockTimeoutError,
    StoreDamagedError,
    StoreReplacedError,
    StoreUpgradedError,
)
from pierre_mcp.keyring.ring import SEAL_BLOCK, Ring, count_after_block
from pierre_mcp.store import migrations
from pierre_mcp.store.faults import translated
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.store.keys import Keys
from pierre_mcp.store.lock import Turnstile
from pierre_mcp.store.turn import Turn
from pierre_mcp.store.write_ahead import (
    CLOSE_DEADLINE_S,
    WRITE_DEADLINE_S,
    WriteAhead,
)

_STAMP: Final = "SELECT id, generation, manifest FROM store"
_SEALS: Final = "SELECT seals FROM keyring WHERE id = ?"
_RESERVE: Final = "UPDATE keyring SET seals = ? WHERE id = ?"

LOW_WATER: Final = 4_096
"""Seals kept in hand at the start of a unit; no unit makes more."""


class Tx:
    """An open transaction: the only way to the tables, and to the ring.

    It ends with its unit, and its cursors with it.

    Attributes:
        ring: The keys, as this transaction finds or leaves them.
        keys: The master keys given, and how the ring is loaded.
        logged: The last row it added to the log; noted outside once it is committed.
        notes: The checkpoints it took; likewise.
    """

    __slots__ = ("_cursors", "_db", "_run", "keys", "logged", "notes", "ring")

    def __init__(self, db: sqlite3.Connection, ring: Ring, keys: Keys) -> None:
        self._db: sqlite3.Connection | None = db
        self._run: Callable[[str, Sequence[Any]], sqlite3.Cursor] = db.execute
        self._cursors: list[sqlite3.Cursor] = []
        self.ring = ring
        self.keys = keys
        self.logged: Mark | None = None
        self.notes: list[str] = []

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one constant statement with its values.

        Raises:
            RuntimeError: The transaction is over.
        """
        cursor = self._run(sql, values)
        if cursor.description is not None:  # it has rows, maybe never read to the end
            self._cursors.append(cursor)
        return cursor

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Return the first row, or None; its statement is free to be used again."""
        cursor = self._run(sql, values)
        row = cursor.fetchone()
        cursor.close()  # or the same statement would be prepared anew the next time
        return row

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for what is also done before there is a ring.

        Raises:
            RuntimeError: The transaction is over.
        """
        if self._db is None:
            _over()
        return self._db

    def end(self) -> None:
        """Let go of every row not read, before COMMIT or ROLLBACK."""
        self._db, self._run = None, _over
        for cursor in self._cursors:
            cursor.close()
        self._cursors.clear()


class Store(WriteAhead):
    """One connection to one store, used from one thread.

    Args:
        db: Connected and brought to the newest schema.
        lock: Shared with every other process on this store.
        keys: Loads the keyring inside a transaction, unwrapped.
        path: The database file; it and its ``-wal`` are only looked at, never opened.
        outside: Where it is noted how far the log has come.

    Attributes:
        signed: How many checkpoints were taken here: who keeps them is to be told.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        lock: Turnstile,
        keys: Keys,
        path: Path,
        outside: HighWater,
    ) -> None:
        super().__init__(db, lock=lock, path=path)
        self._outside = outside
        self._keys = keys
        self._path = str(path)  # as a text: it is asked of at each unit
        self._file = _identity(self._path)
        self._ring: Ring | None = None
        self._stamp: object = None
        self.signed = 0

    @contextmanager
    def reading(self, turn: Turn | None = None) -> Iterator[Tx]:
        """Open a snapshot; ``turn`` lets a cancellation interrupt it.

        Raises:
            CancelledCallError: ``turn`` was cancelled, before or meanwhile.
        """
        # The turn is over before COMMIT or ROLLBACK, which no interrupt may hit.
        with (
            translated(),
            self._transaction("BEGIN") as tx,
            (turn or Turn()).reading(self.db),
        ):
            yield tx

    @contextmanager
    def writing(
        self, turn: Turn | None = None, *, deadline_s: float = WRITE_DEADLINE_S
    ) -> Iterator[Tx]:
        """Open the one writing transaction there can be; it is never interrupted.

        Args:
            turn: If it is cancelled before the lock is had, nothing is begun.
            deadline_s: Seconds to wait for the lock at most.

        Raises:
            CancelledCallError: ``turn`` was cancelled before this began.
            LockTimeoutError: Others held the store until the deadline.
            StorePutBackError: The log does not go as far as was noted outside.
            StoreUnwritableError: The disk is full, or the file cannot be written.
        """
        self._require_no_unit()
        turn = turn or Turn()
        turn.check()
        with translated(), self._lock.hold(deadline_s):
            turn.check()
            while not (yield from self._step()):
                self._reserve()

    @contextmanager
    def accepting(self) -> Iterator[Tx]:
        """Open the writing transaction by which a store put back is accepted.

        With its COMMIT the log's newest row is what is noted outside.
        """
        self._require_no_unit()
        with translated(), self._lock.hold(WRITE_DEADLINE_S):
            if self._low():
                self._reserve()
            with self._transaction("BEGIN IMMEDIATE") as tx:
                yield tx
            self._outside.begin_as(self.db)
            self._stale = True

    def refill(self) -> None:
        """Have seals in hand, for a snapshot in which values are sealed.

        ``writing`` does so by itself; bulk work that seals before it takes the lock
        calls this first, since a process starts with none, and so does each new key.
        """
        with translated():
            if self._low():
                with self._lock.hold(WRITE_DEADLINE_S):
                    self._reserve()

    def noted(self) -> tuple[Mark | None, Mark]:
        """Return how far the log had come by what is noted outside, and how far it is.

        They are the same, unless the store was put back (or the last mark could not be
        written, or its writer was killed before it was).
        """
        with translated(), self._lock.hold(WRITE_DEADLINE_S):
            return self._outside.mark(), Mark.newest(self.db)

    def noted_notes(self) -> tuple[str, list[str]]:
        """Return whose checkpoints are noted outside, and each of them."""
        with translated(), self._lock.hold(WRITE_DEADLINE_S):
            return self._outside.store_id, self._outside.notes.read()

    def give_up(self) -> None:
        """End every wait for the lock: the process is going. From any thread."""
        self._lock.give_up()

    def close(self) -> None:
        """Close under the lock: the last connection checkpoints as it goes.

        If others hold the lock for long, they are connected, and so this is not the
        last: it closes without.
        """
        with (
            suppress(LockTimeoutError),
            self._lock.hold(CLOSE_DEADLINE_S, closing=True),
        ):
            if self._stale:
                self._truncated()
            self.db.close()
        self.db.close()

    def _step(self) -> Generator[Tx, None, bool]:
        """Give a transaction to write in, if seals are in hand; tell whether they were.

        What was logged is noted outside before the lock is let go.
        """
        with self._transaction("BEGIN IMMEDIATE") as tx:
            low = tx.ring.short_of(LOW_WATER)
            if not low:
                yield tx
            # Last, since a log cut by hand is found by whoever extends it, and is told
            # from a whole one that is old.
            self._outside.check(self.db)
            if tx.notes:
                self._outside.notes.check(self.db)
        if tx.logged is not None:
            self._outside.note(tx.logged)
        if tx.notes:
            self._outside.notes.add(tx.notes)
            self._stale = True
            self.signed += len(tx.notes)
        return not low

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Tx]:
        self._require_no_unit()
        tx: Tx | None = None
        try:
            self.db.execute(begin)
            tx = Tx(self.db, self._fresh(), self._keys)
            yield tx
            tx.end()
            self.db.execute("COMMIT")
            self._ring = tx.ring  # where it changed the keys: seals in hand go along
        except BaseException:
            if tx is not None:
                tx.end()
            # A full disk may have rolled back already.
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def _require_no_unit(self) -> None:
        if self.db.in_transaction:
            msg = "units do not nest"
            raise RuntimeError(msg)

    def _fresh(self) -> Ring:
        if _identity(self._path) != self._file:
            raise StoreReplacedError
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        if version != migrations.VERSION:
            raise StoreUpgradedError
        stamp = self.db.execute(_STAMP).fetchone()
        if stamp is None:
            raise StoreDamagedError
        if stamp[0] != self._outside.store_id:
            raise StoreReplacedError
        # The manifest too: a copy put back may have come to the same generation anew.
        if stamp != self._stamp or self._ring is None:
            fresh = self._keys.load(self.db, self._ring)
            if self._ring is not None:
                fresh.hand_over(self._ring)
            self._ring, self._stamp = fresh, stamp
        return self._ring

    def _low(self) -> bool:
        with self._transaction("BEGIN") as tx:
            return bool(tx.ring.short_of(LOW_WATER))

    def _reserve(self) -> None:
        """Count a block of seals in a committed step, under the lock.

        DESIGN 5: nonces hold for a counted number of seals a key, so the count is on
        disk before the first of them is used.
        """
        with self._transaction("BEGIN IMMEDIATE") as tx:
            ring = tx.ring
            due = ring.short_of(LOW_WATER)
            for key_id in due:
                (seals,) = tx.one(_SEALS, (key_id,))
                tx.execute(_RESERVE, (count_after_block(seals), key_id))
        for key_id in due:
            ring.reserve(key_id, SEAL_BLOCK)


def _over(*_: object) -> NoReturn:
    msg = "this transaction is over"
    raise RuntimeError(msg)


def _identity(path: str) -> tuple[int, int]:
    """Say which file has the name now; the one we have open may have lost it."""
    try:
        found = os.stat(path)  # noqa: PTH116 - at each unit, and Path's is slower
    except OSError:
        raise StoreReplacedError from None
    return found.st_dev, found.st_ino
