"""The report on a time of the log: checked first, counted in one pass, rows listed.

What is listed is the newest of each section; the log itself has every row, and
``audit export`` writes them all.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pierre_mcp.model.audit import Finding, Outcome
from pierre_mcp.model.audit_report import (
    Listing,
    Period,
    Report,
    Section,
    SectionName,
)
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy.audit_sections import SECTIONS
from pierre_mcp.services.auditing import sections
from pierre_mcp.services.auditing.counting import Counting
from pierre_mcp.services.auditing.facts import Kinds
from pierre_mcp.services.auditing.rows import COLUMNS, moments
from pierre_mcp.services.auditing.sections import PARTS
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.steps import Listener, Progress, silent
from pierre_mcp.store import audit, audit_reading
from pierre_mcp.store.database import Tx

_STEP: Final = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for.

    Attributes:
        now: When, UTC.
    """

    period: Period
    chosen: Collection[SectionName]
    now: datetime
    listen: Listener = silent


def reported(
    tx: Tx, maintenance: Maintenance, who: Identity | None, *, asked: Asked
) -> Report:
    """Return what a verified log says of a time; of a broken one, up to the break.

    Of a person who was erased before nothing is told, as in ``disclosures``.
    """
    asked.listen(Progress(0, None, "checking the log"))
    found = verify_log(tx, maintenance, who)
    if isinstance(found, Finding):
        finding, verified = found, found.seq - 1
    else:
        finding, verified = None, found.rows - found.pruned
    before = None if finding is None else finding.seq
    rows = _rows(tx, maintenance, asked.period, before)
    counted = Counting(asked.chosen)
    newest = audit_reading.entries(tx, maintenance, rows, newest_first=True)
    for place, entry in enumerate(newest):
        counted.add(entry)
        if place % _STEP == 0:
            asked.listen(Progress(place, len(rows), "reading the log"))
    kinds = counted.kinds()
    return Report(
        made_at=asked.now,
        period=asked.period,
        finding=finding,
        verified_rows=verified,
        first_row=rows.start if rows else 0,
        last_row=rows[-1] if rows else 0,
        days=counted.days(),
        sections=tuple(
            _section(name, kinds, counted)
            for name in SectionName
            if name in asked.chosen
        ),
    )


def _rows(
    tx: Tx, maintenance: Maintenance, period: Period, before: int | None
) -> range:
    since, until = moments(period)
    rows = audit_reading.span(tx, maintenance, since=since, until=until, before=before)
    erased = [row for row in audit.done(tx, maintenance, audit.ERASE) if row in rows]
    return range(max(erased) + 1, rows.stop) if erased else rows


def _section(name: SectionName, kinds: Kinds, counted: Counting) -> Section:
    if name is SectionName.SUMMARY:
        return _summary(kinds, len(counted.sessions))
    part = PARTS[name]
    mine = kinds.only(SECTIONS[name])
    listed = counted.listed[name]
    tables = {}
    if name is SectionName.ACCESS:
        tables["recipients_by_category"] = sections.received(mine)
    return Section(
        name,
        {"events": mine.rows, **part.counted(mine)},
        {f"by_{fact}": mine.by(fact) for fact in part.tallied},
        tables,
        (Listing("rows", COLUMNS, tuple(listed), mine.rows - len(listed)),),
    )


def _summary(kinds: Kinds, processes: int) -> Section:
    calls = kinds.only(lambda one: one.is_served)
    risks = {
        event: kinds.only(lambda one: one.event == event).by("risk")  # noqa: B023 - used at once
        for event in kinds.by("event")
    }
    return Section(
        SectionName.SUMMARY,
        {
            "rows": kinds.rows,
            "calls": calls.rows,
            "answers_released": calls.number(outcome=Outcome.RELEASED),
            "calls_refused": calls.number(outcome=Outcome.REFUSED),
            "bytes_released": sections.bytes_released(calls),
            "recipients": len({one.recipient for one in calls.counts}),
            "processes": processes,
        },
        {
            "by_event": sections.events(kinds),
            "by_outcome": kinds.by("outcome"),
            "by_risk": kinds.by("risk"),
            "by_door": kinds.by("door"),
        },
        {"events_by_risk": risks},
    )
