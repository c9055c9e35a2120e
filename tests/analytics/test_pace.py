"""Load and economy of running and swimming against worked examples of others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics import pace


def test_running_load() -> None:
    """Half an hour at 5:00/km with a threshold of 4:30: 40.5 (me-create.com)."""
    told = pace.running_tss(1_800, 1_000 / 300, 1_000 / 270)
    assert told == pytest.approx(40.5)
    assert pace.running_tss(3_600, 4.0, 4.0) == pytest.approx(100)


def test_swimming_load() -> None:
    """55 min at 54.5 m/min with 64.5 at threshold: 55.3 (swimanalytics.app).

    An exponent of 2, as of running, would give 65.4.
    """
    told = pace.swim_tss(3_300, 54.5 / 60, 64.5 / 60)
    assert told == pytest.approx(55.3, abs=0.05)


def test_running_effectiveness() -> None:
    """The reference of formulas: 3.5 m/s with 270 W at 70 kg."""
    assert pace.running_effectiveness(3.5, 270, 70) == pytest.approx(0.907, abs=5e-4)
    assert np.isnan(pace.running_effectiveness(3.5, 0, 70))
    assert np.isnan(pace.running_effectiveness(3.5, 270, np.nan))


def test_swolf() -> None:
    """The reference of formulas: 25 m in 20 s with 16 strokes; uncounted is not 0."""
    assert pace.swolf(20, 16) == 36
    told = pace.swolf(np.array([20.0, 21.0]), np.array([16.0, np.nan]))
    assert told[0] == 36
    assert np.isnan(told[1])


def test_pace_out_of_speed() -> None:
    """4:10 a kilometre is 4 m/s; 1:40 for 100 m is 1 m/s; who stands has none."""
    assert pace.pace_s_per_km(4.0) == 250
    assert pace.pace_s_per_100m(1.0) == 100
    assert np.isnan(pace.pace_s_per_km(np.array([0.0, np.nan]))).all()


@given(st.floats(1, 40_000), st.floats(0.5, 6), st.floats(0.5, 6), st.floats(1.01, 2))
def test_faster_is_more_and_swimming_rises_steeper(
    seconds: float, speed: float, threshold: float, by: float
) -> None:
    run, swim = (
        f(seconds, speed, threshold) for f in (pace.running_tss, pace.swim_tss)
    )
    assert pace.running_tss(seconds, speed * by, threshold) == pytest.approx(
        run * by**2
    )
    assert pace.swim_tss(seconds, speed * by, threshold) == pytest.approx(swim * by**3)
