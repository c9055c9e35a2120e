"""``pierre-mcp audit prune``: what is old goes from the log, and is signed for."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

import typer

from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    say,
    say_json,
)
from pierre_mcp.gate import prunings
from pierre_mcp.gate.gate import Gate
from pierre_mcp.policy.log_retention import LEAST_BY_HAND, Cut, LogDays, cut
from pierre_mcp.store import pruning
from pierre_mcp.store.pruning import Due, Pruning
from pierre_mcp.tools.wording import count

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def prune(
    before: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="All before this day (UTC), as 2026-03-01."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would go.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove from the log what is older than it is kept; servers do so by themselves.

    Rows go after six years and the details sealed beside them after 90 days, or as
    PIERRE_AUDIT_DAYS and PIERRE_AUDIT_DETAIL_DAYS say. A row and a signed checkpoint
    tell of it, and what stays is checked and proven as before.
    """
    session = current()
    kept_from = _by_settings(session) if before is None else _from(before)
    with session.gate() as gate:
        if dry_run:
            _tell("Would go", _due(session, gate, kept_from), as_json=as_json)
            return
        if before is not None:
            require_terminal()
            goes = _due(session, gate, kept_from)
            _tell("To go", goes, as_json=False)
            if not goes.any:
                return
            challenge("remove it from the log for good")
        call, job = session.owner(prunings.PRUNE), Pruning(kept_from)
        sign = session.unlocked(gate, call)
        free = prunings.carry_through(gate, call, job, sign=sign)
    _tell("Removed", job.done, as_json=as_json, free=free)


def _due(session: Session, gate: Gate, kept_from: Cut) -> Due:
    return gate.maintain(
        session.owner(f"{prunings.PRUNE} preview"),
        lambda tx, m, _: pruning.due(tx, m, kept_from),
    )


def _by_settings(session: Session) -> Cut:
    settings = session.settings
    days = LogDays(settings.audit_days, settings.audit_detail_days)
    return cut(days, datetime.now(UTC))


def _from(text: str) -> Cut:
    """Read a day, from which on all is kept.

    Raises:
        NotTakenError: It is none, or too near.
    """
    day = None
    if _DAY.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
    newest = datetime.now(UTC) - LEAST_BY_HAND
    if day is None or day > newest.date():
        msg = "--before takes a day as 2026-03-01, at least 30 days ago."
        raise NotTakenError(msg)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Cut(moment, moment)


def _tell(word: str, due: Due, *, as_json: bool, free: bool = True) -> None:
    if as_json:
        told = {"rows": due.rows, "up_to": due.size, "details": due.details}
        say_json(told | {"details_below": due.below, "swept": free})
    elif not due.any:
        say("Nothing in the log is older than it is kept.")
    else:
        upto = f", up to row {due.size}" if due.rows else ""
        details = f"{count(due.details, 'detail')} of rows before row {due.below}"
        say(f"{word}: {count(due.rows, 'row')}{upto}, and {details}.")
    if not free and not as_json:
        say(
            "Pieces of it are still in the store's files, since another process reads "
            f"there. They go with the next: {command()} backup"
        )
