"""TCX out: our own reader reads it as what was written."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.formats.tcx_writing import Written, tcx
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Pause, Track

T = np.array([0.0, 1.0, 2.5, 60.0, 61.0])
COLUMNS = {
    "t_s": T,
    "lat_deg": np.array([47.1, 47.1000001, np.nan, 47.2, 47.3]),
    "lon_deg": np.array([8.1, 8.2, np.nan, 8.3, -8.4]),
    "altitude_m": np.array([400.0, 400.2, 400.4, np.nan, -3.0]),
    "distance_m": np.array([0.0, 3.12, 6.0, 200.0, 203.0]),
    "heart_rate_bpm": np.array([140.0, np.nan, 142.0, 143.0, 144.0]),
    "cadence_rpm": np.array([85.0, 86.0, 0.0, 255.0, 90.0]),
    "speed_m_s": np.array([0.0, 3.123, 3.0, np.nan, 3.0]),
    "power_w": np.array([200.0, 0.0, np.nan, np.nan, 210.0]),
    "temperature_c": np.full(5, 20.0),
}
RIDE = Written(
    sport=Sport.CYCLING,
    started_at=datetime(2026, 2, 1, 6, 30, 0, 250_000, UTC),
    utc_offset_s=3_600,
    seconds=58.0,
    distance_m=203.0,
    calories_kcal=12.0,
    notes="",
    columns=COLUMNS,
    pauses=(Pause(2.5, 60.0),),
)


def back(written: Written) -> Track:
    [track] = read_tracks(io.BytesIO("".join(tcx(written)).encode()), Limits())
    return track


@pytest.mark.promise("rights.portability")
def test_it_comes_back_as_it_was() -> None:
    track = back(RIDE)
    assert (track.sport, track.started_at) == (Sport.CYCLING, RIDE.started_at)
    assert track.utc_offset_s == 3_600
    assert track.totals.moving_s == 58
    assert track.totals.distance_m == 203
    assert track.totals.calories_kcal == 12
    assert track.pauses == RIDE.pauses
    assert "temperature_c" not in track.columns, "TCX has no place for it"
    for name, column in track.columns.items():
        wanted = COLUMNS[name].copy()
        if name == "cadence_rpm":
            wanted[3] = np.nan  # more than its byte holds
        np.testing.assert_allclose(column, wanted, atol=1e-7, equal_nan=True)


@pytest.mark.parametrize("sport", Sport)
def test_every_sport_comes_back(sport: Sport) -> None:
    assert back(replace(RIDE, sport=sport)).sport is sport


def test_hostile_notes_are_text() -> None:
    notes = "]]></Notes><!ENTITY x> & \0\x1b\ufffe\U0001f3c3"
    assert back(replace(RIDE, notes=notes)).description == (
        "]]></Notes><!ENTITY x> & \U0001f3c3"
    )


@pytest.mark.parametrize("columns", [{}, {"t_s": np.empty(0)}], ids=["none", "empty"])
def test_totals_alone(
    columns: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]],
) -> None:
    bare = replace(RIDE, columns=columns, calories_kcal=None, pauses=())
    track = back(bare)
    assert track.samples == 0
    assert (track.totals.moving_s, track.totals.distance_m) == (58, 203)
    assert back(replace(bare, distance_m=None)).totals.distance_m is None


def test_indoors_there_is_no_place() -> None:
    columns = {"t_s": T, "power_w": np.full(5, 150.0)}
    track = back(replace(RIDE, columns=columns))
    assert track.indoor
    assert "lat_deg" not in track.columns
