import io
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.points import instant, number
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Lap, Pause, Track
from tests.formats import making
from tests.formats.making import STARTED_AT, ride

SEA = {"lat_deg": [-48.9, -48.8, -48.7], "lon_deg": [-123.0, -123.0, -123.0]}
POINTS = SEA | {"t_s": [0, 10, 20]}


def read(data: bytes, limits: Limits | None = None) -> list[Track]:
    return read_tracks(io.BytesIO(data), limits or Limits())


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableError) as caught:
        read(data, limits)
    return caught.value.reason


def gpx(*tracks: str) -> bytes:
    return f"<gpx>{''.join(tracks)}</gpx>".encode()


def point(second: int | None, inner: str = "") -> str:
    time = "" if second is None else f"<time>2024-05-04T06:30:{second:02}Z</time>"
    return f'<trkpt lat="-48.9" lon="-123.0">{time}{inner}</trkpt>'


def test_gpx_as_written() -> None:
    columns = ride(50)
    (track,) = read(making.gpx_activity(columns))
    assert track.sport is Sport.CYCLING
    assert track.started_at == STARTED_AT
    assert track.utc_offset_s is None
    assert track.name == "Morning ride"
    assert track.repairs == ()
    assert set(track.columns) == set(columns) - {"speed_m_s", "distance_m"}
    for name in track.columns:
        assert track.columns[name] == pytest.approx(columns[name]), name


def test_tcx_as_written() -> None:
    columns = ride(50)
    (track,) = read(making.tcx_activity(columns))
    assert track.sport is Sport.CYCLING
    assert track.started_at == STARTED_AT
    assert track.description == "Felt good"
    assert track.laps == (Lap(0.0, 49.0, 294.0),)
    assert track.totals.moving_s == 49
    assert track.totals.distance_m == 294
    assert track.totals.calories_kcal == 321
    assert set(track.columns) == set(columns) - {"speed_m_s", "temperature_c"}
    for name in track.columns:
        assert track.columns[name] == pytest.approx(columns[name]), name


@pytest.mark.parametrize("write", [making.gpx_activity, making.tcx_activity])
def test_an_offset_written_is_kept(write: making.Writer) -> None:
    (track,) = read(write(ride(3), utc_offset_s=-12_600))
    assert track.utc_offset_s == -12_600
    assert track.started_at == STARTED_AT


@pytest.mark.parametrize("write", [making.gpx_activity, making.tcx_activity])
@pytest.mark.parametrize(
    "before", [b"   \r\n", b"\xef\xbb\xbf", b"\n\xef\xbb\xbf ", b" " * 100_000]
)
def test_white_space_and_marks_before_the_document(
    write: making.Writer, before: bytes
) -> None:
    assert read(before + write(ride(3)))[0].samples == 3


def test_other_encodings() -> None:
    text = making.gpx_activity(ride(2), name="Zürich").decode()
    wide = text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    narrow = text.replace("UTF-8", "windows-1252").encode("cp1252")
    assert [read(data)[0].name for data in (wide, narrow)] == ["Zürich", "Zürich"]
    unknown = text.replace("UTF-8", "klingon").encode("cp1252")
    assert refusal(unknown) is Reason.BROKEN_XML


def test_a_gap_between_segments_is_a_pause() -> None:
    columns = SEA | {"t_s": [0, 10, 95]}
    (track,) = read(making.gpx_activity(columns, segments=2))
    assert track.pauses == (Pause(10.0, 95.0),)


def test_each_track_is_an_activity() -> None:
    one = f"<trk><type>Run</type><trkseg>{point(1)}</trkseg></trk>"
    two = f"<trk><desc>On foot</desc><trkseg>{point(5)}{point(6)}</trkseg></trk>"
    first, second = read(gpx(one, "<trk></trk>", two))
    assert (first.sport, first.samples) == (Sport.RUNNING, 1)
    assert (second.description, second.samples) == ("On foot", 2)
    assert refusal(gpx(one, two), Limits(tracks=1)) is Reason.LIMITS


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("", Reason.NO_SAMPLES, id="nothing"),
        pytest.param('<wpt lat="1" lon="2"/>', Reason.NO_SAMPLES, id="places"),
        pytest.param('<rte><rtept lat="1" lon="2"/></rte>', Reason.NO_TIMES, id="rte"),
        pytest.param(f"<trk>{point(None)}</trk>", Reason.NO_TIMES, id="no times"),
        pytest.param(point(3), Reason.NO_SAMPLES, id="points outside a track"),
    ],
)
def test_gpx_without_an_activity(body: str, reason: Reason) -> None:
    assert refusal(gpx(body)) is reason


