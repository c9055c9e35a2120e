"""Conditions under which no record can be written, each a real one."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.gate.world import World
from tests.stores import database


@contextmanager
def read_only(world: World) -> Iterator[None]:
    world.store.db.execute("PRAGMA query_only = ON")
    yield
    world.store.db.execute("PRAGMA query_only = OFF")


@contextmanager
def full_disk(world: World) -> Iterator[None]:
    (pages,) = world.store.db.execute("PRAGMA page_count").fetchone()
    world.store.db.execute(f"PRAGMA max_page_count = {pages:d}")
    yield
    world.store.db.execute("PRAGMA max_page_count = 1073741823")


@contextmanager
def locked_by_another_process(world: World) -> Iterator[None]:
    code = (
        "import sys; from pathlib import Path\n"
        "from pierre_mcp.platform import FileLock\n"
        "lock = FileLock(Path(sys.argv[1])); assert lock.try_acquire()\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", code, str(world.directory / "hold.lock")]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        world.store._lock.give_up()  # so that nobody waits for the deadline
        yield
        holder.communicate()


@contextmanager
def locked_in_sqlite(world: World) -> Iterator[None]:
    world.store.db.execute("PRAGMA busy_timeout = 0")
    db = sqlite3.connect(database(world.directory), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    yield
    db.execute("ROLLBACK")
    db.close()


PRESSED = (read_only, full_disk, locked_by_another_process, locked_in_sqlite)
