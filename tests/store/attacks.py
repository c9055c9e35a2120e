"""A log of four epochs in a real file, and what is done to it by hand.

::

    rows    1 2 3 4 | 5 6 7 8 | 9 10 11 | 12 13 14
    epoch      0         1         2          3        details beside 2, 6, 10 and 13
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pierre_mcp.keyring import chain, notes
from pierre_mcp.keyring.log_key import LogKey
from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, audit_check, checkpoints, keys, people
from pierre_mcp.store.audit_against import NOTHING, Evidence
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store, Tx
from tests.stores import (
    NOW,
    a_line,
    a_store,
    database,
    maintenance,
    owner_grant,
)

ROWS = 14
CLOSED = (4, 8, 11)
DETAILS = (2, 6, 10, 13)
INTERVALS = ((1, 4), (5, 8), (9, 11))


def fill(store: Store, grant: Grant, *, kept: dict[int, LogKey] | None = None) -> None:
    """Append the rows; after each checkpoint keep what ``audit key`` would write."""
    if kept is not None:
        with store.writing() as tx:
            kept[0] = checkpoints.log_key(tx, maintenance())
    for seq in range(1, ROWS + 1):
        with store.writing() as tx:
            told = {"client": f"client {seq}"} if seq in DETAILS else None
            how = Closing() if seq in CLOSED else None
            line = a_line(f"action {seq}")
            audit.append(tx, line, now=NOW, who=grant, detail=told, close=how)
            if kept is not None and seq in CLOSED:
                kept[seq] = checkpoints.log_key(tx, maintenance())


@dataclass
class Lab:
    """The log, open in the program and in a connection that knows no rule."""

    store: Store
    hand: sqlite3.Connection
    grant: Grant
    keys: dict[int, LogKey]
    notes: tuple[str, ...]

    def verify(self, against: Evidence = NOTHING) -> Finding | Health:
        with self.store.reading() as tx:
            return audit_check.verify(tx, maintenance(), people.owner(tx), against)

    def kind_at(self, seq: int, last: int | None = None) -> FindingKind:
        """Return what is found, which is at this place."""
        found = self.verify()
        assert isinstance(found, Finding), found
        assert (found.seq, found.last_seq) == (seq, last), found
        return found.kind

    def entry(self, seq: int) -> str:
        sql = "SELECT entry FROM audit WHERE seq = ?"
        return str(self.hand.execute(sql, (seq,)).fetchone()[0])

    def edit(self, seq: int, entry: str) -> None:
        self.hand.execute("UPDATE audit SET entry = ? WHERE seq = ?", (entry, seq))

    def link_anew(self, first: int, last: int) -> None:
        """Compute links again, as anyone can."""
        sql = "SELECT link FROM audit WHERE seq = ?"
        found = self.hand.execute(sql, (first - 1,)).fetchone()
        before = chain.FIRST_LINK if found is None else found[0]
        for seq in range(first, last + 1):
            before = chain.link(before, self.entry(seq).encode())
            self.hand.execute("UPDATE audit SET link = ? WHERE seq = ?", (before, seq))

    def with_keys(self, work: Callable[[Tx], None]) -> None:
        """Do what only somebody can who runs as the person, or has the master key."""
        with self.store.accepting() as tx:  # the outside files are his to write, too
            work(tx)

    def evidence(self) -> Evidence:
        return Evidence(notes=self.notes)


@contextmanager
def a_lab(directory: Path) -> Iterator[Callable[[], Lab]]:
    """Give what makes the log as it was: the file is copied back each time."""
    kept: dict[int, LogKey] = {}
    with a_store(directory) as store:
        grant = owner_grant(store)
        fill(store, grant, kept=kept)
        store.truncate()
        with (
            closing(sqlite3.connect(database(directory), isolation_level=None)) as hand,
            closing(sqlite3.connect(":memory:")) as pristine,
        ):
            hand.execute("PRAGMA ignore_check_constraints = ON")
            for (name,) in hand.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                hand.execute(f"DROP TRIGGER {name}")
            hand.backup(pristine)
            with store.reading() as tx:
                ours = tuple(one.note for one in checkpoints.every(tx))
            lab = Lab(store, hand, grant, kept, ours)

            def again() -> Lab:
                pristine.backup(hand)
                return lab

            yield again


def changed(text: str, field: str) -> str:
    """Return an entry with one field changed."""
    entry = json.loads(text)
    value: Any = entry[field]
    if isinstance(value, list):
        entry[field] = [*value, "x"]
    elif isinstance(value, int):
        entry[field] = value + 1
    else:
        entry[field] = f"{value}x"
    return json.dumps(entry, sort_keys=True, separators=(",", ":"))


def interval_of(seq: int) -> tuple[int, int] | None:
    """Return the closed interval that a row is in; None in the epoch in hand."""
    return next((one for one in INTERVALS if one[0] <= seq <= one[1]), None)


def origin(store: Store) -> str:
    with store.reading() as tx:
        return notes.origin_of(keys.store_id(tx.db))
