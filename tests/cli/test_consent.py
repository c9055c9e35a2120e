"""Consent is given on a terminal, in words, by nobody and nothing else."""

import os
import re
import shlex
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from pierre_mcp.cli.consent_options import until
from pierre_mcp.cli.faults import ExpiryMalformedError
from pierre_mcp.tools.catalogue import table
from tests.cli.terminal import IN_BUNDLE, Person, Terminal
from tests.host import Host, text_of

LABEL = "claude-desktop"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NONE_HERE = "Only a person at a terminal does this, and there is none here."
GIVING = [
    ("consent",),
    ("consent", "--to", LABEL),
    ("consent", "grant", "files:activities", "--to", LABEL),
]


def held(anna: Person) -> list[str]:
    return [row["scope"] for row in anna.asks("consent", "list")]


@pytest.mark.promise("consent.human-only")
@pytest.mark.parametrize("words", GIVING, ids=["guided", "bundle", "grant"])
def test_refused_without_a_terminal(runner: Person, words: tuple[str, ...]) -> None:
    for typed in (None, "y\ny\nclaude-desktop\n", "\n" * 20):
        done = runner.run(*words, typed=typed)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith(NONE_HERE)
    assert held(runner) == []


@pytest.mark.promise("consent.human-only")
@pytest.mark.parametrize("words", GIVING, ids=["guided", "bundle", "grant"])
def test_refused_on_two_terminals(runner: Person, words: tuple[str, ...]) -> None:
    ours, theirs = os.openpty()
    with runner.sits(*words, stdin=theirs) as terminal:
        os.close(theirs)
        screen = terminal.end()
    os.close(ours)
    assert screen.status == 1
    assert NONE_HERE in screen.text
    assert held(runner) == []


@pytest.mark.promise("consent.human-only")
def test_refused_where_the_question_is_not_shown(runner: Person) -> None:
    with runner.sits(*GIVING[1], stderr=subprocess.DEVNULL) as terminal:
        assert terminal.end().status == 1
    assert held(runner) == []


@pytest.mark.promise("consent.human-only")
def test_wrong_words_change_nothing(runner: Person) -> None:
    for words in GIVING[1:]:
        with runner.sits(*words) as terminal:
            terminal.take_challenge(wrongly=True)
            screen = terminal.end()
        assert screen.status == 1
        assert "not the words shown, so nothing was changed" in screen.text
    assert held(runner) == []


@pytest.mark.promise("consent.human-only")
@pytest.mark.parametrize(
    "flag", ["--yes", "-y", "--force", "--no-challenge", "--non-interactive", "--words"]
)
def test_no_flag_skips_the_challenge(runner: Person, flag: str) -> None:
    for words in GIVING:
        done = runner.run(*words, flag)
        assert done.returncode in {1, 2}
    assert held(runner) == []


@pytest.mark.promise("consent.human-only")
def test_no_setting_skips_the_challenge(runner: Person) -> None:
    names = ("YES", "CONSENT", "CHALLENGE", "NO_CHALLENGE", "FORCE", "ENV", "PROFILE")
    for value in ("1", "yes", "development"):
        env = {f"PIERRE_{name}": value for name in names if name != "ENV"}
        env |= {"CI": value, "DEBIAN_FRONTEND": "noninteractive"}
        done = runner.run(*GIVING[1], env={**runner.env, **env})
        assert done.returncode == 1
        assert done.stderr.startswith(NONE_HERE)
    assert held(runner) == []


@pytest.mark.promise("consent.human-only")
def test_each_challenge_has_words_of_its_own(runner: Person) -> None:
    shown = set()
    for _ in range(3):
        with runner.sits(*GIVING[1]) as terminal:
            terminal.take_challenge(wrongly=True)
            shown.add(
                re.findall(r"Type these words[^:]*: (.+)", terminal.end().text)[0]
            )
    assert len(shown) == 3


def test_guided_in_plain_words(runner: Person) -> None:
    with runner.sits("consent") as terminal:
        terminal.answer(r"Which assistant \[claude-desktop\]: ", "Claude Desktop!")
        terminal.until("lower-case letters, digits and hyphens")
        terminal.answer(r"Which assistant \[claude-desktop\]: ", "")
        terminal.take_challenge()
        screen = terminal.end()
    assert screen.status == 0
    for words in (
        "It could then read, from files:",
        "what you did: sport, day, duration, distance, climb, laps, speed and cadence",
        "your heart rate in it, at rest, at threshold and at most",
        "your power in it and at threshold",
        "It could not read: location, sleep, body, notes (add with --with).",
        "goes to claude-desktop's provider, who may keep it",
        "Given to claude-desktop until",
        "pierre-mcp consent withdraw --to claude-desktop",
    ):
        assert words in screen.text, words
    assert held(runner) == [
        *(f"files:{c}" for c in ("activities", "heart_rate", "power", "profile")),
        "analytics:insights",
        f"share:{LABEL}",
        *sorted(f"tool:{name}" for name in table().readers()),
    ]


def test_with_adds_categories(runner: Person) -> None:
    screen = runner.consents("--to", LABEL, "--with", "notes,location")
    assert "where you went, to about 1 km" in screen.text
    assert "It could not read: sleep, body (add with --with)." in screen.text
    assert {"files:notes", "files:location"} <= set(held(runner))


