"""Pruning the log as its owner has it done."""

from base64 import b64encode
from pathlib import Path

import pytest

from pierre_mcp.gate import prunings
from tests.cli.terminal import Person
from tests.stores import copy_store, old_log


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return old_log(tmp_path_factory.mktemp("old") / "data" / "default")


@pytest.fixture
def anna(old: Path, tmp_path: Path) -> Person:
    copy_store(old, tmp_path / "data" / "default")
    key = b64encode(bytes(range(32))).decode()
    return Person(tmp_path, PIERRE_MASTER_ENCRYPTION_KEY=key)


def test_what_is_old_goes_and_the_log_says_so(anna: Person) -> None:
    said = "3 rows, up to row 3, and 3 details of rows before row 7.\n"
    assert anna.does("audit", "prune", "--dry-run") == f"Would go: {said}"
    done = anna.asks("audit", "prune")
    assert done == {
        "rows": 3,
        "up_to": 3,
        "details": 3,
        "details_below": 7,
        "swept": True,
    }
    assert anna.asks("audit", "verify")["healthy"]
    (row,) = [
        one for one in anna.asks("audit", "tail") if one["action"] == prunings.PRUNE
    ]
    assert (row["seq"], row["below"], row["outcome"]) == (8, 7, "done")
    # With the checkpoint of that row the second one is no longer the newest.
    said = anna.does("audit", "prune")
    assert said == "Removed: 3 rows, up to row 6, and 0 details of rows before row 7.\n"
    said = anna.does("audit", "prune")
    assert said == "Nothing in the log is older than it is kept.\n"
    assert "pruned" in anna.run("audit", "prove", "2").stderr


def test_a_day_is_confirmed_on_a_terminal(anna: Person) -> None:
    with anna.sits("audit", "prune", "--before", "2016-01-01") as terminal:
        terminal.until(r"To go: 3 rows, up to row 3")
        terminal.take_challenge(wrongly=True)
        assert terminal.end().status == 1
    with anna.sits("audit", "prune", "--before", "2016-01-01") as terminal:
        terminal.take_challenge()
        assert "Removed: 3 rows" in terminal.end().text
    with anna.sits("audit", "prune", "--before", "2014-01-01") as terminal:
        assert "Nothing in the log is older" in terminal.end().text


@pytest.mark.parametrize("day", ["soon", "2016-13-01", "9999-01-01", "\u0662016-01-01"])
def test_what_is_no_day(anna: Person, day: str) -> None:
    done = anna.run("audit", "prune", "--before", day)
    assert done.returncode == 1
    assert "takes a day as 2026-03-01, at least 30 days ago" in done.stderr
