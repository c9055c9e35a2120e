"""Training load: published values to today, each source of load said, none invented."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import HeartRateDetail, Histogram
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services.athlete import recording_of
from pierre_mcp.services.athlete_plan import plan
from tests.gate.world import OWNER, World
from tests.services.test_loads import ALL, done, knowing, with_heart, with_power
from tests.stores import STRAVA

TODAY = date(2026, 3, 1)
"""A Sunday; it is one in the morning."""


def asked(world: World, **question: Any) -> dict[str, Any]:
    return world.told("analyze_training_load", question)


def line(world: World, **question: Any) -> str:
    return world.ask("analyze_training_load", question).text.partition("\n")[0]


def back(days: int) -> str:
    return str(TODAY - timedelta(days=days))


def ride(days: int, normalized_w: float = 250.0) -> NewRecording:
    """An hour of cycling some days ago, by default at the FTP of ``ALL``: 100."""
    return with_power(done(Sport.CYCLING, day=back(days)), normalized_w)


def newest(told: dict[str, Any], name: str) -> Any:
    """The newest row that is not projected."""
    rows = told["rows"]
    return rows[name][rows["projected"].index(False)]


@pytest.fixture
def even(world: World) -> World:
    """An hour at threshold on each of the last 42 days."""
    world.put(*(knowing(ride(days), ALL) for days in range(42)))
    world.give_training()
    return world


def test_an_hour_at_threshold_a_day_gives_the_published_values(even: World) -> None:
    """SCIENCE: 100 a day for 42 days gives CTL 63.212; ATL is near 100 by then."""
    told = asked(even)
    assert told["ctl"] == 63.2
    assert told["atl"] == 99.8
    assert told["tsb"] == pytest.approx(62.3 - 99.7, abs=0.11), "of the day before"
    assert told["ramp_rate"] == pytest.approx(63.21 - 56.54, abs=0.06)
    assert (told["monotony"], told["strain"], told["acwr"]) == (None, None, 1.0)
    assert told["coverage"] == "a load for 42 of 42 activities"
    assert told["parts"] == {
        "name": ["power", "cycling"], "activities": [42, 42], "load": [4_200.0] * 2,
    }  # fmt: skip
    assert told["thresholds"] == [f"ftp_w 250 since {back(41)}, files"]
    assert told["caveats"] == [f"history begins {back(41)}: ctl is still rising"]
    assert line(even) == (
        "2026-03-01: CTL 63 (fitness), ATL 100 (fatigue), TSB -37 (form: "
        "yesterday's fitness less fatigue); "
        "a load for 42 of 42 activities."
    )


def test_rest_decays_to_today_and_beyond(world: World) -> None:
    world.put(knowing(ride(7), ALL))
    world.give_training()
    told = asked(world, project_days=1, by="day")
    assert told["atl"] == pytest.approx(13.3122 / 2.71828, abs=0.05)
    assert told["rows"]["load"] == [0.0] * 8 + [100.0]
    assert told["rows"]["projected"] == [True] + [False] * 8
    assert told["rows"]["day"][0] == "2026-03-02"
    assert told["rows"]["atl"][-1] == 13.3
    assert told["rows"]["ctl"] == sorted(told["rows"]["ctl"])
    assert told["rows"]["method"] == [None] * 8 + ["power"]
    assert told["rows"]["activities"] == [None] + [0] * 7 + [1]


def test_what_is_planned_is_projected_and_marked(even: World) -> None:
    rest, work = asked(even), asked(even, planned_tss=150.0)
    assert (rest["ctl"], rest["tsb"]) == (work["ctl"], work["tsb"])
    assert rest["rows"]["day"][:3] == ["2026-03-15", "2026-03-08", "2026-03-01"]
    assert rest["rows"]["projected"][:3] == [True, True, False]
    assert rest["rows"]["ctl"][0] < newest(rest, "ctl") < work["rows"]["ctl"][0]
    assert work["rows"]["load"][:3] == [1_050.0, 1_050.0, 700.0]
    assert work["rows"]["no_load"][:3] == [None, None, 0]
    assert True not in asked(even, project_days=0)["rows"]["projected"]


def test_weeks_begin_on_mondays_and_days_are_days(even: World) -> None:
    weeks = asked(even, from_day=back(8), project_days=0)
    assert weeks["from_day"] == "2026-02-16", "the Monday of that week"
    assert weeks["rows"]["day"] == ["2026-03-01", "2026-02-22"]
    assert weeks["rows"]["activities"] == [7, 7]
    days = asked(even, from_day=back(8), project_days=0, by="day")
    assert days["from_day"] == back(8)
    assert len(days["rows"]["day"]) == 9
    for name in ("ctl", "atl", "tsb"):
        assert newest(days, name) == newest(weeks, name) == days[name] == weeks[name]


def test_no_zero_is_negative(world: World) -> None:
    """Long after a ride a little less than nothing is told as nothing."""
    world.put(knowing(ride(200), ALL))
    world.give_training()
    rows = asked(world, from_day=back(199), by="week")["rows"]
    told = asked(world)
    assert told["ramp_rate"] == 0
    assert "-0.0" not in repr((told, rows))


def test_thresholds_are_those_of_the_days_asked_for(world: World) -> None:
    """What was told later had no part in the loads of these days."""
    later = {Kind.FTP: 300.0}
    world.put(knowing(ride(100), ALL), knowing(ride(1, 300.0), later))
    world.give_training()
    assert asked(world, to_day=back(50))["thresholds"] == [
        f"ftp_w 250 since {back(100)}, files"
    ]
    assert asked(world)["thresholds"] == [f"ftp_w 300 since {back(1)}, files"]


def test_to_an_earlier_day_nothing_is_projected(even: World) -> None:
    told = asked(even, to_day=back(35))
    assert told["to_day"] == back(35)
    assert told["rows"]["projected"] == [False], "a week"
    assert told["ctl"] == pytest.approx(15.35, abs=0.06), "7 days of 100"
    assert told["atl"] == 63.2, "SCIENCE: ATL7"


def test_no_day_lies_ahead_of_today(even: World) -> None:
    assert asked(even, to_day="2027-01-01") == asked(even)


def test_what_was_before_the_range_counts(even: World) -> None:
    short = asked(even, from_day=back(2), by="day", project_days=0)
    assert short["ctl"] == 63.2
    assert short["coverage"] == "a load for 3 of 3 activities"


def test_one_sport_and_all(world: World) -> None:
    run = with_heart(done(Sport.RUNNING, day=back(1)), 170)
    walk = done(Sport.WALKING, day=back(1))
    world.put(knowing(ride(2), ALL), run, walk)
    world.give_training()
    every, running = asked(world, by="day"), asked(world, by="day", sport="running")
    assert every["parts"] == {
        "name": ["power", "heart_rate", "running", "cycling", "walking"],
        "activities": [1, 1, 1, 1, 1],
        "load": [100.0, 100.0, 100.0, 100.0, None],
    }
    assert newest(every, "no_load") == 0
    yesterday = every["rows"]["day"].index(back(1))
    assert every["rows"]["method"][yesterday] == "heart_rate"
    assert every["rows"]["activities"][yesterday] == 2
    assert every["rows"]["no_load"][yesterday] == 1
    assert every["coverage"] == "a load for 2 of 3 activities"
    assert running["parts"]["name"] == ["heart_rate", "running"]
    assert running["from_day"] == back(1), "there was no run before"
    assert running["ctl"] < every["ctl"]
    assert asked(world, sport="yoga")["data_availability"] == "outside_range"


def test_intensities_and_what_they_rest_on(world: World) -> None:
    """Eight parts low, none moderate to speak of, the rest high: Treff's 2.38."""
    beats = [0] * 71
    for bpm, seconds in ((120, 2_880), (160, 180), (175, 540)):
        beats[bpm - 110] = seconds
    one = with_heart(done(Sport.RUNNING, day=back(1)), 120)
    spread = HeartRateDetail(bpm=Histogram(first=110, seconds=tuple(beats)))
    details = {next(iter(one.details)): spread}
    world.put(knowing(replace(one, details=details), ALL))
    world.give_training()
    zones = asked(world)["zones"]
    assert zones == {
        "by": [
            "threshold_heart_rate_bpm, groups of Fitzgerald & Warden 2018: 1 activity"
        ],
        "low_s": [2_880], "moderate_s": [180], "high_s": [540],
        "polarization": [2.38],
    }  # fmt: skip


