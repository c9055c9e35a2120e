"""Critical power and speed against published values and exact lines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.analytics.critical import (
    CriticalFit,
    Numbers,
    critical_power,
    critical_speed,
)


def column(*values: float) -> Numbers:
    return np.array(values, dtype=float)


def power_of(minutes: Numbers, power_w: Numbers) -> CriticalFit:
    fit = critical_power(minutes * 60, power_w)
    assert fit is not None
    return fit


def test_two_efforts() -> None:
    """3 min at 400 W, 12 min at 320 W: the value of the reference of formulas."""
    fit = power_of(column(3, 12), column(400, 320))
    assert fit.rate == pytest.approx(293.33, abs=0.005)
    assert fit.reserve == pytest.approx(19_200)
    assert fit.rate_error is fit.reserve_error is fit.see is fit.r_squared is None
    assert (fit.efforts, fit.shortest_s, fit.longest_s) == (2, 180, 720)


def test_errors_are_those_of_a_published_regression() -> None:
    """Height by weight of 15 women (R's ``women``; World Almanac 1975).

    ``summary(lm(height ~ weight, women))`` gives 25.723456 (1.043746) and 0.287249
    (0.007588), residual standard error 0.4400, R squared 0.991. Weight takes the place
    of time, six seconds a pound, and height that of work.
    """
    pounds = column(115, 117, *range(120, 136, 3), 139, 142, 146, 150, 154, 159, 164)
    time_s, inches = pounds * 6, np.arange(58.0, 73.0)
    fit = critical_power(time_s, inches / time_s)
    assert fit is not None
    assert fit.reserve == pytest.approx(25.723456, abs=5e-7)
    assert fit.reserve_error == pytest.approx(1.043746, abs=5e-7)
    assert fit.rate * 6 == pytest.approx(0.287249, abs=5e-7)
    assert fit.rate_error is not None
    assert fit.rate_error * 6 == pytest.approx(0.007588, abs=5e-7)
    assert fit.see == pytest.approx(0.44, abs=5e-5)
    assert fit.r_squared == pytest.approx(0.991, abs=5e-4)


@settings(max_examples=30)
@given(
    st.floats(100, 450),
    st.floats(3_000, 40_000),
    st.lists(st.integers(180, 1_200), min_size=3, max_size=9, unique=True),
)
def test_an_exact_hyperbola_is_found_again(
    cp_w: float, w_prime_j: float, seconds: list[int]
) -> None:
    time_s = np.array(seconds, dtype=float)
    fit = critical_power(time_s, cp_w + w_prime_j / time_s)
    assert fit is not None
    assert fit.rate == pytest.approx(cp_w)
    assert fit.reserve == pytest.approx(w_prime_j, rel=1e-5)
    assert fit.see == pytest.approx(0, abs=1e-3)
    assert fit.r_squared == pytest.approx(1)


def test_speed_from_times() -> None:
    """CS 4 m/s and D' 200 m: 1 km in 200 s, 3 km in 700 s, 5 km in 1200 s."""
    distance = column(5_000, 400, 1_000, 3_000, 10_000, 2_000)
    fit = critical_speed(distance, column(1_200, 60, 200, 700, 2_600, np.nan))
    assert fit is not None
    assert (fit.rate, fit.reserve) == pytest.approx((4, 200))
    assert (fit.efforts, fit.shortest_s, fit.longest_s) == (3, 200, 1_200)


def test_only_efforts_of_three_to_twenty_minutes_count() -> None:
    minutes = column(0.1, 1, 3, 12, 20.1, 60, 8)
    fit = power_of(minutes, column(1_200, 600, 400, 320, 10, 10, np.nan))
    assert fit.rate == pytest.approx(293.333, abs=0.001)
    assert fit.efforts == 2


def test_of_one_duration_the_higher_power_counts() -> None:
    fit = power_of(column(12, 3, 12, 3), column(320, 380, 300, 400))
    assert fit.reserve == pytest.approx(19_200)
    assert fit.efforts == 2


def test_scaling_of_power_scales_both() -> None:
    minutes, power = column(3, 5, 12, 20), column(400, 360, 320, 309)
    one, twice = power_of(minutes, power), power_of(minutes, power * 2)
    assert twice.rate == pytest.approx(2 * one.rate)
    assert twice.reserve == pytest.approx(2 * one.reserve)
    assert power_of(minutes[::-1], power[::-1]) == one


@pytest.mark.parametrize(
    ("minutes", "power_w"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([5], [300], id="one"),
        pytest.param([5, 5], [300, 310], id="one duration"),
        pytest.param([5, 10], [np.nan, np.nan], id="not recorded"),
        pytest.param([5, 10], [np.inf, 300], id="infinite"),
        pytest.param([1, 60], [500, 250], id="out of range"),
        pytest.param([5, 10], [300, 300], id="no reserve"),
        pytest.param([5, 10], [300, 320], id="negative reserve"),
        pytest.param([5, 10], [300, 150], id="no more work in more time"),
        pytest.param([5, 10], [300, 100], id="work falls"),
        pytest.param([5, 10], [0, 0], id="zeros"),
    ],
)
def test_nonsense_has_no_critical_power(
    minutes: list[float], power_w: list[float]
) -> None:
    assert critical_power(column(*minutes) * 60, column(*power_w)) is None
