"""``backup`` and ``restore``: what the person does, is asked and is told."""

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from pierre_mcp.cli.restore import compared
from pierre_mcp.store.copies import Contents
from pierre_mcp.store.high_water import Mark
from tests.cli.terminal import CHALLENGE, Person
from tests.stores import NOW

TO = "claude-desktop"


@pytest.fixture
def giver(runner: Person) -> Person:
    """Somebody who gave an assistant two scopes."""
    runner.consents("grant", "files:activities", f"share:{TO}", "--to", TO)
    return runner


def refused(person: Person, *words: str, status: int = 1) -> str:
    """What a command says that must fail, with a sentence and no answer."""
    done: CompletedProcess[str] = person.run(*words)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def last_row(person: Person) -> dict[str, str]:
    """The newest row of the log but that of asking for it."""
    row: dict[str, str] = json.loads(person.does("audit", "tail", "-n", "1", "--json"))[
        0
    ]
    return row


@pytest.mark.promise("keys.backup")
def test_a_backup_is_restored_where_the_store_was_lost(giver: Person) -> None:
    made = giver.asks("backup", "copy.db")
    assert made["recordings"] == 1
    assert last_row(giver)["action"] == "backup"
    assert (giver.home / "copy.db").stat().st_mode & 0o777 == 0o600
    shutil.rmtree(giver.data)
    told = giver.does("restore", "copy.db")
    assert "Every consent is withdrawn. Give again what is to hold, with:" in told
    row = last_row(giver)
    assert (row["action"], row["risk"]) == ("restore", "high")
    [command] = [line for line in told.splitlines() if "consent grant" in line]
    assert giver.asks("consent", "list") == []
    giver.consents(*command.split()[2:])
    assert {held["scope"] for held in giver.asks("consent", "list")} == {
        "files:activities",
        f"share:{TO}",
    }
    assert len(giver.asks("imports")) == 1


def test_a_backup_says_which_key_it_needs_and_never_replaces_a_file(
    runner: Person,
) -> None:
    said = runner.does("backup", ".")
    [made] = runner.home.glob("pierre-default-*.db")
    assert made.name in said
    assert "which is not in it" in said
    key = json.loads(runner.does("backup", "other.db", "--json"))["master_key"]
    assert key in said
    before = made.read_bytes()
    assert "something at that path" in refused(runner, "backup", made.name)
    assert made.read_bytes() == before
    assert "cannot be made there" in refused(runner, "backup", "no/such/folder.db")


@pytest.mark.promise("keys.backup")
def test_without_its_key_a_backup_is_not_restored_and_the_key_is_named(
    runner: Person,
) -> None:
    key = runner.asks("backup", "copy.db")["master_key"]
    moved = {"PIERRE_DATA_DIR": "new/data", "PIERRE_CONFIG_DIR": "new/config"}
    done = runner.run("restore", "copy.db", env={**runner.env, **moved})
    assert (done.returncode, done.stdout) == (78, "")
    assert f"the key with the public id {key}" in done.stderr
    assert not list((runner.home / "new").rglob("*.db"))
    assert not list((runner.home / "new").rglob("*.key"))


def test_without_a_store_there_is_nothing_to_back_up_or_accept(anna: Person) -> None:
    for words in (("backup", "copy.db"), ("restore", "--accept")):
        assert "There is no store here yet" in refused(anna, *words)
    assert not anna.store.exists()
    assert not (anna.home / "copy.db").exists()


def test_a_backup_that_fails_leaves_no_file(runner: Person) -> None:
    with (runner.store / "pierre.db").open("r+b") as file:
        file.seek(40_960)
        file.write(b"\xff" * 40_960)
    refused(runner, "backup", "copy.db")
    assert not (runner.home / "copy.db").exists()


def test_a_store_is_replaced_on_a_terminal_only_and_kept(runner: Person) -> None:
    runner.does("backup", "copy.db")
    again = refused(runner, "restore", "copy.db")
    assert "It is newer: 0 recordings and 1 row of the log would be lost." in again
    assert "--replace" in again
    assert "in a terminal window" in refused(runner, "restore", "copy.db", "--replace")
    tried = runner.does("restore", "copy.db", "--dry-run")
    assert "would be lost" in tried
    with runner.sits("restore", "copy.db", "--replace") as terminal:
        terminal.take_challenge(wrongly=True)
        assert "nothing was changed" in terminal.end().text
    assert not list(runner.store.glob("*.replaced-*"))
    with runner.sits("restore", "copy.db", "--replace", "--json") as terminal:
        shown = terminal.until(CHALLENGE)
        assert "would be lost" in terminal.text
        terminal.type(shown[1])
        assert terminal.end().status == 0
    [kept] = runner.store.glob("*.replaced-*")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Healthy" in runner.does("audit", "verify")
    assert "row" in runner.does("restore", str(kept), "--dry-run")