def test_points_without_a_time_take_the_one_before() -> None:
    body = point(None) + point(3) + point(None) + point(5)
    (track,) = read(gpx(f"<trk><trkseg>{body}</trkseg></trk>"))
    assert track.columns["t_s"].tolist() == [0, 0, 0, 2]
    assert track.repairs == ("untimed_samples",)


def test_extensions_by_local_name_and_what_is_no_number() -> None:
    extra = (
        "<extensions><x:hr>151</x:hr><ns9:power>nan</ns9:power><y:cad>many</y:cad>"
        "<power>251</power><atemp>-3</atemp></extensions><speed>3.5</speed><ele/>"
    )
    (track,) = read(gpx(f"<trk><trkseg>{point(1, extra)}</trkseg></trk>"))
    values = {name: column.tolist() for name, column in track.columns.items()}
    assert values == {
        "t_s": [0.0],
        "lat_deg": [-48.9],
        "lon_deg": [-123.0],
        "heart_rate_bpm": [151.0],
        "power_w": [251.0],
        "temperature_c": [-3.0],
        "speed_m_s": [3.5],
    }


def tcx(inside: str) -> bytes:
    return f"<x:TrainingCenterDatabase>{inside}</x:TrainingCenterDatabase>".encode()


LAP = '<Lap StartTime="2024-05-04T08:30:00+02:00"><TotalTimeSeconds>60'


def test_a_tcx_without_points_is_its_laps() -> None:
    inside = f"{LAP}</TotalTimeSeconds></Lap>"
    (track,) = read(tcx(f'<Activity Sport="Running">{inside}</Activity>'))
    assert track.samples == 0
    assert track.started_at == STARTED_AT
    assert track.utc_offset_s == 7_200
    assert track.totals.moving_s == 60
    assert track.totals.distance_m is None
    assert track.indoor


def test_a_tcx_with_a_start_only() -> None:
    inside = "<Id>2024-05-04T06:30:00Z</Id><Notes></Notes>"
    (track,) = read(tcx(f'<Activity Sport="Other">{inside}</Activity>'))
    assert (track.started_at, track.laps) == (STARTED_AT, ())
    assert track.description is None


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        pytest.param("", Reason.NO_SAMPLES, id="nothing"),
        pytest.param("<Activity/>", Reason.NO_SAMPLES, id="no start"),
        pytest.param("<Course><Track/></Course>", Reason.NOT_AN_ACTIVITY, id="course"),
    ],
)
def test_tcx_without_an_activity(inside: str, reason: Reason) -> None:
    assert refusal(tcx(inside)) is reason


def trackpoint(second: int, inner: str = "") -> str:
    return f"<Trackpoint><Time>2024-05-04T06:30:{second:02}Z</Time>{inner}</Trackpoint>"


def test_a_second_track_in_a_lap_follows_a_pause() -> None:
    inner = "<Extensions><TPX><Speed>3</Speed><RunCadence>88</RunCadence></TPX>"
    track_one = f"<Track>{trackpoint(0)}{trackpoint(5)}</Track>"
    track_two = f"<Track>{trackpoint(30, inner + '</Extensions>')}</Track>"
    lap = f"{LAP}</TotalTimeSeconds>{track_one}{track_two}</Lap>"
    lost = '<Lap StartTime="once">seldom</Lap><Lap><Track/></Lap>'
    (track,) = read(tcx(f'<Activity Sport="Running">{lap}{lost}</Activity>'))
    assert track.pauses == (Pause(5.0, 30.0),)
    assert track.columns["speed_m_s"].tolist()[2] == 3
    assert track.columns["cadence_rpm"].tolist()[2] == 88
    assert track.laps == (Lap(0.0, 60.0, None),)
    assert track.totals.moving_s is None


def test_too_many_activities_in_a_tcx() -> None:
    one = '<Activity Sport="Other"><Id>2024-05-04T06:30:00Z</Id></Activity>'
    assert len(read(tcx(one * 2))) == 2
    assert refusal(tcx(one * 2), Limits(tracks=1)) is Reason.LIMITS


