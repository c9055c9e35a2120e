"""Days as they are given on the command line: UTC, and both ends included."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.model.audit_report import Period

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_USUAL: Final = timedelta(days=29)

From = Annotated[
    str | None,
    typer.Option("--from", help="The first day (UTC); else 29 days before the last."),
]
To = Annotated[
    str | None, typer.Option("--to", help="The last day (UTC), itself included.")
]


def day(text: str, option: str) -> date:
    """Read a day as 2026-03-01.

    Raises:
        NotTakenError: It is none.
    """
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    msg = f"{option} takes a day as 2026-03-01."
    raise NotTakenError(msg)


def period(first: str | None, last: str | None) -> Period:
    """Read the days from ``--from`` to ``--to``; without them the last thirty.

    Raises:
        NotTakenError: One is no day, or they are the wrong way round.
    """
    until = datetime.now(UTC).date() if last is None else day(last, "--to")
    earliest = max(date.min + _USUAL, until) - _USUAL
    since = earliest if first is None else day(first, "--from")
    if since > until or until == date.max:
        msg = "--from comes before --to, or is the same day."
        raise NotTakenError(msg)
    return Period(since, until)
