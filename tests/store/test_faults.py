"""Faults of the machine and of others: said in our own words, and nothing is lost."""

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    LockTimeoutError,
    StoreDamagedError,
    StoreUnwritableError,
)
from pierre_mcp.model.audit import Health
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit_check, people, recordings
from pierre_mcp.store.database import Store
from tests.store.hands import child, go, line_of, look
from tests.store.units import HOLDER, WRITER, append, count
from tests.stores import (
    a_grant,
    a_recording,
    a_store,
    maintenance,
    new_store,
    owner_grant,
    put,
)
from tests.stores import database as file_of

pytestmark = pytest.mark.unmeasured

NOBODY = 65_534

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from pierre_mcp.errors import PierreError
from pierre_mcp.store import audit
from tests.stores import *
store = new_store(Path(sys.argv[1]))
grant = owner_grant(store)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
done = 0
try:
    for _ in range(10_000):
        with store.writing() as tx:
            done = audit.append(tx, a_line(), now=NOW, who=grant)
except PierreError as error:
    print(done, error.code, flush=True)
with store.reading() as tx:
    print(audit.tail(tx).seq, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
with store.writing() as tx:
    print(audit.append(tx, a_line(), now=NOW, who=grant), flush=True)
store.close()
"""


@pytest.mark.promise("audit.fail-closed")
def test_a_full_disk_is_said_so_and_nothing_is_recorded(
    store: Store, grant: Grant
) -> None:
    (pages,) = store.db.execute("PRAGMA page_count").fetchone()
    store.db.execute(f"PRAGMA max_page_count = {pages}")
    done = 0

    def fill() -> None:
        nonlocal done
        for _ in range(200):
            done = append(store, grant)

    with pytest.raises(StoreUnwritableError):
        fill()
    assert 0 < done < 200
    store.db.execute("PRAGMA max_page_count = 100000")
    with store.reading() as tx:
        assert audit_check.verify(tx, maintenance(), people.owner(tx)) == Health(done)
    assert append(store, grant) == done + 1


@pytest.mark.promise("audit.fail-closed")
@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit")
def test_a_disk_that_takes_no_more_is_said_so(directory: Path) -> None:
    with child(FULL_DISK, directory) as process:
        done, code = line_of(process).split()
        assert code == "store_unwritable"
        kept, then = int(line_of(process)), int(line_of(process))
        assert process.wait() == 0
    assert 0 < kept <= int(done)
    assert then == kept + 1


@pytest.mark.promise("audit.fail-closed")
def test_a_file_that_cannot_be_written_is_said_so(store: Store, grant: Grant) -> None:
    append(store, grant)
    store.db.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnwritableError):
        append(store, grant)
    store.db.execute("PRAGMA query_only = OFF")
    assert append(store, grant) == 2


@pytest.mark.promise("audit.fail-closed")
def test_a_lock_held_by_others_is_said_so(
    directory: Path, store: Store, grant: Grant
) -> None:
    with child(HOLDER, directory) as process:
        assert line_of(process) == "held"
        with pytest.raises(LockTimeoutError), store.writing(deadline_s=0.05):
            pytest.fail("it was begun")
        store.tidy()  # another time
        assert count(store) == 0  # readers need no lock
        go(process)
        process.wait()
    assert append(store, grant) == 1


def test_a_writer_that_goes_round_the_lock_is_waited_for_and_said_so(
    directory: Path, store: Store, grant: Grant
) -> None:
    store.db.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(file_of(directory), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockTimeoutError):
            append(store, grant)
    assert append(store, grant) == 1


def test_a_torn_page_is_said_so(directory: Path) -> None:
    with a_store(directory) as store:
        put(store, owner_grant(store), *(a_recording(part=i) for i in range(200)))
    [(page,)] = look(
        directory, "SELECT rootpage FROM sqlite_master WHERE name = 'recordings'"
    )
    with file_of(directory).open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\xff" * 4_096)
    with a_store(directory) as store:
        grant = owner_grant(store)
        with pytest.raises(StoreDamagedError), store.reading() as tx:
            list(recordings.newest(tx, grant, recordings.Wanted()))


@pytest.mark.promise("store.crash")
def test_no_acknowledged_write_is_lost_by_a_kill(directory: Path) -> None:
    last = 0
    for kill in range(8):
        with child(WRITER, directory) as process:
            for _ in range(3 + 5 * kill):
                last = int(line_of(process))
            process.kill()
            process.wait()
        with a_store(directory) as store, store.reading() as tx:
            health = audit_check.verify(tx, maintenance(), people.owner(tx))
            assert isinstance(health, Health)
            assert health.rows >= last
            assert tx.one("SELECT count(*) FROM recordings")[0] >= last
            assert tx.one("PRAGMA integrity_check") == ("ok",)
            grant = a_grant(people.owner(tx))
            assert list(recordings.newest(tx, grant, recordings.Wanted()))


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Have a directory in which nobody may write, whoever runs the test."""
    root = os.geteuid() == 0
    everything = (directory, *directory.iterdir())
    modes = {path: path.stat().st_mode for path in everything}
    for path in everything:
        if root:
            os.chown(path, NOBODY, NOBODY)
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        if root:
            os.seteuid(NOBODY)
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)
            if root:
                os.chown(path, 0, 0)


@pytest.mark.promise("store.crash")
def test_a_read_only_directory_is_said_so_and_loses_nothing() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own are closed to others
        Path(made).chmod(0o711)
        directory = Path(made) / "store"
        with a_store(directory) as store:
            log = append(store, owner_grant(store))
        before = file_of(directory).read_bytes()
        with read_only(directory), pytest.raises(StoreUnwritableError):
            new_store(directory, own=True)
        assert file_of(directory).read_bytes() == before
        with a_store(directory) as store:
            assert append(store, owner_grant(store)) == log + 1
