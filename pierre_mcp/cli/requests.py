"""``pierre-mcp requests``: what was asked for by law, and until when it is due."""

import re
from datetime import date
from typing import Annotated, Any, Final, TypeVar

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import AsJson, command, current, say, say_json, say_table
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.request import Law, Request, RequestKind, RequestOutcome
from pierre_mcp.policy.deadlines import HOLIDAYS_COUNT
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import requests as service
from pierre_mcp.services.requests import Standing
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.wording import count

WordT = TypeVar("WordT", Law, RequestKind, RequestOutcome)

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOST_TEXT: Final = 2_000
_NEED_WHY: Final = {RequestOutcome.PARTLY, RequestOutcome.REFUSED}

app = typer.Typer(
    invoke_without_command=True,
    help="What was asked for by law, until when it is due, and what became of it.",
)

Ref = Annotated[str, typer.Argument(metavar="ID", help="A number of requests.")]


@app.callback()
def requests(context: typer.Context, as_json: AsJson = False) -> None:
    """List the requests, overdue ones first."""
    if context.invoked_subcommand is not None:
        return
    found = current().look("requests", service.listed)
    if as_json:
        say_json([_as_json(one) for one in found])
    elif not found:
        say(f"No requests. Enter one with: {command()} requests add access")
    else:
        say_table(
            ("number", "kind", "by", "received", "due", "stands"),
            [
                (
                    one.number,
                    one.request.kind,
                    one.request.law,
                    one.request.received_on,
                    one.due_on,
                    _stands(one),
                )
                for one in found
            ],
        )


@app.command("add")
def add(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(RequestKind)}.")],
    received: Annotated[
        str | None, typer.Option(help="On which day, as 2026-03-01; else today.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help=f"By which law: {', '.join(Law)}.")
    ] = Law.GDPR,
    note: Annotated[str, typer.Option(help="What else is to be known of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enter a request, and say until when it is to be answered.

    For example: pierre-mcp requests add access --received 2026-03-01 --by gdpr
    """
    asked, law = _word(RequestKind, kind), _word(Law, by)
    day, text = _day(received), _text(note)

    def work(tx: Tx, grant: Grant) -> Standing:
        return service.add(tx, grant, asked, law, received_on=day, note=text)

    _act("requests add", work, as_json=as_json)


@app.command("show")
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Show one request whole."""
    _tell(
        current().look("requests show", lambda tx, g: service.shown(tx, g, ref)),
        as_json=as_json,
    )


@app.command("extend")
def extend(
    ref: Ref,
    why: Annotated[str, typer.Option(help="What whoever asked is told of it.")],
    as_json: AsJson = False,
) -> None:
    """Extend the term of a request, once and in time: whoever asked is to be told."""
    reason = _text(why, needed=True)
    _act(
        "requests extend",
        lambda tx, grant: service.extend(tx, grant, ref, reason),
        as_json=as_json,
    )


@app.command("close")
def close(
    ref: Ref,
    outcome: Annotated[
        str, typer.Option(help=f"What became of it: {', '.join(RequestOutcome)}.")
    ],
    why: Annotated[
        str,
        typer.Option(help="What was not done, and why; partly and refused need it."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Note that a request was answered."""
    ended = _word(RequestOutcome, outcome)
    reason = _text(why, needed=ended in _NEED_WHY)
    _act(
        "requests close",
        lambda tx, grant: service.close(tx, grant, ref, ended, reason),
        as_json=as_json,
    )


def _act(action: str, work: Any, *, as_json: bool) -> None:
    session = current()
    with session.gate() as gate:
        done = gate.act(session.owner(action), work)
    _tell(done, as_json=as_json)


def _tell(one: Standing, *, as_json: bool) -> None:
    if as_json:
        say_json(_as_json(one))
        return
    request = one.request
    say(f"Request {one.number}: {request.kind} by {request.law}, {_stands(one)}.")
    say(f"Received on {request.received_on}, to be answered by {one.due_on}.")
    if request.open and request.law in HOLIDAYS_COUNT:
        say("Where that is a public holiday, by the next working day.")
    for name, text in _texts(request):
        say(f"{name}: {clean(text)}")


def _texts(request: Request) -> list[tuple[str, str]]:
    named = (
        ("Note", request.note),
        ("Extended", request.why_extended),
        ("Outcome", request.why),
    )
    return [(name, text) for name, text in named if text]


def _stands(one: Standing) -> str:
    if one.request.outcome is not None:
        return str(one.request.outcome)
    if one.overdue:
        return f"OVERDUE by {count(-one.days_left, 'day')}"
    extended = ", extended" if one.request.extended_at else ""
    return f"{count(one.days_left, 'day')} left{extended}"


def _as_json(one: Standing) -> dict[str, Any]:
    told = one.request.model_dump(mode="json")
    return {
        "id": one.id,
        "number": one.number,
        **told,
        "due_on": one.due_on,
        "days_left": one.days_left if one.request.open else None,
        "overdue": one.overdue,
    }


def _word(kind: type[WordT], text: str) -> WordT:
    """Read one of our own words.

    Raises:
        NotTakenError: It is none of them.
    """
    if text not in set(kind):
        msg = f"What is taken is one of: {', '.join(kind)}."
        raise NotTakenError(msg)
    return kind(text)


def _day(text: str | None) -> date | None:
    """Read a day.

    Raises:
        NotTakenError: It is none.
    """
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    msg = "--received takes a day as 2026-03-01."
    raise NotTakenError(msg)


def _text(text: str, *, needed: bool = False) -> str:
    """Read what the person writes.

    Raises:
        NotTakenError: It is too long, or empty where it must not be.
    """
    said = text.strip()
    if len(said) > _MOST_TEXT or (needed and not said):
        msg = f"Say why, in {_MOST_TEXT} characters at most."
        raise NotTakenError(msg)
    return said
