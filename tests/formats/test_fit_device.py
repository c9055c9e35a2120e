"""What recorded a FIT, and on which clock it hung."""

import pytest

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Device, Track
from tests.formats.making import (
    ENUM,
    STARTED_AT,
    UINT8,
    UINT16,
    UINT32,
    Fit,
    Value,
    beat,
    begun,
    fit_time,
)

START = fit_time(STARTED_AT)


def one(fit: Fit) -> Track:
    (track,) = read_fit(beat(fit, 0).finish(), Limits())
    return track


@pytest.mark.parametrize(
    ("told", "device"),
    [
        pytest.param({1: (UINT16, 1), 2: (UINT16, 3_990)}, Device("garmin", "3990")),
        pytest.param({1: (UINT16, 32)}, Device("wahoo")),
        pytest.param({1: (UINT16, 54_321), 2: (UINT16, 7)}, Device("54321", "7")),
        pytest.param({1: (UINT16, 65_535), 2: (UINT16, 7)}, None),
        pytest.param({}, None),
    ],
    ids=["known", "no product", "unknown", "invalid", "nothing"],
)
def test_device(told: dict[int, Value], device: Device | None) -> None:
    assert one(Fit().message(0, {0: (ENUM, 4)} | told)).device == device


def test_the_first_device_stands_in_for_the_file() -> None:
    fit = begun()
    for index, maker in ((3, 95), (0, 23), (0, 1)):
        told = {0: (UINT8, index), 2: (UINT16, maker), 4: (UINT16, 66)}
        fit.message(23, told, local=1)
    assert one(fit).device == Device("suunto", "66")


def clock(fit: Fit, number: int, local_field: int, offset_s: int) -> Fit:
    fields = {253: (UINT32, START), local_field: (UINT32, START + offset_s)}
    return fit.message(number, fields, local=2)


def settings(fit: Fit, offset_s: int) -> Fit:
    return fit.message(2, {2: (UINT32, offset_s % 2**32)}, local=4)


def test_the_activity_tells_the_time_zone_first() -> None:
    fit = settings(clock(begun(), 34, 5, 3_600), -7_200)
    assert one(clock(fit, 162, 3, 7_200)).utc_offset_s == 3_600


def test_a_correlation_of_clocks_stands_in() -> None:
    fit = settings(clock(begun(), 34, 5, 999_999), -7_200)
    assert one(clock(fit, 162, 3, 20_700)).utc_offset_s == 20_700


@pytest.mark.parametrize(
    ("offset_s", "read"),
    [
        pytest.param(-7_200, -7_200, id="west"),
        pytest.param(45_900, 45_900, id="Chatham"),
        pytest.param(0, None, id="zero says nothing"),
        pytest.param(600_000, None, id="no place on earth"),
        pytest.param(-1, None, id="invalid"),
    ],
)
def test_the_settings_stand_in(offset_s: int, read: int | None) -> None:
    """So a ride whose device died has its time zone."""
    assert one(settings(begun(), offset_s)).utc_offset_s == read


@pytest.mark.parametrize("number", [55, 227, 275], ids=["steps", "stress", "sleep"])
def test_a_day_is_no_activity(number: int) -> None:
    """Whatever the file calls itself, it is skipped and not failed."""
    day = {253: (UINT32, START), 0: (UINT8, 7)}
    for fit in (Fit(), begun()):
        with pytest.raises(UnreadableError) as caught:
            read_fit(fit.message(number, day, local=6).finish(), Limits())
        assert caught.value.reason is Reason.NOT_AN_ACTIVITY


def test_stress_within_an_activity_is_stepped_over() -> None:
    day = {253: (UINT32, START), 0: (UINT8, 7)}
    assert one(begun().message(227, day, local=6)).samples == 1
