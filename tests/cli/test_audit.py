"""The log, as its owner looks at it."""

import json
import sqlite3

import pytest

from tests.cli.terminal import Person


def test_a_healthy_log(runner: Person) -> None:
    assert runner.does("audit", "verify") == (
        "Healthy: 2 rows, each linked to the one before.\n"
    )
    assert runner.asks("audit", "verify") == {"healthy": True, "rows": 3}


def test_the_end_of_it(runner: Person) -> None:
    runner.run("call", "get_activities", "{}", "--as", "claude-desktop")
    rows = runner.asks("audit", "tail", "-n", "2")
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("import", "done"),
        ("get_activities", "refused"),
    ]
    said = runner.does("audit", "tail")
    assert "get_activities" in said
    assert "consent_missing" in said
    assert "ride.fit" not in said


def test_how_many(runner: Person) -> None:
    assert len(runner.asks("audit", "tail", "-n", "1")) == 1
    assert runner.run("audit", "tail", "-n", "0").returncode == 2


@pytest.mark.parametrize(
    ("sql", "finding"),
    [
        ("UPDATE audit SET mac = zeroblob(32) WHERE seq = 1", (1, "edited")),
        ("DELETE FROM audit WHERE seq = 1", (1, "missing")),
    ],
    ids=["edited", "deleted"],
)
def test_a_log_that_was_changed(
    runner: Person, sql: str, finding: tuple[int, str]
) -> None:
    (file,) = runner.store.glob("*.db")
    database = sqlite3.connect(file, isolation_level=None)
    guards = database.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in guards:
        database.execute(f"DROP TRIGGER {name}")
    database.execute(sql)
    for _, text in guards:
        database.execute(text)
    database.close()
    row, kind = finding
    done = runner.run("audit", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"healthy": False, "row": row, "finding": kind}
    said = runner.run("audit", "verify").stdout
    assert said.startswith(f"NOT healthy: at row {row}: ")
    assert "put back a backup" in said
