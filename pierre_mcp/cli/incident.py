"""``pierre-mcp incident``: what went wrong, from finding it to what was learnt."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from pierre_mcp.cli import incident_contain, incident_report, incident_steps
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.incident_words import (
    Ref,
    When,
    clock_words,
    draw,
    draw_list,
    draw_timeline,
    labels,
    moment,
    timeline_as_json,
    word,
    words,
)
from pierre_mcp.cli.incident_words import (
    as_json as told_as_json,
)
from pierre_mcp.cli.session import AsJson, command, current, say, say_json
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import Duty, IncidentLevel, Told
from pierre_mcp.services import incidents as service
from pierre_mcp.services.incidents import Assessment, Report, Standing
from pierre_mcp.store.database import Tx

app = typer.Typer(
    invoke_without_command=True,
    help="What went wrong: found, assessed, contained, told, and what was learnt.",
)

Level = Annotated[str | None, typer.Option(help=f"One of: {', '.join(IncidentLevel)}.")]
From = Annotated[str | None, typer.Option("--from", help=f"When it began, {When}.")]
To = Annotated[str | None, typer.Option(help="When it ended, likewise.")]
Recipients = Annotated[
    list[str] | None,
    typer.Option("--recipient", help="Which assistant it concerns; may be repeated."),
]


@app.callback()
def incident(context: typer.Context, as_json: AsJson = False) -> None:
    """List the incidents: those not closed first, gravest first."""
    if context.invoked_subcommand is None:
        list_(as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the incidents: those not closed first, gravest first."""
    found = current().look("incident list", service.listed)
    if as_json:
        say_json([told_as_json(one) for one in found])
    elif found:
        draw_list(found)
    else:
        say(f"No incidents. The six steps for one: {command()} incident steps")


@app.command("open")
def open_(  # noqa: PLR0913, PLR0917 - each is an option
    what: Annotated[
        str | None, typer.Argument(help="What happened, in your words.")
    ] = None,
    level: Level = None,
    discovered: Annotated[
        str | None, typer.Option(help=f"When you became aware of it, {When}; else now.")
    ] = None,
    from_: From = None,
    to: To = None,
    recipient: Recipients = None,
    alert: Annotated[
        str | None,
        typer.Option(
            "--from-alert",
            help="A number of security alerts: whom and when it is about is taken "
            "from it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open an incident. From when you became aware of it 72 hours run.

    For example: pierre-mcp incident open "the laptop was stolen" --level critical
    """
    grave = word(IncidentLevel, level or IncidentLevel.HIGH)
    if alert is not None:
        if any((discovered, from_, to, recipient)):
            msg = "With --from-alert only say what happened, and --level."
            raise NotTakenError(msg)
        said = words(what) if what else ""
        work = partial(service.from_alert, ref=alert, what=said, level=grave)
        _tell(_act("incident open", work), as_json=as_json)
        return
    report = Report(
        what=words(what or ""),
        level=grave,
        discovered_at=moment(discovered),
        from_at=moment(from_),
        to_at=moment(to),
        recipients=labels(recipient),
    )
    made = _act("incident open", partial(service.open_, report=report))
    _tell(made, as_json=as_json)


@app.command("show")
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Show one incident whole, with what the log tells of it, checked first."""
    session = current()
    with session.gate() as gate:
        one = gate.look(
            session.owner("incident show"), lambda tx, g: service.shown(tx, g, ref)
        )
        found = incident_report.timeline_of(gate, session, one)
    if as_json:
        broken = isinstance(found, Finding)
        told = None if isinstance(found, Finding) else timeline_as_json(found)
        say_json({**told_as_json(one), "log_healthy": not broken, "timeline": told})
        return
    draw(one)
    if isinstance(found, Finding):
        say(
            f"The log is NOT healthy at row {found.seq}, so nothing is told from it. "
            f"Look with: {command()} audit verify"
        )
    else:
        draw_timeline(found)


@app.command("assess")
def assess(  # noqa: PLR0913, PLR0917 - each is an option
    ref: Ref,
    why: Annotated[str, typer.Option(help="What you found, and how you know.")],
    level: Level = None,
    duty: Annotated[
        str | None,
        typer.Option(
            "--authority",
            help=f"Is the authority to be told of it: {', '.join(Duty)}.",
        ),
    ] = None,
    from_: From = None,
    to: To = None,
    recipient: Recipients = None,
    as_json: AsJson = False,
) -> None:
    """Say how grave it is, whom it concerns, and whether the authority is to be told.

    A breach is not to be told that is unlikely to be a risk to anybody (GDPR Art.
    33(1)); why not is kept.
    """
    found = Assessment(
        why=words(why),
        level=word(IncidentLevel, level) if level else None,
        duty=word(Duty, duty) if duty else None,
        from_at=moment(from_),
        to_at=moment(to),
        recipients=labels(recipient) if recipient else None,
    )
    if not found.changes():
        msg = "Say what you found: --level, --authority, --from, --to or --recipient."
        raise NotTakenError(msg)
    _tell(
        _act("incident assess", partial(service.assess, ref=ref, found=found)),
        as_json=as_json,
    )


@app.command("note")
def note(ref: Ref, text: str, as_json: AsJson = False) -> None:
    """Append a note; it is never changed, nor taken out."""
    said = words(text)
    _tell(
        _act("incident note", partial(service.note, ref=ref, text=said)),
        as_json=as_json,
    )


@app.command("told")
def told(
    ref: Ref,
    whom: Annotated[str, typer.Argument(help=f"Who was: {', '.join(Told)}.")],
    at: Annotated[str | None, typer.Option(help=f"When, {When}; else now.")] = None,
    note: Annotated[
        str, typer.Option(help="How, by whom, the number of the case.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Enter that the authority, or the people concerned, were told."""
    one, when = word(Told, whom), moment(at)
    text = words(note) if note else ""
    work = partial(service.told, ref=ref, whom=one, at=when, text=text)
    _tell(_act("incident told", work), as_json=as_json)


@app.command("close")
def close(
    ref: Ref,
    learnt: Annotated[
        str, typer.Option(help="What caused it, and what will be done differently.")
    ],
    as_json: AsJson = False,
) -> None:
    """Close an incident with what was learnt of it.

    Not while the authority may have to be told yet.
    """
    said = words(learnt)
    _tell(
        _act("incident close", partial(service.close, ref=ref, learnt=said)),
        as_json=as_json,
    )


app.command("contain")(incident_contain.contain)
app.command("report")(incident_report.report)
app.command("steps")(incident_steps.steps)


def _act(action: str, work: Callable[[Tx, Grant], Standing]) -> Standing:
    session = current()
    with session.gate() as gate:
        return gate.act(session.owner(action), work)


def _tell(one: Standing, *, as_json: bool) -> None:
    if as_json:
        say_json(told_as_json(one))
        return
    level, state = one.incident.level, one.incident.state
    say(f"Incident {one.number}: {level}, {state}. Authority: {clock_words(one)}.")
