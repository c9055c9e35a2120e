"""With the consent lock on, a program that types what is shown lets nothing out."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli import passphrases
from pierre_mcp.cli.faults import (
    NoTerminalError,
    PassphrasesUnlikeError,
    PassphraseWeakError,
)
from tests.cli.terminal import Person, Screen, Terminal
from tests.host import Host

WORDS = "correct horse battery canary-5a1e"
OTHER = "four quite random canary-77c0"
LABEL = "claude-desktop"
ASKED = "Passphrase of the consent lock: "
GUESS = "what a program could guess"
WRONG = "That is not the passphrase of the consent lock"


def sets(terminal: Terminal, words: str) -> None:
    terminal.answer("New passphrase of the consent lock: ", words)
    terminal.answer("The same again: ", words)


def locks(anna: Person) -> Screen:
    with anna.sits("consent", "lock") as terminal:
        sets(terminal, WORDS)
        terminal.take_challenge()
        return terminal.end()


def types(
    anna: Person, *words: str, passphrase: str, challenged: bool = True
) -> Screen:
    """What a program with a pseudo-terminal can do: read the words, and type them."""
    with anna.sits(*words) as terminal:
        if challenged:
            terminal.take_challenge()
        terminal.answer(ASKED, passphrase)
        return terminal.end()


def rows(anna: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = anna.asks("audit", "tail")
    return found


def scopes(anna: Person) -> list[str]:
    return [row["scope"] for row in anna.asks("consent", "list")]


@pytest.mark.promise("consent.human-only")
def test_a_program_on_a_pseudo_terminal_lets_nothing_out(runner: Person) -> None:
    screen = locks(runner)
    assert "Nobody can recover it." in screen.text
    assert "The consent lock is on." in screen.text
    attempts = (
        ("consent", "grant", "files:location", "--to", LABEL),
        ("keys", "reveal"),
        ("erase", "--person"),
    )
    for words in attempts:
        screen = types(runner, *words, passphrase=GUESS)
        assert screen.status == 1, words
        assert WRONG in screen.text
        assert not re.search(r"(?m)^[A-Za-z0-9+/]{43}=", screen.text)
    for words in (("consent", "unlock"), ("consent", "lock")):
        with runner.sits(*words) as terminal:
            terminal.answer(ASKED, "")
            screen = terminal.end()
        assert screen.status == 1
        assert WRONG in screen.text
    assert scopes(runner) == []
    ledger = runner.asks("consent", "history")["lines"]
    assert [(one["event"], one["scope"]) for one in ledger][-1] == (
        *("refused", "files:location"),
    )
    refused = [row for row in rows(runner) if row["code"] == "passphrase_wrong"]
    assert [row["risk"] for row in refused] == ["medium"] * 5
    # By now it has been tried five times, and waits; for the right one, too.
    with runner.sits("consent", "unlock") as terminal:
        terminal.answer(ASKED, WORDS)
        screen = terminal.end()
    assert (screen.status, rows(runner)[-1]["code"]) == (1, "lock_waits")
    assert "Try again in 1 min" in screen.text
    done = runner.run("consent", "unlock")
    assert done.returncode == 1
    assert "The consent lock is on, and this was not done with it" in done.stderr
    assert rows(runner)[-1]["code"] == "consent_locked"


@pytest.mark.promise("consent.human-only")
def test_the_key_that_checks_the_log_is_not_given_out(
    runner: Person, tmp_path: Path
) -> None:
    locks(runner)
    kept = tmp_path / "log.key"
    asked = partial(types, runner, "audit", "key", str(kept), challenged=False)
    done = runner.run("audit", "key", str(kept))
    assert (done.returncode, rows(runner)[-1]["code"]) == (1, "consent_locked")
    assert asked(passphrase=GUESS).status == 1
    assert not kept.exists()
    assert asked(passphrase=WORDS).status == 0
    last = rows(runner)[-1]
    assert (last["action"], last["outcome"], last["risk"]) == (
        *("audit key", "done", "high"),
    )
    runner.does("audit", "verify", "--key", str(kept))


@pytest.mark.promise("consent.human-only")
def test_who_knows_the_passphrase_and_whoever_takes_back(runner: Person) -> None:
    locks(runner)
    words = ("consent", "grant", "files:activities", "--to", LABEL)
    assert types(runner, *words, passphrase=WORDS).status == 0
    assert scopes(runner) == ["files:activities"]
    assert "Withdrawn" in runner.does("consent", "withdraw", "--to", LABEL)
    assert scopes(runner) == []
    with runner.sits("consent", "lock") as terminal:
        terminal.answer(ASKED, WORDS)
        sets(terminal, OTHER)
        assert "has another passphrase" in terminal.end().text
    with runner.sits("consent", "unlock", "--json") as terminal:
        terminal.answer(ASKED, OTHER)
        screen = terminal.end()
    assert '"changed": true' in screen.text
    assert runner.does("consent", "unlock") == "No consent lock is on.\n"
    assert runner.consents("grant", "files:power", "--to", LABEL).status == 0
    assert nowhere(runner.home, WORDS, OTHER, screen.text)


def nowhere(home: Path, *canaries: str) -> bool:
    *words, shown = canaries
    seen = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    seen.append(shown.encode())
    return not [word for word in words if any(word.encode() in one for one in seen)]


def test_setting_one_on_a_terminal_alone(anna: Person) -> None:
    done = anna.run("consent", "lock", typed=f"{WORDS}\n{WORDS}\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Only a person at a terminal does this" in done.stderr


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ((WORDS, WORDS), None),
        (("elevenchars", "elevenchars"), PassphraseWeakError),
        (("", ""), PassphraseWeakError),
        (("aaaaaaaaaaaaaaaaaaaa",), PassphraseWeakError),
        (("abababababababababab",), PassphraseWeakError),
        ((WORDS, f"{WORDS} "), PassphrasesUnlikeError),
    ],
)
def test_a_new_passphrase(
    typed: tuple[str, ...],
    fault: type[Exception] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = list(typed)
    monkeypatch.setattr(passphrases, "require_terminal", lambda: None)
    monkeypatch.setattr(passphrases, "ask_unseen", lambda _: left.pop(0))
    if fault is None:
        assert passphrases.ask_new_passphrase("the lock") == WORDS
        return
    with pytest.raises(fault) as caught:
        passphrases.ask_new_passphrase("the lock")
    assert typed[0] == "" or typed[0] not in str(caught.value)


def test_no_passphrase_without_a_terminal() -> None:
    with pytest.raises(NoTerminalError):
        passphrases.ask_passphrase(ASKED)


@pytest.mark.promise("consent.human-only")
def test_without_a_lock_what_was_given_shows_on_the_terminal(runner: Person) -> None:
    told = "Consent was given in the last 7 days: claude-desktop on 2"
    granted = runner.consents("grant", "files:activities", "--to", LABEL)
    assert told not in granted.text
    with runner.sits("consent", "list") as terminal:
        assert terminal.end().text.count(told) == 1
    with runner.sits("consent", "list", "--json") as terminal:
        assert told not in terminal.end().text
    assert runner.run("consent", "list").stderr == ""


def test_setup_offers_it(anna: Person) -> None:
    with anna.sits("setup") as terminal:
        for question in ("time zone", "Units"):
            terminal.answer(f"{question}.*: ", "")
        terminal.answer(r"Claude Desktop\?.*: ", "y")
        terminal.answer(r"have a shell[^?]*\?[^?]*\?.*: ", "y")
        sets(terminal, WORDS)
        terminal.take_challenge()
        terminal.until("The consent lock is on.")
        terminal.answer(r"Import now\?.*: ", "")
        assert terminal.end().status == 0
    assert {row["action"] for row in rows(anna)} >= {"consent lock"}


@pytest.mark.promise("consent.human-only")
def test_and_on_the_standard_error_of_every_server(runner: Person) -> None:
    runner.consents("grant", "files:activities", "--to", "another")
    with Host(runner.env) as host:
        host.greet()
        answer = json.dumps(host.call("get_consents"))
    assert b"Consent was given in the last 7 days: another on 2" in host.log
    assert "another" not in answer
