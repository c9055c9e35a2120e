"""What a level does, by its laws."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.policy.circles import Circle, distance_m
from pierre_mcp.policy.levels import local_hour
from pierre_mcp.policy.privacy import (
    GRID_DEG,
    HIDDEN_M,
    MAX_ROUTE_POINTS,
    Track,
    clean,
    coarse_path,
)

steps = st.lists(
    st.tuples(st.floats(0, 2_000), st.floats(-90, 90), st.floats(-180, 180)),
    max_size=200,
)


def a_track(legs: list[tuple[float, float, float]], start_m: float = 0) -> Track:
    along, total = [], start_m
    for step, _, _ in legs:
        total += step
        along.append(total)
    return Track(along, [lat for _, lat, _ in legs], [lon for _, _, lon in legs])


tracks = st.builds(a_track, steps, st.sampled_from([0.0, 700.0]))


def cells(lat: float, lon: float) -> tuple[int, int]:
    return round(lat / GRID_DEG), round(lon / GRID_DEG)


@given(tracks)
def test_a_path_is_short_and_on_the_grid(track: Track) -> None:
    lat, lon = coarse_path(track)
    assert len(lat) == len(lon) <= MAX_ROUTE_POINTS
    for degrees in (*lat, *lon):
        assert degrees == round(degrees, 2)
    places = list(zip(lat, lon, strict=True))
    assert all(a != b for a, b in pairwise(places))


@given(tracks)
def test_no_point_is_from_either_end(track: Track) -> None:
    """Only cells of points more than 500 m from both ends, in their order."""
    lat, lon = coarse_path(track)
    inner = [
        cells(a, o)
        for m, a, o in zip(track.along_m, track.lat_deg, track.lon_deg, strict=True)
        if track.along_m[0] + HIDDEN_M <= m <= track.along_m[-1] - HIDDEN_M
    ]
    left = iter(inner)
    assert all(cells(*place) in left for place in zip(lat, lon, strict=True))


@given(tracks)
def test_a_path_is_the_same_every_time(track: Track) -> None:
    assert coarse_path(track) == coarse_path(track)


@given(tracks)
def test_a_coarse_path_is_as_coarse_as_it_gets(track: Track) -> None:
    """Its points lie on the grid already: rounding them again moves none."""
    lat, lon = coarse_path(track)
    along = [HIDDEN_M + i for i in range(len(lat))]
    again = Track([0, *along, 2 * HIDDEN_M + len(lat)], [0, *lat, 0], [0, *lon, 0])
    assert coarse_path(again) == (lat, lon)


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(-90, 90), st.floats(-180, 180)),
        max_size=10,
    )
)
def test_a_track_of_a_kilometre_or_less_has_no_path(
    legs: list[tuple[float, float, float]],
) -> None:
    assert coarse_path(a_track(legs)) == ([], [])


@pytest.mark.parametrize(
    ("along_m", "points"),
    [
        ([], 0),
        ([0.0], 0),
        ([0.0, 500.0, 1_000.0], 0),
        ([0.0, 500.0, 1_000.1], 1),
        ([0.0, 499.9, 500.2, 1_000.1], 0),
        ([0.0, 700.0, 5_000.0], 1),
        ([300.0, 700.0, 900.0, 5_000.0], 1),
    ],
)
def test_the_ends_are_cut_to_the_metre(along_m: list[float], points: int) -> None:
    lat = [47.0 + i for i in range(len(along_m))]
    assert len(coarse_path(Track(along_m, lat, lat))[0]) == points


def test_a_track_to_and_fro_repeats_nothing() -> None:
    n = 2 * MAX_ROUTE_POINTS + 1
    along = [1_000.0 * i for i in range(n)]
    lat = [47.0 + (i % 2) for i in range(n)]
    found, _ = coarse_path(Track(along, lat, [8.0] * n))
    assert all(a != b for a, b in pairwise(found))


def test_a_time_is_to_the_hour() -> None:
    assert local_hour("2026-03-01T06:31:12") == "2026-03-01T06:00"


HOSTILE = st.sampled_from(
    "\u202e\u2066\u200b\u200d\ufeff\u00ad\u2060\U000e0041\U000e007f\ufe0f\U000e0101"
    "\x00\x1b\x07\x9b\r\n\t\v\f\x85\u2028\u2029\ud800\ue000\uffff\u034f\u115f\u3164\uffa0"
    "\u2800\u180b\u180e\u17b4\u00a0\u3000\u0301\u0065\u1100\u1161"
)
texts = st.text(max_size=80) | st.text(HOSTILE | st.characters(), max_size=80)


@pytest.mark.promise("privacy.untrusted-text")
@given(texts, st.integers(0, 40))
def test_cleaned_text_is_clean_and_short(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    for char in cleaned:
        assert unicodedata.category(char) not in {
            "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp",
        }  # fmt: skip
        assert not 0xFE00 <= ord(char) <= 0xFE0F
        assert not 0xE0000 <= ord(char) <= 0xE01EF
        assert char not in "\u034f\u115f\u1160\u3164\uffa0\u2800"
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()


@pytest.mark.promise("privacy.untrusted-text")
@given(texts, st.integers(0, 40))
def test_cleaning_again_changes_nothing(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert clean(once, limit) == once


@pytest.mark.promise("privacy.untrusted-text")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Morning Run", "Morning Run"),
        ("Zürich / Bülach, 10 km \U0001f6b4", "Zürich / Bülach, 10 km \U0001f6b4"),
        ("a\nb\r\nc\td", "a b c d"),
        ("a\u2028b\x85c", "a b c"),
        ("\u202eabc\u202c", "abc"),
        ("a\u200bb\u2060c", "abc"),
        ("hi\U000e0049\U000e0067", "hi"),
        ("e\u200d\u0301", "é"),
        ("\x1b[31mred", "[31mred"),
        ("   ", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_what_hides_goes_and_what_shows_stays(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_what_lies_in_a_zone_is_gone() -> None:
    along = [1_000.0 * i for i in range(20)]
    lat = [47.0 + 0.009 * i for i in range(20)]
    track = Track(along, lat, [8.0] * 20)
    zone = Circle(lat_deg=47.09, lon_deg=8.0, radius_m=1_500)
    seen, _ = coarse_path(track)
    left, _ = coarse_path(track, [zone])
    hidden = set(seen) - set(left)
    assert hidden == {47.08, 47.09, 47.1}
    everywhere = Circle(lat_deg=47.09, lon_deg=8.0, radius_m=20_000)
    assert coarse_path(track, [zone, everywhere]) == ([], [])


def test_what_would_be_rounded_into_a_zone_is_gone() -> None:
    """A place 400 m from the zone, on the grid right in the middle of it."""
    along = [0.0, 1_000.0, 2_000.0]
    track = Track(along, [47.0, 47.0036, 47.02], [8.0] * 3)
    zone = Circle(lat_deg=47.0, lon_deg=8.0, radius_m=300)
    assert coarse_path(track) == ([47.0], [8.0])
    assert coarse_path(track, [zone]) == ([], [])


@given(
    st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180)
)
def test_a_distance_is_one(a: float, b: float, c: float, d: float) -> None:
    there, back = distance_m(a, b, c, d), distance_m(c, d, a, b)
    assert 0 <= there <= 20_020_000
    assert there == pytest.approx(back, abs=1)


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_m(47.0, 8.0, 48.0, 8.0) == pytest.approx(111_195, rel=1e-4)
