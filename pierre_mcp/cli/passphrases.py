"""Passphrases, asked for on the terminal and nowhere else, and never shown."""

from typing import Final

from pierre_mcp.cli.challenge import require_terminal
from pierre_mcp.cli.faults import PassphrasesUnlikeError, PassphraseWeakError
from pierre_mcp.platform import ask_unseen

LEAST_CHARACTERS: Final = 12
LEAST_DIFFERENT: Final = 6


def ask_passphrase(question: str) -> str:
    """Ask for a passphrase that there is.

    Raises:
        NoTerminalError: There is no terminal to ask on.
    """
    require_terminal()
    return ask_unseen(question)


def ask_new_passphrase(of: str) -> str:
    """Ask for a new passphrase, twice.

    Raises:
        NoTerminalError: There is no terminal to ask on.
        PassphraseWeakError: It is too short, or the same few characters again.
        PassphrasesUnlikeError: It was typed differently the second time.
    """
    given = ask_passphrase(f"New passphrase of {of}: ")
    if len(given) < LEAST_CHARACTERS or len(set(given)) < LEAST_DIFFERENT:
        raise PassphraseWeakError
    if ask_passphrase("The same again: ") != given:
        raise PassphrasesUnlikeError
    return given
