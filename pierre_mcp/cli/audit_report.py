"""``pierre-mcp audit report``: what the log says of a time, for people who ask."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from pierre_mcp.cli.audit_export import warn_broken
from pierre_mcp.cli.audit_out import Out, form, say_escaped, writing
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.pace import listening
from pierre_mcp.cli.periods import From, To, period
from pierre_mcp.cli.session import AsJson, Session, current, say, say_json, say_table
from pierre_mcp.errors import PierreError
from pierre_mcp.formats.audit_writing import as_json as as_object
from pierre_mcp.formats.audit_writing import as_table, integrity, json_text
from pierre_mcp.model.audit_report import Period, Report, SectionName
from pierre_mcp.pictures.audit_page import page
from pierre_mcp.services.auditing.report import Asked, reported
from pierre_mcp.services.auditing.sealed import OPENS, with_sealed, without_sealed
from pierre_mcp.tools.wording import count

HTML, JSON, CSV = "html", "json", "csv"
_FORMS: Final = {".html": HTML, ".htm": HTML, ".json": JSON, ".csv": CSV}


def report(
    section: Annotated[
        list[SectionName] | None,
        typer.Option(help="Only this one; may be given again. Else all of them."),
    ] = None,
    as_form: Annotated[
        str | None, typer.Option("--format", help="html, json or csv.")
    ] = None,
    out: Out = None,
    first: From = None,
    last: To = None,
    as_json: AsJson = False,
) -> None:
    """Report on the last 30 days, or on other days: who asked, what left, what changed.

    It says first whether the log holds; of a broken log only the rows before the break
    count. Without a format it is shown here, in short; --format html --out FILE makes
    one page to read, print and hand on.
    """
    days = period(first, last)
    chosen = form(as_form, out, _FORMS)
    if as_json and out is None and chosen not in {None, JSON}:
        msg = "Say one: --json, or --format."
        raise NotTakenError(msg)
    session = current()
    with writing(out) as write:
        told = _reported(session, days, list(section or SectionName))
        if out is None and chosen is None:
            _show(told, as_json=as_json)
        else:
            for piece in _pieces(told, chosen or JSON):
                write(piece)
    if out is not None:
        _tell_written(told, out, as_json=as_json)
    if told.finding is not None:
        warn_broken(told.finding)
        raise typer.Exit(1)


def _reported(session: Session, days: Period, chosen: list[SectionName]) -> Report:
    call = session.owner("audit report")
    with (
        listening("checking the log") as listen,
        session.gate(put_back_too=True) as gate,
    ):
        asked = Asked(days, chosen, datetime.now(UTC), listen)
        told = gate.maintain(call, partial(reported, asked=asked))
        if not OPENS & set(chosen):
            return told
        try:
            return gate.look(call, partial(with_sealed, report=told))
        except PierreError:  # erased, put back, tampered with: the log is told of still
            return without_sealed(told)


def _pieces(told: Report, chosen: str) -> Iterator[str]:
    if chosen == CSV:
        yield from as_table(told)
    elif chosen == HTML:
        yield page(told)
    else:
        yield f"{json_text(as_object(told))}\n"


def _show(told: Report, *, as_json: bool) -> None:
    if as_json:
        say_escaped(as_object(told))
        return
    first, last = told.period.first_on, told.period.last_on
    holds = integrity(told)["healthy"]
    say(
        f"{first} to {last} (UTC): the log {'holds' if holds else 'is NOT healthy'}, "
        f"{count(told.verified_rows, 'row')} checked."
    )
    for section in told.sections:
        say(f"\n{section.name.replace('_', ' ').capitalize()}")
        rows = [
            (name.replace("_", " "), str(number).replace("_", " "))
            for name, number in section.counts.items()
        ]
        say_table(("what", "how many"), rows)
    say("\nTo read, print and hand on: --format html --out report.html")


def _tell_written(told: Report, out: Path, *, as_json: bool) -> None:
    if as_json:
        say_json({"written_to": out, "healthy": told.finding is None})
    else:
        say(f"Written to {out}.")
