"""Slopes and shifts against published worked examples."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.analytics.trends import (
    MOST_POINTS,
    Comparison,
    Numbers,
    Trend,
    compare,
    season_before,
    trend,
)

SEN_AT, SEN = [1, 2, 3, 4, 10, 12, 18], [9, 15, 19, 20, 45, 55, 78]
# fmt: off
VITAMIN_C = [
    4.2, 11.5, 7.3, 5.8, 6.4, 10, 11.2, 11.2, 5.2, 7, 16.5, 16.5, 15.2, 17.3, 22.5,
    17.3, 13.6, 14.5, 18.8, 15.5, 23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3,
    29.5,
]
ORANGE_JUICE = [
    15.2, 21.5, 17.6, 9.7, 14.5, 10, 8.2, 9.4, 16.5, 9.7, 19.7, 23.3, 23.6, 26.4, 20,
    25.2, 25.8, 21.2, 14.5, 27.3, 25.5, 26.4, 22.4, 24.5, 24.8, 30.9, 26.4, 27.3, 29.4,
    23,
]
# fmt: on
values = st.lists(st.integers(-50, 50), min_size=5, max_size=15)


def column(values: object) -> Numbers:
    return np.array(values, dtype=float)


def trend_of(at: object, value: object, confidence: float = 0.95) -> Trend:
    got = trend(column(at), column(value), confidence=confidence)
    assert got is not None
    return got


def comparison(before: object, after: object) -> Comparison:
    got = compare(column(before), column(after))
    assert got is not None
    return got


def test_the_example_of_sen() -> None:
    """Sen (1968), section 6: slope 4; at 93 % from 26/7 to 35/8.

    The ends are those of the same data in the tests of two statistics libraries, since
    a quotient is misprinted in the paper.
    """
    got = trend_of(SEN_AT, SEN, 0.93)
    assert (got.slope, got.low, got.high) == pytest.approx((4, 26 / 7, 35 / 8))
    assert got.tau == 1
    assert (got.points, got.median) == (7, 20)


def test_ties_in_both() -> None:
    """Kendall (1975), example 4.3: a score of 34 with a variance of 203.30.

    So z = 33 / 14.258 = 2.3145, and p = 0.0206 (normal table).
    """
    at = [1.5, 1.5, 3, 4, 6, 6, 6, 8, 9.5, 9.5, 11, 12]
    value = [2.5, 2.5, 7, 4.5, 1, 4.5, 6, 11.5, 11.5, 8.5, 8.5, 10]
    got = trend_of(at, value)
    assert got.p == pytest.approx(0.02064, abs=5e-5)
    assert got.tau == pytest.approx(34 / (61 * 62) ** 0.5, abs=1e-9)


def test_a_trend_that_is_none() -> None:
    """Values and slope as printed by another library for Sen's method (2012)."""
    got = trend_of(range(6), [6, 4, 1, 8, 7, 8])
    assert got.slope == pytest.approx(0.6666667)
    assert got.low == -2.5
    assert got.high is not None
    assert got.high > 0
    assert got.p > 0.3


@pytest.mark.parametrize("n", [5, 6, 7])
def test_the_interval_holds_as_often_as_it_says(n: int) -> None:
    """Of all orders of values that have no trend, at least 95 in 100 keep zero in."""
    at, holds = np.arange(float(n)), []
    for order in permutations(range(n)) if n < 7 else _every_seventh(n):
        got = trend(at, np.array(order, dtype=float))
        assert got is not None
        assert got.low is not None
        assert got.high is not None
        holds.append(got.low <= 0 <= got.high)
    assert np.mean(holds) >= 0.95


def _every_seventh(n: int) -> list[tuple[int, ...]]:
    return list(permutations(range(n)))[::7]


def test_four_points_have_a_slope_and_no_interval() -> None:
    got = trend_of(range(4), [1, 2, 3, 5])
    assert got.slope > 0
    assert got.low is got.high is None


@pytest.mark.parametrize(
    ("at", "value"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([0, 1, 2], [1, 2, 3], id="three"),
        pytest.param([0, 1, 2, 3], [1, 2, np.nan, 3], id="three known"),
        pytest.param([0, 0, 1, 1, 2, 2], [1, 2, 3, 4, 5, 6], id="three times"),
        pytest.param([0] * 5_000, [1] * 5_000, id="one day"),
    ],
)
def test_too_few_for_a_trend(at: list[float], value: list[float]) -> None:
    assert trend(column(at), column(value)) is None


def test_all_equal_is_level() -> None:
    got = trend_of(range(9), [3] * 9)
    assert (got.slope, got.low, got.high) == (0, 0, 0)
    assert got.tau is None
    assert got.p == 1


@settings(max_examples=30)
@given(values, st.integers(-40, 40), st.integers(1, 9), st.integers(0, 99))
def test_laws_of_a_slope(told: list[int], later: int, by: int, seed: int) -> None:
    """Shift and scale of time and value, their order, and a line laid over them."""
    at, value = np.arange(float(len(told))), column(told)
    one = trend_of(at, value)
    order = np.random.default_rng(seed).permutation(at.size)
    assert trend_of(at[order], value[order]) == one
    assert trend_of(at + later, value).slope == pytest.approx(one.slope)
    assert trend_of(at * by, value).slope == pytest.approx(one.slope / by)
    assert trend_of(at, value * by).slope == pytest.approx(one.slope * by)
    assert trend_of(at, value + by * at).slope == pytest.approx(one.slope + by)
    turned = trend_of(at, -value)
    assert turned.slope == -one.slope
    assert turned.p == one.p
    if one.low is not None and one.high is not None:
        assert one.low <= one.slope <= one.high
        assert (turned.low, turned.high) == (-one.high, -one.low)


