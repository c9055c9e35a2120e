"""Which local time it was: DESIGN 9's order, and both changes of the clock."""

from datetime import UTC, datetime

import pytest

from pierre_mcp.errors import ZoneUnknownError
from pierre_mcp.services.zones import (
    LocalTime,
    check_zone,
    local_day,
    local_time,
    zone_at,
)

AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
ZURICH = (47.37, 8.54)
TOKYO = (35.68, 139.69)


def test_first_the_file() -> None:
    found = local_time(AT, utc_offset_s=-3_600, position_deg=TOKYO, home="Asia/Tokyo")
    assert found == LocalTime(-3_600, None, "file")
    assert local_day(AT, found) == "2026-03-01"


def test_an_offset_of_nothing_is_an_offset() -> None:
    found = local_time(AT, utc_offset_s=0, position_deg=TOKYO, home="Asia/Tokyo")
    assert found == LocalTime(0, None, "file")


def test_then_the_place() -> None:
    found = local_time(AT, utc_offset_s=None, position_deg=TOKYO, home="Europe/Zurich")
    assert found == LocalTime(32_400, "Asia/Tokyo", "position")
    assert local_day(AT, found) == "2026-03-02"


def test_then_home() -> None:
    found = local_time(AT, utc_offset_s=None, position_deg=None, home="Europe/Zurich")
    assert found == LocalTime(3_600, "Europe/Zurich", "home")
    assert local_day(AT, found) == "2026-03-02"


@pytest.mark.parametrize(
    "place", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (0.0, float("inf"))]
)
def test_no_place_on_earth(place: tuple[float, float]) -> None:
    assert zone_at(*place) is None
    found = local_time(AT, utc_offset_s=None, position_deg=place, home="UTC")
    assert found == LocalTime(0, "UTC", "home")


@pytest.mark.parametrize(
    "place", [ZURICH, (0.0, 0.0), (90.0, 0.0), (-90.0, 180.0), (-48.9, -123.4)]
)
def test_everywhere_is_in_a_zone_this_machine_knows(place: tuple[float, float]) -> None:
    zone = zone_at(*place)
    assert zone is None or check_zone(zone) == zone
    assert zone_at(*ZURICH) == "Europe/Zurich"


@pytest.mark.parametrize(
    ("at", "offset_s", "day"),
    [
        pytest.param("2026-03-29T00:59:59", 3_600, "2026-03-29", id="spring, before"),
        pytest.param("2026-03-29T01:00:00", 7_200, "2026-03-29", id="spring, after"),
        pytest.param("2026-10-25T00:59:59", 7_200, "2026-10-25", id="autumn, before"),
        pytest.param("2026-10-25T01:00:00", 3_600, "2026-10-25", id="autumn, after"),
        pytest.param("2026-03-28T22:59:59", 3_600, "2026-03-28", id="before midnight"),
        pytest.param("2026-03-28T23:00:00", 3_600, "2026-03-29", id="at midnight"),
        pytest.param("2026-07-01T21:59:59", 7_200, "2026-07-01", id="summer, before"),
        pytest.param("2026-07-01T22:00:00", 7_200, "2026-07-02", id="summer, midnight"),
    ],
)
def test_the_clock_changes(at: str, offset_s: int, day: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    home = "Europe/Zurich"
    by_home = local_time(moment, utc_offset_s=None, position_deg=None, home=home)
    by_place = local_time(moment, utc_offset_s=None, position_deg=ZURICH, home="UTC")
    assert by_home == LocalTime(offset_s, home, "home")
    assert by_place == LocalTime(offset_s, home, "position")
    assert local_day(moment, by_home) == day


def test_a_zone_of_quarter_hours() -> None:
    found = local_time(AT, utc_offset_s=None, position_deg=None, home="Asia/Kathmandu")
    assert found.utc_offset_s == 20_700


@pytest.mark.parametrize(
    "name", ["", "Berlin", "europe/berlin", "localtime", "right/UTC", "../UTC", "/etc"]
)
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ZoneUnknownError):
        check_zone(name)
