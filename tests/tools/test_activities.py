"""The list: what is asked for, what is not recorded, and what never leaves."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import MISSING

from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import HeartRateCell
from pierre_mcp.model.profile import Profile
from pierre_mcp.store import people
from pierre_mcp.tools.activities import local_start, of_cell, rounded
from tests.gate.world import OWNER, World
from tests.stores import STRAVA, a_recording


def listed(world: World, **question: Any) -> dict[str, Any]:
    columns: dict[str, Any] = world.told("get_activities", question)["activities"]
    return columns


@pytest.fixture
def full(world: World) -> World:
    world.put(
        a_recording(day="2026-01-01"),
        a_recording(day="2026-01-02", sport=Sport.CYCLING),
        a_recording(day="2026-01-03", where=STRAVA),
    )
    world.give_training(sources=("files", "strava"))
    return world


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ({}, [3, 2, 1]),
        ({"provider": "files"}, [2, 1]),
        ({"provider": "strava"}, [3]),
        ({"provider": "strava", "limit": 50}, [3]),
        ({"sport": "cycling"}, [2]),
        ({"from_day": "2026-01-02"}, [3, 2]),
        ({"to_day": "2026-01-02"}, [2, 1]),
        ({"from_day": "2026-01-02", "to_day": "2026-01-02"}, [2]),
        ({"limit": 1}, [3]),
    ],
)
def test_what_is_asked_for(
    full: World, question: dict[str, Any], days: list[int]
) -> None:
    assert listed(full, **question)["day"] == [f"2026-01-{d:02}" for d in days]


def test_the_range_asked_for_is_echoed(full: World) -> None:
    told = full.told("get_activities", {"from_day": "2026-01-02"})
    assert (told["from_day"], told["to_day"]) == ("2026-01-02", None)
    assert "data_availability" not in told


def test_the_line_says_how_many_and_when(full: World) -> None:
    line = full.ask("get_activities").text.partition("\n")[0]
    assert line == "3 activities, 2026-01-01 to 2026-01-03, newest first."
    line = full.ask("get_activities", {"limit": 1}).text.partition("\n")[0]
    assert line == "1 activity, 2026-01-03, newest first."


def test_not_recorded_is_null_and_zero_is_zero(world: World) -> None:
    world.put(
        replace(a_recording(bare=True), heart_rate=HeartRateCell(
            mean_bpm=0.0, max_bpm=None
        ))
    )  # fmt: skip
    world.give_training()
    columns = listed(world)
    assert columns["mean_bpm"] == [0.0]
    assert columns["max_bpm"] == [None]
    assert columns["mean_power_w"] == [None], "nothing recorded, and allowed to know"
    assert columns["ascent_m"] == [0.0]


@pytest.mark.promise("consent.granular")
def test_a_column_that_no_row_may_carry_is_absent(world: World) -> None:
    world.put(a_recording())
    world.give_training()
    world.withdraw("files:power")
    columns = listed(world)
    assert "mean_power_w" not in columns
    assert columns["mean_bpm"] == [142.0]


def test_what_is_no_number_never_leaves(world: World) -> None:
    """Even where a cell was sealed with one, past every check."""
    broken = a_recording().activity.model_copy(update={"distance_m": float("nan")})
    heart = HeartRateCell.model_construct(mean_bpm=float("inf"), max_bpm=1.0)
    world.put(replace(a_recording(), activity=broken, heart_rate=heart))
    world.give_training()
    for of in ("claude-desktop", OWNER):
        answer = world.ask("get_activities", of=of)
        assert "NaN" not in answer.text
        assert "Infinity" not in answer.text
        json.loads(answer.text.partition("\n")[2] or "{}", parse_constant=pytest.fail)


@pytest.mark.parametrize("metres", [1e308, -1e308, 1e15, 12_345.25, 0.05, -0.04])
def test_a_distance_is_told_to_a_tenth_whatever_it_is(
    world: World, metres: float
) -> None:
    made = a_recording()
    odd = made.activity.model_copy(update={"distance_m": metres})
    world.put(replace(made, activity=odd))
    world.give_training()
    assert listed(world)["distance_m"] == [rounded(metres)]


def test_imperial_units_change_the_line_and_nothing_else(world: World) -> None:
    world.put(a_recording())
    world.give_training()
    (an_id,) = listed(world)["id"]
    before = world.ask("get_activity", {"id": an_id})
    lists = world.ask("get_activities")
    world.gate.act(
        Call(OWNER, "setup", "session"),
        lambda tx, grant: people.set_profile(
            tx, grant, Profile(zone="Europe/Zurich", units="imperial")
        ),
    )
    after = world.ask("get_activity", {"id": an_id})
    assert after.structured == before.structured
    assert before.text.startswith("Running on 2026-02-01, 1 h 00 min, 10.0 km, 0 m of")
    assert after.text.startswith("Running on 2026-02-01, 1 h 00 min, 6.2 mi, 0 ft of")
    again = world.ask("get_activities")
    assert (again.text, again.structured) == (lists.text, lists.structured)


# --- small parts


@given(st.integers(0, 4_102_444_800_000_000), st.integers(-86_400, 86_400))
def test_a_local_start_is_utc_and_the_offset(started_us: int, offset: int) -> None:
    text = local_start("2026-02-01", started_us, offset)
    assert len(text) == 19
    whole_s = (started_us + offset * 1_000_000) // 1_000_000
    assert text[17:19] == f"{whole_s % 60:02}"
    assert text[11:13] == f"{whole_s // 3600 % 24:02}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.26, 1.3),
        (None, None),
        (0.0, 0.0),
        (7, 7),
        (True, True),
        ("x", "x"),
        ([1.26, None], [1.3, None]),
    ],
)
def test_to_a_tenth(value: Any, shown: Any) -> None:
    assert rounded(value) == shown


@pytest.mark.parametrize("nothing", [None, MISSING])
def test_of_no_cell_every_field_is_as_absent(nothing: Any) -> None:
    assert of_cell(nothing, "a", "b") == {"a": nothing, "b": nothing}


@pytest.mark.promise("store.parameterised")
@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "files'; DROP TABLE audit;--"])
def test_what_is_asked_is_never_sql(full: World, text: str) -> None:
    assert full.ask("get_activities", {"provider": text}).code == "arguments_invalid"
    for of in ("claude-desktop", OWNER):
        assert full.ask("get_activity", {"id": text}, of=of).code == "activity_unknown"
    assert len(listed(full)["id"]) == 3


def test_notes_go_only_where_they_are_consented_to(world: World) -> None:
    world.put(a_recording(name="Xanthippe"))
    world.give_training()
    assert listed(world)["untrusted_text"] == {}
    world.give("files:notes")
    assert listed(world)["untrusted_text"] == {"name": ["Xanthippe"]}
    assert str(Category.NOTES) not in str(world.told("get_activities")["withheld"])
