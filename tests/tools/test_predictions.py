"""Race times: the published values, the effort each rests on, and what is missing."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DISTANCES_M, ActivityDetail
from pierre_mcp.model.recording import NewRecording
from tests.gate.world import CLAUDE, OWNER, World
from tests.stores import STRAVA, a_recording

TODAY = date(2026, 3, 1)
PREDICTIONS = "analytics:predictions"
TEN = {"from_distance": "10k", "from_time_s": 2_400}


def on(
    days_ago: int,
    *bests: tuple[float, float],
    whole_m: float = 10_000,
    sport: Sport = Sport.RUNNING,
) -> NewRecording:
    """A run with these best times; what is shorter was run at the same speed."""
    day = str(TODAY - timedelta(days=days_ago))
    times: list[float] = []
    for metres in DISTANCES_M:
        over = [time * metres / far for far, time in bests if metres <= far]
        if over:
            times.append(round(over[0], 1))
    one = a_recording(day=day, sport=sport, bare=True)
    activity = one.activity.model_copy(update={"distance_m": whole_m})
    details = {Category.ACTIVITIES: ActivityDetail(best_s=tuple(times))}
    return replace(one, activity=activity, details=details)


def asked(world: World, **question: Any) -> dict[str, Any]:
    return world.told("predict_performance", question, of=OWNER)


def line(world: World, **question: Any) -> str:
    answer = world.ask("predict_performance", question, of=OWNER)
    return answer.text.partition("\n")[0]


def fault(world: World, **question: Any) -> str:
    answer = world.ask("predict_performance", question, of=OWNER)
    assert answer.code == "arguments_invalid"
    return answer.text.removeprefix("arguments_invalid: ")


# --- the values


def test_ten_kilometres_in_forty_minutes(world: World) -> None:
    """The values that Riegel's and Cameron's formulas have in the reference."""
    told = asked(world, **TEN)
    races = told["races"]
    assert races["distance_m"] == [5_000, 10_000, 21_097.5, 42_195]
    five, ten, half, marathon = range(4)
    assert races["riegel_s"] == [19 * 60 + 11, 2_400, 5_295, 3 * 3_600 + 4 * 60]
    assert races["cameron_s"] == [19 * 60 + 12, 2_400, 5_291, 3 * 3_600 + 7 * 60 + 25]
    assert races["vdot"] == [51.94] * 4
    assert told["paces_vdot"] == 51.94
    assert races["vdot_s"][five] == pytest.approx(19 * 60 + 17, abs=3), "VDOT 52"
    assert races["vdot_s"][half] == pytest.approx(5_311, abs=7)
    assert races["vdot_s"][marathon] == pytest.approx(3 * 3_600 + 4 * 60 + 36, abs=11)
    assert races["low_s"][half] == 5_291
    assert races["high_s"][half] == races["vdot_s"][half]
    assert races["median_s"][half] == 5_295
    assert races["effort_m"] == [10_000.0] * 4
    assert races["effort_s"] == [2_400.0] * 4
    assert races["effort_day"] == races["days_ago"] == [None] * 4
    assert races["critical_speed_s"] == [None] * 4, "one race tells none"
    assert races["confidence"] == ["high", "high", "high", "moderate"]
    assert races["median_s"][ten] == 2_400
    assert line(world, **TEN) == (
        "5 km 19:12 (19:11 to 19:18), 10 km 40:00, half marathon 1:28:15 (1:28:11 to "
        "1:28:33), marathon 3:04:38 (3:04:00 to 3:07:25), VDOT 51.94."
    )


def test_training_paces_are_those_of_the_book(world: World) -> None:
    """VDOT 50, of 19:57 over 5 km: 5:52 to 4:54, 4:31, 4:15 and 3:55 a kilometre."""
    told = asked(world, from_distance="5k", from_time_s=19 * 60 + 57)
    paces = dict(zip(told["paces"]["pace"], told["paces"]["s_per_km"], strict=True))
    assert told["paces_vdot"] == pytest.approx(50, abs=0.05)
    book = {"easy_slow": 352, "easy_fast": 294, "marathon": 271, "threshold": 255,
            "interval": 235}  # fmt: skip
    for name, seconds in book.items():
        assert paces[name] == pytest.approx(seconds, abs=1.5), name
    assert paces["repetition"] < paces["interval"]


@pytest.mark.parametrize(
    ("distance", "metres"),
    [("5k", 5_000), ("half", 21_097.5), ("3000", 3_000), ("16093.4", 16_093.4)],
)
def test_one_distance(world: World, distance: str, metres: float) -> None:
    told = asked(world, distance=distance, **TEN)
    assert told["races"]["distance_m"] == [metres]
    assert told["races"]["riegel_s"] == [round(2_400 * (metres / 10_000) ** 1.06)]


# --- what it rests on


def test_each_distance_rests_on_the_effort_that_tells_most(world: World) -> None:
    """A fast 3 km is worth more, but a marathon is told by the race of an hour and a
    half, and by neither long easy run."""
    world.put(
        on(30, (3_000, 620), whole_m=3_100),
        on(40, (21_097.5, 5_300), whole_m=21_200),
        on(5, (30_000, 10_800), whole_m=30_000),
    )
    races = asked(world)["races"]
    assert races["effort_m"] == [3_000, 3_000, 21_097.5, 21_097.5]
    assert races["days_ago"] == [30, 30, 40, 40]
    assert races["effort_day"][0] == "2026-01-30"
    assert races["vdot"][0] > races["vdot"][3]


def test_of_equal_efforts_the_newest(world: World) -> None:
    world.put(*(on(ago, (10_000, 2_400)) for ago in (60, 20, 40)))
    assert asked(world, distance="10k")["races"]["days_ago"] == [20]


def test_only_what_is_in_the_window_counts(world: World) -> None:
    world.put(on(89, (10_000, 2_700)), on(90, (10_000, 2_400)), on(-1, (5_000, 900)))
    told = asked(world, distance="10k")
    assert told["races"]["days_ago"] == [89]
    assert told["coverage"] == "1 of 1 run in 90 days have best times."
    assert asked(world, distance="10k", days=91)["races"]["days_ago"] == [90]


@pytest.mark.parametrize(
    ("days_ago", "distance", "expected"),
    [
        pytest.param(42, "half", "high", id="fresh and near"),
        pytest.param(43, "half", "moderate", id="six weeks old"),
        pytest.param(1, "marathon", "moderate", id="two doublings"),
        pytest.param(1, "1500", "low", id="far"),
        pytest.param(91, "10k", "low", id="old"),
    ],
)
def test_confidence_is_by_age_and_reach(
    world: World, days_ago: int, distance: str, expected: str
) -> None:
    world.put(replace(on(days_ago, (10_000, 2_400)), details={
        Category.ACTIVITIES: ActivityDetail(best_s=only_ten()),
    }))  # fmt: skip
    told = asked(world, distance=distance, days=120)
    assert told["races"]["confidence"] == [expected]
    assert any("Low confidence" in one for one in told["caveats"]) == (
        expected == "low"
    )


def only_ten() -> tuple[float, ...]:
    """Best times that are worth nothing below 10 km."""
    slow = [metres / 2.0 for metres in DISTANCES_M if metres < 10_000]
    return (*slow, 2_400.0 * 2.0)


def test_what_nobody_ran_is_left_out_and_said(world: World) -> None:
    """A ride told as a run, and one jump of the position."""
    world.put(
        on(3, (20_000, 2_400), whole_m=20_000),
        on(4, (1_500, 150), (10_000, 2_900)),
        on(5, (10_000, 2_400)),
    )
    told = asked(world, distance="10k")
    assert told["races"]["effort_s"] == [2_400]
    assert told["coverage"].startswith("1 of 3 runs")
    (said,) = [one for one in told["caveats"] if "world record" in one]
    assert said.startswith("2 faster")


def test_what_a_treadmill_says_is_left_out_as_records_leave_it_out(
    world: World,
) -> None:
    inside = on(3, (10_000, 2_300))
    indoors = inside.activity.model_copy(update={"indoor": True})
    world.put(replace(inside, activity=indoors), on(5, (10_000, 2_400)))
    told = asked(world, distance="10k")
    assert told["races"]["effort_s"] == [2_400]
    assert any(one.startswith("1 indoors left out") for one in told["caveats"])


def test_an_effort_in_a_longer_run_is_said_to_be_one(world: World) -> None:
    world.put(on(3, (10_000, 2_400), whole_m=12_600))
    part = "parts of longer runs"
    assert any(part in one for one in asked(world, distance="10k")["caveats"])
    world.put(on(2, (10_000, 2_390), whole_m=10_400))
    assert not any(part in one for one in asked(world, distance="10k")["caveats"])


def test_a_marathon_on_few_kilometres_is_warned_of(world: World) -> None:
    world.put(on(3, (10_000, 2_400), whole_m=10_000))
    (said,) = [one for one in asked(world)["caveats"] if "Vickers" in one]
    assert said.endswith("Of late it was 1 km.")
    world.put(on(100, (10_000, 2_500), whole_m=900_000))
    (same,) = [one for one in asked(world, days=365)["caveats"] if "Vickers" in one]
    assert same == said, "months ago it was more"
    assert not any("Vickers" in one for one in asked(world, distance="5k")["caveats"])
    world.put(*(on(d, (5_000, 1_500), whole_m=16_000) for d in range(45)))
    assert not any("Vickers" in one for one in asked(world)["caveats"])


# --- critical speed


def efforts(*laps: tuple[float, float]) -> ActivityDetail:
    """Best times along the grid on a line of 4 m/s and 200 m, from and to metres."""
    (least, most), *_ = laps
    return ActivityDetail(best_s=tuple(
        (metres - 200) / 4 if metres >= least else metres / (8 if metres < 800 else 2)
        for metres in DISTANCES_M if metres <= most
    ))  # fmt: skip


def on_a_line(days_ago: int, least: float, most: float) -> NewRecording:
    details = {Category.ACTIVITIES: efforts((least, most))}
    return replace(on(days_ago), details=details)


def test_critical_speed_tells_up_to_half_an_hour(world: World) -> None:
    world.put(on_a_line(3, 800, 1_700), on_a_line(9, 3_000, 5_000))
    told = asked(world)
    assert told["races"]["critical_speed_s"] == [1_200, None, None, None]
    assert "Critical speed is 4.00 m/s and D' 200 m" in told["method"]


def test_efforts_of_one_run_are_no_critical_speed(world: World) -> None:
    world.put(on_a_line(3, 800, 5_000))
    told = asked(world, distance="5k")
    assert told["races"]["critical_speed_s"] == [None]
    assert "Critical speed is" not in told["method"]


def test_efforts_off_the_line_are_no_critical_speed(world: World) -> None:
    """An easy run, and one race in between: no one line is theirs."""
    world.put(on(3, (10_000, 3_300)), on(9, (3_000, 630), whole_m=3_000))
    assert asked(world, distance="5k")["races"]["critical_speed_s"] == [None]


def test_swimming_is_told_by_critical_speed_alone(world: World) -> None:
    def swim(days_ago: int, *best_s: float) -> NewRecording:
        details = {Category.ACTIVITIES: ActivityDetail(best_s=best_s)}
        return replace(on(days_ago, sport=Sport.SWIMMING), details=details)

    # 1.25 m/s and 20 m: 144 s over 200 m, 304 s over 400 m, 784 s over a kilometre.
    world.put(swim(3, 144, 304), swim(4, 190, 400, 627.7, 784), on(2, (10_000, 2_400)))
    told = asked(world, sport="swimming")
    assert told["races"]["distance_m"] == [400, 800, 1_500]
    assert told["races"]["critical_speed_s"] == [304, 624, 1_184]
    assert told["races"]["median_s"] == [304, 624, 1_184]
    assert told["races"]["confidence"] == ["moderate"] * 3
    assert told["races"]["effort_m"] == told["races"]["vdot_s"] == [None] * 3
    assert (told["paces_vdot"], told["paces"]["pace"]) == (None, [])
    assert told["coverage"] == "2 of 2 swims in 90 days have best times."
    assert line(world, sport="swimming") == "400 m 5:04, 800 m 10:24, 1.5 km 19:44."
    longer = asked(world, sport="swimming", distance="2200")
    assert longer["races"]["median_s"] == [1_744]
    beyond = asked(world, sport="swimming", distance="10k")
    assert beyond["races"]["distance_m"] == []
    assert "tells of 2 to 30 min" in beyond["caveats"][0]


def test_a_swim_beyond_half_an_hour_has_no_time(world: World) -> None:
    # 0.8 m/s and 20 m: 1,500 m would take 1,850 s.
    first = ActivityDetail(best_s=(225, 475))
    second = ActivityDetail(best_s=(230, 490, 980.8, 1_225))
    for ago, detail in ((3, first), (4, second)):
        swim = on(ago, sport=Sport.SWIMMING)
        world.put(replace(swim, details={Category.ACTIVITIES: detail}))
    told = asked(world, sport="swimming")["races"]
    assert told["median_s"] == [475, 975, None]
    assert told["low_s"] == told["high_s"] == told["median_s"]
    assert told["confidence"] == ["moderate", "moderate", None]
    assert line(world, sport="swimming") == "400 m 7:55, 800 m 16:15."


# --- nothing to tell


@pytest.mark.parametrize(
    ("question", "put", "said"),
    [
        pytest.param({}, [], "There is no run in the last 90 days.", id="empty"),
        pytest.param(
            {"days": 7}, [on(9, (10_000, 2_400))], "no run in the last 7", id="older"
        ),
        pytest.param({}, [on(3)], "none tells distance", id="no best times"),
        pytest.param({}, [on(3, (1_000, 200))], "1.5 km or more", id="too short"),
        pytest.param(
            {}, [on(3, (10_000, 1_200))], "faster than anyone", id="nobody ran that"
        ),
        pytest.param({"sport": "swimming"}, [], "There is no swim", id="no swim"),
    ],
)
def test_nothing_says_why_and_what_to_do(
    world: World, question: Any, put: list[NewRecording], said: str
) -> None:
    world.put(*put)
    told = asked(world, **question)
    assert told["races"]["distance_m"] == []
    assert told["paces_vdot"] is None
    assert said in told["caveats"][0]
    assert line(world, **question) == told["caveats"][0]
    assert "Ask for more days" in told["caveats"][0]
    run = question.get("sport") != "swimming"
    assert ("from_distance" in told["caveats"][0]) == run


def test_a_ride_is_not_told(world: World) -> None:
    told = asked(world, sport="cycling")
    assert told["races"]["distance_m"] == []
    assert "cannot be told from power" in told["caveats"][0]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"from_distance": "10k"}, "from_distance and from_time_s go together."),
        ({"from_time_s": 2_400}, "from_distance and from_time_s go together."),
        ({**TEN, "sport": "swimming"}, "from_distance: only of a runner"),
        ({**TEN, "from_time_s": 1_500}, "from_time_s: should be a time in which"),
        ({**TEN, "from_distance": "500", "from_time_s": 9_000}, "from_time_s: should"),
        ({**TEN, "from_time_s": 20_000}, "from_time_s: should be less than or equal"),
        ({"distance": "ultra"}, "distance: 5k, 10k, half, marathon or metres"),
        ({"distance": "399.9"}, "distance: 5k, 10k, half, marathon or metres"),
        ({"distance": "nan"}, "distance: 5k, 10k, half, marathon or metres"),
        ({"distance": "5e3"}, "distance: 5k, 10k, half, marathon or metres"),
        ({"distance": "5_000"}, "distance: 5k, 10k, half, marathon or metres"),
        ({"distance": "\uff15\uff10\uff10\uff10"}, "distance: 5k, 10k, half,"),
        ({"distance": "123456789"}, "distance: String should have at most 8"),
        ({"sport": "rowing"}, "sport: "),
        ({"days": 6}, "days: should be greater"),
    ],
)
def test_what_is_not_taken(world: World, question: Any, said: str) -> None:
    assert fault(world, **question).startswith(said)


# --- consent


@pytest.mark.promise("consent.granular")
def test_the_bundle_does_not_give_predictions_and_one_command_does(
    world: World,
) -> None:
    world.put(on(3, (10_000, 2_400)))
    world.give_training()
    refused = world.ask("predict_performance", {"distance": "10k"})
    assert refused.code == "consent_missing"
    command = f"pierre-mcp consent grant {PREDICTIONS} --to {CLAUDE}"
    assert refused.text.endswith(f"with: {command}")
    assert "51.94" not in refused.text
    _, _, _, scope, _, label = command.split()
    world.give(scope, to=label)
    told = world.told("predict_performance", {"distance": "10k"})
    assert told["races"]["vdot"] == [51.94]
    assert told["withheld"] == []
    world.withdraw(PREDICTIONS)
    assert world.ask("predict_performance").code == "consent_missing"


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("category", ["heart_rate", "power", "profile"])
def test_it_needs_activities_and_nothing_else(world: World, category: str) -> None:
    world.put(on(3, (10_000, 2_400)))
    world.give_training()
    world.give(PREDICTIONS)
    whole = world.told("predict_performance")
    world.withdraw(f"files:{category}")
    assert world.told("predict_performance") == whole
    world.withdraw("files:activities")
    assert world.ask("predict_performance").code == "consent_missing"


@pytest.mark.promise("consent.granular")
def test_a_source_that_is_withheld_adds_nothing(world: World) -> None:
    world.put(on(3, (10_000, 2_700)))
    world.give_training()
    world.give(PREDICTIONS)
    whole = world.told("predict_performance")
    world.put(replace(on(2, (10_000, 2_400)), where=STRAVA))
    assert world.told("predict_performance") == whole
    world.give("strava:activities")
    assert world.told("predict_performance", {"distance": "10k"})["races"]["vdot"] == [
        51.94
    ]


def test_a_default_answer_is_short(world: World) -> None:
    world.put(*(on(d, (42_195, 11_000 + d), whole_m=42_195) for d in range(1, 80)),
              on_a_line(3, 800, 1_700), on(4, (20_000, 2_400)))  # fmt: skip
    told = asked(world)
    assert len(json.dumps(told)) < 4_000
