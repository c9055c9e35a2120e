import io
import warnings
from datetime import timedelta

import fitdecode
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.fit_crc import crc16
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Lap, Pause, Track
from tests.formats import making
from tests.formats.making import (
    BYTE,
    ENUM,
    FLOAT32,
    STARTED_AT,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    beat,
    begun,
    fit_time,
    ride,
)

START = fit_time(STARTED_AT)
SMALL = making.fit_activity(ride(20))


def one(data: bytes) -> Track:
    (track,) = read_fit(data, Limits())
    return track


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableError) as caught:
        read_fit(data, limits or Limits())
    return caught.value.reason


@pytest.mark.parametrize("big", [False, True], ids=["little-endian", "big-endian"])
def test_what_was_written_is_read(*, big: bool) -> None:
    columns = ride()
    track = one(making.fit_activity(columns, big=big))
    assert track.sport is Sport.CYCLING
    assert track.started_at == STARTED_AT
    assert track.utc_offset_s == 7_200
    assert track.laps == (Lap(0.0, 599.0),)
    assert track.totals.elapsed_s == 599.0
    assert not track.indoor
    assert track.repairs == ()
    assert set(track.columns) == set(columns)
    for name, values in columns.items():
        assert track.columns[name] == pytest.approx(values, abs=0.11), name
    assert track.columns["lat_deg"] == pytest.approx(columns["lat_deg"], abs=1e-7)


def test_agrees_with_fitdecode() -> None:
    data = making.fit_activity(ride(50))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = list(fitdecode.FitReader(io.BytesIO(data)))
    beats = [
        frame.get_value("heart_rate")
        for frame in frames
        if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
    ]
    assert one(data).columns["heart_rate_bpm"].tolist() == beats


@given(st.binary(max_size=3_000))
@settings(max_examples=25, deadline=None)
def test_checksum(data: bytes) -> None:
    assert crc16(data) == making.crc16(data)


def test_checksum_of_many_lanes() -> None:
    data = bytes(i * i % 251 for i in range(150_001))
    assert crc16(data) == making.crc16(data)


def test_checksum_of_the_catalogue() -> None:
    assert crc16(b"123456789") == 0xBB3D


def test_twelve_byte_header_and_zero_header_checksum() -> None:
    fit = beat(begun(), 0)
    for data in (fit.finish(header_bytes=12), fit.finish(header_crc=False)):
        assert one(data).repairs == ("no_session",)


def test_missing_values_are_nan() -> None:
    columns = ride(3)
    columns["heart_rate_bpm"][1] = np.nan
    columns["lat_deg"][2] = np.nan
    track = one(making.fit_activity(columns))
    assert np.isnan(track.columns["heart_rate_bpm"]).tolist() == [False, True, False]
    assert np.isnan(track.columns["lat_deg"]).tolist() == [False, False, True]


def test_a_column_without_a_value_is_left_out() -> None:
    columns = ride(3)
    columns["power_w"][:] = np.nan
    assert "power_w" not in one(making.fit_activity(columns)).columns


def test_enhanced_values_win() -> None:
    fit = begun()
    for i, (plain, enhanced) in enumerate([(3_000, 4_000), (3_000, 2**32 - 1)]):
        fit.message(
            20,
            {253: (UINT32, START + i), 6: (UINT16, plain), 73: (UINT32, enhanced)},
        )
    assert one(fit.finish()).columns["speed_m_s"].tolist() == [4.0, 3.0]


def test_five_bit_times_roll_over() -> None:
    start = START - START % 32 + 30
    fit = begun().message(21, {253: (UINT32, start), 0: (ENUM, 0)}, local=1)
    for i in (1, 2, 3, 30, 40):
        fit.message(20, {3: (UINT8, 100 + i)}, local=2, packed=start + i)
    track = one(fit.finish())
    assert track.columns["t_s"].tolist() == [0, 1, 2, 29, 39]
    assert track.started_at == making.EPOCH + timedelta(seconds=start + 1)


def test_five_bit_times_before_any_full_one_take_the_first_known() -> None:
    fit = begun().message(20, {3: (UINT8, 90)}, local=2, packed=7)
    track = one(beat(fit, 0).finish())
    assert track.columns["t_s"].tolist() == [0, 0]
    assert "untimed_samples" in track.repairs


def test_compressed_speed_and_distance() -> None:
    fit = begun()
    for i, (speed, sixteenths) in enumerate([(300, 4_090), (310, 4), (0xFFF, 0xFFF)]):
        packed = (speed | sixteenths << 12).to_bytes(3, "little")
        fit.message(20, {253: (UINT32, START + i), 8: (BYTE, packed)})
    columns = one(fit.finish()).columns
    assert columns["speed_m_s"][:2].tolist() == [3.0, 3.1]
    assert columns["distance_m"][:2].tolist() == [4_090 / 16, 4_100 / 16]
    assert np.isnan(columns["distance_m"][2])


