"""Streams of an activity: what is opened, what is told of it, and how much."""

import json
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.gate.exits import DEFAULT_BYTES, EXPLICIT_BYTES
from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.model.streams import STREAMS
from pierre_mcp.model.track import Column
from pierre_mcp.services import places
from pierre_mcp.tools.classes import mark_of
from pierre_mcp.tools.streams import StreamColumns, StreamName, StreamsReply
from tests.gate.world import OWNER, World
from tests.store.hands import edit
from tests.stores import FILES, STRAVA, a_recording

NAMES: tuple[str, ...] = get_args(StreamName)
TOOL = "get_activity_streams"
SPIKE_W = 1_999
LAKE_DEG = 47.3


def ridden(
    seconds: int = 600, *, without: Collection[str] = (), spike_w: int = SPIKE_W
) -> dict[str, Column]:
    """A ride to the north, 10 m a second, with one spike of power half-way."""
    time_s = np.arange(float(seconds))
    power = np.rint(200 + 20 * np.sin(time_s / 50))
    power[seconds // 2] = spike_w
    heart = np.rint(140 + 10 * np.sin(time_s / 90))
    heart[seconds // 4 : seconds // 3] = np.nan
    columns = {
        "t_s": time_s,
        "lat_deg": LAKE_DEG + time_s * 9e-5,
        "lon_deg": np.full_like(time_s, 8.57),
        "altitude_m": 403.2 + time_s / 10,
        "distance_m": time_s * 10,
        "speed_m_s": np.full_like(time_s, 10.004),
        "heart_rate_bpm": heart,
        "power_w": power,
        "cadence_rpm": np.full_like(time_s, 88.0),
        "temperature_c": np.full_like(time_s, 17.0),
    }
    return {name: c for name, c in columns.items() if name not in without}


def recorded(columns: dict[str, Column], where: Where = FILES) -> NewRecording:
    packed = {name: pack(column, STEPS[name]) for name, column in columns.items()}
    return replace(a_recording(where=where), streams=packed)


def ask(
    world: World, *, of: Any = "claude-desktop", **arguments: Any
) -> dict[str, Any]:
    an_id = world.told("get_activities", of=of)["activities"]["id"][0]
    return world.told(TOOL, {"id": an_id, **arguments}, of=of)


def code_of(world: World, **arguments: Any) -> tuple[str | None, str]:
    answer = world.ask(TOOL, {"id": "x", **arguments})
    return answer.code, answer.text


# --- consent


def test_every_column_is_of_the_category_its_stream_is_consented_to_as() -> None:
    assert {"t_s", *NAMES} == set(StreamColumns.model_fields) <= set(STREAMS)
    for name, field in StreamColumns.model_fields.items():
        mark = mark_of(field)
        assert mark is not None
        assert mark.category is STREAMS[name]  # type: ignore[union-attr]


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize(
    ("withdrawn", "absent"),
    [
        ("heart_rate", {"heart_rate_bpm"}),
        ("power", {"power_w"}),
        ("location", {"lat_deg", "lon_deg", "altitude_m"}),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_what_is_withheld_is_absent_whether_it_was_recorded_or_not(
    world: World, withdrawn: str, absent: set[str], *, there: bool
) -> None:
    world.put(recorded(ridden(without=() if there else absent)))
    world.give_training(extras=(Category.LOCATION,))
    world.withdraw(f"files:{withdrawn}")
    told = ask(world, types=list(NAMES))
    assert set(NAMES) - set(told["streams"]) == absent
    assert told["withheld"] == [{"source": "files", "category": withdrawn}]
    assert "data_availability" not in told


@pytest.mark.promise("consent.granular")
def test_without_the_activities_there_is_nothing(world: World) -> None:
    world.put(recorded(ridden()), recorded(ridden(), STRAVA))
    world.give_training(sources=("files", "strava"))
    ids = world.told("get_activities")["activities"]
    an_id = ids["id"][ids["source"].index("files")]
    world.withdraw("files:activities")
    assert world.ask(TOOL, {"id": an_id}).code == "activity_unknown"
    world.withdraw("strava:activities")
    assert world.ask(TOOL, {"id": an_id}).code == "consent_missing"


@pytest.mark.promise("consent.granular")
def test_what_may_not_be_read_is_not_even_opened(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training()
    told = ask(world, types=list(NAMES))
    broken = """
        UPDATE streams SET cell = CAST(substr(cell, 1, 20) || zeroblob(99) AS BLOB)
         WHERE name IN ('lat_deg', 'lon_deg', 'altitude_m')
    """
    assert edit(world.directory, broken) == 3
    assert ask(world, types=list(NAMES)) == told
    world.give("files:location")
    an_id = told["id"]
    assert world.ask(TOOL, {"id": an_id, "types": ["lat_deg"]}).code == "seal_broken"


def test_the_usual_ones_are_the_first_four_that_may_be_read(world: World) -> None:
    world.put(recorded(ridden(without=["cadence_rpm"])))
    world.give_training()
    world.withdraw("files:heart_rate")
    told = ask(world)["streams"]
    assert list(told) == ["t_s", "power_w", "speed_m_s", "distance_m", "temperature_c"]


# --- which recording


def both(world: World, files: dict[str, Column], strava: dict[str, Column]) -> None:
    """Two recordings of one activity."""
    one = replace(recorded(files), activity_id="4c8b1a4e-7b0f-4c64-9a3b-0d5d7b9c1a11")
    other = replace(recorded(strava, STRAVA), activity_id=one.activity_id)
    world.put(one, other)


def test_all_streams_are_of_the_recording_nearest_to_the_device(world: World) -> None:
    both(world, ridden(without=["heart_rate_bpm"]), ridden(300))
    world.give_training(sources=("files", "strava"))
    told = ask(world, types=["heart_rate_bpm", "power_w"])
    assert (told["source"], told["source_points"]) == ("files", 600)
    assert told["streams"]["heart_rate_bpm"] is None
    assert told["data_availability"] == "not_recorded"
    assert {pair["source"] for pair in told["withheld"]} == {"files"}


def test_one_with_nothing_of_what_was_asked_leaves_it_to_the_other(
    world: World,
) -> None:
    both(world, ridden(without=["power_w"]), ridden(300))
    world.give_training(sources=("files", "strava"))
    assert ask(world, types=["power_w"])["source"] == "strava"
    world.withdraw("strava:power")
    told = ask(world, types=["power_w"])
    assert (told["source"], told["streams"]["power_w"]) == ("files", None)


def test_a_recording_taken_back_leaves_the_other_as_if_it_had_never_been(
    world: World,
) -> None:
    both(world, ridden(), ridden(300))
    world.give_training(sources=("files", "strava"))
    world.withdraw("files:activities")
    told = ask(world)
    assert (told["source"], told["source_points"]) == ("strava", 300)
    assert "files" not in json.dumps(told["streams"])


# --- what comes back


def test_peaks_and_gaps_survive_and_columns_stay_aligned(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training()
    told = ask(world, types=["power_w", "heart_rate_bpm"], max_points=30)
    streams = told["streams"]
    assert {len(column) for column in streams.values()} == {told["returned_points"]}
    assert told["returned_points"] == 30
    assert (told["source_points"], told["method"]) == (600, "min_max_decimation")
    assert streams["power_w"][streams["t_s"].index(300)] == SPIKE_W
    assert None in streams["heart_rate_bpm"]
    assert (streams["t_s"][0], streams["t_s"][-1]) == (0, 599)
    for name in ("t_s", "power_w", "heart_rate_bpm"):
        assert all(v is None or type(v) is int for v in streams[name])


def test_what_no_sensor_measured_is_null_and_not_zero(world: World) -> None:
    columns = ridden()
    columns["heart_rate_bpm"][:100] = 0
    columns["power_w"][5] = 30_000
    columns["power_w"][6] = 0
    world.put(recorded(columns))
    world.give_training()
    streams = ask(world, start_s=0, end_s=99, max_points=100)["streams"]
    assert set(streams["heart_rate_bpm"]) == {None}
    assert streams["power_w"][5:7] == [None, 0]


def test_a_heart_rate_that_is_never_measured_is_not_recorded(world: World) -> None:
    columns = ridden()
    columns["heart_rate_bpm"][:] = 0
    world.put(recorded(columns))
    world.give_training()
    told = ask(world, types=["heart_rate_bpm", "power_w"])
    assert told["streams"]["heart_rate_bpm"] is None
    assert told["data_availability"] == "not_recorded"


def test_a_short_range_comes_whole(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training()
    told = ask(world, types=["speed_m_s", "distance_m"], start_s=10, end_s=12)
    assert told["streams"] == {
        "t_s": [10, 11, 12],
        "speed_m_s": [10.0, 10.0, 10.0],
        "distance_m": [100.0, 110.0, 120.0],
    }
    assert (told["start_s"], told["end_s"], told["source_points"]) == (10, 12, 3)
    assert told["method"] == "every_sample"


@pytest.mark.parametrize(
    "asked", [{"start_s": 600}, {"start_s": 10_000, "end_s": 10_000}]
)
def test_a_range_without_samples_says_so(world: World, asked: dict[str, int]) -> None:
    world.put(recorded(ridden()))
    world.give_training()
    told = ask(world, **asked)
    assert told["data_availability"] == "outside_range"
    assert (told["start_s"], told["source_points"], told["streams"]["t_s"]) == (
        None,
        0,
        [],
    )
    an_id = told["id"]
    line = world.ask(TOOL, {"id": an_id, **asked}).text.partition("\n")[0]
    assert line == "No samples in this range, from files."


def test_an_activity_without_streams_says_so(world: World) -> None:
    world.put(replace(a_recording(), streams={}))
    world.give_training()
    told = ask(world)
    assert told["streams"] == {"t_s": []}
    assert told["data_availability"] == "not_recorded"
    assert ask(world, types=["power_w"])["streams"] == {"t_s": [], "power_w": None}
    line = world.ask(TOOL, {"id": told["id"]}).text.partition("\n")[0]
    assert line == "No samples here, from files."


def test_time_alone_is_told_as_such(world: World) -> None:
    world.put(recorded({"t_s": np.arange(3.0)}))
    world.give_training()
    told = ask(world)
    assert told["streams"] == {"t_s": [0, 1, 2]}
    line = world.ask(TOOL, {"id": told["id"]}).text.partition("\n")[0]
    assert line == "Time alone: 3 of 3 samples, 0 to 2 s, files."


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"power_w": b"packed"}, id="not packed by us"),
        pytest.param({"power_w": pack(np.zeros(9), 1.0)}, id="shorter than the others"),
    ],
)
def test_a_damaged_stream_is_said_to_be_that(
    world: World, broken: dict[str, bytes]
) -> None:
    made = recorded(ridden())
    world.put(replace(made, streams={**made.streams, **broken}))
    world.give_training()
    assert ask(world, types=["speed_m_s"])["source_points"] == 600
    (an_id,) = world.told("get_activities")["activities"]["id"]
    assert world.ask(TOOL, {"id": an_id}).code == "store_damaged"


# --- the level


@pytest.mark.promise("privacy.every-exit")
def test_places_are_coarse_and_their_ends_hidden_whatever_part_is_asked(
    world: World,
) -> None:
    world.put(recorded(ridden()))
    world.give_training(extras=(Category.LOCATION,))
    types = ["lat_deg", "lon_deg", "altitude_m", "power_w"]
    whole = ask(world, types=types, max_points=600)["streams"]
    hidden = [
        t for t, lat in zip(whole["t_s"], whole["lat_deg"], strict=True) if lat is None
    ]
    assert hidden == [*range(50), *range(550, 600)]
    for name in ("lat_deg", "lon_deg"):
        assert all(v is None or v == round(v, 2) for v in whole[name])
    assert {v % 10 for v in whole["altitude_m"] if v is not None} == {0}
    assert [v is None for v in whole["altitude_m"]] == [
        v is None for v in whole["lat_deg"]
    ]
    assert None not in whole["power_w"]
    for start_s, end_s in ((0, 99), (40, 60), (200, 580), (590, 599)):
        part = ask(world, types=types, start_s=start_s, end_s=end_s, max_points=600)
        for name, column in part["streams"].items():
            assert column == whole[name][start_s : end_s + 1], name


@pytest.mark.promise("privacy.every-exit")
@pytest.mark.promise("privacy.every-exit")
def test_a_privacy_zone_hides_what_lies_in_it(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training(extras=(Category.LOCATION,))
    types = ["lat_deg", "lon_deg", "altitude_m"]
    before = ask(world, types=types)["streams"]["lat_deg"]
    seen = [lat for lat in before if lat is not None]
    zone = PrivacyZone(lat_deg=seen[len(seen) // 2], lon_deg=8.57, radius_m=700)
    world.gate.act(
        Call(OWNER, "zones", "session"),
        lambda tx, grant: places.hide(tx, grant, [zone]),
    )
    after = ask(world, types=types)["streams"]
    assert seen
    assert sum(lat is not None for lat in after["lat_deg"]) < len(seen)
    for name in types:
        hidden = zip(after["lat_deg"], after[name], strict=True)
        assert all(value is None for lat, value in hidden if lat is None)


def test_heights_alone_are_hidden_like_their_places(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training(extras=(Category.LOCATION,))
    heights = ask(world, types=["altitude_m"], max_points=600)["streams"]["altitude_m"]
    assert heights[:50] == heights[550:] == [None] * 50
    assert heights[50] == 410.0


def test_a_track_whose_length_nothing_tells_is_hidden_whole(world: World) -> None:
    without = ["lat_deg", "lon_deg", "distance_m"]
    world.put(recorded(ridden(without=without)))
    world.give_training(extras=(Category.LOCATION,))
    streams = ask(world, types=["altitude_m"])["streams"]
    assert set(streams["altitude_m"]) == {None}


def test_the_owner_sees_places_as_they_are(world: World) -> None:
    world.put(recorded(ridden()))
    told = ask(world, of=OWNER, types=["lat_deg", "altitude_m"], max_points=600)
    assert told["streams"]["lat_deg"][1] == round(LAKE_DEG + 9e-5, 7)
    assert told["streams"]["altitude_m"][0] == 403.2
    assert told["withheld"] == []


# --- how much


def test_an_answer_unasked_is_short(world: World) -> None:
    world.put(recorded(ridden(3_600)))
    world.give_training(extras=(Category.LOCATION,))
    assert ask(world)["returned_points"] == 100
    assert world.last_row()["size"] < DEFAULT_BYTES / 2
    ask(world, types=list(NAMES))
    assert world.last_row()["size"] < DEFAULT_BYTES


def test_ten_hours_of_everything_fit_and_keep_their_peak(world: World) -> None:
    world.put(recorded(ridden(36_000)))
    world.give_training(extras=(Category.LOCATION,))
    began = time.perf_counter()
    told = ask(world, types=list(NAMES), max_points=2_000)
    assert time.perf_counter() - began < 5
    assert 32_000 < world.last_row()["size"] <= EXPLICIT_BYTES
    assert 500 < told["returned_points"] < 2_000
    assert max(told["streams"]["power_w"]) == SPIKE_W
    assert {len(column) for column in told["streams"].values()} == {
        told["returned_points"]
    }


def test_as_many_points_as_asked_for_are_given(world: World) -> None:
    world.put(recorded(ridden(3_600)))
    world.give_training()
    told = ask(world, types=["power_w", "heart_rate_bpm"], max_points=1_500)
    assert told["returned_points"] == 1_500


# --- arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"types": ["lat"]}, "types: should be 'heart_rate_bpm', 'power_w',"),
        ({"types": ["t_s"]}, "types: should be 'heart_rate_bpm', 'power_w',"),
        ({"types": []}, "types: Which streams;"),
        ({"types": "power_w"}, "types: should be a valid array"),
        ({"types": ["power_w"] * 10}, "types: Which streams;"),
        ({"types": [{"power_w": 1}]}, "types: should be 'heart_rate_bpm', 'power_w',"),
        ({"start_s": -1}, "start_s: should be greater than or equal to 0."),
        ({"start_s": 1.5}, "start_s: should be a valid integer."),
        ({"start_s": 9, "end_s": 8}, "end_s: Only to this second"),
        ({"end_s": 10**30}, "end_s: should be less than or equal to 10000000."),
        ({"max_points": 1}, "max_points: should be greater than or equal to 2."),
        ({"max_points": 2_001}, "max_points: should be less than or equal to 2000."),
        ({"max_points": True}, "max_points: should be a valid integer."),
        (
            {"points": 3},
            "An argument is not known here; the known ones are: id, types,",
        ),
    ],
)
def test_an_argument_that_does_not_fit_is_named(
    world: World, arguments: dict[str, Any], said: str
) -> None:
    world.give_training()
    code, text = code_of(world, **arguments)
    assert code == "arguments_invalid"
    assert said in text


def test_the_same_stream_twice_is_one(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training()
    twice = ask(world, types=["power_w", "power_w"], max_points=6)
    assert twice == ask(world, types=["power_w"], max_points=6)


@pytest.mark.promise("tenant.isolation")
def test_an_id_of_another_recipient_is_unknown(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training()
    world.give_training(to="other-assistant")
    an_id = ask(world, of="other-assistant")["id"]
    assert world.ask(TOOL, {"id": an_id}).code == "activity_unknown"


def test_an_answer_fits_its_schema(world: World) -> None:
    world.put(recorded(ridden()))
    world.give_training(extras=(Category.LOCATION,))
    told = ask(world, types=list(NAMES))
    assert StreamsReply.model_validate(told).model_dump(mode="json") == told
