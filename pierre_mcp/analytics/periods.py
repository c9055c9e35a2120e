"""Ranges of whole weeks or months, and others as long to hold them beside."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics import totals, trends
from pierre_mcp.analytics.load_rows import monday
from pierre_mcp.analytics.totals import Buckets

Step: TypeAlias = Literal["week", "month"]


@dataclass(frozen=True, slots=True)
class Span:
    """Periods from the one that begins with ``first``; the last may not be over.

    Attributes:
        by: Weeks begin on Monday, months on the first.
        first: The first day, datetime64[D].
        last: The last day, inclusive.
    """

    by: Step
    first: np.datetime64
    last: np.datetime64

    def buckets(self, day: NDArray[np.datetime64]) -> Buckets:
        """Return to which period each day belongs; all lie in the span."""
        return totals.by_period(day, self.by, self.first, self.last)

    @property
    def labels(self) -> list[str]:
        """The periods by name."""
        return list(self.buckets(np.empty(0, "M8[D]")).labels)

    @property
    def is_open(self) -> bool:
        """Whether the last period goes on after the last day."""
        return bool(begin(self.last + 1, self.by) <= self.last)

    @property
    def is_in_calendar(self) -> bool:
        """Whether each day has a year of four digits, from 1 on."""
        first, last = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")
        return bool(first <= self.first and self.last <= last)

    def moved(self, first: np.datetime64) -> "Span":
        """Return as many whole periods, from the one in which a day lies."""
        start = begin(first, self.by)
        return Span(self.by, start, after(start, self.by, len(self.labels)) - 1)

    def before(self) -> "Span":
        """Return the periods right before, as many."""
        return self.moved(after(self.first, self.by, -len(self.labels)))

    def a_year_before(self) -> "Span":
        """Return those of the same season, as many years earlier as it takes."""
        return self.moved(trends.season_before(self.first, self.last)[0])


def span(first: np.datetime64, last: np.datetime64, by: Step) -> Span:
    """Return the range from the begin of the first day's period on."""
    return Span(by, begin(first, by), last)


def begin(day: np.datetime64, by: Step) -> np.datetime64:
    """Return the first day of the period in which a day lies."""
    if by == "week":
        return monday(day)
    start: np.datetime64 = day.astype("M8[M]").astype("M8[D]")
    return start


def after(start: np.datetime64, by: Step, count: int) -> np.datetime64:
    """Return the first day of the period that many later; negative: earlier."""
    if by == "week":
        later: np.datetime64 = start + 7 * count
        return later
    month: np.datetime64 = (start.astype("M8[M]") + count).astype("M8[D]")
    return month