def test_compressed_speed_in_a_field_too_short_is_nothing() -> None:
    fit = begun().message(20, {253: (UINT32, START), 8: (BYTE, b"\1\2")})
    assert set(one(fit.finish()).columns) == {"t_s"}


def test_fraction_of_a_second_is_added() -> None:
    fit = begun().message(20, {253: (UINT32, START), 48: (UINT8, 0)})
    fit.message(20, {253: (UINT32, START), 48: (UINT8, 64)})
    assert one(fit.finish()).columns["t_s"].tolist() == [0.0, 0.5]


def test_fraction_of_a_revolution_is_added() -> None:
    fit = begun()
    for i, (whole, part) in enumerate([(80, 64), (80, 255), (255, 64), (81, 0)]):
        fields = {253: (UINT32, START + i), 4: (UINT8, whole), 53: (UINT8, part)}
        fit.message(20, fields)
    column = one(fit.finish()).columns["cadence_rpm"]
    assert column[[0, 1, 3]].tolist() == [80.5, 80, 81]
    assert np.isnan(column[2])


def test_a_fraction_of_nothing_is_nothing() -> None:
    fit = begun().message(20, {253: (UINT32, START), 53: (UINT8, 64)})
    assert set(one(fit.finish()).columns) == {"t_s"}


def test_developer_fields_are_stepped_over_and_power_kept() -> None:
    described = {0: (UINT8, 0), 1: (UINT8, 5), 2: (UINT8, 0x84)}
    native = {14: (UINT16, 20), 15: (UINT8, 7)}
    fit = begun().message(206, described | native)
    for i in range(2):
        fit.message(
            20,
            {253: (UINT32, START + i), 3: (UINT8, 140)},
            developer={
                (0, 4): b"\xaa\xbb\xcc",
                (0, 5): (250 + i).to_bytes(2, "little"),
            },
        )
    track = one(fit.finish())
    assert track.columns["power_w"].tolist() == [250, 251]
    assert track.columns["heart_rate_bpm"].tolist() == [140, 140]


def test_odd_fields_have_no_value() -> None:
    fit = begun().message(
        20,
        {
            253: (UINT32, START),
            3: (STRING, b"abc\0"),
            7: (UINT16, b"\1"),
            0: (FLOAT32, float("inf")),
            4: (UINT8, b"\x50\x51\x52"),
        },
    )
    columns = one(fit.finish()).columns
    assert set(columns) == {"t_s", "cadence_rpm"}
    assert columns["cadence_rpm"].tolist() == [80]


def test_times_that_go_backward_are_sorted() -> None:
    fit = begun()
    for second, bpm in ((0, 100), (5, 105), (3, 103)):
        beat(fit, second, bpm)
    track = one(fit.finish())
    assert track.columns["heart_rate_bpm"].tolist() == [100, 103, 105]
    assert "backward_time" in track.repairs


def test_a_sample_far_from_the_rest_is_left_out() -> None:
    fit = begun()
    for second in (0, 1, 2, 40 * 86_400):
        beat(fit, second)
    track = one(fit.finish())
    assert track.samples == 3
    assert "stray_time" in track.repairs


def sessions(*parts: tuple[int, int, int]) -> bytes:
    """Sessions of (sport, start, seconds), a record each second."""
    fit = begun()
    for second in range(parts[-1][1] + parts[-1][2]):
        beat(fit, second, 100 + second)
    for sport, start, seconds in parts:
        fit.message(
            18,
            {
                253: (UINT32, START + start + seconds),
                2: (UINT32, START + start),
                5: (ENUM, sport),
                7: (UINT32, seconds * 1_000),
                59: (UINT32, seconds * 900),
                11: (UINT16, 30),
            },
        )
        fit.message(
            19,
            {
                2: (UINT32, START + start),
                8: (UINT32, seconds * 1_000),
                9: (UINT32, 1_200),
            },
            local=1,
        )
    return fit.finish()


def test_each_session_is_a_track() -> None:
    swim, change, bike = read_fit(
        sessions((5, 0, 10), (3, 10, 2), (2, 12, 8)), Limits()
    )
    assert [t.sport for t in (swim, change, bike)] == [
        Sport.SWIMMING,
        Sport.TRANSITION,
        Sport.CYCLING,
    ]
    assert [t.samples for t in (swim, change, bike)] == [10, 2, 8]
    assert bike.started_at == STARTED_AT + timedelta(seconds=12)
    assert bike.columns["t_s"].tolist() == list(range(8))
    assert bike.laps == (Lap(0.0, 8.0, 12.0),)
    assert bike.totals.moving_s == 7.2
    assert bike.totals.calories_kcal == 30


def test_too_many_sessions_in_a_chain() -> None:
    data = sessions((5, 0, 1), (2, 1, 1))
    assert len(read_fit(data * 2, Limits(tracks=4))) == 4
    assert refusal(data * 2, Limits(tracks=3)) is Reason.LIMITS


