"""Totals of activities by week, month, year or sport, with what is missing.

Weeks begin on Monday (ISO 8601). A bucket without activities has zeros. In a bucket
with some, a total is NaN where none of them recorded the value: that is not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]
Days: TypeAlias = NDArray[np.datetime64]
Period: TypeAlias = Literal["week", "month", "year", "all"]

_UNITS = {"week": "D", "month": "M", "year": "Y", "all": "D"}
_MONDAY = 3
"""Days from Monday, 1969-12-29, to the epoch."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Which activity belongs where.

    Attributes:
        labels: ``2026-02``, ``2026``, a week's Monday ``2026-02-02``, a sport, ``all``.
        place: The bucket of each activity, an index into ``labels``, shape (n,).
    """

    labels: Sequence[str]
    place: Counts


def by_period(
    day: Days, by: Period, first: np.datetime64, last: np.datetime64
) -> Buckets:
    """Return one bucket for each week, month or year from ``first`` to ``last``.

    Args:
        day: Local day of each activity, from ``first`` to ``last``.
        by: ``all`` gives one bucket.
        first: The first day of the range, datetime64[D].
        last: The last day, inclusive.
    """
    if by == "all":
        return Buckets(["all"], np.zeros(day.size, np.int64))
    begin, end = int(_number(first, by)), int(_number(last, by))
    numbers = np.arange(begin, end + 1)
    starts = numbers * 7 - _MONDAY if by == "week" else numbers
    labels = np.datetime_as_string(starts.astype(f"M8[{_UNITS[by]}]"))
    return Buckets(labels.tolist(), _number(day, by) - begin)


def by_sport(sport: NDArray[np.str_]) -> Buckets:
    """Return one bucket for each sport there is, by name."""
    labels, place = np.unique(sport, return_inverse=True)
    return Buckets(labels.tolist(), place.astype(np.int64))


def _number(day: Days | np.datetime64, by: Period) -> Counts:
    """Return the number of the period a day lies in, counted from the epoch's."""
    count: Counts = np.asarray(day).astype(f"M8[{_UNITS[by]}]").astype(np.int64)
    return (count + _MONDAY) // 7 if by == "week" else count


def counts(buckets: Buckets) -> Counts:
    """Return how many activities lie in each bucket."""
    return np.bincount(buckets.place, minlength=len(buckets.labels))


def lacking(buckets: Buckets, values: Numbers) -> Counts:
    """Return how many activities of each bucket have no value."""
    without = buckets.place[np.isnan(values)]
    return np.bincount(without, minlength=len(buckets.labels))


def sums(buckets: Buckets, values: Numbers) -> Numbers:
    """Return the sum of each bucket: zero of none, NaN where none has a value."""
    total = np.bincount(
        buckets.place, np.nan_to_num(values), minlength=len(buckets.labels)
    )
    held = counts(buckets)
    return np.where((held > 0) & (lacking(buckets, values) == held), np.nan, total)


def most(buckets: Buckets, values: Numbers) -> Numbers:
    """Return the largest value of each bucket; NaN where there is none."""
    found = np.full(len(buckets.labels), np.nan)
    np.fmax.at(found, buckets.place, values)
    return found


def means(buckets: Buckets, values: Numbers, weights: Numbers) -> Numbers:
    """Return the weighted mean of each bucket; NaN where nothing has weight."""
    weights = np.where(np.isnan(values) | np.isnan(weights), 0, weights)
    size = len(buckets.labels)
    weight = np.bincount(buckets.place, weights, size)
    total = np.bincount(buckets.place, np.nan_to_num(values) * weights, size)
    nothing = np.full(size, np.nan)
    mean: Numbers = np.divide(total, weight, out=nothing, where=weight > 0)
    return mean


def active_days(buckets: Buckets, day: Days) -> Counts:
    """Return on how many different days there was an activity, for each bucket."""
    if not day.size:
        return np.zeros(len(buckets.labels), np.int64)
    since = (day - day.min()).astype(np.int64)
    span = int(since.max()) + 1
    (place, _) = np.divmod(np.unique(buckets.place * span + since), span)
    return np.bincount(place, minlength=len(buckets.labels))


def work_kj(mean_power_w: Numbers, power_s: Numbers) -> Numbers:
    """Return mechanical work, kJ: mean power times the time it is the mean over."""
    return mean_power_w * power_s / 1_000
