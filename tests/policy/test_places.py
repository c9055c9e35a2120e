"""Places row by row: coarse, held for a kilometre, without ends and zones."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model.streams import Way
from pierre_mcp.policy.circles import Circle
from pierre_mcp.policy.places import coarse

METRES_A_DEGREE = 111_195.08


def north(metres: float, *, step: float = 5.0) -> Way:
    """Straight north from 47, 8.5, uphill, a sample every ``step`` metres."""
    along = np.arange(0, metres + step, step)
    lat = 47 + along / METRES_A_DEGREE
    return Way(along, lat, np.full_like(along, 8.5), 400 + along / 33)


def test_the_ends_are_hidden_and_what_is_left_is_on_the_grid() -> None:
    way = north(10_000)
    seen = coarse(way)
    shown = (way.along_m >= 500) & (way.along_m <= 9_500)
    for column in seen.values():
        assert (np.isfinite(column) == shown).all()
    for name, step in (("lat_deg", 0.01), ("lon_deg", 0.01), ("altitude_m", 10)):
        cells = seen[name][shown] / step
        assert np.abs(cells - np.rint(cells)).max() < 1e-9
    assert np.abs(seen["altitude_m"] - way.altitude_m)[shown].max() <= 5


def test_no_crossing_is_known_better_than_to_a_kilometre() -> None:
    """On a straight road two of them would lead back to the start."""
    way = north(20_000)
    lat = coarse(way)["lat_deg"]
    shown = np.isfinite(lat)
    changes = way.along_m[shown][1:][np.diff(lat[shown]) != 0]
    assert len(changes) > 10
    assert ((changes - 500) % 1_000 < 5).all()


@given(st.floats(0, 3_000), st.floats(3_000, 20_000), st.integers(2, 400))
def test_it_is_the_same_from_wherever_the_roads_lead(
    begin: float, length: float, count: int
) -> None:
    """A distance that begins late, or at other samples, hides as much."""
    along = begin + np.linspace(0, length, count)
    way = Way(along, along / 1e5, along / 1e5, along)
    lat = coarse(way)["lat_deg"]
    shown = along[np.isfinite(lat)]
    assert not ((shown < begin + 500) | (shown > begin + length - 500)).any()


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(north(1_000 - 5), id="a kilometre"),
        pytest.param(Way(*[np.empty(0)] * 4), id="nothing"),
        pytest.param(Way(*[np.zeros(9)] * 4), id="no distance"),
        pytest.param(Way(*[np.full(9, np.nan)] * 4), id="nothing known"),
    ],
)
def test_what_is_all_ends_is_all_hidden(way: Way) -> None:
    for column in coarse(way).values():
        assert len(column) == len(way.along_m)
        assert np.isnan(column).all()


def test_a_ride_on_the_spot_has_heights_and_no_place() -> None:
    way = north(5_000)
    nowhere = np.full_like(way.along_m, np.nan)
    seen = coarse(Way(way.along_m, nowhere, nowhere, way.altitude_m))
    assert np.isnan(seen["lat_deg"]).all()
    assert np.isfinite(seen["altitude_m"]).sum() == 801


def test_a_sample_without_a_position_shows_neither_place_nor_height() -> None:
    way = north(5_000)
    way.lat_deg[300:320] = np.nan
    seen = coarse(way)
    for column in seen.values():
        assert np.isnan(column[300:320]).all()
        assert np.isfinite(column[[299, 320]]).all()


def within(way: Way, of: Circle) -> Any:
    lat, lon, radius_m = of.lat_deg, of.lon_deg, of.radius_m
    east = (way.lon_deg - lon) * METRES_A_DEGREE * np.cos(np.radians(lat))
    return np.hypot((way.lat_deg - lat) * METRES_A_DEGREE, east) <= radius_m


def test_a_zone_is_hidden_in_passing_and_nothing_is_moved_into_it() -> None:
    way = north(20_000)
    circle = Circle(47.09, 8.5, 1_500.0)
    seen = coarse(way, [circle])
    inside = within(way, circle)
    assert inside.sum() == pytest.approx(600, abs=2)
    for column in seen.values():
        assert np.isnan(column[inside]).all()
    moved = Way(way.along_m, seen["lat_deg"], seen["lon_deg"], way.altitude_m)
    assert not within(moved, circle).any()
    assert np.isfinite(seen["lat_deg"]).sum() > 2_000
    other = coarse(way, [Circle(0.0, 0.0, 100.0)])
    assert np.isfinite(other["lat_deg"]).sum() == 3_801


def test_a_zero_has_no_sign() -> None:
    along = np.arange(0, 3_000, 5.0)
    sea = np.full_like(along, -0.001)
    for column in coarse(Way(along, sea, sea, sea)).values():
        assert str(column[300]) == "0.0"
