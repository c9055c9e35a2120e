"""A question at the terminal: a tool's row, run as the owner, to be drawn."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import current, say
from pierre_mcp.errors import ArgumentsInvalidError


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool answered.

    Attributes:
        line: What it says in one line.
        content: Its structured content.
        units: The person's, ``metric`` or ``imperial``.
    """

    line: str
    content: Mapping[str, Any]
    units: str


def answered(
    tool: str,
    arguments: Mapping[str, Any] | Callable[[str], Mapping[str, Any]],
    *,
    as_json: bool,
) -> Told | None:
    """Run a tool as the owner.

    Args:
        tool: Its name.
        arguments: As the tool takes them; None stands for one that is not given. Or
            what reads them in the person's units, and then these are looked up first.
        as_json: Print the answer as it is, and return None.

    Raises:
        NotTakenError: The tool does not take what was typed.
        Exit: It failed, which was said.
    """
    session = current()
    with session.gate() as gate:
        if callable(arguments):
            call = session.owner(f"{tool} settings")
            units = gate.look(call, lambda _, grant: grant.here.profile.units)
            arguments = arguments(units)
        asked = {k: v for k, v in arguments.items() if v is not None}
        answer = gate.serve(session.owner(tool), asked)
    if answer.code == ArgumentsInvalidError.code:
        raise NotTakenError(answer.text.partition(": ")[2])
    if answer.structured is None:
        say(answer.text)
        raise typer.Exit(1)
    if as_json:
        say(answer.structured.decode())
        return None
    line = answer.text.partition("\n")[0]
    return Told(line, json.loads(answer.structured), answer.units)
