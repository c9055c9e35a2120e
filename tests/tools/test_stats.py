"""Totals: each activity once, what is missing told, what is withheld absent."""

from dataclasses import replace
from typing import Any

import pytest

from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.profile import Profile
from pierre_mcp.store import people
from tests.gate.world import OWNER, World
from tests.stores import STRAVA, a_recording


def asked(world: World, **question: Any) -> dict[str, Any]:
    return world.told("get_stats", question)


def totals(world: World, **question: Any) -> dict[str, Any]:
    columns: dict[str, Any] = asked(world, **question)["totals"]
    return columns


def line(world: World, **question: Any) -> str:
    return world.ask("get_stats", question).text.partition("\n")[0]


@pytest.fixture
def full(world: World) -> World:
    """Two activities in January, none in February, one in March."""
    climb = a_recording(day="2026-01-02", sport=Sport.CYCLING)
    unknown = {"distance_m": None, "ascent_m": 250.5, "moving_s": None}
    climb = replace(climb, activity=climb.activity.model_copy(update=unknown))
    world.put(
        a_recording(day="2026-01-01"),
        climb,
        a_recording(day="2026-03-03", where=STRAVA, bare=True),
    )
    world.give_training(sources=("files", "strava"))
    return world


def test_each_month_has_its_totals_newest_first(full: World) -> None:
    told = asked(full, to_day="2026-03-31")
    assert (told["from_day"], told["to_day"]) == ("2026-01-01", "2026-03-03")
    assert "data_availability" not in told
    assert told["totals"] == {
        "bucket": ["2026-03", "2026-02", "2026-01"],
        "activities": [1, 0, 2],
        "active_days": [1, 0, 2],
        "duration_s": [3_600.0, 0.0, 7_200.0],
        "moving_s": [3_500.0, 0.0, 3_500.0],
        "distance_m": [10_000.0, 0.0, 10_000.0],
        "ascent_m": [0.0, 0.0, 250.5],
        "calories_kcal": [None, 0.0, None],
        "longest_s": [3_600.0, None, 3_600.0],
        "longest_m": [10_000.0, None, 10_000.0],
        "mean_bpm": [None, None, 142.0],
        "work_kj": [None, 0.0, 1_491.0],
        "no_moving": [0, 0, 1],
        "no_distance": [0, 0, 1],
        "no_ascent": [0, 0, 0],
        "no_calories": [1, 0, 2],
        "no_bpm": [1, 0, 0],
        "no_work": [1, 0, 0],
    }  # 210 W for 3,500 s, and for 3,600 s where it is not known how long it moved


@pytest.mark.parametrize(
    ("question", "buckets", "activities"),
    [
        ({"by": "year"}, ["2026"], [3]),
        ({"by": "all"}, ["all"], [3]),
        ({"by": "sport"}, ["cycling", "running"], [1, 2]),
        ({"by": "week", "to_day": "2026-01-05"}, ["2026-01-05", "2025-12-29"], [0, 2]),
        ({"provider": "strava"}, ["2026-03"], [1]),
        ({"sport": "cycling", "to_day": "2026-02-10"}, ["2026-02", "2026-01"], [0, 1]),
        ({"from_day": "2026-01-02", "to_day": "2026-02-10"}, ["2026-02", "2026-01"],
         [0, 1]),
        ({"from_day": "2020-01-01"}, ["2026-03", "2026-02", "2026-01"], [1, 0, 2]),
    ],
)  # fmt: skip
def test_what_is_asked_for(
    full: World, question: dict[str, Any], buckets: list[str], activities: list[int]
) -> None:
    columns = totals(full, **{"to_day": "2026-03-31"} | question)
    assert columns["bucket"] == buckets
    assert columns["activities"] == activities


def test_an_activity_told_twice_counts_once(world: World) -> None:
    of = "00000001-0000-4000-8000-000000000000"
    ours = replace(a_recording(bare=True), activity_id=of)
    copy = replace(a_recording(where=STRAVA), activity_id=of)
    world.put(ours, copy)
    world.give_training(sources=("files", "strava"))
    columns = totals(world, by="all")
    assert columns["activities"] == [1]
    assert columns["distance_m"] == [10_000.0]
    assert columns["mean_bpm"] == [142.0], "filled in from the copy"


