"""``pierre-mcp incident report``: drafts of the notices of a breach."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pierre_mcp.cli.compliance import write_document
from pierre_mcp.cli.incident_words import Ref, word, words
from pierre_mcp.cli.session import AsJson, Session, current, say, say_json
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.incident import Told
from pierre_mcp.services import incidents
from pierre_mcp.services.incident_drafts import DRAFTS, known
from pierre_mcp.services.incident_timeline import Timeline, drawn
from pierre_mcp.services.incidents import Standing


def report(
    ref: Ref,
    to: Annotated[
        str | None,
        typer.Option(help=f"Only the one to: {', '.join(Told)}; both if left out."),
    ] = None,
    contact: Annotated[
        str, typer.Option(help="Whom to ask about it: a name, and how to reach them.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write it to this new file instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draft the notices to the authority and to the people concerned, as Markdown.

    From what is known, and saying what is not. Nothing is sent: that is yours to do,
    and to enter with told.
    """
    session = current()
    wanted = tuple(Told) if to is None else (word(Told, to),)
    whom = words(contact) if contact else ""
    with session.gate() as gate:
        one = gate.look(
            session.owner("incident report"),
            lambda tx, g: incidents.shown(tx, g, ref),
        )
        found = timeline_of(gate, session, one)
        facts = gate.look(
            session.owner("incident report"),
            partial(known, one=one, timeline=found, contact=whom),
        )
    drafts = {str(one): DRAFTS[one](facts) for one in wanted}
    text = "\n---\n\n".join(drafts.values())
    if out is not None:
        write_document(out.expanduser(), text)
    if as_json:
        told = {"file": str(out)} if out else {}
        say_json({"number": one.number, **told, "markdown": drafts})
    else:
        say(text.rstrip() if out is None else f"Written to {out}.")


def timeline_of(gate: Gate, session: Session, one: Standing) -> Finding | Timeline:
    """Return what the log tells of an incident, or what is wrong with the log."""
    call = session.owner("incident timeline")
    return gate.maintain(call, partial(drawn, incident=one.incident))