def test_guesses_look_like_guesses(world: World) -> None:
    """No maximum was told, and age gives one; sex and rest are assumed."""
    told = {Kind.THRESHOLD_HEART_RATE: 160.0, Kind.BIRTH_YEAR: 1986.0}
    world.put(
        knowing(with_heart(done(Sport.RUNNING, day=back(1)), 150), told),
        done(Sport.RUNNING, day=back(1)),
        done(Sport.CYCLING, day=back(200)),
    )
    world.give_training()
    got = asked(world)
    assert (
        f"max_heart_rate_bpm 180 since 2026-01-01, estimate: {TANAKA}"
        in (got["thresholds"])
    )
    assert got["caveats"] == [
        "estimated, told by nobody: max_heart_rate_bpm",
        "resting heart rate unknown: 60",
        "sex unknown: men's weights of heart rate",
        "unknown: ftp_w, threshold_speed_m_s (estimates look back 420 days)",
    ]


TANAKA = "208 - 0.7 age (Tanaka)"


def test_nothing_that_is_told_is_no_zero(world: World) -> None:
    """Activities without a load leave fitness unknown, and not at nothing."""
    world.put(done(Sport.CYCLING, day=back(3)))
    world.give_training()
    told = asked(world)
    assert "ctl" not in told
    assert told["rows"] == {name: [] for name in told["rows"]}
    assert told["coverage"] == "a load for 0 of 1 activity"
    assert told["caveats"][0].startswith("unknown: ftp_w")
    assert line(world).startswith("No load can be told: a load for 0")


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({}, "not_imported"),
        ({"from_day": "2026-02-02", "to_day": "2026-02-01"}, "not_imported"),
        ({"to_day": "0001-01-01"}, "not_imported"),
    ],
)
def test_nothing_says_why(world: World, question: dict[str, Any], why: str) -> None:
    world.give_training()
    told = asked(world, **question)
    assert told["data_availability"] == why
    assert told["rows"] == {}
    assert "ctl" not in told
    assert line(world, **question).startswith("No activities")


