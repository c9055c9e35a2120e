"""``pierre-mcp audit tail``, ``show`` and ``search``: rows of the log, looked at."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.audit_out import say_escaped
from pierre_mcp.cli.periods import From, To, period
from pierre_mcp.cli.session import AsJson, current, say, say_table
from pierre_mcp.errors import PersonErasedError, RowUnknownError
from pierre_mcp.model.audit import Event, Outcome, Risk
from pierre_mcp.model.audit_facts import asker
from pierre_mcp.model.category import Category
from pierre_mcp.policy.privacy import visible
from pierre_mcp.services.auditing.looking import (
    Found,
    Wanted,
    Whole,
    found,
    opened,
    whole,
)
from pierre_mcp.services.export_words import in_words

Rows = Annotated[int, typer.Option("-n", min=1, max=1000, help="How many rows.")]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = ("row", "when (UTC)", "door", "who asked", "what", "outcome", "why")


def tail(count: Rows = 20, as_json: AsJson = False) -> None:
    """Show the newest rows, oldest first. They name nobody."""
    _tell(_looked("audit tail", Wanted(), count), as_json=as_json)


def show(
    seq: Annotated[int, typer.Argument(metavar="ROW", min=1, help="Its number.")],
    as_json: AsJson = False,
) -> None:
    """Show one row whole, with what is sealed beside it opened for you."""
    session = current()
    with session.gate(put_back_too=True) as gate:
        call = session.owner("audit show")
        row = gate.maintain(call, partial(whole, seq=seq))
        if row is None:
            raise RowUnknownError
        with suppress(PersonErasedError):  # then nobody can open what is sealed
            if row.stored.detail is not None:
                row = gate.look(call, partial(opened, row=row))
    told = _as_json(row)
    if as_json:
        say_escaped(told)
        return
    say(f"Row {seq}: {visible(in_words(row.stored.entry))}\n")
    say_table(("fact", "value"), [(name, _word(v)) for name, v in told.items()])


def search(  # noqa: PLR0913, PLR0917 - one for each fact that rows are found by
    tool: Annotated[
        str | None, typer.Option(help="What was called or done, as get_activities.")
    ] = None,
    recipient: Annotated[
        str | None, typer.Option(help="Which assistant asked.")
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="How it ended.")] = None,
    category: Annotated[
        Category | None, typer.Option(help="What was open to the answer.")
    ] = None,
    event: Annotated[Event | None, typer.Option(help="Which security event.")] = None,
    risk: Annotated[Risk | None, typer.Option(help="How grave it is.")] = None,
    first: From = None,
    last: To = None,
    count: Rows = 50,
    as_json: AsJson = False,
) -> None:
    """Find rows by what they say: of the last 30 days, unless you name others."""
    asked = {
        "action": tool,
        "recipient": recipient,
        "outcome": outcome,
        "event": event,
        "risk": risk,
    }
    facts = {name: str(value) for name, value in asked.items() if value is not None}
    wanted = Wanted(period(first, last), facts, category)
    _tell(_looked("audit search", wanted, count), as_json=as_json)


def _looked(action: str, wanted: Wanted, most: int) -> Found:
    session = current()
    with session.gate(put_back_too=True) as gate:
        work = partial(found, wanted=wanted, most=most)
        return gate.maintain(session.owner(action), work)


def _tell(told: Found, *, as_json: bool) -> None:
    if as_json:
        say_escaped(told.rows)
        return
    if not told.rows:
        say("No row says so.")
        return
    say_table(_COLUMNS, [_cells(row) for row in told.rows])


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        row["seq"],
        f"{_at(row):%Y-%m-%d %H:%M:%S}",
        *(
            visible(str(fact))
            for fact in (
                row["door"],
                asker(row["caller"], row["recipient"]),
                row["action"],
                row["outcome"],
                row["code"],
            )
        ),
    )


def _as_json(row: Whole) -> dict[str, Any]:
    entry = row.stored.entry
    told = {"row": entry["seq"], "at": f"{_at(entry).isoformat()}", **entry}
    told |= {"link": row.stored.link, "mac": row.stored.mac}
    return told | {"commitment": entry.get("detail", ""), "detail": row.detail}


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible(text)


def _at(row: Mapping[str, Any]) -> datetime:
    return _EPOCH + timedelta(microseconds=row["at_us"])
