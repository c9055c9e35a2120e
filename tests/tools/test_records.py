"""Records as told: bests with day and id, periods compared, consent by category."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.profile import Profile
from pierre_mcp.store import people
from tests.efforts import an_effort, beats_of, on, times_of, watts_of, weighing
from tests.gate.world import OWNER, World
from tests.stores import STRAVA, a_recording

TOOL = "get_personal_records"
BIKE = Sport.CYCLING
TABLES = ("times", "power", "heart_rate", "longest", "critical_power", "critical_speed")


def asked(world: World, **question: Any) -> dict[str, Any]:
    return world.told(TOOL, question)


def line(world: World, **question: Any) -> str:
    return world.ask(TOOL, question).text.partition("\n")[0]


def efforts() -> Sequence[Any]:
    """Two rides and two runs of this year, and of each one of the year before."""
    return (
        an_effort("2026-01-10", times=times_of(4), beats=beats_of(180)),
        an_effort("2026-01-12", times=times_of(4.4, 1_000)),
        an_effort("2025-01-12", times=times_of(3.8)),
        an_effort("2026-02-01", sport=BIKE, watts=watts_of(250, 20_000),
                  beats=beats_of(170), ascent_m=1_200.0, told=weighing(80)),
        an_effort("2026-02-02", sport=BIKE, watts=watts_of(251, 20_000, 480)),
        an_effort("2025-02-01", sport=BIKE, watts=watts_of(200, 20_000)),
    )  # fmt: skip


@pytest.fixture
def full(world: World) -> World:
    world.put(*efforts())
    world.give_training()
    return world


def row(table: dict[str, list[Any]], name: str, value: Any) -> dict[str, Any]:
    """The row of a table whose column has this value, the first of them."""
    i = table[name].index(value)
    return {column: values[i] for column, values in table.items()}


def test_every_table(full: World) -> None:
    told = asked(full)
    assert (told["from_day"], told["to_day"]) == ("2025-01-12", "2026-03-01")
    kilometre = row(told["times"], "distance_m", 1_000)
    assert full.told("get_activity", {"id": kilometre.pop("id")})["day"] == "2026-01-12"
    assert kilometre == {
        "sport": "running", "distance_m": 1_000, "time_s": 227.3, "pace": "3:47/km",
        "day": "2026-01-12",
    }  # fmt: skip
    twenty = row(told["power"], "duration_s", 1_200)
    assert full.told("get_activity", {"id": twenty.pop("id")})["day"] == "2026-02-01"
    assert twenty == {
        "sport": "cycling", "duration_s": 1_200, "power_w": 266.6667,
        "day": "2026-02-01",
    }  # fmt: skip
    minute = row(told["heart_rate"], "duration_s", 60)
    assert (minute["bpm"], minute["sport"]) == (179.8, "running")
    assert row(told["longest"], "of", "ascent_m")["value"] == 1_200
    power = told["critical_power"]
    assert power["of"] == ["period", "last_90_days"]
    assert power["cp_w"][0] == pytest.approx(249.6, abs=0.5)
    assert power["w_prime_kj"][0] == pytest.approx(20.2, abs=0.3)
    assert power["efforts"][0] == [
        "3 min 2026-02-02", "5 min 2026-02-02", "8 min 2026-02-02",
        "12 min 2026-02-01", "20 min 2026-02-01",
    ]  # fmt: skip
    assert power["oldest_days_ago"] == [28, 28]
    speed = told["critical_speed"]
    assert speed["sport"] == ["running", "running"]
    assert speed["pace"][0].endswith("/km")
    assert speed["efforts"][0][0] == "half a mile 2026-01-12"
    assert told["more_sports"] == []
    assert told["coverage"] == (
        "6 activities: 3 with best times, 3 with power, 2 with heart rate"
    )
    assert told["caveats"] == []


def test_the_line_says_what_is_asked_for_first(full: World) -> None:
    assert line(full) == (
        "2025-01-12 to 2026-03-01: running 5 km in 23:42, 10 km in 50:06; "
        "cycling 584 W over 1 min, 318 W over 5 min, 267 W over 20 min."
    )
    assert line(full, kind="longest").endswith(": 6 activities.")


@pytest.mark.parametrize("kind", ["times", "power", "heart_rate", "longest"])
def test_one_kind_alone(full: World, kind: str) -> None:
    told = asked(full, kind=kind)
    beside = {"times": {"critical_speed"}, "power": {"critical_power"}}
    assert {name for name in TABLES if told[name]} == {kind, *beside.get(kind, ())}
    assert told[kind] == asked(full)[kind]


def test_a_year_beside_the_one_before(full: World) -> None:
    told = asked(full, from_day="2026-01-01", compare="year_before")
    assert (told["compare_from"], told["compare_to"]) == ("2025-01-01", "2025-03-01")
    twenty = row(told["power"], "duration_s", 1_200)
    assert (twenty["was_w"], twenty["percent"]) == (216.6667, 23.1)
    kilometre = row(told["times"], "distance_m", 1_000)
    assert (kilometre["was_s"], kilometre["percent"]) == (263.2, -13.6)
    far = asked(full, from_day="2026-01-01", compare="2020-01-01/2020-12-31")
    assert set(far["power"]["was_w"]) == set(far["power"]["percent"]) == {None}
    assert "percent" not in asked(full)["power"]


@pytest.mark.parametrize(
    ("to_day", "before"),
    [
        ("2024-02-29", "2023-02-28"),
        ("2025-02-28", "2024-02-28"),
        ("0001-06-01", "0001-01-01"),
    ],
)
def test_the_same_day_a_year_before(full: World, to_day: str, before: str) -> None:
    told = asked(full, to_day=to_day, compare="year_before")
    assert told["compare_to"] == before
    assert told["compare_from"] is None


@pytest.mark.parametrize(
    "compare",
    ["last_year", "2025-01-01", "2025-13-01/2025-12-31", "2025-01-01/2025-02-30", ""],
)
def test_a_period_that_is_none_is_refused(full: World, compare: str) -> None:
    answer = full.ask(TOOL, {"compare": compare})
    assert answer.is_error
    assert "compare" in answer.text


def test_with_a_sport_a_kind_is_told_whole(full: World) -> None:
    curve = asked(full, sport="cycling", kind="power")["power"]
    assert len(curve["duration_s"]) == 36
    assert set(curve["sport"]) == {"cycling"}
    assert len(asked(full, sport="cycling")["power"]["duration_s"]) < 36
    assert asked(full, sport="cycling")["times"] == {}


# --- weight


def test_power_by_weight_is_for_who_may_read_it(full: World) -> None:
    assert "w_per_kg" not in asked(full)["power"]
    assert {"source": "files", "category": "body"} in asked(full)["withheld"]
    full.give("files:body")
    told = asked(full, from_day="2026-01-01")
    assert row(told["power"], "duration_s", 1_200)["w_per_kg"] == 3.33
    assert told["critical_power"]["w_per_kg"][0] == pytest.approx(3.12, abs=0.01)
    assert told["caveats"] == []
    early = asked(full, to_day="2025-12-31")
    assert early["caveats"] == ["W/kg before 2026-02-01 is by the weight told then"]
    assert row(early["power"], "duration_s", 1_200)["w_per_kg"] == 2.71


def test_a_weight_that_nobody_told_is_not_known(world: World) -> None:
    world.put(an_effort(1, sport=BIKE, watts=watts_of(200, 9_000)))
    world.give_training(extras=[Category.BODY])
    assert set(asked(world)["power"]["w_per_kg"]) == {None}


# --- consent


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize(
    ("category", "gone"),
    [
        ("power", {"power", "critical_power"}),
        ("heart_rate", {"heart_rate"}),
    ],
)
def test_what_is_withheld_is_absent_whether_it_exists_or_not(
    world: World, category: str, gone: set[str]
) -> None:
    world.give_training()
    world.withdraw(f"files:{category}")
    bare = [replace(one, power=None, heart_rate=None, details={
        Category.ACTIVITIES: one.details[Category.ACTIVITIES]
    }) for one in efforts()]  # fmt: skip
    world.put(*bare)
    lacking = asked(world, kind="longest")
    world.by_hand("DELETE FROM recordings")
    world.put(*efforts())
    told = asked(world)
    assert {name for name in TABLES if not told[name]} == gone
    assert category.replace("_", " ") not in told["coverage"]
    assert {"source": "files", "category": category} in told["withheld"]
    assert lacking["withheld"] == told["withheld"]
    alone = asked(world, kind=category)
    assert not any(alone[name] for name in TABLES)


def test_each_source_is_read_as_far_as_it_is_granted(world: World) -> None:
    """Strava's ride has the greater power, which it may not tell."""
    world.put(
        an_effort(1, sport=BIKE, watts=watts_of(200, 9_000), times=times_of(9)),
        an_effort(2, sport=BIKE, where=STRAVA, watts=watts_of(300, 9_000),
                  times=times_of(10)),
    )  # fmt: skip
    world.give_training(sources=("files", "strava"))
    assert row(asked(world)["power"], "duration_s", 300)["power_w"] == 330
    world.withdraw("strava:power")
    told = asked(world)
    assert row(told["power"], "duration_s", 300)["power_w"] == 230
    assert row(told["times"], "distance_m", 5_000)["day"] == on(2)
    assert asked(world, provider="files")["times"]["day"][0] == on(1)