def test_of_one_activity_only_what_can_be_told(world: World) -> None:
    world.put(knowing(ride(0), ALL))
    world.give_training()
    told = asked(world)
    assert (told["ctl"], told["atl"], told["tsb"]) == (2.4, 13.3, 0.0)
    for name in ("ramp_rate", "monotony", "strain", "acwr"):
        assert told[name] is None, "of a single day"


def test_a_day_on_which_nobody_can_do_so_much_is_named(world: World) -> None:
    """A file that runs for months, and any number of files of one day."""
    long = done(Sport.CYCLING, moving_s=5_000_000.0, day=back(1))
    many = [ride(2) for _ in range(11)]
    world.put(knowing(ride(3), ALL), *many)
    world.give_training()
    assert f"load over 1000 a day, last on {back(2)}: check" in asked(world)["caveats"]
    world.put(with_power(long, 250.0, 5_000_000.0))
    for told in (asked(world), world.told("analyze_trends", {"metric": "load"})):
        assert f"load over 1000 a day, last on {back(1)}: check" in told["caveats"]


# --- consent


@pytest.fixture
def mixed(world: World) -> World:
    """A ride with power, a run with heart rate and one by pace, thresholds of all."""
    run = with_heart(done(Sport.RUNNING, day=back(2), graded_m_s=4.0), 170)
    paced = done(Sport.RUNNING, day=back(1), graded_m_s=4.0)
    told = ALL | {Kind.SEX: 0.0}
    world.put(knowing(with_heart_too(ride(3)), told), run, paced)
    world.give_training()
    return world


