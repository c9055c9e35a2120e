"""What the consent commands are told: whom, until when, and what besides."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from pierre_mcp.cli.faults import ExpiryMalformedError, NotTakenError
from pierre_mcp.cli.session import ask
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.policy import bundles

To = Annotated[
    str | None,
    typer.Option("--to", help="Which assistant: its label, as claude-desktop."),
]
Expires = Annotated[
    str, typer.Option(help="Until when: 30d, 6m, 1y, or a date as 2027-03-01 (UTC).")
]


def until(text: str, now: datetime | None = None) -> datetime:
    """Read ``30d``, ``6m``, ``1y`` or a date as an instant, UTC.

    Raises:
        ExpiryMalformedError: It is neither, or not in the future.
    """
    now = now or datetime.now(UTC)
    days = {"d": 1, "m": 30, "y": 365}
    try:
        if text[-1:] in days:
            end = now + timedelta(days=_count(text[:-1]) * days[text[-1]])
        else:
            read = datetime.fromisoformat(text)
            end = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ExpiryMalformedError from None
    if end <= now:
        raise ExpiryMalformedError
    return end


def extras(text: str) -> tuple[Category, ...]:
    """Read the categories of ``--with``.

    Raises:
        NotTakenError: One of them is none that can be added.
    """
    names = [name.strip() for name in text.replace(" ", ",").split(",") if name.strip()]
    known = {str(category): category for category in bundles.EXTRAS}
    if not known.keys() >= set(names):
        msg = f"What --with adds is one or more of: {', '.join(known)}."
        raise NotTakenError(msg)
    return tuple(known[name] for name in names)


def ask_recipient() -> str:
    """Ask which assistant it is."""
    return ask("Which assistant", "claude-desktop", scopes.check_label)


def _count(text: str) -> int:
    """Read a plain number: ``int`` would take signs, spaces and underscores too."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError
    return int(text)