def test_the_owner_needs_no_consent(world: World) -> None:
    world.put(*efforts())
    told = world.told(TOOL, {}, of=OWNER)
    assert told["withheld"] == []
    assert row(told["power"], "duration_s", 1_200)["w_per_kg"] == 3.33


# --- nothing, little, much


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({}, "not_imported"),
        ({"provider": "strava"}, "not_imported"),
    ],
)
def test_nothing_says_why(world: World, question: dict[str, Any], why: str) -> None:
    world.give_training(sources=("files", "strava"))
    told = asked(world, **question)
    assert told["data_availability"] == why
    assert not any(told[name] for name in TABLES)
    assert line(world, **question).startswith("No activities")


def test_an_activity_without_any_best(world: World) -> None:
    world.put(a_recording(bare=True, sport=Sport.YOGA))
    world.give_training()
    told = asked(world)
    assert {name for name in TABLES if told[name]} == {"longest"}
    assert "data_availability" not in told
    assert line(world) == (
        "2026-02-01 to 2026-03-01: 1 activity: 0 with best times, 0 with power, "
        "0 with heart rate."
    )


def test_what_does_not_count_is_said(world: World) -> None:
    world.put(
        an_effort(1, indoor=True, times=times_of(4)),
        an_effort(2, times=times_of(12)),
        *(an_effort(d, sport=BIKE, watts=watts_of(200, 0.0)) for d in range(10)),
        an_effort(50, sport=BIKE, watts=watts_of(300, 0.0, 300)),
    )
    world.give_training()
    told = asked(world)
    assert told["caveats"] == [
        "indoor activities without best times, since their distance is an estimate: 1",
        "faster than world records, so without best times: 1",
        "power over 3 min, 5 min is far above any other activity's: check the meter",
    ]
    assert told["times"] == {}


