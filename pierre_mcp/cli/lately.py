"""What was given of late, told at the owner's terminal, so that nobody gives it unseen.

Only where no consent lock is on: with one, whoever gave it knew the passphrase.
"""

import sys
from contextlib import suppress

from pierre_mcp.errors import PierreError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.services.consents import Given, lately_words


def tell_lately(gate: Gate, command: str) -> None:
    """Say on standard error, where that is a terminal, what was given of late.

    A store that cannot say leaves it to the command.
    """
    if not sys.stderr.isatty():
        return
    given: tuple[Given, ...] = ()
    with suppress(PierreError):
        given = gate.given_lately()
    if given:
        sys.stderr.write(f"{lately_words(given, command)}\n")
