"""Developer fields: known metrics are kept, whoever wrote them and however."""

import struct
from collections.abc import Mapping

import numpy as np
import pytest

from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.fit_developer import NAMES, UNITS
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.stream_names import COLUMNS
from pierre_mcp.model.track import Track
from tests.formats.making import (
    BYTE,
    FLOAT32,
    SINT8,
    STARTED_AT,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    Fit,
    Value,
    begun,
    fit_time,
)

START = fit_time(STARTED_AT)


def described(  # noqa: PLR0913 - a description has these fields
    name: str,
    units: str,
    *,
    base: int = UINT16,
    native: int = 255,
    message: int = 65_535,
    more: dict[int, Value] | None = None,
    big: bool = False,
) -> Fit:
    fields: dict[int, Value] = {
        0: (UINT8, 0),
        1: (UINT8, 5),
        2: (UINT8, base),
        3: (STRING, name.encode() + b"\0xyz"),
        8: (STRING, units.encode() + b"\0"),
        14: (UINT16, message),
        15: (UINT8, native),
    }
    return begun().message(206, fields | (more or {}), big=big)


def read(
    fit: Fit, *values: bytes, own: Mapping[int, Value] | None = None, big: bool = False
) -> Track:
    """Read a record for each value of the described field."""
    for i, value in enumerate(values):
        fields: dict[int, Value] = {253: (UINT32, START + i)}
        fit.message(20, {**fields, **(own or {})}, developer={(0, 5): value}, big=big)
    (track,) = read_fit(fit.finish(), Limits())
    return track


def u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def f32(value: float) -> bytes:
    return struct.pack("<f", value)


@pytest.mark.parametrize(
    ("name", "units", "raw", "column", "value"),
    [
        ("Power", "Watts", 250, "power_w", 250),
        ("Form Power", "Watts", 71, "form_power_w", 71),
        ("form_power", "W", 71, "form_power_w", 71),
        ("Leg Spring Stiffness", "KN/m", 9, "leg_spring_stiffness_kn_m", 9),
        ("Ground Time", "Milliseconds", 241, "ground_contact_ms", 241),
        ("Vertical Oscillation", "Centimeters", 7, "vertical_oscillation_mm", 70),
        ("core_temperature", "\N{DEGREE SIGN}C", 38, "core_temperature_c", 38),
        ("Heart Rate", "bpm", 141, "heart_rate_bpm", 141),
        ("Stroke Rate", "spm", 24, "cadence_rpm", 24),
        ("Distance", "Meters", 1_200, "distance_m", 1_200),
        ("Speed", "km/h", 18, "speed_m_s", 5),
        ("Elevation", "Meters", 311, "altitude_m", 311),
        ("depth", "m", 12, "depth_m", 12),
    ],
)
def test_a_metric_is_known_by_name_and_unit(
    name: str, units: str, raw: int, column: str, value: float
) -> None:
    track = read(described(name, units), u16(raw), u16(0xFFFF))
    assert set(track.columns) == {"t_s", column}
    assert track.columns[column][0] == pytest.approx(value)
    assert np.isnan(track.columns[column][1])
    marked = {"developer_power"} if column == "power_w" else set()
    assert set(track.repairs) == {"no_session"} | marked


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("Power", "horses"),
        ("Speed", "m/min"),
        ("Core Temperature", "\N{DEGREE SIGN}F"),
        ("Doughnuts Earned", "doughnuts"),
        ("Air Power", "Watts"),
        ("", ""),
    ],
)
def test_what_is_not_known_is_left_out(name: str, units: str) -> None:
    assert set(read(described(name, units), u16(100)).columns) == {"t_s"}


@pytest.mark.parametrize(
    ("native", "units", "raw", "column", "value"),
    [
        (7, "", u16(250), "power_w", 250),
        (3, "beats", u16(141), None, 0),
        (5, "m", u16(1_200), "distance_m", 1_200),
        (73, "m/s", u16(4), "speed_m_s", 4),
        (39, "cm", u16(8), "vertical_oscillation_mm", 80),
        (139, "C", u16(38), "core_temperature_c", 38),
        (0, "deg", u16(38), None, 0),
    ],
)
def test_a_metric_is_known_by_the_field_it_stands_for(
    native: int, units: str, raw: bytes, column: str | None, value: float
) -> None:
    track = read(described("Anything", units, native=native), raw)
    assert set(track.columns) == {"t_s"} | ({column} if column else set())
    if column:
        assert track.columns[column].tolist() == [value]


