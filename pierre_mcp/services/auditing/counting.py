"""One pass over rows: how many there are of each kind, on which days, and the newest.

A row costs one look-up: what is to be told of its kind is settled when the first of it
is seen.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.audit_facts import Facts, facts_of
from pierre_mcp.model.audit_report import Cell, Day, SectionName
from pierre_mcp.policy.audit_sections import SECTIONS
from pierre_mcp.services.auditing.facts import Kinds
from pierre_mcp.services.auditing.rows import LISTED, row_cells
from pierre_mcp.store.audit_reading import Entry

_FIRST_DAY: Final = date(1970, 1, 1)
_DAY_US: Final = 86_400_000_000
_SERVED: Final = {
    Outcome.RELEASED.value: "released",
    Outcome.REFUSED.value: "refused",
}


@dataclass(slots=True)
class _Kind:
    """Rows alike.

    Attributes:
        by_day: Rows of each day since 1970; None where they are no calls.
        sections: Those they belong to.
    """

    sections: tuple[SectionName, ...]
    by_day: Counter[int] | None
    rows: int = 0
    size: int = 0


@dataclass(slots=True)
class Counting:
    """Counts rows, newest first.

    Attributes:
        chosen: The sections asked for.
        listed: The newest rows of each.
        sessions: The processes that wrote them.
    """

    chosen: Collection[SectionName]
    listed: dict[SectionName, list[tuple[Cell, ...]]] = field(init=False)
    sessions: set[str] = field(default_factory=set)
    _kinds: dict[Facts, _Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.listed = {name: [] for name in SECTIONS if name in self.chosen}

    def add(self, entry: Entry) -> None:
        """Count one row, and keep it where a section still lists it."""
        facts = facts_of(entry)
        kind = self._kinds.get(facts)
        if kind is None:
            kind = self._kinds[facts] = self._kind(facts)
        kind.rows += 1
        kind.size += entry["size"]
        if kind.by_day is not None:
            kind.by_day[entry["at_us"] // _DAY_US] += 1
        self.sessions.add(entry["session"])
        for name in kind.sections:
            if len(self.listed[name]) < LISTED:
                self.listed[name].append(row_cells(entry))

    def kinds(self) -> Kinds:
        """Return how many rows there are of each kind."""
        return Kinds(
            {facts: kind.rows for facts, kind in self._kinds.items()},
            {facts: kind.size for facts, kind in self._kinds.items()},
        )

    def days(self) -> tuple[Day, ...]:
        """Return the calls of each day."""
        days: dict[int, Counter[str]] = {}
        for facts, kind in self._kinds.items():
            served = _SERVED.get(facts.outcome, "other")
            for day, count in (kind.by_day or {}).items():
                days.setdefault(day, Counter())[served] += count
        return tuple(
            Day(_FIRST_DAY + timedelta(days=day), **days[day]) for day in sorted(days)
        )

    def _kind(self, facts: Facts) -> _Kind:
        belongs = tuple(name for name in self.listed if SECTIONS[name](facts))
        by_day = Counter[int]() if facts.is_served else None
        return _Kind(belongs, by_day)