def test_paces_are_in_the_persons_units(full: World) -> None:
    full.gate.act(
        Call(OWNER, "setup", "session"),
        lambda tx, grant: people.set_profile(
            tx, grant, Profile(zone="Europe/Zurich", units="imperial")
        ),
    )
    assert row(asked(full)["times"], "distance_m", 1_000)["pace"] == "6:06/mi"


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"compare": "year_before", "kind": "power"},
        {"sport": "cycling", "kind": "power", "compare": "year_before"},
        {"sport": "running"},
        {"sport": "running", "kind": "times", "compare": "year_before"},
    ],
)
def test_ten_years_of_every_sport_keep_to_the_budget(
    world: World, question: dict[str, Any]
) -> None:
    """Every record is another activity's, and reaches to the end of its grid."""
    sports = [Sport.RUNNING, BIKE, Sport.SWIMMING, Sport.WALKING, Sport.ROWING]
    world.put(*(
        an_effort(
            600 * year + 7 * i, sport=sport,
            times=times_of(1.2 + year / 100, 1_000.0 * 4**year),
            watts=watts_of(300 - 5 * year, 20_000.0, 60 * 4**year),
            beats=beats_of(190 - year, 60 * 4**year), ascent_m=100.0 + year,
        )
        for i, sport in enumerate(sports) for year in range(6)
    ))  # fmt: skip
    world.give_training(extras=[Category.BODY])
    answer = world.ask(TOOL, question)
    assert answer.structured is not None
    assert 1_500 < len(answer.structured) < 7_000


def test_the_first_day_there_is_has_none_before_it(full: World) -> None:
    told = asked(full, to_day="0001-01-01", compare="year_before")
    assert told["data_availability"] == "outside_range"
