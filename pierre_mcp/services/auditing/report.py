"""The report on a time of the log: checked first, counted in one pass, rows listed.

What is listed is the newest of each section; the log itself has every row, and
``audit export`` writes them all.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pierre_mcp.model.audit import Finding, Outcome
from pierre_mcp.model.audit_facts import Facts, facts_of
from pierre_mcp.model.audit_report import (
    Cell,
    Day,
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
from pierre_mcp.services.auditing.facts import Kinds
from pierre_mcp.services.auditing.rows import COLUMNS, LISTED, moments, row_cells
from pierre_mcp.services.auditing.sections import PARTS
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.steps import Listener, Progress, silent
from pierre_mcp.store import audit, audit_rows
from pierre_mcp.store.audit_rows import Entry
from pierre_mcp.store.database import Tx

_FIRST_DAY: Final = date(1970, 1, 1)
_DAY_US: Final = 86_400_000_000
_SERVED: Final = {
    Outcome.RELEASED.value: "released",
    Outcome.REFUSED.value: "refused",
}
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
        finding, verified = None, found.rows
    before = None if finding is None else finding.seq
    rows = _rows(tx, maintenance, asked.period, before)
    counting = _Counting(asked.chosen)
    newest = audit_rows.entries(tx, maintenance, rows, newest_first=True)
    for place, entry in enumerate(newest):
        counting.add(entry)
        if place % _STEP == 0:
            asked.listen(Progress(place, len(rows), "reading the log"))
    return Report(
        made_at=asked.now,
        period=asked.period,
        finding=finding,
        verified_rows=verified,
        first_row=rows.start if rows else 0,
        last_row=rows[-1] if rows else 0,
        days=counting.days(),
        sections=counting.sections(),
    )


def _rows(
    tx: Tx, maintenance: Maintenance, period: Period, before: int | None
) -> range:
    since, until = moments(period)
    rows = audit_rows.span(tx, maintenance, since=since, until=until, before=before)
    erased = [row for row in audit.done(tx, maintenance, audit.ERASE) if row in rows]
    return range(max(erased) + 1, rows.stop) if erased else rows


class _Counting:
    """One pass over rows, newest first."""

    def __init__(self, chosen: Collection[SectionName]) -> None:
        self._kinds = Kinds()
        self._chosen = [name for name in SectionName if name in chosen]
        self._belongs: dict[Facts, tuple[SectionName, ...]] = {}
        self._listed: dict[SectionName, list[tuple[Cell, ...]]] = {
            name: [] for name in self._chosen
        }
        self._sessions: set[str] = set()
        self._days: Counter[tuple[int, str]] = Counter()

    def add(self, entry: Entry) -> None:
        """Count one row, and keep it where a section still lists it."""
        facts = facts_of(entry)
        self._kinds.add(facts, entry)
        self._sessions.add(entry["session"])
        if facts.is_call and facts.outcome != Outcome.PREVIEW:
            self._days[entry["at_us"] // _DAY_US, facts.outcome] += 1
        for name in self._sections_of(facts):
            if len(self._listed[name]) < LISTED:
                self._listed[name].append(row_cells(entry))

    def days(self) -> tuple[Day, ...]:
        """Return the calls of each day."""
        days: dict[int, Counter[str]] = {}
        for (day, outcome), count in self._days.items():
            days.setdefault(day, Counter())[_SERVED.get(outcome, "other")] += count
        return tuple(
            Day(_FIRST_DAY + timedelta(days=day), **days[day]) for day in sorted(days)
        )

    def sections(self) -> tuple[Section, ...]:
        """Return what was chosen, in its order."""
        return tuple(self._section(name) for name in self._chosen)

    def _sections_of(self, facts: Facts) -> tuple[SectionName, ...]:
        found = self._belongs.get(facts)
        if found is None:
            found = tuple(
                name
                for name in self._chosen
                if name in SECTIONS and SECTIONS[name](facts)
            )
            self._belongs[facts] = found
        return found

    def _section(self, name: SectionName) -> Section:
        if name is SectionName.SUMMARY:
            return self._summary()
        part = PARTS[name]
        kinds = self._kinds.only(SECTIONS[name])
        listed = self._listed[name]
        tables = {}
        if name is SectionName.ACCESS:
            tables["recipients_by_category"] = sections.received(kinds)
        return Section(
            name,
            {"events": kinds.rows, **part.counted(kinds)},
            {f"by_{fact}": kinds.by(fact) for fact in part.tallied},
            tables,
            (Listing("rows", COLUMNS, tuple(listed), kinds.rows - len(listed)),),
        )

    def _summary(self) -> Section:
        kinds = self._kinds
        calls = kinds.only(lambda one: one.is_call and one.outcome != Outcome.PREVIEW)
        risks = {
            event: kinds.only(lambda one, of=event: one.event == of).by("risk")  # type: ignore[misc]
            for event in kinds.by("event")
        }
        return Section(
            SectionName.SUMMARY,
            {
                "rows": kinds.rows,
                "calls": calls.rows,
                "answers_released": calls.number(outcome=Outcome.RELEASED),
                "calls_refused": calls.number(outcome=Outcome.REFUSED),
                "bytes_released": calls.sizes.total(),
                "recipients": len({one.recipient for one in calls.counts}),
                "processes": len(self._sessions),
            },
            {
                "by_event": sections.events(kinds),
                "by_outcome": kinds.by("outcome"),
                "by_risk": kinds.by("risk"),
                "by_door": kinds.by("door"),
            },
            {"events_by_risk": risks},
        )
