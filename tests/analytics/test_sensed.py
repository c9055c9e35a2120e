"""Sensors on one clock, second by second."""

import numpy as np

from pierre_mcp.analytics.ground import along_m
from pierre_mcp.analytics.sensed import Sensed, sensed
from pierre_mcp.model.category import Sport
from tests.analytics.making import Values, a_track


def told(columns: dict[str, Values], *, indoor: bool = False) -> Sensed:
    track = a_track(columns, indoor=indoor)
    found = sensed(track, along_m(track))
    assert found is not None
    return found


def test_every_column_has_the_seconds_of_the_clock() -> None:
    time_s = np.arange(100.0)
    found = told(
        {
            "t_s": time_s,
            "distance_m": time_s * 3,
            "altitude_m": time_s * 0,
            "heart_rate_bpm": np.where(time_s < 50, 140.0, 0.0),
            "power_w": np.full(100, 250.0),
        }
    )
    for column in (found.bpm, found.watts, found.speed_m_s, found.graded_m_s):
        assert column.shape == (found.clock.seconds,) == (100,)
    assert np.isnan(found.bpm[60:]).all(), "a strap that lost its contact"
    assert found.bpm[10] == 140
    assert found.watts[-1] == 250
    assert np.isnan(found.speed_m_s[-1]), "after the last distance nothing is known"
    assert np.allclose(found.speed_m_s[:-1], 3)
    assert np.allclose(found.graded_m_s[:-1], 3)


def test_what_was_not_recorded_is_unknown() -> None:
    found = told({"t_s": np.arange(10.0)})
    for column in (found.bpm, found.watts, found.speed_m_s, found.graded_m_s):
        assert np.isnan(column).all()
    assert not found.graded


def test_only_runs_under_the_sky_are_graded() -> None:
    time_s = np.arange(60.0)
    columns: dict[str, Values] = {
        "t_s": time_s, "distance_m": time_s * 3, "altitude_m": time_s,
    }  # fmt: skip
    assert told(columns).graded
    assert not told(columns, indoor=True).graded
    track = a_track(columns, sport=Sport.HIKING)
    hike = sensed(track, along_m(track))
    assert hike is not None
    assert not hike.graded


def test_without_a_sample_there_is_nothing() -> None:
    track = a_track({"t_s": []})
    assert sensed(track, None) is None
