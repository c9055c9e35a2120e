"""What someone with the file and no key can do: any edit, by the sqlite3 shell.

And other processes of ours, which can be killed.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.stores import database

ROOT = Path(__file__).parents[2]
LONG_S = 60.0


@contextmanager
def by_hand(directory: Path) -> Iterator[sqlite3.Connection]:
    """Edit the database with every trigger and check out of the way."""
    with closing(sqlite3.connect(database(directory), isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        triggers = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        in_one_step(db, [f"DROP TRIGGER {name}" for name, _ in triggers])
        yield db
        in_one_step(db, [sql for _, sql in triggers])


def in_one_step(db: sqlite3.Connection, statements: Iterable[str]) -> None:
    """Run statements as one transaction: each alone would wait for the disk."""
    db.execute("BEGIN IMMEDIATE")
    for sql in statements:
        db.execute(sql)
    db.execute("COMMIT")


def edit(directory: Path, sql: str, values: Sequence[Any] = ()) -> int:
    """Run one statement by hand and return how many rows it changed."""
    with by_hand(directory) as db:
        return db.execute(sql, values).rowcount


def look(directory: Path, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """Read by hand."""
    with closing(sqlite3.connect(database(directory))) as db:
        return db.execute(sql, values).fetchall()


@contextmanager
def child(script: str, *args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a script in another process, which ends by itself with its stdin.

    If the body fails it is killed; else not, since it may be writing its coverage.
    """
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
            assert process.stdin is not None
            process.stdin.close()
            process.wait(LONG_S)
        except BaseException:
            process.kill()
            raise


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str], word: str = "go") -> None:
    """Let a waiting child go on."""
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
