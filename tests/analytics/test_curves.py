"""Histograms, curves and normalized power against values from elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pierre_mcp.analytics.curves import (
    histogram,
    mean_max,
    mean_max_known,
    normalized,
)
from pierre_mcp.analytics.held import Sums
from pierre_mcp.model.details import DURATIONS_S, Histogram

seconds = st.lists(st.integers(0, 900), min_size=1, max_size=120)


def sums(values: list[int] | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.array(values, dtype=float))])


@pytest.mark.parametrize(
    ("watts", "expected"),
    [
        # Given for windows from the thirtieth sample on in the reference of formulas.
        pytest.param([300] * 600 + [100] * 600, 252.38, id="two blocks"),
        pytest.param(([400] * 60 + [100] * 60) * 10, 315.58, id="minutes on and off"),
        pytest.param([200] * 30, 200, id="steady"),
        pytest.param([200] * 29, None, id="too short"),
    ],
)
def test_normalized_power(watts: list[int], expected: float | None) -> None:
    got = normalized(np.array(watts, dtype=float))
    assert got == (pytest.approx(expected, abs=0.005) if expected else None)


@given(st.lists(st.integers(0, 900), min_size=30, max_size=90))
def test_normalized_power_is_no_less_than_its_rolling_mean(watts: list[int]) -> None:
    got = normalized(np.array(watts, dtype=float))
    rolling = np.convolve(watts, np.ones(30) / 30, mode="valid")
    assert got is not None
    assert got >= rolling.mean() - 1e-6
    assert got == pytest.approx(np.mean(rolling**4) ** 0.25)


@given(seconds)
def test_a_curve_is_the_best_of_every_window_that_long_or_longer(
    watts: list[int],
) -> None:
    """Beside the plain definition, window by window."""
    curve = mean_max(sums(watts), 6)
    reached = [d for d in DURATIONS_S if d <= len(watts)]
    best = [
        max(sum(watts[i : i + d]) / d for i in range(len(watts) - d + 1))
        for d in reached
    ]
    assert curve == pytest.approx([max(best[i:]) for i in range(len(best))], abs=1e-5)


@given(seconds)
def test_where_all_is_known_both_curves_agree(bpm: list[int]) -> None:
    total, known = sums(bpm), np.arange(len(bpm) + 1.0)
    assert mean_max_known(Sums(total, known), 1) == mean_max(total, 1)


def test_an_unknown_second_is_no_work_and_no_heartbeat() -> None:
    known = np.ones(100)
    known[40:43] = 0
    bpm = np.where(known, 150, 0)
    curve = mean_max_known(Sums(sums(bpm), sums(known)), 1)
    assert curve == (150,) * len([d for d in DURATIONS_S if d <= 100])
    watts = mean_max(sums(bpm), 1)
    assert watts[DURATIONS_S.index(50)] == 150
    assert watts[DURATIONS_S.index(90)] == pytest.approx(150 * 87 / 90)


def test_a_heart_known_too_little_has_no_long_windows() -> None:
    known = np.ones(100)
    known[20:80] = 0
    curve = mean_max_known(Sums(sums(known * 150), sums(known)), 1)
    assert len(curve) == DURATIONS_S.index(20) + 1, "20 s, and of 21 one is unknown"


def test_nothing_has_no_curve() -> None:
    assert mean_max(np.zeros(1), 1) == ()
    assert mean_max_known(Sums(np.zeros(2), np.zeros(2)), 1) == ()


def test_bins_begin_at_multiples_of_the_width() -> None:
    values = np.array([3.0, 3.049, 3.05, 2.999])
    assert histogram(values, np.ones(4), 0.05) == Histogram(first=59, seconds=(1, 2, 1))


def test_empty_bins_between_stay_and_those_around_go() -> None:
    values = np.array([150.0, 153.0])
    assert histogram(values, np.array([2.0, 3.0]), 1) == Histogram(
        first=150, seconds=(2, 0, 0, 3)
    )
    assert histogram(values, np.zeros(2), 1) == Histogram()
    assert histogram(np.empty(0), np.empty(0), 1) == Histogram()


def test_absurd_values_fall_into_the_last_bin() -> None:
    assert histogram(np.array([1e30]), np.ones(1), 1).first == 3_000


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 5)), min_size=1, max_size=60))
def test_bins_add_up(held: list[tuple[float, float]]) -> None:
    values, for_s = np.array(held).T
    bins = histogram(values, for_s, 1)
    assert sum(bins.seconds) == pytest.approx(for_s.sum(), abs=0.51)
