"""Fewer samples: aligned, in order, and with every peak."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pierre_mcp.analytics.downsampling import kept_rows
from pierre_mcp.model.track import Column

numbers = st.sampled_from([np.nan, 0.0, 1.0, 2.0]) | st.floats(-1e6, 1e6)


@st.composite
def several(draw: st.DrawFn) -> list[Column]:
    count, columns = draw(st.integers(0, 300)), draw(st.integers(0, 5))
    return [
        draw(hnp.arrays(np.float64, count, elements=numbers)) for _ in range(columns)
    ]


def count_of(columns: list[Column]) -> int:
    return len(columns[0]) if columns else 40


@given(several(), st.integers(1, 60))
def test_what_is_kept_is_in_order_and_no_more_than_asked(
    columns: list[Column], most: int
) -> None:
    count = count_of(columns)
    rows = kept_rows(columns, count, most=most)
    assert len(rows) == min(count, most)
    assert (np.diff(rows) > 0).all()
    if count:
        assert rows[0] == 0
    if count and most > 1:
        assert rows[-1] == count - 1


@given(several(), st.integers(0, 50))
def test_the_highest_and_lowest_of_every_column_survive(
    columns: list[Column], more: int
) -> None:
    most = 2 * len(columns) + 2 + more
    rows = kept_rows(columns, count_of(columns), most=most)
    for column in columns:
        kept = column[rows]
        assert np.isnan(kept).all() == np.isnan(column).all()
        if not np.isnan(column).all():
            assert np.nanmin(kept) == np.nanmin(column)
            assert np.nanmax(kept) == np.nanmax(column)


@given(several(), st.integers(1, 60))
def test_done_again_it_changes_nothing(columns: list[Column], most: int) -> None:
    rows = kept_rows(columns, count_of(columns), most=most)
    again = kept_rows([c[rows] for c in columns], len(rows), most=most)
    assert (rows[again] == rows).all()


def test_of_too_few_the_first_columns_have_their_peaks() -> None:
    one, other = np.zeros(100), np.zeros(100)
    one[40], one[60], other[70] = 9, -9, 9
    assert kept_rows([one, other], 100, most=4).tolist() == [0, 40, 60, 99]
    assert kept_rows([one, other], 100, most=3).tolist()[::2] == [0, 99]
    assert kept_rows([one, other], 100, most=1).tolist() == [0]


def test_each_stretch_keeps_its_own_peak() -> None:
    """A second, lower effort does not vanish behind the highest."""
    power = np.full(1_000, 100.0)
    power[100], power[900] = 900.0, 400.0
    assert {100, 900} <= set(kept_rows([power], 1_000, most=42).tolist())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_anything_is_kept_whole(count: int) -> None:
    assert kept_rows([np.zeros(count)], count, most=2).tolist() == list(range(count))
