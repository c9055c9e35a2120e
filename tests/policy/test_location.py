"""Where a home is cannot be found from what a recipient is shown of its tracks."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.policy.circles import (
    LEAST,
    MOST,
    Circle,
    circle_of,
    distance_m,
    shift_from,
    touched,
)
from pierre_mcp.policy.places import coarse, fine
from pierre_mcp.policy.privacy import Track, coarse_path, fine_path
from tests import location

secrets = st.binary(min_size=32, max_size=32)
latitudes, longitudes = st.floats(-80, 80), st.floats(-180, 180)
radii = st.floats(100, 5_000)


@pytest.mark.promise("privacy.location")
@pytest.mark.parametrize(("count", "homes"), [(5, 9), (30, 9), (100, 3)])
def test_no_attack_finds_the_home(count: int, homes: int) -> None:
    """At least 120 m off at the median, by ends or by totals, with ever more tracks."""
    found = location.medians(count, coarse, homes=homes, roads=400)
    assert min(found) >= 120


@pytest.mark.promise("privacy.location")
def test_the_attacks_are_no_idle_ones() -> None:
    """They find it where only the zone is cut out, and nearly where it is not moved."""
    medians = partial(location.medians, homes=5, roads=400, shifted=False)
    assert max(medians(30, location.in_open)) < 20
    few, many = medians(5, coarse), medians(100, coarse)
    assert max(many) < 100 < max(few)


@pytest.mark.promise("privacy.location")
def test_at_low_what_touches_a_zone_is_shown_as_at_medium() -> None:
    home = location.a_home(1)
    circles = [circle_of(home.zone)]
    for way in location.tracks(home, 3, roads=3, seed=2):
        path = Track(
            *(c[::9].tolist() for c in (way.along_m, way.lat_deg, way.lon_deg))
        )
        assert fine_path(path, circles) == coarse_path(path, circles)
        low, medium = fine(way, circles), coarse(way, circles)
        again = coarse(way, circles)
        for name, column in medium.items():
            assert np.array_equal(low[name], column, equal_nan=True)
            assert np.array_equal(again[name], column, equal_nan=True)


def test_at_low_what_touches_none_is_to_ten_metres() -> None:
    home = location.a_home(1)
    [way] = location.tracks(home, 1, roads=1, seed=2)
    shown = fine(way, [Circle(0.0, 0.0, 500.0)])
    assert np.abs(shown["lat_deg"] - way.lat_deg).max() <= 0.00005
    assert np.array_equal(shown["altitude_m"], way.altitude_m)
    path = Track([0.0, 9.0], [47.123456, 47.2], [8.0, 8.1])
    assert fine_path(path) == ([47.1235, 47.2], [8.0, 8.1])


@given(secrets, latitudes, longitudes, radii)
def test_what_is_hidden_holds_the_whole_zone_and_lies_beside_it(
    secret: bytes, lat: float, lon: float, radius_m: float
) -> None:
    shift = shift_from(secret, radius_m)
    zone = PrivacyZone(lat_deg=lat, lon_deg=lon, radius_m=radius_m, shift_m=shift)
    circle = circle_of(zone)
    off_m = distance_m(lat, lon, circle.lat_deg, circle.lon_deg)
    assert LEAST * radius_m * 0.98 - 1 <= off_m <= MOST * radius_m * 1.02 + 1
    assert circle.radius_m >= off_m * 0.98 - 1 + radius_m
    assert circle.has(lat, lon)


@pytest.mark.promise("privacy.location")
@settings(max_examples=15)
@given(st.integers(0, 1_000), st.floats(0, 360))
def test_no_place_that_is_shown_lies_in_the_zone(seed: int, bearing: float) -> None:
    """Of a track that only passes by or through, too."""
    home = location.a_home(seed)
    circles = [circle_of(home.zone)]
    at = np.arange(-5_000, 5_000, 50.0)
    turn = np.radians(bearing)
    by = np.stack([at * np.sin(turn) + 150, at * np.cos(turn)], axis=1)
    lat, lon = home.degrees(by)
    track = Track((at + 5_000).tolist(), lat.tolist(), lon.tolist())
    for shown in (coarse_path(track, circles), fine_path(track, circles)):
        assert not any(
            distance_m(a, o, home.lat, home.lon) <= location.ZONE_M
            for a, o in zip(*shown, strict=True)
        )


def test_a_path_of_few_points_touches_what_it_leads_through() -> None:
    circle = Circle(47.0, 8.0, 500.0)
    assert touched([46.9, 47.1], [8.0, 8.0], [circle]) is circle
    assert touched([46.9, 46.95], [8.0, 8.0], [circle]) is None
    assert touched([], [], [circle]) is None
    assert touched([47.0], [8.0], [circle]) is circle
    wide = Circle(47.0, 8.0, 900.0)
    assert touched([47.0, 47.0], [8.0, 8.0], [circle, wide]) is wide
    assert touched([0.0], [180.0], [Circle(0.0, -180.0, 10.0)]) is not None
