"""A report over a time of the audit log: counted, with the newest rows of each section.

Its shape is one for every format: a section has counts, tallies (counts by a word) and
listings (tables of rows). A count that nothing in this program can raise yet says so
in place of a number, and is never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from pierre_mcp.model.audit import Finding

NOT_APPLICABLE: Final = "not_applicable"
"""Stands for a count whose source does not exist."""

Count = int | str
Cell = str | int | datetime | None
"""What stands in a listing; a time is UTC."""


class SectionName(StrEnum):
    """The sections a report can have, in their order."""

    SUMMARY = "summary"
    AUTHENTICATION = "authentication_events"
    ACCESS = "data_access_logs"
    CONSENT = "consent_changes"
    INCIDENTS = "security_incidents"
    KEYS = "key_rotations"


@dataclass(frozen=True, slots=True)
class Period:
    """Days, UTC, both included."""

    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of rows, newest first.

    Attributes:
        more: How many there are beyond those listed.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report.

    Attributes:
        tallies: How often, by a word; the most frequent first.
        tables: How often, by one word and then another: who received what.
    """

    name: SectionName
    counts: Mapping[str, Count]
    tallies: Mapping[str, Mapping[str, Count]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    listings: tuple[Listing, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What was served on one day (UTC): calls of assistants and of the owner's tools.

    Attributes:
        released: Answers that left.
        refused: What the gate said no to.
        other: Failed, cancelled, not understood.
    """

    on: date
    released: int = 0
    refused: int = 0
    other: int = 0

    @property
    def calls(self) -> int:
        """All of them."""
        return self.released + self.refused + self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the log says of a time.

    Attributes:
        made_at: UTC.
        finding: The first thing wrong with the log; None where all of it holds. Then
            only rows before it count: of later ones nothing can be told.
        verified_rows: How many rows hold, of the whole log.
        first_row: Of those counted; 0 where there is none, like ``last_row``.
        days: In order, those with calls alone.
        sections: Those asked for, in their order.
    """

    made_at: datetime
    period: Period
    finding: Finding | None
    verified_rows: int
    first_row: int
    last_row: int
    days: tuple[Day, ...]
    sections: tuple[Section, ...]
