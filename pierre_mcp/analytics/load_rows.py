"""Days of training load put together as the rows of an answer: days, or weeks.

Weeks begin on Monday (ISO 8601). A row ends with its last day and tells the state of
that day; what was done is summed. What is projected never shares a row with what was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.load import Days, Numbers

By: TypeAlias = Literal["week", "day"]
Places: TypeAlias = NDArray[np.int64]

_MONDAY = 3
"""Days from Monday, 1969-12-29, to the epoch."""


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
        return np.diff(np.cumsum(daily)[self.ends], prepend=0.0)

    def row_of(self, day: Days) -> Places:
        """Return the row of each day; -1 of a day before the first, or after all."""
        place = (day - self.first).astype(np.int64)
        row = np.searchsorted(self.ends, place)
        return np.where((place < 0) | (row == self.ends.size), -1, row)

    def counts(self, row: Places) -> Places:
        """Return how many of these rows' places are of each row."""
        return np.bincount(row[row >= 0], minlength=self.ends.size)


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
