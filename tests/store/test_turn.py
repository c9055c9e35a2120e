"""A turn: only this very unit is interrupted, and only while it reads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from pierre_mcp.errors import CancelledCallError
from pierre_mcp.store.turn import Turn

ENDLESS = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT count(*) FROM n
"""


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as db:
        yield db


def test_a_turn_not_cancelled_lets_pass(db: sqlite3.Connection) -> None:
    turn = Turn()
    turn.check()
    with turn.reading(db):
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_cancelled_turn_does_not_begin(db: sqlite3.Connection) -> None:
    turn = Turn()
    turn.cancel()
    with pytest.raises(CancelledCallError):
        turn.check()
    with pytest.raises(CancelledCallError), turn.reading(db):
        pytest.fail("it began")


def test_a_cancel_ends_a_statement_that_runs(db: sqlite3.Connection) -> None:
    turn, begun = Turn(), threading.Event()
    db.create_function("begun", 0, begun.set)

    def cancel() -> None:
        begun.wait()
        turn.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(CancelledCallError), turn.reading(db):
        db.execute(f"{ENDLESS} WHERE begun() IS NULL").fetchone()
    canceller.join()
    assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_cancel_after_the_turn_hits_nobody(db: sqlite3.Connection) -> None:
    turn = Turn()
    with turn.reading(db):
        pass
    rows = db.execute("SELECT 1 UNION ALL SELECT 2")
    turn.cancel()
    assert rows.fetchall() == [(1,), (2,)]


def test_a_fault_of_its_own_is_not_a_cancel(db: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError), Turn().reading(db):
        db.execute("SELECT * FROM nothing")
