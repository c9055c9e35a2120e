"""Trends: whole periods, a slope with its interval, and two ranges side by side."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest

from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.metric_names import MetricName
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services.athlete import recording_of
from pierre_mcp.services.athlete_plan import plan
from pierre_mcp.services.metrics import METRICS
from tests.gate.world import OWNER, World
from tests.services.test_loads import ALL, done, knowing, with_heart, with_power

pytestmark = pytest.mark.unmeasured

TODAY = date(2026, 3, 1)
"""A Sunday."""


def asked(world: World, metric: str, **question: Any) -> dict[str, Any]:
    return world.told("analyze_trends", {"metric": metric, **question})


def line(world: World, metric: str, **question: Any) -> str:
    answer = world.ask("analyze_trends", {"metric": metric, **question})
    return answer.text.partition("\n")[0]


def weeks_ago(weeks: int, days: int = 0) -> str:
    return str(TODAY - timedelta(weeks=weeks, days=days))


def run(day: str, km: float = 10.0, *, moving_s: float = 3_600.0) -> NewRecording:
    return done(Sport.RUNNING, day=day, distance_m=1_000 * km, moving_s=moving_s)


@pytest.fixture
def rising(world: World) -> World:
    """A run on each of ten Sundays, each a kilometre longer than the one before."""
    world.put(*(run(weeks_ago(week), 20 - week) for week in range(10)))
    world.give_training()
    return world


def test_a_slope_is_what_was_put_in(rising: World) -> None:
    told = asked(rising, "distance")
    assert told["slope"] == {
        "per_4_weeks": 4_000.0, "low": 4_000.0, "high": 4_000.0, "clear": True,
    }  # fmt: skip
    assert told["rows"]["period"][:2] == ["2026-02-23", "2026-02-16"]
    assert told["rows"]["value"][:2] == [20_000.0, 19_000.0]
    assert told["rows"]["count"] == [1] * 10 + [0] * 16
    assert told["unit"] == "m"
    assert told["coverage"] == "10 of 10 activities"
    assert told["caveats"] == []
    assert told["method"].startswith("sum, all sports; slope: Theil-Sen")
    assert asked(rising, "pace")["method"].startswith(
        "moving time over distance; lower is faster, running only; "
    )
    assert line(rising, "distance") == ("+4000 m over four weeks; 10 of 10 activities.")


def test_before_anything_is_held_nothing_is_known(rising: World) -> None:
    """Of the 26 weeks sixteen are before the first run: unknown, and not zero."""
    assert asked(rising, "distance")["rows"]["value"][10:] == [None] * 16
    rising.put(run(weeks_ago(12)))
    values = asked(rising, "distance")["rows"]["value"]
    assert values[10:] == [0.0, 0.0, 10_000.0] + [None] * 13


def test_a_week_that_is_not_over_is_in_the_rows_only(rising: World) -> None:
    rising.put(run("2026-02-18", 1.0))
    told = asked(rising, "distance", to_day="2026-02-19")
    assert told["rows"]["value"][:2] == [1_000.0, 18_000.0]
    assert told["slope"]["per_4_weeks"] == 4_000.0
    assert told["caveats"] == ["the last week is not over: only in the rows"]
    assert not asked(rising, "pace", to_day="2026-02-19")["caveats"], "a mean is whole"


@pytest.mark.parametrize(
    ("metric", "question", "value"),
    [
        pytest.param("pace", {}, 300.0, id="an hour for 12 km, over all time"),
        pytest.param("graded_pace", {}, 250.0, id="4 m/s"),
        pytest.param("duration", {}, 5_400.0, id="moving"),
        pytest.param("duration", {"sport": "cycling"}, 1_800.0, id="of one sport"),
        pytest.param("heart_rate", {}, 468_000 / 3_300, id="by time"),
        pytest.param("power", {}, 300.0, id="watts"),
        pytest.param("normalized_power", {}, 300.0, id="of rides"),
        pytest.param("efficiency", {"sport": "cycling"}, 2.5, id="300 W at 120"),
        pytest.param("efficiency", {}, 1.5, id="graded 240 m/min at 160, else 192"),
        pytest.param("ascent", {}, 0.0, id="flat is zero"),
    ],
)
def test_a_week_is_put_together(
    world: World, metric: str, question: dict[str, Any], value: float
) -> None:
    """Two runs of half an hour, one slow and one on a slope, and a ride of half one."""
    day, half = weeks_ago(0, 3), 1_800.0
    slope = with_heart(
        done(Sport.RUNNING, day=day, moving_s=half, distance_m=6_240, graded_m_s=4.0),
        160, 1_800,
    )  # fmt: skip
    flat = run(day, 5.76, moving_s=half)
    ride = done(Sport.CYCLING, day=day, moving_s=half)
    ride = with_power(with_heart(ride, 120, 1_500), 300, 1_800)
    world.put(slope, flat, ride)
    world.give_training()
    told = asked(world, metric, from_day=str(TODAY), **question)
    (found,) = told["rows"]["value"]
    assert found == pytest.approx(value, rel=1e-3)
    assert told["slope"]["per_4_weeks"] is None
    assert told["caveats"][0] == "no slope: fewer than 4 values at different times"
    assert line(world, metric, from_day=str(TODAY), **question).startswith("No slope")


def test_efficiency_is_of_activities_that_were_measured(world: World) -> None:
    """As in analyze_activity: a strap worn for two thirds of the time tells none."""
    day, half = weeks_ago(0, 3), 1_800.0
    ride = done(Sport.CYCLING, day=day, moving_s=half)
    world.put(with_power(with_heart(ride, 120, 1_200), 300, 1_800))
    world.give_training()
    told = asked(world, "efficiency", from_day=str(TODAY), sport="cycling")
    assert told["rows"]["value"] == [None]


def test_load_and_fitness_are_those_of_the_training_load(world: World) -> None:
    rides = [
        with_power(done(Sport.CYCLING, day=weeks_ago(0, day)), 250) for day in range(42)
    ]
    world.put(knowing(rides[-1], ALL), *rides[:-1])
    world.give_training()
    load, ctl = asked(world, "load"), asked(world, "ctl")
    assert load["thresholds"] == ctl["thresholds"] != []
    assert asked(world, "distance")["thresholds"] == []
    assert load["rows"]["value"][:6] == [700.0] * 6
    assert ctl["rows"]["value"][0] == 63.21, "SCIENCE: CTL42"
    assert ctl["coverage"] == load["coverage"] == "42 of 42 activities"
    assert ctl["caveats"] == ["days hang together: the intervals are too narrow"]
    told = world.told("analyze_training_load")
    assert ctl["rows"]["value"][:6] == [
        pytest.approx(value, abs=0.06) for value in told["rows"]["ctl"][2:8]
    ]
    runs = asked(world, "load", sport="running")
    assert runs["data_availability"] == "outside_range"


def test_what_a_load_assumes_is_said(world: World) -> None:
    one = with_heart(done(Sport.RUNNING, day=weeks_ago(0)), 150)
    told = {Kind.MAX_HEART_RATE: 190.0, Kind.THRESHOLD_HEART_RATE: 170.0}
    world.put(knowing(one, told), done(Sport.CYCLING, day=weeks_ago(0)))
    world.give_training()
    assert asked(world, "load")["caveats"] == [
        "resting heart rate unknown: 60",
        "sex unknown: men's weights of heart rate",
        "unknown: ftp_w (estimates look back 420 days)",
        "no slope: fewer than 4 values at different times",
    ]
    world.put(done(Sport.HIKING, day=weeks_ago(0)))
    hiked = asked(world, "ctl", sport="hiking")
    assert hiked["rows"]["value"] == [None] * 26, "no load is not zero"


def test_weight_is_what_was_told(world: World) -> None:
    for week, weight in ((16, 72.0), (12, 71.0), (8, 70.0), (4, 69.0)):
        world.put(knowing(run(weeks_ago(week)), {Kind.WEIGHT: weight}))
    world.give_training(extras=[Category.BODY])
    told = asked(world, "weight")
    assert told["coverage"] == "4 values"
    assert told["slope"]["per_4_weeks"] == -1.0
    assert told["rows"]["value"][::4] == [None, 69.0, 70.0, 71.0, 72.0, None, None]
    assert told["method"].startswith("mean of the changes that were told; slope")
    rest = asked(world, "resting_heart_rate")
    assert rest["data_availability"] == "outside_range"


# --- two ranges


def test_the_range_before(rising: World) -> None:
    """Five Sundays of 20 to 16 km after five of 15 to 11.

    Of five and five values, tables of Mann and Whitney leave out two differences at
    each end for 95 %: 1, 2, and 8, 9 of 1, 2, 2, 3 ... 7, 8, 8, 9 kilometres.
    """
    told = asked(rising, "distance", from_day=weeks_ago(4), compare="previous")
    assert told["compared"] == {
        "from_day": "2025-12-22", "to_day": "2026-01-25",
        "medians": [13_000.0, 18_000.0],
        "shift": 5_000.0, "low": 2_000.0, "high": 8_000.0,
        "percent": 38.46, "clear": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("compare", "first"),
    [("year_before", "2025-01-20"), ("2025-06-11", "2025-06-09")],
)
def test_another_season(rising: World, compare: str, first: str) -> None:
    begin = date.fromisoformat(first)
    rising.put(*(run(str(begin + timedelta(weeks=week)), 17) for week in range(5)))
    told = asked(rising, "distance", from_day=weeks_ago(4), compare=compare)
    of = told["compared"]
    assert of["from_day"] == first
    assert of["to_day"] == str(begin + timedelta(days=34))
    assert (of["medians"], of["shift"]) == ([17_000.0, 18_000.0], 1_000.0)
    assert of["clear"] is False


def test_what_cannot_be_compared_says_so(rising: World) -> None:
    nothing = asked(rising, "pace", compare="2001-01-01")
    assert nothing["compared"] == {"from_day": "2001-01-01", "to_day": "2001-07-01"}
    assert nothing["caveats"] == ["nothing to compare with"]
    same = asked(rising, "pace", compare=weeks_ago(4))
    assert same["caveats"] == ["the two ranges overlap"]
    bad = rising.ask("analyze_trends", {"metric": "pace", "compare": "2026-13-01"})
    assert bad.is_error
    assert "compare: previous, year_before, or the day" in bad.text


def test_months_are_months(rising: World) -> None:
    told = asked(rising, "distance", by="month")
    assert told["from_day"] == "2025-09-01"
    assert told["rows"]["period"][:3] == ["2026-03", "2026-02", "2026-01"]
    assert told["rows"]["value"][:3] == [20_000.0, 70_000.0, 54_000.0]
    assert told["caveats"] == [
        "the last month is not over: only in the rows",
        "no slope: fewer than 4 values at different times",
    ]


@pytest.mark.parametrize(
    "question",
    [{}, {"to_day": "0001-01-01"}, {"from_day": "2026-02-02", "to_day": "2026-02-01"}],
)
def test_nothing_says_why(world: World, question: dict[str, Any]) -> None:
    world.give_training()
    for metric in ("distance", "load", "resting_heart_rate"):
        told = asked(world, metric, **question)
        assert told["data_availability"] == "not_imported"
        assert told["rows"] == {}
        assert line(world, metric, **question) == (
            "No trend: nothing in what may be read and was asked for."
        )


# --- consent


def test_every_metric_has_a_name() -> None:
    assert tuple(METRICS) == get_args(MetricName)


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize(
    ("withdrawn", "closed"),
    [
        ("heart_rate", {"efficiency", "heart_rate", "resting_heart_rate"}),
        ("power", {"power", "normalized_power"}),
        ("profile", set()),
    ],
)
def test_what_is_not_allowed_gives_no_values(
    world: World, withdrawn: str, closed: set[str]
) -> None:
    one = with_power(with_heart(done(Sport.CYCLING, day=weeks_ago(0)), 150), 200)
    world.put(knowing(one, ALL))
    world.give_training()
    world.withdraw(f"files:{withdrawn}")
    words = f"{withdrawn.replace('_', ' ')} not allowed"
    for metric in closed:
        told = asked(world, metric)
        assert told["caveats"] == [words]
        assert told["rows"] == {}
        assert line(world, metric) == f"No trend: {words}."
    if withdrawn == "power":
        told = asked(world, "efficiency", sport="cycling")
        assert told["caveats"] == [words]
        assert asked(world, "load")["rows"]["value"][0] == pytest.approx(63.34, abs=0.1)
    assert asked(world, "weight")["caveats"] == ["body not allowed"]
    assert asked(world, "distance")["coverage"] == "0 of 1 activity"


@pytest.mark.promise("consent.granular")
def test_what_is_withheld_is_absent_whether_it_exists_or_not(world: World) -> None:
    one = with_power(with_heart(run(weeks_ago(0)), 150), 200)
    world.put(knowing(one, ALL | {Kind.WEIGHT: 70.0}))
    world.give_training()
    world.withdraw("files:heart_rate", "files:power", "files:profile")
    before = {metric: asked(world, metric) for metric in METRICS}
    world.by_hand("DELETE FROM athlete WHERE category <> 'activities'")
    world.by_hand("UPDATE recordings SET heart_rate = NULL, power = NULL")
    world.by_hand("DELETE FROM details WHERE category <> 'activities'")
    assert {metric: asked(world, metric) for metric in METRICS} == before


def test_the_owner_needs_no_consent(rising: World) -> None:
    rising.withdraw()
    for metric in METRICS:
        told = rising.told("analyze_trends", {"metric": metric}, of=OWNER)
        assert told["withheld"] == []


def test_ten_years_stay_within_the_budget(world: World) -> None:
    recent = [recording_of(7, s) for s in plan(7, TODAY - timedelta(days=1))[-40:]]
    old = [run(str(TODAY - timedelta(days=day)), 8) for day in range(100, 3_650, 6)]
    world.put(*recent, knowing(old[0], ALL), *old[1:])
    world.give_training(sources=("files", "strava"))
    for metric in METRICS:
        for question in ({}, {"from_day": "2016-01-01", "compare": "year_before"}):
            answer = world.ask("analyze_trends", {"metric": metric, **question})
            assert len(answer.structured or b"") <= 7_000
    assert asked(world, "load", from_day="2016-01-01")["truncated"]


@pytest.mark.parametrize("by", ["week", "month"])
@pytest.mark.parametrize(
    "question",
    [
        {"compare": "9999-12-31"},
        {"from_day": "0001-01-01", "to_day": "0001-03-01", "compare": "previous"},
        {"from_day": "0001-01-01", "to_day": "0001-03-01", "compare": "year_before"},
    ],
)
def test_days_that_no_calendar_has_are_nothing_to_compare_with(
    rising: World, question: dict[str, Any], by: str
) -> None:
    told = asked(rising, "duration", by=by, **question)
    assert told["compared"] == {}
    if "from_day" not in question:
        assert "nothing to compare with" in told["caveats"]