@pytest.mark.promise("store.rollback")
def test_an_older_copy_put_back_by_hand_is_refused_at_every_door(
    giver: Person, tmp_path: Path
) -> None:
    shutil.copy(giver.store / "pierre.db", tmp_path / "older.db")
    giver.does("consent", "withdraw", "--to", TO)
    shutil.copy(tmp_path / "older.db", giver.store / "pierre.db")
    for words in (
        ("serve", "--client", TO),
        ("consent", "list"),
        ("call", "get_status", "{}"),
        ("imports",),
        ("backup", "copy.db"),
        ("setup", "--yes"),
    ):
        said = refused(giver, *words)
        assert "accept it with: pierre-mcp restore --accept" in said, words
    assert "older than what was last written" in giver.run("doctor").stdout
    seen = giver.run("audit", "verify").stdout
    assert "an older copy was put back" in seen
    assert "accept it with: pierre-mcp restore --accept" in seen
    assert "in a terminal window" in refused(giver, "restore", "--accept")
    assert "come to row" in giver.does("restore", "--accept", "--dry-run")
    with giver.sits("restore", "--accept") as terminal:
        terminal.take_challenge()
        assert "Every consent is withdrawn" in terminal.end().text
    assert giver.asks("consent", "list") == []
    assert "nothing to accept" in giver.does("restore", "--accept")
    assert giver.asks("restore", "--accept")["restored"] is False


def test_restore_takes_a_path_or_accept(anna: Person) -> None:
    for words in ((), ("copy.db", "--accept"), ("--accept", "--replace")):
        assert "Name a backup" in refused(anna, "restore", *words)
    assert "nothing at one of the paths" in refused(anna, "restore", "copy.db")


def holding(*rows: int, recordings: str = "", store_id: str = "one") -> Contents:
    return Contents(
        store_id=store_id,
        mark=Mark(max(rows, default=0), bytes([max(rows, default=0)])),
        last_at=NOW if rows else None,
        links=frozenset(bytes([row]) for row in rows),
        recordings=frozenset(recordings),
    )


@pytest.mark.parametrize(
    ("there", "said"),
    [
        pytest.param(None, "There is no store here yet.", id="none"),
        pytest.param(holding(1, 2, recordings="ab"), "They are the same.", id="same"),
        pytest.param(
            holding(1, 2, 3, recordings="abc"),
            "It is newer: 1 recording and 1 row of the log would be lost.",
            id="newer here",
        ),
        pytest.param(
            holding(1, recordings="a"),
            "The copy is newer, by 1 recording and 1 row of the log; nothing would be "
            "lost.",
            id="newer copy",
        ),
        pytest.param(
            holding(1, 9, recordings="a"),
            "Each has its own: 0 recordings and 1 row of the log only here, "
            "1 recording and 1 row of the log only in the copy.",
            id="parted",
        ),
        pytest.param(
            holding(store_id="other"),
            "The store here holds 0 recordings and 0 rows of the log. It is another "
            "store, and would be replaced by the copy.",
            id="another",
        ),
    ],
)
def test_what_would_be_lost_is_said(there: Contents | None, said: str) -> None:
    copy = holding(1, 2, recordings="ab")
    words = compared(copy, there, Mark(2, b"\2"))
    assert words.startswith(
        "The copy is whole, and holds 2 recordings and 2 rows of the log, to 2026-03-01"
    )
    assert words.endswith(said)
    if there is None:
        lost = compared(copy, None, Mark(7, b"\7"))
        assert lost == f"{words} There was one, whose log had come to row 7."


def test_the_store_itself_is_no_copy(runner: Person) -> None:
    said = refused(runner, "restore", str(runner.store / "pierre.db"))
    assert "with: pierre-mcp restore --accept" in said


def test_each_profile_has_a_mark_of_its_own(runner: Person) -> None:
    runner.does("--profile", "ben", "setup", "--yes")
    assert len(list((runner.config / "high-water").glob("*.log"))) == 2
    shutil.rmtree(runner.config / "high-water")
    said = refused(runner, "--profile", "ben", "imports")
    assert "pierre-mcp --profile ben restore --accept" in said


def test_a_store_may_move_to_another_directory(runner: Person) -> None:
    runner.data.rename(runner.home / "elsewhere")
    moved = {**runner.env, "PIERRE_DATA_DIR": str(runner.home / "elsewhere")}
    assert runner.run("imports", env=moved).returncode == 0


def test_doctor_tells_of_the_last_backup(runner: Person) -> None:
    assert "last backup: none in this log" in runner.does("doctor")
    runner.does("backup", "copy.db")
    found = {check["name"]: check for check in runner.asks("doctor")}
    assert found["last backup"]["verdict"] == "ok"
    assert found["high-water mark"]["verdict"] == "ok"
