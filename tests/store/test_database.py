"""Units: what they see, and what they leave behind."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    CancelledCallError,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import migrations
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.turn import Turn
from tests.store.units import append, count
from tests.stores import (
    a_recording,
    a_store,
    begin_import,
    put,
)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1),
        ("recursive_triggers", 1), ("secure_delete", 1), ("trusted_schema", 0),
        ("cell_size_check", 1), ("wal_autocheckpoint", 0), ("temp_store", 2),
        ("busy_timeout", 5_000), ("fullfsync", 1), ("checkpoint_fullfsync", 1),
        ("application_id", 0x50494552), ("user_version", migrations.VERSION),
    ],
)  # fmt: skip
def test_every_pragma_is_set(store: Store, pragma: str, value: object) -> None:
    assert store.db.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_files_are_ours_alone(directory: Path, store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_snapshot_does_not_move(directory: Path, store: Store, grant: Grant) -> None:
    with a_store(directory) as other:
        with store.reading() as tx:
            assert tx.one("SELECT count(*) FROM recordings") == (0,)
            put(other, grant, a_recording())
            assert tx.one("SELECT count(*) FROM recordings") == (0,)
        assert count(store) == 1


def test_a_unit_that_fails_leaves_nothing(store: Store, grant: Grant) -> None:
    def fail() -> None:
        with store.writing() as tx:
            begin_import(tx, grant)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - ours, and as it was raised
        fail()
    with store.reading() as tx:
        assert tx.one("SELECT count(*) FROM imports") == (0,)


@pytest.mark.parametrize(
    "error",
    [ValueError(), OSError(28, "full"), KeyboardInterrupt(), sqlite3.Error("mine")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("unit", [Store.reading, Store.writing])
def test_an_error_of_the_body_is_not_translated(
    store: Store, unit: Callable[[Store], Tx], error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught, unit(store):  # type: ignore[attr-defined]
        raise error
    assert caught.value is error
    assert not store.db.in_transaction


def test_a_mistake_in_sql_stays_a_mistake(store: Store) -> None:
    with (
        pytest.raises(sqlite3.OperationalError, match="nothing"),
        store.reading() as tx,
    ):
        tx.execute("SELECT * FROM nothing")
    assert count(store) == 0


def test_units_do_not_nest(store: Store) -> None:
    for outer in (store.reading, store.writing):
        for inner in (store.reading, store.writing):
            with outer() as tx:
                with pytest.raises(RuntimeError, match="nest"), inner():
                    pass
                assert tx.one("SELECT 1") == (1,)  # the outer one goes on


def test_a_transaction_is_not_kept(store: Store) -> None:
    with store.reading() as tx:
        rows = tx.execute("SELECT 1 UNION ALL SELECT 2")
        assert rows.fetchone() == (1,)
    with pytest.raises(RuntimeError, match="over"):
        tx.execute("SELECT 1")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        rows.fetchone()


def test_rows_half_read_do_not_hold_the_next_snapshot(
    directory: Path, store: Store, grant: Grant
) -> None:
    put(store, grant, a_recording(), a_recording(part=1))
    with store.reading() as tx:
        kept = [tx.execute("SELECT id FROM recordings")]
        kept[0].fetchone()

    def fail() -> None:
        with store.reading() as tx:
            rows = tx.execute("SELECT id FROM recordings")
            rows.fetchone()
            raise ValueError

    with pytest.raises(ValueError) as error:  # noqa: PT011 - ours; its frames hold rows
        fail()
    with a_store(directory) as other:
        put(other, grant, a_recording(part=2))
    assert count(store) == 3
    put(store, grant, a_recording(part=3))
    assert (len(kept), error.type) == (1, ValueError)


def test_an_interrupt_leaves_the_connection_usable(store: Store, grant: Grant) -> None:
    """Even with rows half read, whose statement keeps the interrupt alive."""
    put(store, grant, *(a_recording(part=i) for i in range(5)))
    kept = []

    def cancelled_within(turn: Turn) -> None:
        with store.reading(turn) as tx:
            rows = tx.execute("SELECT id FROM recordings")
            kept.append(rows.fetchone() and rows)
            turn.cancel()
            tx.execute("SELECT count(*) FROM recordings").fetchall()

    for _ in range(3):
        with pytest.raises(CancelledCallError):
            cancelled_within(Turn())
        assert not store.db.in_transaction
        assert count(store) == 5
        append(store, grant)


def test_a_cancelled_write_is_not_begun(store: Store, grant: Grant) -> None:
    turn = Turn()
    turn.cancel()
    with pytest.raises(CancelledCallError), store.writing(turn):
        pytest.fail("it was begun")
    append(store, grant)


def test_a_write_once_begun_is_not_interrupted(store: Store, grant: Grant) -> None:
    turn = Turn()
    with store.writing(turn) as tx:
        turn.cancel()
        begin_import(tx, grant)
    with store.reading() as tx:
        assert tx.one("SELECT count(*) FROM imports") == (1,)