@pytest.mark.parametrize("write", [making.gpx_activity, making.tcx_activity])
def test_a_document_broken_off_keeps_its_points(write: making.Writer) -> None:
    data = write(ride(100))
    (track,) = read(data[: len(data) // 2])
    assert 40 < track.samples < 60
    assert "truncated" in track.repairs


def test_a_document_broken_off_too_early() -> None:
    assert refusal(b"<gpx><trk>") is Reason.BROKEN_XML
    assert refusal(b"<TrainingCenterDatabase><Activity>") is Reason.BROKEN_XML
    assert refusal(b"<") is Reason.BROKEN_XML


BOMB = '<!DOCTYPE gpx [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE gpx [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>'


@pytest.mark.parametrize("declared", [BOMB, OUTSIDE, PARAMETER])
def test_entities_are_refused(declared: str) -> None:
    body = declared.encode() + making.gpx_activity(ride(2)).partition(b"?>")[2]
    assert refusal(body) is Reason.ENTITY_REFUSED


def test_depth_length_size_and_samples_are_bounded() -> None:
    deep = gpx("<a>" * 100 + "</a>" * 100)
    long = gpx(f"<trk><name>{'long ' * 20_000}</name></trk>")
    assert refusal(deep) is Reason.TOO_DEEP
    assert refusal(long) is Reason.TOO_LARGE
    ridden = making.gpx_activity(ride(50))
    assert refusal(ridden, Limits(file_bytes=1_000)) is Reason.TOO_LARGE
    assert refusal(ridden, Limits(samples=49)) is Reason.LIMITS


@pytest.mark.parametrize(
    ("word", "sport"),
    [
        ("9", Sport.RUNNING),
        ("Trail Run", Sport.RUNNING),
        ("mountain_biking", Sport.CYCLING),
        ("E-Bike Ride", Sport.CYCLING),
        ("open_water_swimming", Sport.SWIMMING),
        ("NordicSki", Sport.SKIING),
        ("indoor_rowing", Sport.ROWING),
        ("quidditch", Sport.OTHER),
    ],
)
def test_sports_by_word(word: str, sport: Sport) -> None:
    assert read(making.gpx_activity(ride(1), kind=word))[0].sport is sport


@pytest.mark.parametrize(
    ("text", "time_s", "offset_s"),
    [
        ("1970-01-01T00:00:10Z", 10.0, None),
        ("1970-01-01T00:00:10", 10.0, None),
        ("1970-01-01T00:00:10.1234567890Z", 10.123456, None),
        ("1970-01-01T01:00:10+01:00", 10.0, 3_600),
        ("1970-01-01T00:00:10+00:00", 10.0, None),
        ("1969-12-31T00:00:00Z", None, None),
        ("0001-01-01T00:00:00+14:00", None, None),
        ("yesterday", None, None),
    ],
)
def test_instants(text: str, time_s: float | None, offset_s: int | None) -> None:
    read_s, read_offset_s = instant(text)
    assert (None if np.isnan(read_s) else read_s) == time_s
    assert read_offset_s == offset_s


def test_numbers() -> None:
    assert [number(t) for t in ("1.5", "-1", "inf", "nan", "ten")] == [1.5] + [None] * 4


GPX, TCX = making.gpx_activity(ride(4)), making.tcx_activity(ride(4))


def outcome(data: bytes) -> None:
    try:
        tracks = read(data)
    except UnreadableError:
        return
    for track in tracks:
        assert np.isfinite(track.columns["t_s"]).all()
        assert timedelta(0) <= track.started_at - making.EPOCH + timedelta(days=8_000)


@given(st.sampled_from([GPX, TCX]), st.integers(0, 2_000))
@settings(max_examples=150)
def test_any_cut_has_an_outcome(document: bytes, length: int) -> None:
    outcome(document[:length])


@given(st.sampled_from([GPX, TCX]), st.integers(0, 1_000), st.integers(1, 255))
@settings(max_examples=120)
def test_any_flipped_byte_has_an_outcome(document: bytes, at: int, flip: int) -> None:
    outcome(document[:at] + bytes([document[at] ^ flip]) + document[at + 1 :])
