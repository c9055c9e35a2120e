"""Splits, and the pace on the level that costs the same."""

import numpy as np
import pytest

from pierre_mcp.analytics.ground import along_m
from pierre_mcp.analytics.sensed import Sensed, sensed
from pierre_mcp.analytics.splits import LENGTHS_M, MOST, Splits, splits
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Track
from tests.analytics.making import a_track

COSTS = [(0.0, 3.6), (0.05, 4.685), (0.1, 5.968), (-0.1, 2.152), (-0.2, 1.800)]
"""Slope, and Minetti's cost of it."""


def told(track: Track) -> Sensed:
    found = sensed(track, along_m(track))
    assert found is not None
    return found


def a_run(
    seconds: int = 3_000,
    *,
    slope: float = 0.0,
    speed_m_s: float = 2.0,
    indoor: bool = False,
) -> Track:
    time_s = np.arange(float(seconds))
    gone = time_s * speed_m_s
    columns = {"t_s": time_s, "distance_m": gone, "altitude_m": 400 + slope * gone}
    return a_track(columns, indoor=indoor)


def paces(found: Splits) -> list[float]:
    told: list[float] = found.graded_s_per_km.tolist()
    return told


@pytest.mark.parametrize(("slope", "cost"), COSTS)
def test_pace_is_graded_by_what_a_slope_costs(slope: float, cost: float) -> None:
    found = splits(told(a_run(slope=slope)))
    assert found.each_m == 1_000
    assert len(found.cut.start_s) == 6
    assert paces(found)[1:-1] == pytest.approx([500 * 3.6 / cost] * 4, rel=2e-3)


def test_on_the_level_graded_pace_is_pace_with_its_stops() -> None:
    time_s = np.arange(3_000.0)
    moving = np.where((time_s > 600) & (time_s <= 900), 0.0, 2.0)
    track = a_track(
        {"t_s": time_s, "distance_m": np.cumsum(moving), "altitude_m": time_s * 0}
    )
    found = splits(told(track))
    own = [
        took / metres * 1_000
        for took, metres in zip(
            found.cut.duration_s, map(float, filter(None, found.cut.distance_m)),
            strict=True,
        )
    ]  # fmt: skip
    assert paces(found) == pytest.approx(own, rel=1e-6)
    assert max(own) == pytest.approx(800, abs=2)


@pytest.mark.parametrize(
    "track",
    [
        pytest.param(a_run(indoor=True), id="treadmill"),
        pytest.param(
            a_track({"t_s": np.arange(900.0), "distance_m": np.arange(900.0) * 3}),
            id="no altitude",
        ),
        pytest.param(
            a_track(
                {
                    "t_s": np.arange(900.0),
                    "distance_m": np.arange(900.0) * 6,
                    "altitude_m": np.arange(900.0),
                },
                sport=Sport.CYCLING,
            ),
            id="ride",
        ),
    ],
)
def test_where_no_slope_counts_there_is_no_graded_pace(track: Track) -> None:
    found = splits(told(track))
    assert len(found.cut.start_s) > 1
    assert np.isnan(found.graded_s_per_km).all()


def test_where_nothing_moved_there_is_no_graded_pace() -> None:
    still = a_run(600, speed_m_s=0.0)
    assert splits(told(still)).cut.start_s == ()
    alone = a_track({"t_s": np.arange(60.0), "heart_rate_bpm": np.full(60, 120.0)})
    found = splits(told(alone))
    assert (found.cut.start_s, found.mean_bpm, found.mean_power_w) == ((), [], [])


@pytest.mark.parametrize("metres", [900, 49_999, 50_001, 400_000, 3_000_000])
def test_splits_are_few_and_of_a_round_length(metres: int) -> None:
    time_s = np.linspace(0, metres / 8, 2_000)
    track = a_track(
        {"t_s": time_s, "distance_m": np.linspace(0, metres, 2_000)},
        sport=Sport.CYCLING,
    )
    found = splits(told(track))
    assert 1 <= len(found.cut.start_s) <= MOST
    assert found.each_m in LENGTHS_M
    assert found.each_m >= 1_000
    assert sum(filter(None, found.cut.distance_m)) == pytest.approx(metres, rel=1e-4)


def test_a_way_beyond_all_lengths_is_cut_after_the_most_of_them() -> None:
    track = a_track(
        {"t_s": np.linspace(0, 9e6, 500), "distance_m": np.linspace(0, 9.9e7, 500)},
        sport=Sport.CYCLING,
    )
    found = splits(told(track))
    assert found.each_m == LENGTHS_M[-1]
    assert len(found.cut.duration_s) == MOST


def test_means_are_those_of_the_split() -> None:
    time_s = np.arange(1_000.0)
    track = a_track(
        {
            "t_s": time_s,
            "distance_m": time_s * 4,
            "heart_rate_bpm": np.where(time_s < 250, 120.0, 150.0),
            "power_w": np.where(time_s < 500, 200.0, np.nan),
        }
    )
    found = splits(told(track))
    assert found.mean_bpm == [120.0, 150.0, 150.0, 150.0]
    assert found.mean_power_w[:2] == [200.0, 200.0]
    assert found.mean_power_w[3] is None


def test_a_sport_may_have_shorter_ones() -> None:
    swum = a_track(
        {"t_s": np.arange(1_001.0), "distance_m": np.arange(1_001.0)},
        sport=Sport.SWIMMING,
    )
    assert splits(told(swum), 100.0).cut.duration_s == (100.0,) * 10
