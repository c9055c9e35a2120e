"""``pierre-mcp disclosures``: who received what of yours, and when."""

import csv
import sys
from dataclasses import asdict, fields
from datetime import UTC, datetime, time
from functools import partial
from typing import Annotated, Final

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.periods import day
from pierre_mcp.cli.session import AsJson, command, current, say, say_json, say_table
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.disclosure import Disclosure
from pierre_mcp.model.scope import check_label
from pierre_mcp.services.disclosures import received

_NONE: Final = "no category"


def disclosures(
    since: Annotated[
        str | None, typer.Option(help="From which day on (UTC), as 2026-03-01.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="To this assistant alone.")
    ] = None,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Answer as comma-separated values.")
    ] = False,
) -> None:
    """Show which assistant received what category of yours, from where, and when.

    Taken from the audit log, which is checked first. What was released counts: no
    refusal, no preview and nothing you asked for yourself. "No category" are answers
    in which nothing of yours was open.
    """
    if as_json and as_csv:
        msg = "Say one: --json or --csv."
        raise NotTakenError(msg)
    session = current()
    work = partial(
        received,
        since=None if since is None else _begun(since),
        recipient=None if to is None else check_label(to),
    )
    with session.gate(put_back_too=True) as gate:
        found = gate.maintain(session.owner("disclosures"), work)
    if isinstance(found, Finding):
        _tell_broken(found, as_json=as_json)
        raise typer.Exit(1)
    if as_json:
        say_json([asdict(one) for one in found])
    elif as_csv:
        _write(found)
    else:
        _draw(found)


def _draw(found: list[Disclosure]) -> None:
    if not found:
        say("Nothing was released to any assistant.")
        return
    say_table(
        ("recipient", "category", "from", "answers", "first (UTC)", "last", "level"),
        [
            (
                one.recipient,
                one.category or _NONE,
                one.source,
                one.answers,
                f"{one.first_at:%Y-%m-%d %H:%M}",
                f"{one.last_at:%Y-%m-%d %H:%M}",
                ", ".join(one.levels),
            )
            for one in found
        ],
    )


def _write(found: list[Disclosure]) -> None:
    """Write a row each; no field can begin a formula: all are words of our own."""
    names = [field.name for field in fields(Disclosure)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for one in found:
        told = asdict(one) | {"levels": " ".join(one.levels)}
        writer.writerow(
            v.isoformat() if isinstance(v, datetime) else v
            for v in map(told.get, names)
        )


def _tell_broken(found: Finding, *, as_json: bool) -> None:
    if as_json:
        say_json({"healthy": False, "row": found.seq, "finding": found.kind})
        return
    say(
        f"The log is NOT healthy at row {found.seq}, so it cannot be told from it what "
        f"left. Look with: {command()} audit verify"
    )


def _begun(since: str) -> datetime:
    return datetime.combine(day(since, "--since"), time(), UTC)
