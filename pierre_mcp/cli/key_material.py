"""``pierre-mcp keys new`` and ``keys reveal``: the two that meet a master key itself.

It goes into a new file, into the keychain, or onto a terminal; never over another key,
and never into a pipe, which somebody keeps.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pierre_mcp.cli.challenge import challenge
from pierre_mcp.cli.faults import NoScreenError, NotTakenError, PathUnwritableError
from pierre_mcp.cli.session import current, err, say
from pierre_mcp.errors import StoreUnwritableError
from pierre_mcp.gate import key_material
from pierre_mcp.gate.key_material import NewKey
from pierre_mcp.platform import has_terminal


def new(
    file: Annotated[
        Path | None, typer.Option(help="A new file, 0600, away from the store.")
    ] = None,
    keychain: Annotated[
        str | None, typer.Option(help="SERVICE/NAME in the system's keychain.")
    ] = None,
) -> None:
    """Make a new master key in a file or in the keychain, or see it here once.

    It is never put over another. No store is under it yet: set it as told, before
    setup or, for a store you have, before keys rewrap.
    """
    if file is not None and keychain is not None:
        msg = "Give a file or a place in the keychain, not both."
        raise NotTakenError(msg)
    if file is not None:
        try:
            _tell(key_material.new_in_file(file.expanduser().absolute()))
        except StoreUnwritableError:
            raise PathUnwritableError from None
    elif keychain is not None:
        _tell(key_material.new_in_keychain(keychain))
    else:
        require_screen()
        made, text = key_material.new_to_see()
        say(text)
        _tell(made)


def reveal() -> None:
    """Show the master key in use, on a terminal, after a challenge; it is recorded.

    For a copy in a safe place, or to give a development key to a server in production,
    as PIERRE_MASTER_ENCRYPTION_KEY: the store is the same, and nothing is migrated.
    """
    if not has_terminal():
        raise NoScreenError
    require_screen()
    session = current()
    call, masters = session.owner("keys reveal"), session.open_.masters
    with session.gate() as gate:  # opening proves that it is the store's
        with gate.watched(call):
            text, found = masters.revealed(), masters.origin()
            challenge("see the master key")
        sign = session.unlocked(gate, call)
        gate.permit(call, detail={"master": found.public_id}, sign=sign)
    say(text)
    err().print(
        f"The master key from {found.kind}, public id {found.public_id}. With it and "
        "the store, anyone reads everything: clear this screen when you are done."
    )


def require_screen() -> None:
    """Refuse where what is shown would not be on a terminal.

    Raises:
        NoScreenError: Standard output goes elsewhere.
    """
    if not os.isatty(sys.stdout.fileno()):
        raise NoScreenError


def _tell(made: NewKey) -> None:
    say(f"A new master key, public id {made.public_id}. {made.how}")
    say("Keep a copy in a safe place: without it nothing opens.")