@pytest.mark.promise("consent.granular")
def test_what_is_withheld_is_absent_whether_it_exists_or_not(world: World) -> None:
    world.give_training()
    world.withdraw("files:heart_rate", "files:power")
    world.put(a_recording(bare=True))
    without = asked(world)
    world.put(replace(a_recording(day="2026-02-01")))
    world.by_hand("DELETE FROM recordings WHERE heart_rate IS NULL")
    assert asked(world) == without
    assert not {"mean_bpm", "no_bpm", "work_kj", "no_work"} & without["totals"].keys()
    lacking = {pair["category"] for pair in without["withheld"]}
    assert lacking == {"heart_rate", "power"}


def test_pages_go_on_where_the_last_one_ended(full: World) -> None:
    seen: list[str] = []
    for by, count in (("month", 3), ("sport", 2)):
        question: dict[str, Any] = {"by": by, "limit": 1, "to_day": "2026-03-31"}
        seen, told = [], asked(full, **question)
        while True:
            seen += told["totals"]["bucket"]
            if not told["truncated"]:
                break
            told = asked(full, **question, cursor=told["next_cursor"])
        assert len(seen) == len(set(seen)) == count
        assert seen == sorted(seen, reverse=by == "month")


def test_a_long_history_is_cut_to_the_budget_and_goes_on(world: World) -> None:
    world.put(a_recording(day="2014-01-01"), a_recording(day="2026-01-01"))
    world.give_training()
    told = asked(world, by="week")
    assert told["truncated"]
    rest = asked(world, by="week", cursor=told["next_cursor"])
    assert rest["totals"]["bucket"][0] < told["totals"]["bucket"][-1]
    whole = asked(world, by="week", limit=1_000, to_day="2026-01-01")
    assert sum(whole["totals"]["activities"]) <= 2


@pytest.mark.parametrize(
    ("question", "why"),
    [({}, "not_imported"), ({"provider": "strava"}, "not_imported")],
)
def test_nothing_says_why(world: World, question: dict[str, Any], why: str) -> None:
    world.give_training(sources=("files", "strava"))
    told = asked(world, **question)
    assert told["data_availability"] == why
    assert told["totals"] == {}


def test_nothing_in_the_range_says_so_and_gives_no_rows(full: World) -> None:
    told = asked(full, from_day="2020-01-01", to_day="2020-12-31")
    assert told["data_availability"] == "outside_range"
    assert (told["from_day"], told["to_day"]) == ("2020-01-01", "2020-12-31")
    assert line(full, to_day="2019-01-01").startswith("No activities")


def test_the_line_adds_up_what_is_shown(full: World) -> None:
    told = line(full, to_day="2026-03-31")
    assert told == (
        "3 months, 2026-01 to 2026-03: 3 activities, 3 h 00 min, 20.0 km, "
        "1 of them without a distance."
    )
    assert line(full, by="sport").startswith("2 sports, 2026-01-01 to ")
    assert line(full, by="all", to_day="2026-01-01") == (
        "2026-01-01: 1 activity, 1 h 00 min, 10.0 km."
    )
    assert line(full, sport="cycling", to_day="2026-01-31") == (
        "1 month, 2026-01: 1 activity, 1 h 00 min, 1 of them without a distance."
    )
    full.gate.act(
        Call(OWNER, "setup", "session"),
        lambda tx, grant: people.set_profile(
            tx, grant, Profile(zone="Europe/Zurich", units="imperial")
        ),
    )
    assert "12.4 mi" in line(full, to_day="2026-03-31")


def test_the_owner_needs_no_consent(world: World) -> None:
    world.put(a_recording())
    told = world.told("get_stats", {"by": "all"}, of=OWNER)
    assert told["totals"]["mean_bpm"] == [142.0]
    assert told["withheld"] == []
    assert str(Category.HEART_RATE) not in str(told)