def test_many_points_are_taken_together() -> None:
    noise = np.random.default_rng(2)
    at = np.sort(noise.uniform(0, 3_650, 8_000))
    got = trend_of(at, 200 + 0.01 * at + noise.normal(0, 20, at.size))
    assert got.points == 8_000
    assert got.low is not None
    assert got.high is not None
    assert got.low <= 0.01 <= got.high
    assert got.high - got.low < 0.003


def test_the_example_of_hollander_and_wolfe() -> None:
    """Hollander & Wolfe (1999), table 4.1, as published with R's ``coin``.

    The exact interval of 95 % for early pregnancy less term: -0.305, -0.76 to 0.15.
    """
    term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    early = [1.15, 0.88, 0.90, 0.74, 1.21]
    got = comparison(term, early)
    assert (got.shift, got.low, got.high) == pytest.approx((-0.305, -0.76, 0.15))
    assert got.points == (10, 5)
    assert got.mean == pytest.approx((1.313, 0.976))
    assert got.median == pytest.approx((1.415, 0.90))
    assert got.percent == pytest.approx(-30.5 / 1.415)


def test_shift_with_ties() -> None:
    """R's ``ToothGrowth``: orange juice less vitamin C 4.00, from -0.1."""
    got = comparison(VITAMIN_C, ORANGE_JUICE)
    assert got.shift == pytest.approx(4.0)
    assert got.low == pytest.approx(-0.1)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (3, 6), (5, 7)])
def test_the_shift_holds_as_often_as_it_says(n: int, m: int) -> None:
    """Of all ways to deal equal ranks out, at least 95 in 100 keep zero in."""
    ranks, holds = np.arange(float(n + m)), []
    for chosen in combinations(range(n + m), n):
        got = compare(ranks[list(chosen)], np.delete(ranks, chosen))
        assert got is not None
        assert got.low is not None
        assert got.high is not None
        holds.append(got.low <= 0 <= got.high)
    assert np.mean(holds) >= 0.95


@settings(max_examples=30)
@given(values, values, st.integers(1, 9))
def test_laws_of_a_shift(one: list[int], other: list[int], by: int) -> None:
    got, back = comparison(one, other), comparison(other, one)
    assert got.shift == -back.shift
    assert got.low is not None
    assert back.high is not None
    assert got.low == -back.high <= got.shift
    assert comparison(one[::-1], sorted(other)) == got
    moved = comparison(one, column(other) + by)
    assert moved.shift == got.shift + by
    larger = comparison(column(one) * by, column(other) * by)
    assert larger.shift == pytest.approx(got.shift * by)


def test_too_few_to_compare() -> None:
    assert compare(column([]), column([1])) is None
    assert compare(column([1]), column([np.nan])) is None
    single = comparison([2], [3])
    assert (single.shift, single.low, single.percent) == (1, None, 50)
    assert comparison([-2], [3]).percent is None


def test_equal_values_do_not_differ() -> None:
    got = comparison([5] * 6, [5] * 6)
    assert (got.shift, got.low, got.high, got.percent) == (0, 0, 0, 0)


def test_large_periods_are_thinned_evenly() -> None:
    """Beside the differences of all, at a size where both can be made."""
    noise = np.random.default_rng(3)
    before, after = noise.gamma(3, 20, 1_500), noise.gamma(3, 22, 1_400)
    got = comparison(before, after)
    every = np.sort(np.subtract.outer(after, before).ravel())
    half = (
        1.959964
        * (before.size * after.size * (before.size + after.size + 1) / 12) ** 0.5
    )
    rank = int(every.size / 2 - half)
    assert max(before.size, after.size) > MOST_POINTS
    assert got.shift == pytest.approx(np.median(every), abs=0.02)
    assert got.low == pytest.approx(every[rank], abs=0.05)
    assert got.high == pytest.approx(every[-rank], abs=0.05)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param(
            "2025-03-01", "2025-05-31", ("2024-03-01", "2024-05-31"), id="spring"
        ),
        pytest.param(
            "2024-12-01", "2025-02-28", ("2023-12-01", "2024-02-28"), id="winter"
        ),
        pytest.param(
            "2024-02-29", "2024-02-29", ("2023-02-28", "2023-02-28"), id="leap"
        ),
        pytest.param(
            "2024-01-01", "2024-12-31", ("2023-01-01", "2023-12-31"), id="year"
        ),
        pytest.param(
            "2024-01-01", "2025-06-30", ("2022-01-01", "2023-06-30"), id="long"
        ),
    ],
)
def test_the_season_before(first: str, last: str, expected: tuple[str, str]) -> None:
    got = season_before(np.datetime64(first), np.datetime64(last))
    assert tuple(str(day) for day in got) == expected