def with_heart_too(one: NewRecording) -> NewRecording:
    return with_heart(one, 160)


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize(
    ("withdrawn", "methods", "kinds", "caveats"),
    [
        pytest.param(
            (), ["power", "heart_rate", "pace"],
            ["ftp_w", "threshold_heart_rate_bpm", "max_heart_rate_bpm",
             "resting_heart_rate_bpm", "threshold_speed_m_s"], [], id="all"
        ),
        pytest.param(
            ("heart_rate",), ["power", "pace"], ["ftp_w", "threshold_speed_m_s"],
            ["heart rate not allowed"], id="no heart rate",
        ),
        pytest.param(
            ("power",), ["heart_rate", "pace"],
            ["threshold_heart_rate_bpm", "max_heart_rate_bpm",
             "resting_heart_rate_bpm", "threshold_speed_m_s"],
            ["power not allowed"], id="no power",
        ),
        pytest.param(
            ("power", "heart_rate"), ["pace"], ["threshold_speed_m_s"],
            ["heart rate not allowed", "power not allowed"], id="neither",
        ),
        pytest.param(
            ("profile",), ["power", "heart_rate", "pace"],
            ["ftp_w", "threshold_heart_rate_bpm", "max_heart_rate_bpm",
             "resting_heart_rate_bpm", "threshold_speed_m_s"],
            ["sex unknown: men's weights of heart rate"], id="no profile",
        ),
    ],
)  # fmt: skip
def test_load_comes_from_what_is_allowed_and_says_so(
    mixed: World,
    withdrawn: tuple[str, ...],
    methods: list[str],
    kinds: list[str],
    caveats: list[str],
) -> None:
    if withdrawn:
        mixed.withdraw(*(f"files:{name}" for name in withdrawn))
    told = asked(mixed)
    named = told["parts"]["name"]
    assert named[: named.index("running")] == methods
    assert [words.split()[0] for words in told["thresholds"]] == kinds
    rising = f"history begins {back(3)}: ctl is still rising"
    assert told["caveats"] == [*caveats, rising]
    lacking = {pair["category"] for pair in told["withheld"]}
    assert lacking == set(withdrawn)
    by = [words.split("_")[0] for words in told["zones"]["by"]] if told["zones"] else []
    assert ("threshold" in by) == ("heart_rate" not in withdrawn)


@pytest.mark.promise("consent.granular")
def test_what_is_withheld_is_absent_whether_it_exists_or_not(mixed: World) -> None:
    mixed.withdraw("files:heart_rate", "files:power", "files:profile")
    before = asked(mixed)
    mixed.by_hand("DELETE FROM athlete WHERE category <> 'activities'")
    mixed.by_hand("UPDATE recordings SET heart_rate = NULL, power = NULL")
    mixed.by_hand("DELETE FROM details WHERE category <> 'activities'")
    assert asked(mixed) == before


def test_a_source_that_is_withheld_adds_nothing(mixed: World) -> None:
    before = asked(mixed)
    mixed.put(replace(ride(0, 300), where=STRAVA))
    assert asked(mixed) == before


def test_without_activities_there_is_no_answer(mixed: World) -> None:
    mixed.withdraw("files:activities")
    answer = mixed.ask("analyze_training_load")
    assert answer.is_error
    assert "consent" in answer.text


def test_the_owner_needs_no_consent(mixed: World) -> None:
    mixed.withdraw()
    told = mixed.told("analyze_training_load", of=OWNER)
    assert told["withheld"] == []
    assert told["parts"]["name"][:3] == ["power", "heart_rate", "pace"]


# --- a long history


def test_ten_years_stay_within_the_budget(world: World) -> None:
    """A made-up athlete, and years of rides before: rows are cut from the oldest."""
    recent = [recording_of(7, s) for s in plan(7, TODAY - timedelta(days=1))[-60:]]
    rides = [ride(days, 150.0 + days % 90) for days in range(100, 3_650, 5)]
    world.put(*recent, knowing(rides[0], ALL), *rides[1:])
    world.give_training(sources=("files", "strava"))
    long = {"from_day": "2016-01-01"}
    for question in ({}, {"by": "day"}, long, {"by": "day", "project_days": 90} | long):
        answer = world.ask("analyze_training_load", question)
        assert len(answer.structured or b"") <= 7_000
    whole = asked(world, from_day="2016-01-01")
    assert whole["truncated"]
    assert "history begins" not in str(whole["caveats"])
    earlier = asked(world, from_day="2016-01-01", to_day=whole["rows"]["day"][-1])
    assert earlier["rows"]["day"][0] == whole["rows"]["day"][-1]
    assert earlier["rows"]["ctl"][0] == whole["rows"]["ctl"][-1]
