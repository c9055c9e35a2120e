"""What a report tells of sealed registers: it takes their owner to open them.

The log's rows say that consents changed; the ledger says which, of whom, until when.
What an incident was, only its own entry says.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from itertools import groupby
from typing import Final

from pierre_mcp.model.audit_report import Cell, Count, Listing, Report, SectionName
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.auditing.rows import LISTED
from pierre_mcp.store import incidents, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry

OPENS: Final = frozenset({SectionName.CONSENT, SectionName.INCIDENTS})
"""The sections that tell of a sealed register."""

COLUMNS: Final = ("at", "what", "recipient", "scope", "until", "by")
INCIDENT_COLUMNS: Final = ("at", "number", "level", "state", "what", "recipients")
_NOT_READABLE: Final = "not_readable"


def with_sealed(tx: Tx, grant: Grant, *, report: Report) -> Report:
    """Return a report that also tells what the registers of its owner say."""
    if not policies.own_ledger_holds(tx, grant):
        return without_sealed(report)
    return _with_incidents(tx, grant, _with_ledger(tx, grant, report))


def _with_ledger(tx: Tx, grant: Grant, report: Report) -> Report:
    first, last = report.period.first_on, report.period.last_on
    lines = [
        entry
        for _, entry in policies.history(tx, grant)
        if first <= entry.at.astimezone(UTC).date() <= last
    ]
    lines.reverse()
    events = Counter(line.event.value for line in lines)
    counts: dict[str, Count] = {f"ledger_{event}": n for event, n in events.items()}
    acts = [_row(list(act)) for _, act in groupby(lines, key=policies.event_of)]
    ledger = Listing("ledger", COLUMNS, acts[:LISTED], len(acts[LISTED:]))
    told = {"ledger_lines": len(lines), **counts}
    return _with(report, SectionName.CONSENT, told, ledger)


def _with_incidents(tx: Tx, grant: Grant, report: Report) -> Report:
    """Tell of each incident that was opened in the time, newest first."""
    first, last = report.period.first_on, report.period.last_on
    found = [
        one
        for one in incidents.listed(tx, grant)
        if first <= one.incident.opened_at.astimezone(UTC).date() <= last
    ]
    found.reverse()
    levels = Counter(one.incident.level.value for one in found)
    rows = tuple(
        (
            one.incident.opened_at,
            one.number,
            one.incident.level.value,
            one.incident.state.value,
            one.incident.what,
            " ".join(one.incident.recipients),
        )
        for one in found
    )
    told: dict[str, Count] = {"incidents_opened": len(found)}
    told |= {f"incidents_{level}": count for level, count in levels.items()}
    listing = Listing("incidents", INCIDENT_COLUMNS, rows[:LISTED], len(rows[LISTED:]))
    return _with(report, SectionName.INCIDENTS, told, listing)


def without_sealed(report: Report) -> Report:
    """Return a report that says that they could not be read."""
    told = _with(report, SectionName.CONSENT, {"ledger_lines": _NOT_READABLE})
    return _with(told, SectionName.INCIDENTS, {"incidents_opened": _NOT_READABLE})


def _with(
    report: Report, name: SectionName, counts: Mapping[str, Count], *listings: Listing
) -> Report:
    """Return a report with more in one section, if it has that."""
    sections = (
        replace(
            one,
            counts={**one.counts, **counts},
            listings=(*listings, *one.listings),
        )
        if one.name is name
        else one
        for one in report.sections
    )
    return replace(report, sections=tuple(sections))


def _row(lines: list[LedgerEntry]) -> tuple[Cell, ...]:
    """Return lines that were entered as one, with the scopes of all of them."""
    line = lines[0]
    told = sorted(one.scope or one.subject or str(one.level or "") for one in lines)
    until = None if line.expires_at is None else line.expires_at.date().isoformat()
    event = line.event.value.replace("_", " ")
    return (line.at, event, line.recipient, " ".join(told), until, line.by)
