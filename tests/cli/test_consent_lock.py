"""With the consent lock on, a program that types what is shown lets nothing out."""

import re
from typing import Any

import pytest

from tests.cli.terminal import Person, Screen, Terminal

WORDS = "correct horse battery canary-5a1e"
OTHER = "four quite random words"
LABEL = "claude-desktop"
ASKED = "Passphrase of the consent lock: "


def locks(anna: Person, words: str = WORDS) -> Screen:
    with anna.sits("consent", "lock") as terminal:
        terminal.answer("New passphrase of the consent lock: ", words)
        terminal.answer("The same again: ", words)
        terminal.take_challenge()
        return terminal.end()


def answers(terminal: Terminal, passphrase: str) -> Screen:
    """What a program with a pseudo-terminal can do: read the words, and type them."""
    terminal.take_challenge()
    terminal.answer(ASKED, passphrase)
    return terminal.end()


def rows(anna: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = anna.asks("audit", "tail")
    return found


@pytest.mark.promise("consent.human-only")
def test_a_program_on_a_pseudo_terminal_lets_nothing_out(runner: Person) -> None:
    assert locks(runner).status == 0
    attempts = (
        ("consent", "--to", LABEL),
        ("consent", "grant", "files:location", "--to", LABEL),
        ("keys", "reveal"),
        ("erase", "--person"),
    )
    for words in attempts:
        with runner.sits(*words) as terminal:
            screen = answers(terminal, "what a program could guess")
        assert screen.status == 1, words
        assert "That is not the passphrase of the consent lock" in screen.text
        assert not re.search(r"(?m)^[A-Za-z0-9+/]{43}=", screen.text)
    assert runner.asks("consent", "list") == []
    refused = [row for row in rows(runner) if row["code"] == "passphrase_wrong"]
    assert len(refused) == len(attempts)
    assert {row["risk"] for row in refused} == {"medium"}
    # Taking off the lock is letting more out, too.
    with runner.sits("consent", "unlock") as terminal:
        terminal.answer(ASKED, "another guess")
        screen = terminal.end()
    assert screen.status == 1
    # By now it has been tried five times, and waits; the right one waits too.
    with runner.sits("consent", "unlock") as terminal:
        terminal.answer(ASKED, WORDS)
        screen = terminal.end()
    assert "Try again in 1 min" in screen.text
    assert rows(runner)[-1]["code"] == "lock_waits"
