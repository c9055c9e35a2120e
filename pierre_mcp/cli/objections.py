"""``pierre-mcp object``: refuse a purpose or any disclosure, whatever is given."""

from typing import Annotated, Final

import typer

from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import AsJson, Session, current, say, say_json
from pierre_mcp.policy.objections import lifting, word_of
from pierre_mcp.services import objections as service

_MEANS: Final = {
    "analytics:insights": "no tool works out insights from your data",
    "analytics:predictions": "no tool works out predictions from your data",
    "share": "nothing of yours goes to any assistant",
}


def object_(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[WHAT]", help="insights, predictions or share."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="With share: to this assistant alone.")
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Object to it no more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Object to a purpose, or to any disclosure, at once and whatever is consented to.

    It takes no challenge; lifting it does. Consents stay as they are, and count again
    once it is lifted. Without WHAT it lists what you object to.
    """
    session = current()
    if what is None:
        if to is not None or lift:
            msg = "Say what: insights, predictions or share."
            raise NotTakenError(msg)
        _list(session, as_json=as_json)
    elif lift:
        _lift(session, word_of(what, to), as_json=as_json)
    else:
        _object(session, word_of(what, to), as_json=as_json)


def _object(session: Session, word: str, *, as_json: bool) -> None:
    with session.gate() as gate:
        new = gate.act(
            session.owner("object"),
            lambda tx, grant: service.object_to(tx, grant, word),
            detail={"to": word},
        )
    if as_json:
        say_json({"objected": word, "changed": new})
        return
    [command] = lifting([word], session.settings.command)
    say(f"From now on {_meaning(word)}. Lift it with: {command}")


def _lift(session: Session, word: str, *, as_json: bool) -> None:
    require_terminal()
    challenge("lift this objection")
    was = session.widen(
        "object lift",
        lambda tx, grant: service.lift(tx, grant, word),
        detail={"to": word},
    )
    if as_json:
        say_json({"lifted": word, "changed": was})
    elif was:
        say(f"Lifted: {word}. What you consented to counts again.")
    else:
        say(f"You did not object to {word}.")


def _list(session: Session, *, as_json: bool) -> None:
    words = session.look("object list", service.listed)
    if as_json:
        say_json(words)
    elif not words:
        say("You object to nothing.")
    for word in () if as_json else words:
        say(f"{word}: {_meaning(word)}")


def _meaning(word: str) -> str:
    recipient = word.removeprefix("share:")
    return _MEANS.get(word, f"nothing of yours goes to {recipient}")
