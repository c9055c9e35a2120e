"""The log, as its owner looks at it."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.terminal import Person


def test_a_healthy_log(runner: Person) -> None:
    assert runner.does("audit", "verify") == (
        "Healthy: 2 rows, each linked to the one before.\n"
    )
    assert runner.asks("audit", "verify") == {
        "healthy": True,
        "rows": 3,
        "checkpoints": 0,
        "pruned": 0,
        "macs_from_row": 1,
        "kept_elsewhere": 0,
    }


@pytest.mark.promise("audit.tamper")
def test_it_is_held_against_what_was_kept_elsewhere(
    runner: Person, tmp_path: Path
) -> None:
    key, witness = tmp_path / "log.key", tmp_path / "witness"
    said = runner.does("audit", "key", str(key))
    assert said.startswith("Written: it checks each row from epoch 1 on.")
    assert key.stat().st_mode & 0o777 == 0o600
    assert runner.run("audit", "key", str(key)).returncode == 1  # it is there
    assert runner.run("audit", "key", str(tmp_path / "no" / "where")).returncode == 1
    [outside] = runner.config.glob("high-water/*.checkpoints")
    shutil.copy(outside, witness)
    held = ("audit", "verify", "--from-checkpoint", str(witness), "--key", str(key))
    assert "and 4 checkpoints kept outside." in runner.does(*held)
    text = witness.read_text()
    root = text.splitlines()[3]
    witness.write_text(text.replace(root, "A" * 43 + "="))
    done = runner.run(*held, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["finding"] == "forked"
    assert "NOT healthy: at rows 1 to " in runner.run(*held).stdout


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--from-checkpoint", None, "nothing at one of the paths"),
        ("--from-checkpoint", b"nothing of the kind", "no checkpoint of this store"),
        ("--key", None, "nothing at one of the paths"),
        ("--key", b"\xff", "none that this program wrote"),
        ("--key", b"vkey x\nepoch 1 00\n", "none that this program wrote"),
    ],
)
def test_what_is_no_such_file_is_refused(
    runner: Person, tmp_path: Path, option: str, content: bytes | None, words: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    done = runner.run("audit", "verify", option, str(file))
    assert done.returncode == 1
    assert words in done.stderr
    assert str(file) not in done.stderr


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
