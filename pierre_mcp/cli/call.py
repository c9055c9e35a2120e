"""``pierre-mcp call``: run one tool, as yourself or as an assistant would see it."""

import json
import sys
from typing import Annotated, Any

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import current, say, say_json
from pierre_mcp.errors import ToolUnknownError
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.scope import check_label
from pierre_mcp.tools.catalogue import table


def call(
    tool: Annotated[str, typer.Argument(help="A tool's name, as get_activities.")],
    arguments: Annotated[
        str, typer.Argument(help="Its arguments, a JSON object.")
    ] = "{}",
    as_: Annotated[
        str | None,
        typer.Option("--as", help="Preview exactly what this assistant would get."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Only the JSON.")] = False,
) -> None:
    """Run one tool. Without --as you see your own data whole; with it, a preview.

    For example: pierre-mcp call get_activities '{"limit": 5}' --as claude-desktop
    """
    session, given = current(), arguments_of(arguments)
    owner = Owner(preview_as=None if as_ is None else check_label(as_))
    with session.gate() as gate:
        answer = gate.serve(Call(owner, tool, session.id), given)
    if not as_json:
        say(answer.text)
    elif answer.structured is not None:
        say(answer.structured.decode())
    else:
        say_json({"code": answer.code, "error": answer.text})
    if answer.code == ToolUnknownError.code:
        sys.stderr.write(f"The tools are: {', '.join(table().tools)}.\n")
    if answer.is_error:
        raise typer.Exit(1)


def arguments_of(text: str) -> dict[str, Any]:
    """Read a tool's arguments as they were typed.

    Raises:
        NotTakenError: It is no JSON object.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        msg = 'The arguments are not a JSON object, such as {"limit": 5}.'
        raise NotTakenError(msg)
    return value