def test_sessions_out_of_order_are_in_order() -> None:
    tracks = read_fit(sessions((2, 10, 5), (5, 0, 10)), Limits())
    assert [t.sport for t in tracks] == [Sport.SWIMMING, Sport.CYCLING]


def test_too_many_sessions() -> None:
    data = sessions((5, 0, 1), (2, 1, 1))
    assert refusal(data, Limits(tracks=1)) is Reason.LIMITS


def test_too_many_samples() -> None:
    assert refusal(SMALL, Limits(samples=19)) is Reason.LIMITS


def test_a_stopped_timer_is_a_pause() -> None:
    fit = begun()
    for second, kind in ((0, 0), (10, 4), (12, 1), (40, 0), (50, 4), (50, 0), (60, 4)):
        fields = {0: (ENUM, 0), 1: (ENUM, kind), 253: (UINT32, START + second)}
        fit.message(21, fields, local=1)
        beat(fit, second)
    assert one(fit.finish()).pauses == (Pause(10.0, 40.0),)


def test_a_swim_without_records_has_a_sample_a_length() -> None:
    fit = begun()
    for i, kind in enumerate((1, 1, 0, 1)):
        fields = {
            2: (UINT32, START + 30 * i),
            3: (UINT32, 28_000),
            12: (ENUM, kind),
        }
        fit.message(101, fields, local=1)
    fields = {2: (UINT32, START), 5: (ENUM, 5), 44: (UINT16, 2_500), 9: (UINT32, 7_500)}
    track = one(fit.message(18, fields | {253: (UINT32, START + 120)}).finish())
    assert track.columns["t_s"].tolist() == [28, 58, 88, 118]
    assert track.columns["distance_m"].tolist() == [25, 50, 50, 75]
    assert track.totals.distance_m == 75
    assert track.indoor


def test_a_session_alone_is_a_track_without_samples() -> None:
    fields = {253: (UINT32, START), 5: (ENUM, 10), 6: (ENUM, 20)}
    track = one(begun().message(18, fields).finish())
    assert track.samples == 0
    assert track.sport is Sport.STRENGTH
    assert track.started_at == STARTED_AT


def test_a_session_with_a_clock_set_later_starts_with_its_samples() -> None:
    fit = begun()
    for second in range(3):
        beat(fit, second)
    fields = {253: (UINT32, START), 2: (UINT32, START - 400 * 86_400)}
    track = one(fit.message(18, fields).finish())
    assert track.started_at == STARTED_AT
    assert track.samples == 3


def test_sport_of_a_file_that_broke_off() -> None:
    fit = begun().message(12, {0: (ENUM, 1), 1: (ENUM, 1)}, local=1)
    track = one(beat(fit, 0).finish())
    assert (track.sport, track.indoor) == (Sport.RUNNING, True)
    assert track.repairs == ("no_session",)


@pytest.mark.parametrize(
    ("offset_s", "read"),
    [
        pytest.param(-12_600, -12_600, id="Newfoundland"),
        pytest.param(3_601, 3_600, id="a second late"),
        pytest.param(400_000, None, id="no place on earth"),
        pytest.param(None, None, id="not told"),
    ],
)
def test_local_time(offset_s: int | None, read: int | None) -> None:
    data = making.fit_activity(ride(5), utc_offset_s=offset_s)
    assert one(data).utc_offset_s == read


def test_a_file_of_another_type_is_no_activity() -> None:
    assert refusal(making.fit_activity(ride(3), file_type=6)) is Reason.NOT_AN_ACTIVITY


def test_a_file_with_nothing_in_it() -> None:
    assert refusal(begun().finish()) is Reason.NO_SAMPLES
    assert refusal(b"") is Reason.BROKEN_HEADER


def test_a_chain_gives_all_its_activities() -> None:
    settings_file = making.fit_activity(ride(2), file_type=2)
    tracks = read_fit(SMALL + settings_file + SMALL, Limits())
    assert [t.samples for t in tracks] == [20, 20]
    assert refusal(SMALL * 3, Limits(tracks=2)) is Reason.LIMITS


def test_reserved_bits_of_a_header_are_let_be() -> None:
    fit = beat(begun(), 0)
    size = len(fit.body)
    beat(fit, 1)
    fit.body = fit.body[:size] + bytes([0x33]) + fit.body[size + 1 :]
    assert one(fit.finish()).samples == 2


def test_a_layout_may_change_and_change_back() -> None:
    fit = begun()
    for second in range(4):
        fields = {253: (UINT32, START + second), 3: (UINT8, 100 + second)}
        fit.message(20, fields | ({4: (UINT8, 80)} if second % 2 else {}))
    columns = one(fit.finish()).columns
    assert columns["heart_rate_bpm"].tolist() == [100, 101, 102, 103]
    assert np.isnan(columns["cadence_rpm"]).tolist() == [True, False, True, False]
