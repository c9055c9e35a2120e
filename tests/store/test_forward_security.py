"""After a checkpoint the key before it is gone: from the file, and from its log."""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.model.audit import Health
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, audit_check, audit_state, checkpoints, people
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store
from pierre_mcp.store.outside_notes import notes_in
from tests.forks import PIPE, Fork
from tests.store.hands import look
from tests.stores import (
    NOW,
    a_line,
    a_store,
    database,
    maintenance,
    marks_of,
    new_store,
    owner_grant,
)

pytestmark = [pytest.mark.unmeasured, pytest.mark.promise("audit.tamper")]

HEADER = 18
"""Bytes of a cell before what is sealed: version, suite, key id, nonce."""


def append(store: Store, grant: Grant, *, close: bool = False) -> None:
    with store.writing() as tx:
        how = Closing() if close else None
        audit.append(tx, a_line(), now=NOW, who=grant, close=how)


def secrets_of(store: Store) -> list[bytes]:
    """The epoch's key, and pieces of the cell it is sealed in."""
    with store.reading() as tx:
        key = audit_state.read_epoch(tx).key
        (cell,) = tx.one("SELECT cell FROM audit_state WHERE name = 'epoch'")
    return [key, cell[HEADER : HEADER + 32], cell[6:HEADER], cell[-16:]]


def left(directory: Path, secrets: Sequence[bytes]) -> int:
    """How many of them are in the files; read by another process (and its locks)."""
    pid = os.fork()
    if pid == 0:
        try:
            files = (database(directory), Path(f"{database(directory)}-wal"))
            content = b"".join(f.read_bytes() for f in files if f.exists())
            os._exit(min(100, sum(secret in content for secret in secrets)))
        except BaseException:  # noqa: BLE001 - it must not go on as a second pytest
            os._exit(101)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_the_old_key_is_in_neither_file(
    directory: Path, store: Store, grant: Grant
) -> None:
    append(store, grant)
    old = secrets_of(store)
    assert left(directory, old) == 3  # its cell, whose key is in no file itself
    append(store, grant, close=True)
    assert left(directory, old) == 3  # overwritten, and so in the log
    assert store.wants_tidying()
    store.tidy()
    assert not store.wants_tidying()
    assert left(directory, old) == 0
    assert left(directory, secrets_of(store)) == 3  # the search does find


def test_a_reader_keeps_it_until_it_has_gone(
    directory: Path, store: Store, grant: Grant
) -> None:
    old = secrets_of(store)
    with closing(sqlite3.connect(database(directory), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM audit").fetchall()
        append(store, grant, close=True)
        store.tidy()
        assert store.wants_tidying()  # tried again each time
        assert left(directory, old) == 3
        reader.execute("COMMIT")
        store.tidy()
    assert left(directory, old) == 0


def test_whoever_opens_next_empties_what_a_killed_process_left(
    directory: Path,
) -> None:
    with a_store(directory) as store:
        append(store, owner_grant(store))
    store = new_store(directory)  # left open, as by a kill
    old = secrets_of(store)
    append(store, owner_grant(store), close=True)
    with a_store(directory) as next_one:
        assert next_one.wants_tidying()
        next_one.tidy()
        assert left(directory, old) == 0
    store.close()


def test_closing_empties_it_beside_others(directory: Path, store: Store) -> None:
    with a_store(directory) as other:
        old = secrets_of(other)
        append(other, owner_grant(other), close=True)
        assert left(directory, old) == 3
    assert left(directory, old) == 0
    assert not store.db.in_transaction


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=12))
def test_no_key_before_the_last_is_ever_left(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]]
) -> None:
    """However rows and checkpoints follow each other, and the cell's size with them."""
    directory = tmp_path_factory.mktemp("keys") / "store"
    with a_store(directory) as store:
        grant, old, closed = owner_grant(store), list[bytes](), 0
        for rows, close in steps:
            before = secrets_of(store)
            for row in range(rows):
                append(store, grant, close=close and row == rows - 1)
            if close:
                old += before
                closed += 1
                store.tidy()
        assert left(directory, old) == 0
        with store.reading() as tx:
            found = audit_check.verify(tx, maintenance(), people.owner(tx))
            assert audit_state.read_epoch(tx).number == closed
        assert found == Health(sum(rows for rows, _ in steps), checkpoints=closed)


def appending(words: Sequence[str]) -> None:
    """Append rows, each third with a checkpoint, and say each that is committed."""
    store = new_store(Path(words[0]))
    grant = owner_grant(store)
    for seq in range(10_000):
        append(store, grant, close=seq % 3 == 2)
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()
        store.tidy()


@pytest.mark.promise("store.crash")
def test_a_kill_around_a_checkpoint_loses_nothing(directory: Path) -> None:
    with a_store(directory):
        pass
    said = 0
    for kill in range(3):
        process = Fork([str(directory)], main=appending, stdout=PIPE)
        for _ in range(2 + kill):
            process.stdout.readline()
            said += 1
        time.sleep(0.002 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with a_store(directory) as store:
            before = secrets_of(store)
            with store.reading() as tx:
                found = audit_check.verify(tx, maintenance(), people.owner(tx))
                notes = [one.note for one in checkpoints.every(tx)]
            assert isinstance(found, Health), found
            assert found.rows >= said
            said = found.rows
            outside = _outside(directory)
            assert set(outside) <= set(notes)
            assert len(outside) >= len(notes) - 1 - kill
            with store.writing() as tx:
                later = NOW + timedelta(seconds=kill)
                how, who = Closing(), people.owner(tx)
                audit.append(tx, a_line(), now=later, who=who, close=how)
            said += 1
            store.tidy()
            assert left(directory, before) == 0
    assert look(directory, "SELECT count(*) FROM audit") == [(said,)]


def _outside(directory: Path) -> list[str]:
    found = list(marks_of(directory).glob("*.checkpoints"))
    return notes_in(found[0].read_bytes()) if found else []
