"""Decoupling against a worked example, and where it cannot be told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics.decoupling import power_decoupling, speed_decoupling
from pierre_mcp.model.track import Column

HALF_S = 1_800


def halves(first: float, second: float, seconds: int = HALF_S) -> Column:
    return np.repeat([first, second], seconds).astype(float)


WATTS, BPM = halves(200, 196), halves(140, 145)


def test_drift_is_positive() -> None:
    """The reference of formulas: 200/140, then 196/145: 5.38 %."""
    told = power_decoupling(WATTS, BPM)
    assert told is not None
    assert told.percent == pytest.approx(5.38, abs=0.005)
    assert (told.first, told.second) == pytest.approx((200 / 140, 196 / 145))
    assert told.counted_s == 2 * HALF_S
    back = power_decoupling(WATTS[::-1], BPM[::-1])
    assert back is not None
    assert back.percent == pytest.approx((1 - (200 / 140) / (196 / 145)) * 100)


@pytest.mark.parametrize("lost", [np.nan, 0.0, -1.0])
def test_a_lost_strap_does_not_count(lost: float) -> None:
    bpm = BPM.copy()
    bpm[300:600], bpm[2_000:2_300] = lost, lost
    told = power_decoupling(WATTS, bpm)
    assert told is not None
    assert told.percent == pytest.approx(5.38, abs=0.005)
    assert told.counted_s == 3_000


def test_coasting_counts_and_standing_does_not() -> None:
    """Where a rider coasts he put out 0 W; where a runner waits nothing is told."""
    watts, speed = np.full(3_600, 200.0), np.full(3_600, 3.0)
    watts[3_000:], speed[3_000:] = 0.0, 0.0
    bpm = np.full(3_600, 140.0)
    coasted, stood = power_decoupling(watts, bpm), speed_decoupling(speed, bpm)
    assert coasted is not None
    assert coasted.percent == pytest.approx(100 / 3)
    assert stood is not None
    assert stood.percent == pytest.approx(0)
    assert stood.counted_s == 3_000


def test_unknown_output_is_not_zero() -> None:
    watts = np.full(3_600, 200.0)
    watts[3_000:] = np.nan
    told = power_decoupling(watts, np.full(3_600, 140.0))
    assert told is not None
    assert told.percent == pytest.approx(0)


@pytest.mark.parametrize(
    ("watts", "bpm"),
    [
        pytest.param(halves(200, 196, 599), halves(140, 145, 599), id="under 20 min"),
        pytest.param(WATTS, np.where(np.arange(3_600) < 2_600, BPM, np.nan), id="few"),
        pytest.param(
            np.where(np.arange(3_600) < 2_600, WATTS, np.nan), BPM, id="few w"
        ),
        pytest.param(np.full(3_600, np.nan), BPM, id="no power"),
        pytest.param(WATTS, np.zeros(3_600), id="no heart"),
        pytest.param(halves(0, 200), BPM, id="no first half"),
        pytest.param(np.empty(0), np.empty(0), id="nothing"),
    ],
)
def test_what_cannot_be_told(watts: Column, bpm: Column) -> None:
    assert power_decoupling(watts, bpm) is None


def test_twenty_minutes_are_enough() -> None:
    assert power_decoupling(halves(200, 196, 600), halves(140, 145, 600)) is not None


@given(st.floats(0.1, 10), st.floats(0.5, 2), st.integers(0, 900))
def test_units_and_time_shift_change_nothing(
    by: float, beats: float, later: int
) -> None:
    unknown = np.full(later, np.nan)
    watts = np.concatenate([unknown, WATTS * by])
    told = power_decoupling(watts, np.concatenate([unknown, BPM * beats]))
    assert told is not None
    assert told.percent == pytest.approx(5.38, abs=0.005)
