"""Speed, best times and graded speed on made tracks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pierre_mcp.analytics.summary import Summary, summarise
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import (
    DISTANCES_M,
    DURATIONS_S,
    ActivityDetail,
    Histogram,
)
from tests.analytics.making import Values, a_track

HOUR = np.arange(3_601.0)


def run(columns: dict[str, Values], **more: Any) -> Summary:
    return summarise(a_track(columns, **more))


def moved(columns: dict[str, Values], **more: Any) -> ActivityDetail:
    detail = run(columns, **more).details[Category.ACTIVITIES]
    assert isinstance(detail, ActivityDetail)
    return detail


def best(detail: ActivityDetail, distance_m: float) -> float:
    return detail.best_s[DISTANCES_M.index(distance_m)]


def test_a_steady_run() -> None:
    detail = moved({"t_s": HOUR, "distance_m": HOUR * 4})
    assert detail.speed == Histogram(first=80, seconds=(3_600,))
    assert detail.mean_max_speed_m_s == (4,) * (DURATIONS_S.index(3_600) + 1)
    reached = [d for d in DISTANCES_M if d <= 14_400]
    assert detail.best_s == tuple(round(d / 4, 1) for d in reached)


def test_the_fast_kilometre_is_found_wherever_it_lies() -> None:
    speed = np.full(3_600, 3.0)
    speed[1_003:1_203] = 5.0  # a kilometre, off the grid of starts
    gone = np.concatenate([[0.0], np.cumsum(speed)])
    detail = moved({"t_s": HOUR, "distance_m": gone})
    assert best(detail, 1_000) == pytest.approx(200, abs=0.1)
    assert best(detail, 1_609.344) == pytest.approx(200 + 609.344 / 3, abs=0.1)
    assert best(detail, 400) == 80
    two_hundred = DURATIONS_S.index(180)
    assert detail.mean_max_speed_m_s[two_hundred] == 5


def test_an_exact_race_counts_whole_and_standing_at_its_ends_does_not() -> None:
    gone = np.concatenate([np.zeros(30), np.arange(0, 5_001, 5.0), np.full(60, 5e3)])
    detail = moved({"t_s": np.arange(len(gone) * 1.0), "distance_m": gone})
    assert best(detail, 5_000) == 1_000
    assert len(detail.best_s) == DISTANCES_M.index(5_000) + 1


def test_time_runs_through_stops_and_pauses() -> None:
    gone = np.concatenate([np.arange(0, 601, 4.0), 600 + np.arange(4, 601, 4.0)])
    times = np.arange(len(gone) * 1.0)
    times[151:] += 100
    columns: dict[str, Values] = {"t_s": times, "distance_m": gone}
    for pauses in ((), [(150.0, 250.0)]):
        detail = moved(columns, pauses=pauses)
        assert best(detail, 1_000) == pytest.approx(350, abs=0.1)
        assert best(detail, 400) == 100


def test_what_was_passed_while_paused_does_not_count() -> None:
    """Carried two kilometres by car with the timer stopped."""
    gone = np.concatenate([np.arange(0, 601, 4.0), 2_600 + np.arange(0, 601, 4.0)])
    times = np.arange(len(gone) * 1.0)
    times[151:] += 100
    detail = moved({"t_s": times, "distance_m": gone}, pauses=[(150.0, 250.0)])
    assert best(detail, 1_000) == pytest.approx(250 + 101, abs=1)
    assert max(detail.mean_max_speed_m_s) == 4
    assert detail.speed is not None
    assert sum(detail.speed.seconds) == 301, "the pause ended a second early"


def test_a_jump_of_the_position_does_not_count() -> None:
    lat = 46 + HOUR[:600] * 3 / 111_195
    lat[300] += 0.01  # over a kilometre off, for a second
    detail = moved({"t_s": HOUR[:600], "lat_deg": lat, "lon_deg": [7.0] * 600})
    assert max(detail.mean_max_speed_m_s) == pytest.approx(3, abs=0.02)
    assert best(detail, 400) == pytest.approx(400 / 3, abs=0.2)


def test_a_length_of_a_pool_is_told_at_its_end() -> None:
    gone = np.floor(HOUR[:801] / 20) * 25
    detail = moved({"t_s": HOUR[:801], "distance_m": gone}, sport=Sport.SWIMMING)
    assert best(detail, 1_000) == pytest.approx(800, abs=20)
    assert best(detail, 400) == pytest.approx(320, abs=20)


def test_a_tunnel_is_ground_covered_but_no_time_at_a_speed() -> None:
    times = np.concatenate([HOUR[:300], HOUR[500:800]])
    detail = moved({"t_s": times, "distance_m": times * 3})
    assert detail.speed is not None
    assert sum(detail.speed.seconds) == 299 + 5 + 299
    assert best(detail, 1_500) == 500


def test_without_distance_there_is_the_recorded_speed() -> None:
    """Indoors, from a sensor on the wheel."""
    detail = moved(
        {"t_s": HOUR[:600], "speed_m_s": [8.0] * 600},
        sport=Sport.CYCLING,
        indoor=True,
    )
    assert detail.speed == Histogram(first=160, seconds=(600,))
    assert best(detail, 1_000) == 125


def test_without_either_there_is_no_speed() -> None:
    detail = moved({"t_s": HOUR[:60], "heart_rate_bpm": [120.0] * 60})
    assert detail == ActivityDetail()


def test_one_sample_is_no_motion() -> None:
    detail = moved({"t_s": [3.0], "speed_m_s": [4.0], "distance_m": [9.0]})
    assert detail.best_s == ()


def hill(grade: float) -> dict[str, Values]:
    along: NDArray[np.float64] = HOUR * 3
    return {"t_s": HOUR, "distance_m": along, "altitude_m": 5_000 + along * grade}


@pytest.mark.parametrize(
    ("grade", "cost"),
    [
        pytest.param(0.0, 3.6, id="level"),
        pytest.param(0.1, 5.968, id="up"),
        pytest.param(0.3, 12.579, id="steep"),
        pytest.param(-0.2, 1.800, id="down"),
    ],
)
def test_graded_speed_is_minettis(grade: float, cost: float) -> None:
    activity = run(hill(grade)).activity
    expected = pytest.approx(3 * cost / 3.6, rel=0.001)
    assert activity.graded_speed_m_s == expected
    assert activity.normalized_graded_speed_m_s == expected


def test_walls_count_as_the_steepest_grade() -> None:
    wall, steepest = (run(hill(grade)).activity for grade in (0.9, 0.45))
    assert wall.graded_speed_m_s == pytest.approx(steepest.graded_speed_m_s)


def test_standing_counts_for_normalized_and_not_for_mean_graded_speed() -> None:
    gone = np.concatenate([np.arange(0, 1_801, 3.0), np.full(600, 1_800.0)])
    columns: dict[str, Values] = {
        "t_s": np.arange(len(gone) * 1.0),
        "distance_m": gone,
        "altitude_m": np.full(len(gone), 400.0),
    }
    activity = run(columns).activity
    assert activity.graded_speed_m_s == pytest.approx(3, abs=0.03)
    assert activity.normalized_graded_speed_m_s == pytest.approx(
        3 * 0.5**0.25, abs=0.03
    )


def test_only_runs_outdoors_are_graded() -> None:
    track = a_track(hill(0.1))
    for other in (replace(track, sport=Sport.CYCLING), replace(track, indoor=True)):
        assert summarise(other).activity.graded_speed_m_s is None
    level = a_track({"t_s": HOUR, "distance_m": HOUR * 3})
    assert summarise(level).activity.graded_speed_m_s is None


def test_a_run_that_never_moved_has_no_graded_speed() -> None:
    columns: dict[str, Values] = {
        "t_s": HOUR[:60],
        "distance_m": np.zeros(60),
        "altitude_m": np.full(60, 400.0),
    }
    activity = run(columns).activity
    assert activity.graded_speed_m_s is None
    assert activity.normalized_graded_speed_m_s == 0
