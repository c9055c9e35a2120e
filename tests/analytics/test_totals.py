"""Totals by bucket, beside a plain loop."""

from collections import defaultdict
from datetime import date
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics import totals
from pierre_mcp.analytics.totals import Buckets, Period

days = st.dates(date(1999, 12, 25), date(2028, 3, 2))
values = st.none() | st.floats(0, 1_000)
rows = st.lists(st.tuples(days, values), min_size=1, max_size=20)


def label(day: date, by: Period) -> str:
    """The same label, by the calendar of the standard library."""
    if by == "week":
        year, week, _ = day.isocalendar()
        return str(date.fromisocalendar(year, week, 1))
    return {"month": str(day)[:7], "year": str(day)[:4], "all": "all"}[by]


def column(of: list[float | None]) -> totals.Numbers:
    return np.array(of, float)


@given(rows, st.sampled_from(["week", "month", "year", "all"]))
def test_each_bucket_adds_up_its_own(
    told: list[tuple[date, float | None]], by: Period
) -> None:
    at = np.array([day for day, _ in told], "M8[D]")
    of = column([value for _, value in told])
    buckets = totals.by_period(at, by, at.min(), at.max())
    held: dict[str, list[tuple[date, float | None]]] = defaultdict(list)
    for day, value in told:
        held[label(day, by)].append((day, value))
    assert list(buckets.labels) == sorted(set(buckets.labels))
    assert set(held) <= set(buckets.labels)
    counts, lacking = totals.counts(buckets), totals.lacking(buckets, of)
    sums, most = totals.sums(buckets, of), totals.most(buckets, of)
    active = totals.active_days(buckets, at)
    for i, name in enumerate(buckets.labels):
        one = held.get(name, [])
        recorded = [value for _, value in one if value is not None]
        assert counts[i] == len(one)
        assert lacking[i] == len(one) - len(recorded)
        assert active[i] == len({day for day, _ in one})
        if recorded or not one:
            assert sums[i] == pytest.approx(sum(recorded))
        else:
            assert isnan(sums[i]), "not recorded is not zero"
        assert most[i] == max(recorded) if recorded else isnan(most[i])


def test_a_week_begins_on_monday_and_belongs_to_one_year() -> None:
    at = np.array(["2024-12-29", "2024-12-30", "2025-01-05", "2025-01-06"], "M8[D]")
    buckets = totals.by_period(at, "week", at[0], at[-1])
    assert buckets.labels == ["2024-12-23", "2024-12-30", "2025-01-06"]
    assert buckets.place.tolist() == [0, 1, 1, 2]


def test_the_range_says_which_buckets_there_are() -> None:
    at = np.array(["2026-02-14"], "M8[D]")
    first, last = np.datetime64("2025-12-31"), np.datetime64("2026-03-01")
    buckets = totals.by_period(at, "month", first, last)
    assert buckets.labels == ["2025-12", "2026-01", "2026-02", "2026-03"]
    assert totals.sums(buckets, column([None])).tolist()[:2] == [0.0, 0.0]


def test_sports_are_by_name() -> None:
    buckets = totals.by_sport(np.array(["running", "cycling", "running"]))
    assert buckets == Buckets(["cycling", "running"], buckets.place)
    assert totals.counts(buckets).tolist() == [1, 2]


def test_a_mean_is_weighted_by_what_it_is_a_mean_over() -> None:
    buckets = Buckets(["a", "b", "c"], np.array([0, 0, 0, 1]))
    of, over = column([100.0, 160.0, None, 120.0]), column([60.0, 30.0, 9.0, None])
    assert totals.means(buckets, of, over)[0] == pytest.approx(120.0)
    assert np.isnan(totals.means(buckets, of, over)[1:]).all()


def test_work_is_power_by_time() -> None:
    """200 W for an hour are 720 kJ."""
    assert totals.work_kj(column([200.0]), column([3_600.0])).tolist() == [720.0]


def test_of_nothing_there_are_no_active_days() -> None:
    nothing = Buckets(["all"], np.array([], np.int64))
    assert totals.active_days(nothing, np.array([], "M8[D]")).tolist() == [0]
