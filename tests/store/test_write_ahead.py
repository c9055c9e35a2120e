"""The write-ahead log: moved into the file, cut, and gone with the last to close."""

import sqlite3
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    LockTimeoutError,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import database
from pierre_mcp.store.connection import WAL_PAGES
from pierre_mcp.store.database import Store
from tests.store.hands import child, line_of
from tests.store.units import HOLDER, append, count, log_bytes
from tests.stores import (
    a_recording,
    a_store,
    new_store,
    owner_grant,
    put,
)
from tests.stores import database as file_of


def grow(store: Store, grant: Grant) -> None:
    while not store.wants_checkpoint():
        put(store, grant, *(a_recording(part=i) for i in range(300)))


def test_a_log_grown_long_is_moved_into_the_file_and_cut(
    directory: Path, store: Store, grant: Grant
) -> None:
    assert not store.wants_checkpoint()
    store.tidy()
    grow(store, grant)
    long = log_bytes(directory)
    assert long > 4_096 * WAL_PAGES
    store.tidy()
    assert not store.wants_checkpoint()  # nothing new to move
    append(store, grant)
    assert log_bytes(directory) < long
    assert not store.wants_checkpoint()


def test_a_log_is_moved_under_readers_and_cut_after_them(
    directory: Path, store: Store, grant: Grant
) -> None:
    with a_store(directory) as reader:
        with reader.reading() as tx:
            (before,) = tx.one("SELECT count(*) FROM recordings")
            grow(store, grant)
            long = log_bytes(directory)
            store.checkpoint()
            append(store, grant)
            assert log_bytes(directory) >= long  # a reader is in it
            assert store.wants_checkpoint()
            assert tx.one("SELECT count(*) FROM recordings") == (before,)
        store.tidy()
        append(store, grant)
        assert log_bytes(directory) < long
        assert count(reader) > before


def test_the_last_to_close_leaves_one_file(directory: Path) -> None:
    with a_store(directory) as store:
        put(store, owner_grant(store), a_recording())
        assert file_of(directory).with_name("pierre.db-wal").exists()
    assert not store.wants_checkpoint()
    assert not list(directory.glob("pierre.db-*"))


def test_a_store_closes_though_the_lock_is_held(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CLOSE_DEADLINE_S", 0.05)
    store = new_store(directory)
    with child(HOLDER, directory) as process:
        assert line_of(process) == "held"
        store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.db.execute("SELECT 1")


def test_whoever_gives_up_waits_no_more(directory: Path, store: Store) -> None:
    with child(HOLDER, directory) as process:
        assert line_of(process) == "held"
        store.give_up()
        with pytest.raises(LockTimeoutError), store.writing():
            pytest.fail("it was begun")
