"""``pierre-mcp privacy``: how closely each assistant may look; a look as it would."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from pierre_mcp.cli.call import arguments_of
from pierre_mcp.cli.challenge import challenge
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    err,
    out,
    say,
    say_json,
)
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.scope import check_label
from pierre_mcp.policy.levels import IN_WORDS, level_of
from pierre_mcp.services import privacy
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx

_WIDE = 120
"""Columns of a terminal from which three answers stand side by side."""

app = typer.Typer(
    help="How closely each assistant may look: at high, medium or low. Medium until "
    "you choose.",
    epilog="For example: pierre-mcp privacy preview get_activities",
    no_args_is_help=True,
)


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the level of each assistant, what it does, and your privacy zones."""
    policy = current().look("privacy show", _policy)
    rows: list[dict[str, Any]] = [
        {
            "recipient": name,
            "level": level_of(mine.level),
            "chosen": mine.level is not None,
            "effects": IN_WORDS[level_of(mine.level)],
        }
        for name, mine in sorted(policy.recipients.items())
    ]
    zones = [{"name": z.name, "radius_m": z.radius_m} for z in policy.zones]
    if as_json:
        say_json({"recipients": rows, "zones": zones})
        return
    if not rows:
        say("No assistant holds any consent; each begins at medium.")
    for row in rows:
        default = "" if row["chosen"] else " (until you choose)"
        say(f"{row['recipient']}: {row['level']}{default}: {'; '.join(row['effects'])}")
    say(f"Privacy zones: {len(zones)}. See them with: {command()} privacy zone list")


@app.command("set")
def set_(
    recipient: Annotated[str, typer.Option(help="Which assistant, by its label.")],
    level: Annotated[Level, typer.Option(help="high shows least, low shows most.")],
    as_json: AsJson = False,
) -> None:
    """Set how closely an assistant may look.

    To show it more than now takes a challenge; to show it less takes effect at once.

    For example: pierre-mcp privacy set --recipient claude-desktop --level high
    """
    session, label = current(), check_label(recipient)
    before = session.look("privacy show", _policy)
    detail = {"recipient": label, "level": str(level)}

    def work(tx: Tx, grant: Grant) -> Policy:
        return privacy.choose(tx, grant, label, level)

    if privacy.lowers(before, label, level):
        _explain(label, level)
        challenge("show it more")
        session.widen("privacy set", work, detail=detail)
    else:
        with session.gate() as gate:
            gate.act(
                session.owner("privacy set"),
                _never_lower(work, label, level),
                detail=detail,
            )
    if as_json:
        say_json({"recipient": label, "level": level})
    else:
        say(f"{label} is at {level} from now on: {'; '.join(IN_WORDS[level])}.")


@app.command()
def preview(
    tool: Annotated[str, typer.Argument(help="A tool's name, as get_activities.")],
    arguments: Annotated[
        str, typer.Argument(help="Its arguments, a JSON object.")
    ] = "{}",
    as_: Annotated[
        str | None,
        typer.Option("--as", help="As which assistant; the only one if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one real answer as an assistant would get it at each of the levels.

    Nothing leaves: the log calls it a preview.

    For example: pierre-mcp privacy preview get_activities '{"limit": 3}'
    """
    session, given = current(), arguments_of(arguments)
    label = check_label(as_ or only_holder(session))
    with session.gate() as gate:
        told = {
            level: gate.serve(Call(Owner(label, level=level), tool, session.id), given)
            for level in Level
        }
    if as_json:
        say_json({level: _content(answer) for level, answer in told.items()})
    else:
        _beside(told)
    if any(answer.is_error for answer in told.values()):
        raise typer.Exit(1)


def _never_lower(
    work: Callable[[Tx, Grant], Policy], recipient: str, level: Level
) -> Callable[[Tx, Grant], Policy]:
    """Return the work, refused where the level was raised further meanwhile.

    Without a challenge nothing may show more than it did at that very moment.
    """

    def checked(tx: Tx, grant: Grant) -> Policy:
        if privacy.lowers(policies.read(tx, grant).policy, recipient, level):
            msg = "The level was changed meanwhile; nothing was changed."
            raise NotTakenError(msg)
        return work(tx, grant)

    return checked


def only_holder(session: Session) -> str:
    """Return the one recipient that holds anything.

    Raises:
        NotTakenError: There is none, or more than one.
    """
    policy = session.look("privacy show", _policy)
    holders = sorted(name for name, mine in policy.recipients.items() if mine.scopes)
    if len(holders) == 1:
        return holders[0]
    msg = "No assistant holds any consent; say which, with --as."
    if holders:
        msg = f"Say as which, with --as: {', '.join(holders)}."
    raise NotTakenError(msg)


def _explain(recipient: str, level: Level) -> None:
    console = err()
    console.print(f"\n{recipient} at {level}\n", style="bold")
    for words in IN_WORDS[level]:
        console.print(f"  - {words}")
    console.print(f"\nThat is more than now, and goes to {recipient}'s provider.")


def _beside(told: Mapping[Level, Answer]) -> None:
    """Draw the answers in columns where there is room, else one after another."""
    texts = {str(level): _pretty(answer) for level, answer in told.items()}
    console = out()
    if console.is_terminal and console.width >= _WIDE:
        table = Table(
            *texts, box=None, pad_edge=False, header_style="bold", expand=True
        )
        table.add_row(*texts.values())
        console.print(table)
        return
    for level, text in texts.items():
        say(f"--- {level}\n{text}")


def _pretty(answer: Answer) -> str:
    if answer.is_error:
        return answer.text
    line = answer.text.partition("\n")[0]
    return f"{line}\n{json.dumps(_content(answer), indent=1, ensure_ascii=False)}"


def _content(answer: Answer) -> Any:
    if answer.structured is None:
        return {"code": answer.code, "error": answer.text}
    return json.loads(answer.structured)


def _policy(tx: Tx, grant: Grant) -> Policy:
    return policies.read(tx, grant).policy
