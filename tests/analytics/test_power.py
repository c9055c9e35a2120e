"""Power metrics against published values; each test says where its numbers are from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics import power
from pierre_mcp.analytics.curves import normalized
from pierre_mcp.analytics.ratios import ratio

watts = st.lists(st.integers(0, 1_500), min_size=30, max_size=90)


def test_x_power_of_minutes_on_and_off() -> None:
    """The reference of formulas: 281.98, of which normalized power is 315.58."""
    seconds = np.array(([400.0] * 60 + [100.0] * 60) * 10)
    assert power.x_power(seconds) == pytest.approx(281.98, abs=0.005)
    assert normalized(seconds) == pytest.approx(315.58, abs=0.005)


def test_x_power_follows_its_recursion() -> None:
    """GoldenCheetah's loop, written out: what was fades by 25/26 a second."""
    seconds = np.random.default_rng(4).integers(0, 900, 300)
    held, fourth = 0.0, 0.0
    for value in seconds:
        held = held * 25 / 26 + value / 26
        fourth += held**4
    expected = (fourth / len(seconds)) ** 0.25
    assert power.x_power(seconds.astype(float)) == pytest.approx(expected)


def test_x_power_of_a_long_even_ride_is_its_power() -> None:
    assert power.x_power(np.full(20_000, 250.0)) == pytest.approx(250, abs=0.2)
    assert power.x_power(np.full(24, 250.0)) is None
    assert power.x_power(np.empty(0)) is None


@given(watts, st.floats(0.5, 3))
def test_x_power_scales_with_power(seconds: list[int], by: float) -> None:
    once, scaled = (power.x_power(np.array(seconds) * f) for f in (1.0, by))
    assert once is not None
    assert scaled == pytest.approx(once * by)
    assert once <= max(seconds) + 1e-9


@pytest.mark.parametrize(
    ("seconds", "normalized_w", "ftp_w", "expected"),
    [
        pytest.param(7_200, 200, 250, 128.0, id="reference of formulas"),
        pytest.param(3_600, 250, 250, 100.0, id="an hour at FTP"),
        pytest.param(3_600, 300, 300, 100.0, id="sweatpy, test_stress_score"),
        pytest.param(0, 200, 250, 0.0, id="no time"),
    ],
)
def test_training_stress(
    seconds: float, normalized_w: float, ftp_w: float, expected: float
) -> None:
    told = power.training_stress_score(seconds, normalized_w, ftp_w)
    assert told == pytest.approx(expected)


def test_intensity_variability_efficiency() -> None:
    """IF of the reference; VI and EF by hand: 210/200, 210/140, 3.5 m/s at 150."""
    assert power.intensity_factor(200, 250) == pytest.approx(0.80)
    assert power.variability_index(210, 200) == pytest.approx(1.05)
    assert power.efficiency_factor(210, 140) == pytest.approx(1.5)
    assert power.speed_efficiency_factor(3.5, 150) == pytest.approx(1.4)
    assert np.isnan(power.speed_efficiency_factor(1.7e308, 1)), "and no warning"
    assert power.ftp_of_20_min(280) == pytest.approx(266)


def test_many_activities_at_once() -> None:
    """Each with the FTP of its day; unknown stays unknown, and warns of nothing."""
    hours = np.array([3_600.0, 3_600.0, np.nan, 3_600.0, -1.0, 3_600.0])
    normal = np.array([250.0, 250.0, 250.0, np.nan, 250.0, 0.0])
    ftp = np.array([250.0, 0.0, 250.0, 250.0, 250.0, 250.0])
    told = power.training_stress_score(hours, normal, ftp)
    assert told[[0, 5]] == pytest.approx([100, 0])
    assert np.isnan(told[1:5]).all()


@pytest.mark.parametrize(
    ("value", "by"),
    [(1.0, 0.0), (1.0, -2.0), (np.nan, 1.0), (1.0, np.nan), (1e300, 1e-300)],
)
def test_what_cannot_be_told_is_nan(value: float, by: float) -> None:
    assert np.isnan(ratio(value, by))


@given(st.floats(1, 40_000), st.floats(50, 500), st.floats(50, 500), st.floats(0.1, 9))
def test_load_knows_no_unit_of_power(
    seconds: float, normal: float, ftp: float, by: float
) -> None:
    """Both thresholds and power in another unit give the same; time adds up."""
    once = power.training_stress_score(seconds, normal, ftp)
    scaled = power.training_stress_score(seconds, normal * by, ftp * by)
    twice = power.training_stress_score(seconds * 2, normal, ftp)
    assert scaled == pytest.approx(once)
    assert twice == pytest.approx(once * 2)
