"""``pierre-mcp consent history``: the whole ledger, oldest first, its chain checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pierre_mcp.cli.consent_options import To
from pierre_mcp.cli.faults import HistoryTamperedError
from pierre_mcp.cli.session import AsJson, current, say, say_json, say_table
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry
from pierre_mcp.tools.wording import count

Line = tuple[str, LedgerEntry]


@dataclass(frozen=True, slots=True)
class _Ledger:
    """All lines, and whether each follows from the one before."""

    lines: list[Line]
    holds: bool


def history(to: To = None, as_json: AsJson = False) -> None:
    """Show all that was ever given, refused, withdrawn, renewed, and what has ended.

    Nothing is ever removed from it. Each line is bound to the one before, and the whole
    chain is checked.
    """
    label = None if to is None else scopes.check_label(to)
    session = current()
    with session.gate() as gate:
        found = gate.act(session.owner("consent history"), _read)
    mine = [line for line in found.lines if label in {None, line[1].recipient}]
    if as_json:
        say_json({"holds": found.holds, "lines": [_as_json(*line) for line in mine]})
    elif not mine:
        say("Nothing was ever consented to.")
    else:
        columns = ("when (UTC)", "what", "whom", "of what", "until", "by", "id")
        say_table(columns, [_row(list(event)) for event in _events(mine)])
    if not found.holds:
        raise HistoryTamperedError


def _read(tx: Tx, grant: Grant) -> _Ledger:
    """Enter what has run out, and read the ledger."""
    holds = policies.own_ledger_holds(tx, grant)
    if holds:
        policies.expire(tx, grant, grant, now=grant.here.now)
    return _Ledger(policies.history(tx, grant), holds=holds)


def _events(lines: Iterable[Line]) -> Iterable[Iterable[Line]]:
    """Return lines together that were entered as one: of one kind, and at one time."""
    for _, event in groupby(lines, key=lambda line: policies.event_of(line[1])):
        yield list(event)


def _row(lines: list[Line]) -> tuple[object, ...]:
    entry_id, entry = lines[0]
    what = entry.scope or entry.subject
    if len(lines) > 1:
        what = count(len(lines), "scope")
    end = entry.expires_at
    return (
        f"{entry.at:%Y-%m-%d %H:%M}",
        entry.event.replace("_", " "),
        entry.recipient,
        what,
        "" if end is None else str(end.date()),
        entry.by,
        entry_id,
    )


def _as_json(entry_id: str, entry: LedgerEntry) -> dict[str, Any]:
    return {"id": entry_id, **entry.model_dump(mode="json")}
