"""The best of several curves, beside plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.analytics.records import NOBODY, Numbers, fastest, highest, percent_of

GRID = 4
rows = st.lists(
    st.lists(st.none() | st.integers(0, 5), min_size=GRID, max_size=GRID), max_size=8
)


def matrix(of: list[list[int | None]]) -> Numbers:
    return np.array(of, dtype=float).reshape(-1, GRID)


@settings(max_examples=40)
@given(rows)
def test_the_first_of_the_best_holds_the_record(of: list[list[int | None]]) -> None:
    most, least = highest(matrix(of)), fastest(matrix(of))
    for place in range(GRID):
        told = [(v, i) for i, row in enumerate(of) if (v := row[place]) is not None]
        if not told:
            assert most.holder[place] == least.holder[place] == NOBODY
            assert np.isnan([most.value[place], least.value[place]]).all()
            continue
        top, bottom = max(v for v, _ in told), min(v for v, _ in told)
        assert most.value[place] == top
        assert most.holder[place] == min(i for v, i in told if v == top)
        assert least.value[place] == bottom
        assert least.holder[place] == min(i for v, i in told if v == bottom)


@settings(max_examples=40)
@given(rows, rows)
def test_more_activities_never_lower_a_record(
    one: list[list[int | None]], more: list[list[int | None]]
) -> None:
    few, all_of_them = highest(matrix(one)), highest(matrix([*one, *more]))
    reached = few.holder >= 0
    assert (all_of_them.value[reached] >= few.value[reached]).all()


def test_one_curve_by_another() -> None:
    """330 W are 10 % above 300 W, and 1140 s 5 % below 1200 s."""
    curve = np.array([330.0, 1_140.0, np.nan, 5.0, 5.0, 0.0])
    other = np.array([300.0, 1_200.0, 5.0, np.nan, 0.0, 5.0])
    got = percent_of(curve, other)
    assert got == pytest.approx([10, -5, np.nan, np.nan, np.nan, -100], nan_ok=True)
