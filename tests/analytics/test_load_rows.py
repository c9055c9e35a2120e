"""Rows of training load: whole weeks, what was and what will be apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics import load_rows
from pierre_mcp.analytics.load import daily_loads

SUNDAY = np.datetime64("2026-03-01")
days = st.integers(0, 60)


def labels(rows: load_rows.Rows) -> list[str]:
    return [str(day) for day in rows.last_day]


def test_weeks_end_on_sundays_and_on_the_last_day_that_was() -> None:
    wednesday = np.datetime64("2026-03-04")
    rows = load_rows.rows(np.datetime64("2026-02-18"), wednesday, "week", ahead=6)
    assert labels(rows) == [
        "2026-02-22", "2026-03-01", "2026-03-04", "2026-03-08", "2026-03-10",
    ]  # fmt: skip
    assert rows.sums(np.ones(21)).tolist() == [5, 7, 3, 4, 2]


def test_days_are_rows_too() -> None:
    rows = load_rows.rows(SUNDAY, SUNDAY, "day", ahead=1)
    assert labels(rows) == ["2026-03-01", "2026-03-02"]


def test_each_day_is_of_one_row() -> None:
    rows = load_rows.rows(np.datetime64("2026-02-18"), SUNDAY, "week")
    day = np.array(["2026-02-17", "2026-02-18", "2026-02-22", "2026-02-23",
                    "2026-03-01", "2026-03-02"], "M8[D]")  # fmt: skip
    assert rows.row_of(day).tolist() == [-1, 0, 0, 1, 1, -1]


@given(days, days, st.sampled_from(["week", "day"]))
def test_rows_add_up_to_all_days(was: int, ahead: int, by: load_rows.By) -> None:
    rows = load_rows.rows(SUNDAY, SUNDAY + was, by, ahead)
    daily = np.arange(was + ahead + 1.0)
    assert rows.sums(daily).sum() == pytest.approx(daily.sum())
    assert (np.diff(rows.ends) > 0).all()
    assert was in rows.ends
    assert rows.ends[-1] == was + ahead


def test_a_series_runs_on_to_the_last_day_and_into_what_is_planned() -> None:
    """SCIENCE: 100 a day from 0 gives CTL 2.3528 and ATL 13.3122 on the first day."""
    days = np.array(["2026-02-28", "2026-02-27"], "M8[D]")
    load = np.array([np.nan, 100.0])
    got = load_rows.series(days, load, SUNDAY, [50.0])
    assert got.was == 3
    assert got.load.tolist() == [100, 0, 0, 50]
    assert got.ctl[0] == pytest.approx(2.3528, abs=5e-5)
    assert got.atl[0] == pytest.approx(13.3122, abs=5e-5)
    assert got.tsb[1] == pytest.approx(2.3528 - 13.3122, abs=1e-4)
    whole = daily_loads(np.array([100.0, 0, 0, 50]))
    assert got.ctl == pytest.approx(whole.ctl)
    assert got.tsb == pytest.approx(whole.tsb)
    assert got.place(SUNDAY) == 2


def test_the_part_that_gave_most() -> None:
    found = load_rows.chief(
        np.array([0, 0, 0, 1, -1, 2]),
        np.array(["power", "pace", "pace", "", "power", "pace"]),
        np.array([50.0, 30, 30, np.nan, 99, 0]),
        ["power", "pace"],
        3,
    )
    assert found == ["pace", None, None]
    alike = load_rows.chief(
        np.zeros(2, int), np.array(["b", "a"]), np.ones(2), ["a", "b"], 1
    )
    assert alike == ["a"]
