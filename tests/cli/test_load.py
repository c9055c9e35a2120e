"""``pierre-mcp load``: the owner's own training load, drawn."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride


@pytest.fixture
def trained(anna: Person) -> Person:
    """Somebody who rode last week and the week before, and knows the FTP."""
    for days in (1, 3, 9):
        at = datetime.now(UTC) - timedelta(days=days)
        anna.file(f"rides/{days}.fit", fit_activity(ride(900), started_at=at))
    anna.does("import", "files/rides")
    since = str((datetime.now(UTC) - timedelta(days=60)).date())
    anna.does("athlete", "set", "--ftp", "200", "--since", since)
    return anna


def test_it_is_drawn_with_words_beside_the_terms(trained: Person) -> None:
    said = trained.does("load", "--planned", "50", "--project", "21")
    first, *_ = said.splitlines()
    for words in ("(fitness)", "(fatigue)", "(form: ", "a load for 3 of 3 activities."):
        assert words in first
    rows = [row.split() for row in said.splitlines() if "█" in row]
    assert rows[0][0] < rows[-1][0], "oldest first"
    assert sum(row[-1] == "power" for row in rows) in {2, 3}
    assert rows[-1][1] in {"350", "300", "250", "200", "150", "100", "50"}
    assert "ftp_w 200 since" in said
    assert "Mind: history begins" in said
    told = json.loads(trained.does("load", "--json"))
    assert told["parts"]["name"] == ["power", "cycling"]
    assert told["withheld"] == []
    days = json.loads(trained.does("load", "--by", "day", "--project", "0", "--json"))
    # Yesterday's, whichever day it is by now where it was ridden.
    assert any(load > 0 for load in days["rows"]["load"][:3])
    walks = trained.does("load", "--sport", "walking")
    assert walks.startswith("No activities")


def test_rows_that_are_projected_are_faint(trained: Person) -> None:
    shown = trained.sits("load", "--planned", "40")
    shown_text = shown.end().text
    shown_env = {**trained.env, "TERM": "xterm-256color"}
    assert "\x1b[2m" not in shown_text, "a dumb terminal shows no style"
    trained.env = shown_env
    assert "\x1b[2m" in trained.sits("load", "--planned", "40").end().text


def test_older_rows_are_told_of(trained: Person) -> None:
    old = datetime(2010, 5, 4, 6, 30, tzinfo=UTC)
    trained.file("old/old.fit", fit_activity(ride(900), started_at=old))
    trained.does("import", "files/old")
    assert "Older rows: --to " in trained.does("load", "--from", "2010-01-01")


def test_what_is_missing_gets_a_sentence(runner: Person) -> None:
    said = runner.does("load", "--from", "2024-05-01")
    assert "No load can be told" in said
    assert "Mind: unknown: ftp_w" in said
    wrong = runner.run("load", "--from", "yesterday")
    assert wrong.returncode == 1
    assert "from_day: YYYY-MM-DD" in wrong.stderr
    assert "yesterday" not in wrong.stderr