def test_a_consent_ends_when_it_was_said_to(runner: Person) -> None:
    screen = runner.consents("--to", LABEL, "--expires", "2031-03-01")
    assert "until 2031-03-01" in screen.text
    (end,) = {row["expires_at"] for row in runner.asks("consent", "list")}
    assert end.startswith("2031-03-01")


@pytest.mark.parametrize(
    ("text", "days"), [("30d", 30), ("6m", 180), ("1y", 365), ("01d", 1)]
)
def test_lengths_of_time(text: str, days: int) -> None:
    assert until(text, NOW) == NOW + timedelta(days=days)


def test_a_date_is_utc_unless_it_says() -> None:
    assert until("2027-03-01", NOW) == datetime(2027, 3, 1, tzinfo=UTC)
    assert until("2027-03-01T12:00+02:00", NOW) == datetime(2027, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "d", "0d", "-1d", "+1d", "1_0d", "٣d", "9999999y", "2026-03-01", "soon"],
)
def test_what_is_no_expiry(text: str) -> None:
    with pytest.raises(ExpiryMalformedError):
        until(text, NOW)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--to", LABEL, "--with", "everything"), "What --with adds is one or more of"),
        (("--to", LABEL, "--expires", "soon"), "An expiry is 30d, 6m, 1y or a date"),
        (("--to", "Claude"), "A recipient's label is lower-case"),
        (("grant", "files", "--to", LABEL), "A scope is written as"),
        (("grant", "tool:get_activites", "--to", LABEL), "There is no tool"),
        (("grant", "share:other", "--to", LABEL), "What claude-desktop is given is"),
    ],
)
def test_what_cannot_be_given(
    runner: Person, words: tuple[str, ...], sentence: str
) -> None:
    with runner.sits("consent", *words) as terminal:
        screen = terminal.end()
    assert screen.status == 1
    assert sentence in screen.text
    assert screen.challenges == 0


def test_with_nothing_imported(anna: Person) -> None:
    with anna.sits("consent", "--to", LABEL, "--profile", "anna") as terminal:
        screen = terminal.end()
    assert screen.status == 1
    assert "nothing to consent to yet" in screen.text
    assert "Import first, with: pierre-mcp --profile anna import PATH" in screen.text


def test_grant_shows_what_it_means(runner: Person) -> None:
    screen = runner.consents("grant", "files:notes", "strava:power", "--to", "x")
    assert "files:notes: names and notes you gave" in screen.text
    assert "strava:power: your power in it and at threshold (from" in screen.text
    assert "(from strava) (nothing imp" in screen.text
    assert held(runner) == ["files:notes", "strava:power"]


def test_withdraw_needs_no_terminal(runner: Person) -> None:
    runner.consents("--to", LABEL)
    one = runner.does("consent", "withdraw", "files:power")
    assert one == f"Withdrawn from {LABEL}: files:power.\n"
    assert "files:power" not in held(runner)
    rest = runner.asks("consent", "withdraw", "--to", LABEL)
    assert len(rest["withdrawn"]) == IN_BUNDLE - 1
    assert held(runner) == []
    again = runner.does("consent", "withdraw", "--to", LABEL)
    assert again == f"Withdrawn from {LABEL}: nothing was held.\n"


def test_withdraw_from_whom(runner: Person) -> None:
    nobody = runner.run("consent", "withdraw")
    assert (nobody.returncode, nobody.stderr) == (
        1,
        "No assistant holds any consent; of an earlier one, say whose with --to.\n",
    )
    runner.consents("--to", "one")
    runner.consents("--to", "two")
    either = runner.run("consent", "withdraw")
    assert (either.returncode, either.stderr) == (
        *(1, "Say from which, with --to: one, two.\n"),
    )


def test_the_list(runner: Person) -> None:
    assert runner.does("consent", "list") == (
        "No consents. Give one with: pierre-mcp consent\n"
    )
    runner.consents("grant", "files:notes", "--to", LABEL, "--expires", "2031-01-01")
    head, row = runner.does("consent", "list").splitlines()
    assert head.split() == ["recipient", "scope", "until", "in", "force"]
    assert row.split() == [LABEL, "files:notes", "2031-01-01", "yes"]


def test_the_command_a_refusal_names_is_the_one_that_helps(runner: Person) -> None:
    """Refused, do as told, ask again; and so on until the very same call is served."""
    commands = []
    with Host(runner.env) as host:
        host.greet()
        while (answer := host.call("get_activities", provider="files")).get("isError"):
            command = text_of(answer).rpartition(" with: ")[2]
            name, *words = shlex.split(command)
            assert name == "pierre-mcp"
            with Terminal(words, runner.env) as terminal:
                terminal.take_challenge()
                assert terminal.end().status == 0
            commands.append(command)
    assert len(commands) == 1
    assert answer["structuredContent"]["activities"]["distance_m"] == [354.0]


@pytest.mark.promise("consent.human-only")
def test_nothing_over_the_wire_grants(runner: Person) -> None:
    with Host(runner.env) as host:
        host.greet()
        for name in ("consent", "grant_consent", "give_consent"):
            assert host.call(name, scopes=["files:notes"])["isError"]
        for arguments in ({"consent": True}, {"yes": True}, {"scopes": ["x"]}):
            assert host.call("get_activities", **arguments)["isError"]
        answer = host.ask("elicitation/create", {"action": "accept"})
        assert "error" in answer
        host.put({"id": 99, "result": {"action": "accept", "content": {"yes": True}}})
        assert host.call("get_activities")["isError"]
    assert held(runner) == []
