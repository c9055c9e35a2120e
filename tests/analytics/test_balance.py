"""W' balance against sweatpy's tests (MIT): P = 0..99 W, CP 25 W, W' 2,000 J."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics.balance import (
    LowPoint,
    differential_balance,
    integral_balance,
    low_point,
    recovery_s,
)
from pierre_mcp.model.track import Column

RAMP = np.arange(100.0)
powers = st.lists(st.integers(0, 800), min_size=1, max_size=60).map(
    lambda watts: np.array(watts, float)
)


def integral(watts: Column) -> Column:
    return integral_balance(watts, critical_w=250, w_prime_j=20_000)


def differential(watts: Column) -> Column:
    return differential_balance(watts, critical_w=250, w_prime_j=20_000)


BOTH = pytest.mark.parametrize("balance", [integral, differential])


def test_tau_is_that_of_sweatpy() -> None:
    assert recovery_s(RAMP, 25) == pytest.approx(795.44010528262652, abs=1e-9)
    assert recovery_s(RAMP[:15], 25) == pytest.approx(772.05753543055448, abs=1e-9)
    assert recovery_s(RAMP[:1], 25) == pytest.approx(741.2252275569871, abs=1e-9)


def test_tau_without_a_second_below() -> None:
    """All of it above: the deficit is critical power itself, as in sweatpy."""
    expected = 546 * np.exp(-2.5) + 316
    assert recovery_s(np.full(9, 400.0), 250) == pytest.approx(expected)
    unknown = np.append(RAMP, np.full(50, np.nan))
    assert recovery_s(unknown, 25) == recovery_s(RAMP, 25), "a gap is not rest at 0 W"


def test_integral_is_that_of_sweatpy() -> None:
    told = integral_balance(RAMP, critical_w=25, w_prime_j=2_000)
    assert told[75] == pytest.approx(750.77417744392937, abs=1e-9)
    assert told[50] == pytest.approx(1678.2431086242659, abs=1e-9)


def test_differential_is_that_of_sweatpy() -> None:
    told = differential_balance(RAMP, critical_w=25, w_prime_j=2_000)
    assert told[75] == 725.0
    assert told[50] == 1675.0


def test_recovery_by_the_fraction_spent() -> None:
    """By hand: 10 s at 350 spend 1,000; at 150 each second gives back 100 x 5 %."""
    told = differential(np.array([350.0] * 10 + [150.0] * 2))
    assert told[9:] == pytest.approx([19_000, 19_005, 19_009.975])


@given(powers)
def test_integral_is_the_plain_double_sum(watts: Column) -> None:
    """Skiba's own form, over all pairs of seconds."""
    tau, at = recovery_s(watts, 250), np.arange(len(watts))
    spent = np.maximum(watts - 250, 0)
    kernel = np.tril(np.exp(-(at[:, None] - at[None, :]) / tau))
    assert integral(watts) == pytest.approx(20_000 - kernel @ spent)


@BOTH
def test_a_gap_is_rest_and_never_spends(balance: object) -> None:
    assert callable(balance)
    hard = [400.0] * 60
    gap = balance(np.array([*hard, *[np.nan] * 60, 400.0]))
    assert not np.isnan(gap).any()
    assert gap[119] > gap[59]
    zero = differential(np.array([*hard, *[0.0] * 60, 400.0]))
    if balance is differential:
        assert gap.tolist() == zero.tolist()


@BOTH
@given(watts=powers, more=st.integers(1, 300))
def test_never_above_full_and_less_after_more(
    balance: object, watts: Column, more: int
) -> None:
    assert callable(balance)
    told = balance(watts)
    assert told.shape == watts.shape
    assert (told <= 20_000 + 1e-6).all()
    if balance is differential:
        assert (balance(watts + more) <= told + 1e-6).all()


def test_hard_rest_never_overfills() -> None:
    """A W' smaller than critical power would overshoot in one second's step."""
    told = differential_balance(np.array([150.0, 0.0]), critical_w=100, w_prime_j=80)
    assert told.tolist() == [30.0, 80.0]


@BOTH
def test_what_comes_later_changes_nothing_before(balance: object) -> None:
    """Only of the differential: the integral's tau is that of the whole ride."""
    assert callable(balance)
    watts = np.array([400.0] * 30 + [100.0] * 30)
    later = np.append(watts, np.zeros(600))
    same = np.allclose(balance(later)[:60], balance(watts))
    assert same == (balance is differential)


@pytest.mark.parametrize(
    ("watts", "critical_w", "w_prime_j"),
    [
        (RAMP, 0.0, 2_000.0),
        (RAMP, np.nan, 2_000.0),
        (RAMP, 25.0, -1.0),
        (np.full(5, np.nan), 25.0, 2_000.0),
        (np.empty(0), 25.0, 2_000.0),
    ],
)
def test_what_cannot_be_told(
    watts: Column, critical_w: float, w_prime_j: float
) -> None:
    for balance in (integral_balance, differential_balance):
        told = balance(watts, critical_w=critical_w, w_prime_j=w_prime_j)
        assert told.shape == watts.shape
        assert np.isnan(told).all()
        assert low_point(told) is None


def test_the_low_point_is_the_first_of_the_lowest() -> None:
    assert low_point(np.array([20.0, 5.0, 9.0, 5.0])) == LowPoint(5.0, 1)
    spent = differential(np.array([1_250.0] * 30 + [100.0] * 30))
    assert low_point(spent) == LowPoint(-10_000.0, 29), "below 0 is told as it is"


def test_five_hours_take_little_time() -> None:
    """Far above the 3 ms it takes, yet below what the double sum would."""
    watts = np.random.default_rng(1).integers(0, 500, 18_000).astype(float)
    began = time.perf_counter()
    integral(watts)
    differential(watts)
    assert time.perf_counter() - began < 0.5
