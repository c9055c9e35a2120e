"""``pierre-mcp incident contain``: end the harm, each act asked first."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final

import typer

from pierre_mcp.cli import keys
from pierre_mcp.cli.challenge import require_terminal
from pierre_mcp.cli.incident_words import Ref, labels, words
from pierre_mcp.cli.incident_words import as_json as told_as_json
from pierre_mcp.cli.session import AsJson, Session, command, current, say, say_json
from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.lines import EMERGENCY
from pierre_mcp.model.incident import Containment
from pierre_mcp.model.scope import share
from pierre_mcp.services import incident_containing as service
from pierre_mcp.services.incidents import Act, Standing
from pierre_mcp.services.rotation import Emergency, Rotation
from pierre_mcp.tools.wording import count

CONTAIN: Final = "incident contain"

_ASKS: Final = {
    Containment.WITHDRAW: "Withdraw every consent of {}?",
    Containment.BLOCK: "Let nothing go to {}, whatever it is consented to again?",
    Containment.TOKENS: "End every consent token given out until now?",
    Containment.KEYS: "Replace every key, since others may know them?",
}
_ACTIONS: Final = {
    Containment.WITHDRAW: "consent withdraw",
    Containment.BLOCK: "object",
    Containment.TOKENS: "consent token end",
    Containment.KEYS: CONTAIN,
    Containment.OTHERWISE: CONTAIN,
}
"""What the log calls each: an act has its own name there, whatever it was done for."""

_DONE: Final = {
    Containment.WITHDRAW: "Withdrawn from {}: {}.",
    Containment.BLOCK: "Blocked: {}: {}.",
    Containment.TOKENS: "Ended{}: {}.",
    Containment.KEYS: "Keys replaced{}: {}.",
    Containment.OTHERWISE: "Entered{}: {}.",
}


def contain(  # noqa: PLR0913, PLR0917 - each is an option
    ref: Ref,
    withdraw: Annotated[
        list[str] | None,
        typer.Option(help="Withdraw every consent of this assistant."),
    ] = None,
    block: Annotated[
        list[str] | None,
        typer.Option(help="Object to whatever would go to this assistant."),
    ] = None,
    tokens: Annotated[
        bool, typer.Option("--tokens", help="End every consent token.")
    ] = False,
    keys: Annotated[
        bool, typer.Option("--keys", help="Replace every key: others may know them.")
    ] = False,
    otherwise: Annotated[
        str | None, typer.Option(help="What you did yourself, elsewhere.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do what is named without asking.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """End the harm: what is named, or else what could be done, each asked first.

    Each act is what its own command does, is recorded as that, and is entered here.

    For example: pierre-mcp incident contain 1 --withdraw claude-desktop --tokens
    """
    session = current()
    acts = [Act(Containment.WITHDRAW, label) for label in labels(withdraw)]
    acts += [Act(Containment.BLOCK, label) for label in labels(block)]
    acts += [Act(Containment.TOKENS)] if tokens else []
    acts += [Act(Containment.KEYS)] if keys else []
    own = [Act(Containment.OTHERWISE, text=words(otherwise))] if otherwise else []
    named = bool(acts or own)
    if not yes or not named:
        require_terminal_for(acts, named=named)
    found = session.look("incident show", partial(service.offered, ref=ref))
    wanted = acts if named else found
    chosen = [act for act in wanted if (yes and named) or _asked(act)] + own
    done = [_do(session, ref, act, as_json=as_json) for act in chosen]
    if as_json:
        say_json(told_as_json(done[-1]) if done else {"contained": False})
    elif not done:
        say("Nothing was done.")
    else:
        say(f"See it with: {command()} incident show {done[-1].number}")


def require_terminal_for(acts: Sequence[Act], *, named: bool) -> None:
    """Refuse where something is to be asked and nobody can be.

    Raises:
        NoTerminalError: So it is.
    """
    if acts or not named:
        require_terminal()


def _asked(act: Act) -> bool:
    question = _ASKS[act.kind].format(act.whom)
    return typer.confirm(question, default=False, err=True)


def _do(session: Session, ref: str, act: Act, *, as_json: bool) -> Standing:
    if act.kind is Containment.KEYS:
        act = _rotated(session, act)
    with session.gate() as gate:
        one = gate.act(
            session.owner(_ACTIONS[act.kind]),
            partial(service.contain, ref=ref, act=act),
            detail=_detail(ref, act),
        )
    if not as_json:
        said = one.incident.entries[-1].text
        say(_DONE[act.kind].format(act.whom, said))
    return one


def _detail(ref: str, act: Act) -> dict[str, str]:
    """Return what is sealed beside the row, as the act's own command has it."""
    told = {"incident": ref, "act": act.subject}
    match act.kind:
        case Containment.WITHDRAW:
            return {**told, "recipient": act.whom, "scopes": "all"}
        case Containment.BLOCK:
            return {**told, "to": share(act.whom)}
        case _:
            return told


def _rotated(session: Session, act: Act) -> Act:
    """Replace every key, as ``keys rotate --emergency`` does."""
    clock = SystemClock()
    job = Rotation(clock, Emergency(clock, None))
    emptied = keys.run(session, job, EMERGENCY)
    said = (
        f"{count(job.made, 'key')} made, {count(job.destroyed, 'key')} destroyed, "
        f"{count(job.resealed, 'row')} sealed again"
    )
    if not emptied:
        said += "; old ones may still be in the write-ahead log"
    return Act(act.kind, text=said)
