"""The dialogue on a real terminal: everything shown, refused or given, on record."""

import json
import re
from datetime import UTC, datetime

import pytest

from pierre_mcp.policy.notices import CURRENT
from tests.cli.terminal import IN_BUNDLE, Person, Screen

LABEL = "claude-desktop"


def events(anna: Person) -> list[tuple[str, int]]:
    """What the ledger says happened, and of how many scopes."""
    told = anna.asks("consent", "history")
    assert told["holds"]
    found: list[tuple[str, int]] = []
    for line in told["lines"]:
        if found and found[-1][0] == line["event"]:
            found[-1] = (line["event"], found[-1][1] + 1)
        else:
            found.append((line["event"], 1))
    return found


def json_of(screen: Screen) -> dict[str, object]:
    found: dict[str, object] = json.loads(screen.text[screen.text.rindex("\n{") :])
    return found


@pytest.mark.promise("consent.explicit")
def test_everything_that_matters_is_shown_before_it_is_given(runner: Person) -> None:
    screen = runner.consents("--to", LABEL, "--with", "notes", "--json")
    shown, given = screen.text, json_of(screen)
    asked = shown.index("Type these words")
    for words in (
        *CURRENT.text.splitlines(),
        f"(Notice {CURRENT.version})",
        f"Consent for {LABEL}, until",
        "names and notes you gave your activities",
        "It could not read: location, sleep, body (add with --with).",
        f"goes to {LABEL}'s provider, who may keep it",
        "It is for working out insights from it, and nothing else.",
        "Privacy level medium: ids made up for this assistant",
        "It ends by itself on",
        f"how your newest activity would reach {LABEL}:",
        "  day: 2024-05-04\n",
        "  distance_m: 354.0\n",
    ):
        assert words in shown[:asked], words
    assert "2024-05-04T08:00\n" in shown, "the start is told to the hour"
    assert (given["recipient"], given["level"]) == (LABEL, "medium")
    assert given["notice"] == CURRENT.version
    assert datetime.fromisoformat(str(given["expires_at"])) > datetime.now(UTC)
    tail = runner.does("audit", "tail")
    assert "preview" in tail
    assert "released" not in tail, "an example is no disclosure"
    receipt = json.loads(runner.does("consent", "receipt", str(given["receipt_of"])))
    assert receipt["receipt"]["record"]["record_id"] == given["receipt_of"]


@pytest.mark.promise("consent.history")
def test_who_does_not_type_the_words_has_refused(runner: Person) -> None:
    with runner.sits("consent", "--to", LABEL) as terminal:
        terminal.take_challenge(wrongly=True)
        assert terminal.end().status == 1
    with runner.sits("consent", "grant", "files:location", "--to", LABEL) as terminal:
        terminal.until("Type these words")
        terminal.type("\x03")
        assert terminal.end().status != 0
    assert events(runner) == [("refused", IN_BUNDLE + 1)]
    assert runner.asks("consent", "list") == []


@pytest.mark.promise("consent.history")
def test_a_renewal_gives_the_same_anew(runner: Person) -> None:
    with runner.sits("consent", "renew", "--to", LABEL) as terminal:
        screen = terminal.end()
    assert (screen.status, screen.challenges) == (1, 0)
    assert f"There is nothing to renew for {LABEL}." in screen.text
    runner.consents("grant", "files:notes", "share:x", "--to", "x", "--expires", "9d")
    screen = runner.consents("renew", "--to", "x", "--expires", "2031-01-01")
    assert "By this alone no list of activities could leave yet." in screen.text
    assert "Given to x until 2031-01-01." in screen.text
    ends = {row["expires_at"][:10] for row in runner.asks("consent", "list")}
    assert ends == {"2031-01-01"}
    told = [line["event"] for line in runner.asks("consent", "history")["lines"]]
    assert told == ["given", "given", *["superseded", "given"] * 2]


def test_the_clock_is_confirmed_on_a_terminal(runner: Person) -> None:
    refused = runner.run("consent", "clock")
    assert refused.returncode == 1
    assert "Only a person at a terminal does this" in refused.stderr
    screen = runner.consents("clock")
    assert "The clock of this machine says 20" in screen.text
    assert "Confirmed. Running servers go on with their next call." in screen.text
    screen = runner.consents("clock", "--json")
    assert re.fullmatch(r"20\d\d-.*", str(json_of(screen)["confirmed_at"]))
    assert events(runner) == [("clock_confirmed", 2)]


def test_an_example_where_there_is_none_to_show(anna: Person) -> None:
    anna.does("athlete", "set", "--ftp", "250")
    screen = anna.consents("--to", LABEL)
    assert "self (what you said yourself)" in screen.text
    assert "There is no activity yet of which to show an example." in screen.text