def test_every_metric_is_a_column() -> None:
    assert set(UNITS) <= set(COLUMNS)
    assert set(NAMES.values()) <= set(UNITS)


def test_the_device_itself_wins() -> None:
    """A gap of its meter is not filled from another one."""
    fit = described("Power", "Watts", native=7)
    for i, watts in enumerate((200, 0xFFFF)):
        fields = {253: (UINT32, START + i), 7: (UINT16, watts)}
        fit.message(20, fields, developer={(0, 5): u16(250)})
    (track,) = read_fit(fit.finish(), Limits())
    assert track.columns["power_w"][0] == 200
    assert np.isnan(track.columns["power_w"][1])
    assert "developer_power" not in track.repairs


def test_where_the_device_has_no_value_the_developer_has() -> None:
    own = {7: (UINT16, 0xFFFF)}
    track = read(described("Power", "Watts", native=7), u16(250), own=own)
    assert track.columns["power_w"].tolist() == [250]
    assert "developer_power" in track.repairs


def test_scale_and_offset_of_a_description() -> None:
    more: dict[int, Value] = {6: (UINT8, 10), 7: (SINT8, -30)}
    track = read(described("Vertical Oscillation", "cm", more=more), u16(100))
    # 100 / 10 + 30 centimetres.
    assert track.columns["vertical_oscillation_mm"].tolist() == [400]


@pytest.mark.parametrize("scale", [0, 255])
def test_no_scale_is_a_scale_of_one(scale: int) -> None:
    more: dict[int, Value] = {6: (UINT8, scale), 7: (SINT8, 127)}
    track = read(described("Power", "Watts", more=more), u16(250))
    assert track.columns["power_w"].tolist() == [250]


def test_floats_and_big_endian() -> None:
    fit = described("Leg Spring Stiffness", "kN/m", base=FLOAT32, big=True)
    track = read(fit, struct.pack(">f", 9.25), struct.pack(">f", np.nan), big=True)
    assert track.columns["leg_spring_stiffness_kn_m"][0] == 9.25
    assert np.isnan(track.columns["leg_spring_stiffness_kn_m"][1])


@pytest.mark.parametrize(
    "fit",
    [
        pytest.param(described("Power", "W", message=18), id="of a session"),
        pytest.param(described("Power", "W", base=STRING), id="a string"),
        pytest.param(described("Power", "W", base=FLOAT32), id="larger than it is"),
        pytest.param(begun().message(206, {0: (BYTE, b"")}), id="an empty description"),
        pytest.param(begun(), id="no description"),
    ],
)
def test_a_description_that_does_not_fit_gives_nothing(fit: Fit) -> None:
    assert set(read(fit, u16(250)).columns) == {"t_s"}


def test_a_field_described_anew_is_what_was_said_last() -> None:
    fit = described("Form Power", "Watts")
    later = described("Power", "Watts")
    fit.body += later.body
    assert set(read(fit, u16(250)).columns) == {"t_s", "power_w"}


def test_many_samples_of_a_developer_field() -> None:
    track = read(described("Power", "W"), *(u16(200 + i) for i in range(40)))
    assert track.columns["power_w"].tolist() == list(range(200, 240))


def test_native_running_dynamics_need_no_developer() -> None:
    fit = begun()
    told = {39: (UINT16, 812), 41: (UINT16, 2_415), 92: (UINT32, 1_500)}
    fit.message(20, {253: (UINT32, START)} | told | {139: (UINT16, 3_712)})
    (track,) = read_fit(fit.finish(), Limits())
    kept = {name: column.tolist() for name, column in track.columns.items()}
    assert kept == {
        "t_s": [0],
        "vertical_oscillation_mm": [81.2],
        "ground_contact_ms": [241.5],
        "depth_m": [1.5],
        "core_temperature_c": [37.12],
    }
