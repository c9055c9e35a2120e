"""Days of training load put together as the rows of an answer: days, or weeks.

Weeks begin on Monday (ISO 8601). A row ends with its last day and tells the state of
that day; what was done is summed. What is projected never shares a row with what was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics import load as pmc
from pierre_mcp.analytics.load import Days, Numbers

By: TypeAlias = Literal["week", "day"]
Places: TypeAlias = NDArray[np.int64]

_MONDAY = 3
"""Days from Monday, 1969-12-29, to the epoch."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Load, and the state it leads to, of each day from the first activity on.

    Attributes:
        first: The first day, datetime64[D].
        was: How many days have been; the others are projected.
        load: Of each day, shape (days,).
        ctl: Chronic load at the end of each, shape (days,).
        atl: Acute load likewise.
        tsb: Yesterday's CTL - ATL.
    """

    first: np.datetime64
    was: int
    load: Numbers
    ctl: Numbers
    atl: Numbers
    tsb: Numbers

    def place(self, day: np.datetime64) -> int:
        """Return the place of a day."""
        return int((day - self.first).astype(np.int64))


def series(
    day: Days, load: Numbers, last: np.datetime64, planned: Sequence[float] = ()
) -> Series:
    """Return the days from the first activity to ``last``, and those planned after.

    Args:
        day: Of each activity, not after ``last``, shape (n,), n > 0.
        load: Of each; NaN adds nothing.
        last: Datetime64[D].
        planned: Load of each day ahead.
    """
    first = day.min()
    daily = pmc.by_day(day, load, first, last)
    was = pmc.daily_loads(daily)
    ahead = pmc.projected(was, planned)
    return Series(
        first,
        daily.size,
        np.concatenate([daily, planned]),
        np.concatenate([was.ctl, ahead.ctl]),
        np.concatenate([was.atl, ahead.atl]),
        np.concatenate([was.tsb, ahead.tsb]),
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """Which days a row is of.

    Attributes:
        first: The first day of the first row, datetime64[D].
        ends: The last day of each row as a place from ``first``, rising, shape (rows,).
    """

    first: np.datetime64
    ends: Places

    @property
    def last_day(self) -> Days:
        """The last day of each row."""
        return self.first + self.ends

    def sums(self, daily: Numbers) -> Numbers:
        """Return the sum of each row, of one value a day from ``first`` on."""
        begins = np.concatenate([[0], self.ends[:-1] + 1])
        total: Numbers = np.add.reduceat(daily, begins)
        return total

    def row_of(self, day: Days) -> Places:
        """Return the row of each day; -1 of a day before the first, or after all."""
        place = (day - self.first).astype(np.int64)
        row = np.searchsorted(self.ends, place)
        return np.where((place < 0) | (row == self.ends.size), -1, row)


def rows(first: np.datetime64, last: np.datetime64, by: By, ahead: int = 0) -> Rows:
    """Return the rows from ``first`` to ``last`` and some days ahead.

    Args:
        first: The first day, datetime64[D].
        last: The last day that was, not before the first.
        by: A row for each.
        ahead: How many days after it are projected.
    """
    was = int((last - first).astype(np.int64)) + 1
    places = np.arange(was + ahead)
    if by == "day":
        return Rows(first, places)
    weekday = ((first + places).astype("M8[D]").astype(np.int64) + _MONDAY) % 7
    ends = (weekday == 6) | (places == was - 1) | (places == places[-1])
    return Rows(first, places[ends])


def monday(day: np.datetime64) -> np.datetime64:
    """Return the Monday of a day's week."""
    number = int(day.astype("M8[D]").astype(np.int64))
    begin: np.datetime64 = day - (number + _MONDAY) % 7
    return begin


def chief(
    row: Places, part: NDArray[np.str_], load: Numbers, names: Sequence[str], count: int
) -> list[str | None]:
    """Return the part that gave most of each row's load; None where there is none.

    Args:
        row: Of each activity, -1 of one in no row, shape (n,).
        part: Of each activity, one of ``names`` or none of them, shape (n,).
        load: Of each activity, NaN where it has none, shape (n,).
        names: In order: of two that gave as much, the first.
        count: Of rows.
    """
    given = np.array([
        np.bincount(row[those], load[those], count)
        for name in names
        for those in [(part == name) & (row >= 0) & (load > 0)]
    ])  # fmt: skip
    best = given.argmax(axis=0)
    some = given.max(axis=0) > 0
    return [
        names[i] if there else None
        for i, there in zip(best.tolist(), some.tolist(), strict=True)
    ]
