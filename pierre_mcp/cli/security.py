"""``pierre-mcp security``: what looked like misuse, why, and what is done about it."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer

from pierre_mcp.cli.session import AsJson, command, current, say, say_json, say_table
from pierre_mcp.errors import AlertCommandMalformedError
from pierre_mcp.gate.lines import WATCH
from pierre_mcp.gate.watching import Watched
from pierre_mcp.model.audit import Event, Outcome
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import check_label
from pierre_mcp.services import security as service
from pierre_mcp.services import watching
from pierre_mcp.services.alerting import AlertCommand
from pierre_mcp.services.security import Overview
from pierre_mcp.store import alerts as kept
from pierre_mcp.store.alerts import ListedAlert
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.wording import count

app = typer.Typer(
    help="What looked like misuse of what you gave, and who is held back for it.",
    no_args_is_help=True,
)


@app.command()
def events(
    days: Annotated[int, typer.Option(min=1, max=366, help="Of so many days.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Count the events of the log by kind, and say who is held back, and why."""
    found = current().look("security events", partial(service.overview, days=days))
    if as_json:
        say_json(_as_json(found))
    else:
        _draw(found)


@app.command()
def scan(as_json: AsJson = False) -> None:
    """Look through the log now, as every server does some seconds after a call."""
    session = current()
    with session.gate() as gate:
        raised, rows, found = list[ListedAlert](), 0, Watched(more=True)
        while found.more:
            found = gate.watch(session.owner(WATCH))
            raised += found.raised
            rows += found.rows
        gate.note(session.owner(WATCH), Outcome.DONE)
    if as_json:
        say_json({"rows": rows, "raised": [_alert_as_json(one) for one in raised]})
    else:
        say(f"Looked at {count(rows, 'new row')}: {len(raised)} raised.")
        for one in raised:
            _tell(one)
    _told(session.settings.alert_command, raised)


@app.command()
def alerts(as_json: AsJson = False) -> None:
    """List everything that was raised, oldest first."""
    found = current().look("security alerts", kept.listed)
    if as_json:
        say_json([_alert_as_json(one) for one in found])
    elif not found:
        say("No alerts.")
    else:
        for one in found:
            _tell(one)


@app.command()
def lift(
    to: Annotated[
        str | None, typer.Option("--to", help="For this assistant alone.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let an assistant that is slowed or refused call as before; look at why first.

    What was raised stays in the log. With the consent lock on, its passphrase is asked
    for.
    """
    recipient = None if to is None else check_label(to)

    def work(tx: Tx, grant: Grant) -> tuple[str, ...]:
        return watching.lift(tx, grant, recipient)

    detail = {"recipient": recipient or "all"}
    lifted = current().widen("security lift", work, detail=detail)
    if as_json:
        say_json({"lifted": lifted})
    elif lifted:
        say(f"Let in as before: {', '.join(lifted)}.")
    else:
        say("Nobody was held back; what was raised until now counts no more.")


def _draw(found: Overview) -> None:
    say(f"Since {found.since:%Y-%m-%d %H:%M} (UTC), by kind:")
    named = {event: n for event, n in found.events.items() if event != Event.SESSION}
    named[Event.DATA_ACCESS] = found.released
    say_table(("event", "rows"), list(named.items()))
    when = f"{found.last_scan:%Y-%m-%d %H:%M}" if found.last_scan else "never"
    say(f"The log was last looked through: {when} (UTC).")
    for one in found.raised:
        _tell(one)
    for held in found.recipients:
        say(_standing(held))


def _standing(held: service.HeldBack) -> str:
    words = [f"{held.recipient}: score {held.score}"]
    if held.slowed_until:
        words.append(f"slowed until {held.slowed_until:%Y-%m-%d %H:%M}")
    if held.refused_until:
        words.append(f"refused until {held.refused_until:%Y-%m-%d %H:%M:%S}")
    if len(words) > 1:
        words.append(f"lift it with: {command()} security lift --to {held.recipient}")
    return "; ".join(words)


def _tell(one: ListedAlert) -> None:
    alert = one.alert
    slowed = ", slowed for it" if alert.slowed else ""
    say(
        f"{one.number}  {alert.at:%Y-%m-%d %H:%M}  {alert.whose}  "
        f"score {alert.score}{slowed}; from row {alert.first_seq} of the log on:"
    )
    for reason in alert.reasons:
        say(f"   {reason.rule}: {reason.words} (threshold {reason.limit})")


def _told(text: str, raised: Sequence[ListedAlert]) -> None:
    """Tell the operator's command, as a server would."""
    if not raised or not text:
        return
    try:
        teller = AlertCommand(text)
    except AlertCommandMalformedError as error:
        typer.echo(str(error), err=True)
        return
    for one in raised:
        if not teller.tell_alert(one):
            typer.echo(f"The alert command did not take alert {one.number}.", err=True)


def _as_json(found: Overview) -> dict[str, Any]:
    return {
        "since": found.since,
        **found.guide(),
        "events": found.events,
        "risks": found.risks,
        "recipients": [asdict(one) for one in found.recipients],
        "alerts": [_alert_as_json(one) for one in found.raised],
    }


def _alert_as_json(one: ListedAlert) -> dict[str, Any]:
    return {"number": one.number, "id": one.id, **one.alert.model_dump(mode="json")}
