"""One activity analysed, as an assistant gets it."""

from datetime import date
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest

from pierre_mcp.gate.exits import DEFAULT_BYTES
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services.athlete import SEED, recording_of
from pierre_mcp.services.athlete_plan import plan
from pierre_mcp.tools.analysis import AnalysisReply
from pierre_mcp.tools.classes import mark_of
from tests.gate.world import OWNER, World
from tests.services.made import activity, ride, run
from tests.stores import STRAVA, a_recording

TOOL = "analyze_activity"
FACTS = {
    Kind.FTP: 250.0,
    Kind.THRESHOLD_HEART_RATE: 165.0,
    Kind.MAX_HEART_RATE: 185.0,
    Kind.THRESHOLD_SPEED: 3.5,
    Kind.SEX: 1.0,
}
WITHHELD = ("heart_rate", "power", "profile")


def analysed(world: World, *, of: Any = "claude-desktop") -> dict[str, Any]:
    """The analysis of the newest activity."""
    an_id = world.told("get_activities", of=of)["activities"]["id"][0]
    return world.told(TOOL, {"id": an_id}, of=of)


def a_run_with_power() -> NewRecording:
    columns = run(slope=0.02) | {"power_w": np.full(1_500, 260.0)}
    return activity(columns, sport=Sport.RUNNING, facts=FACTS)


def absent(told: dict[str, Any]) -> set[str]:
    """The fields of the answer that are not in it."""
    return AnalysisReply.model_fields.keys() - told.keys()


# --- what is told


def test_a_ride_is_told_whole(world: World) -> None:
    world.put(
        activity(ride(3_600), facts=FACTS),
        activity(ride(3_600, watts=180), ago=9),
    )
    world.give_training(extras=(Category.LOCATION,))
    told = analysed(world)
    assert told["normalized_power_w"] == 200
    assert told["variability_index"] == 1
    assert (told["tss"], told["tss_by"][0]) == (64.0, "power 64.0")
    assert told["tss_by"][1].startswith("heart_rate ")
    assert told["intensity_factor"] == 0.8
    assert told["efficiency_factor"] == pytest.approx(200 / 140, abs=1e-3)
    assert told["decoupling_percent"] == 0
    assert told["w_bal_low_j"] == 20_000
    assert told["graded_speed_m_s"] is None
    zones = told["zones"]
    by_power = {
        zone: seconds
        for by, zone, seconds in zip(
            zones["by"], zones["zone"], zones["seconds"], strict=True
        )
        if by == "power: coggan"
    }
    assert by_power == {"1": 0, "2": 0, "3": 3_600, "4": 0, "5": 0, "6": 0, "7": 0}
    best = told["best"]
    assert best["of"][:5] == ["power_w"] * 5
    assert best["over"][:5] == [5, 60, 300, 1_200, 3_600]
    assert best["value"][:5] == [200] * 5
    assert best["rank"] == [1] * 7
    assert best["among"] == [2] * 7
    assert best["better_on"] == [None] * 7
    assert told["split_m"] == 1_000
    assert told["splits"]["duration_s"][:2] == [125, 125]
    assert told["splits"]["gap_s_per_km"] is None
    assert told["alike"]["count"] == 1
    assert told["alike"]["name"][2] == "normalized_power_w"
    assert told["alike"]["median"][2] == 180
    assert told["alike"]["percent_lower"][2] == 100
    assert told["thresholds"][0] == "ftp_w 250 since 2026-01-31, files"
    assert "20 kJ assumed" in told["method"]
    assert told["coverage"] == "heart rate 100 %, power 100 %, 3600 s recorded"
    assert absent(told) == {"swolf"}


def test_the_line_tells_what_matters(world: World) -> None:
    easy = activity(ride(watts=90, speed_m_s=9.0), ago=9)
    world.put(activity(ride(3_600), facts=FACTS), easy)
    world.give_training()
    an_id = world.told("get_activities")["activities"]["id"][0]
    line = world.ask(TOOL, {"id": an_id}).text.partition("\n")[0]
    assert line == (
        "Cycling on 2026-01-31, 1 h 00 min, 28.8 km, TSS by power 64.0, normalized "
        "power 200 W, decoupling +0.0 %, best of the year over 5 s, 1 min, 5 min, 20 "
        "min."
    )


def test_a_run_is_graded_where_altitude_may_be_read(world: World) -> None:
    world.put(activity(run(slope=0.05), sport=Sport.RUNNING, facts=FACTS))
    world.give_training(extras=(Category.LOCATION,))
    told = analysed(world)
    pace = 1_000 / 3
    assert told["splits"]["gap_s_per_km"][1] == pytest.approx(
        pace * 3.6 / 4.685, rel=2e-3
    )
    assert told["graded_speed_m_s"] == pytest.approx(3 * 4.685 / 3.6, rel=5e-3)
    assert "decoupling: of mean graded speed" in told["method"]


def test_totals_alone_are_told_as_such(world: World) -> None:
    world.put(a_recording(bare=True))
    world.give_training(extras=(Category.LOCATION,))
    told = analysed(world)
    for name in (
        "mean_bpm", "normalized_power_w", "variability_index", "tss",
        "intensity_factor", "efficiency_factor", "decoupling_percent", "w_bal_low_j",
    ):  # fmt: skip
        assert told[name] is None, name
    assert told["coverage"] == "totals alone, no samples"
    assert told["splits"] == {}
    assert told["best"]["of"] == told["zones"]["by"] == told["tss_by"] == []
    assert absent(told) == {"swolf", "split_m"}


# --- consent


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize(
    "closed",
    [
        pytest.param(those, id=" and ".join(those) or "nothing")
        for those in chain.from_iterable(
            combinations(WITHHELD, n) for n in range(len(WITHHELD) + 1)
        )
    ],
)
@pytest.mark.parametrize("location", [True, False])
@pytest.mark.parametrize("sport", [Sport.RUNNING, Sport.CYCLING])
def test_what_is_not_consented_to_adds_nothing(
    world: World, closed: tuple[str, ...], sport: Sport, *, location: bool
) -> None:
    columns = run(slope=0.02) | {"power_w": np.full(1_500, 260.0)}
    world.put(activity(columns, sport=sport, facts=FACTS))
    world.give_training(extras=(Category.LOCATION,) if location else ())
    if closed:
        world.withdraw(*(f"files:{category}" for category in closed))
    told = analysed(world)
    said = " ".join((*told["tss_by"], *told["thresholds"], *told["zones"]["by"]))
    lacking = {pair["category"] for pair in told["withheld"]}
    assert lacking == {*closed} | (set() if location else {"location"})
    gone = absent(told) - {"swolf"}
    expected: set[str] = set()
    if "heart_rate" in closed:
        expected |= {"mean_bpm", "efficiency_factor", "decoupling_percent"}
        assert "heart_rate" not in said
        assert "heart rate not allowed" in told["caveats"]
        assert "heart rate" not in told["coverage"]
    if "power" in closed:
        expected |= {"normalized_power_w", "variability_index", "w_bal_low_j"}
        assert "power" not in said
        assert "ftp" not in said
        assert "power" not in told["coverage"]
        assert "power_w" not in told["best"]["of"]
        if sport is Sport.CYCLING:
            expected |= {"efficiency_factor", "decoupling_percent"}
    assert gone == expected
    columns_of = {"mean_bpm": "heart_rate", "mean_power_w": "power"}
    for name, category in columns_of.items():
        assert (name in told["splits"]) == (category not in closed)
    assert ("gap_s_per_km" in told["splits"]) == location
    if location:
        graded = told["splits"]["gap_s_per_km"] is not None
        assert graded == (sport is Sport.RUNNING)


@pytest.mark.promise("consent.granular")
def test_without_heart_rate_the_load_is_of_pace_and_says_so(world: World) -> None:
    world.put(a_run_with_power())
    world.give_training()
    world.withdraw("files:heart_rate")
    told = analysed(world)
    assert [one.split()[0] for one in told["tss_by"]] == ["pace"]
    assert told["thresholds"] == ["threshold_speed_m_s 3.5 since 2026-01-31, files"]
    assert (
        "no altitude may be read or was recorded: splits without graded pace"
        in (told["caveats"])
    )


@pytest.mark.promise("consent.granular")
def test_sex_that_may_not_be_read_is_as_unknown_as_none(world: World) -> None:
    world.put(activity(run(), sport=Sport.RUNNING, facts=FACTS | {Kind.SEX: 0.0}))
    world.give_training()
    known = analysed(world)
    world.withdraw("files:profile")
    unknown = analysed(world)
    assert known["tss"] != unknown["tss"]
    assert "sex unknown: men's weights of heart rate" in unknown["caveats"]


@pytest.mark.promise("consent.granular")
def test_another_source_that_may_not_be_read_ranks_nothing(world: World) -> None:
    world.put(activity(ride(watts=200), facts=FACTS),
              activity(ride(watts=300), ago=5, where=STRAVA))  # fmt: skip
    world.give_training()
    told = analysed(world)
    assert set(told["best"]["among"]) == {1}
    assert told["alike"]["count"] == 0
    mine = analysed(world, of=OWNER)
    assert set(mine["best"]["among"]) == {2}


def test_the_owner_sees_the_same(world: World) -> None:
    world.put(activity(ride(), facts=FACTS))
    world.give_training(extras=(Category.LOCATION,))
    mine, theirs = analysed(world, of=OWNER), analysed(world)
    assert mine.pop("id") != theirs.pop("id")
    assert mine == theirs


@pytest.mark.parametrize("an_id", ["x", "A" * 22, "\x00"])
def test_an_unknown_id_is_told_nothing(world: World, an_id: str) -> None:
    world.give_training()
    for of in ("claude-desktop", OWNER):
        assert world.ask(TOOL, {"id": an_id}, of=of).code == "activity_unknown"


# --- size


def test_a_long_ride_among_many_fits_the_budget(world: World) -> None:
    """Every table full: fifty splits, all zones, all bests, five like ones."""
    seconds = 18_000
    time_s = np.arange(float(seconds))
    watts = 200 + 80 * np.sin(time_s / 97)
    columns = ride(seconds, speed_m_s=13.8) | {
        "power_w": watts, "heart_rate_bpm": 140 + 20 * np.sin(time_s / 300),
    }  # fmt: skip
    world.put(
        activity(columns, facts=FACTS),
        *(activity(ride(seconds, speed_m_s=13.0), ago=n + 1) for n in range(5)),
    )
    world.give_training(extras=(Category.LOCATION,))
    told = analysed(world)
    assert len(told["splits"]["duration_s"]) > 40
    assert len(told["zones"]["by"]) == 14
    assert len(told["best"]["of"]) == 9
    assert world.last_row()["size"] < DEFAULT_BYTES / 2


def test_every_derived_field_says_what_it_may_come_from() -> None:
    """A load may be of heart rate, a drift of altitude too."""
    marks = {n: mark_of(f) for n, f in AnalysisReply.model_fields.items()}
    for name, category in (
        ("tss", Category.HEART_RATE),
        ("tss", Category.PROFILE),
        ("efficiency_factor", Category.POWER),
        ("decoupling_percent", Category.LOCATION),
    ):
        mark = marks[name]
        assert mark is not None
        assert category in getattr(mark, "categories", ())


@pytest.mark.parametrize("location", [True, False])
def test_the_demo_athlete_is_analysed(world: World, *, location: bool) -> None:
    """One of each sport of his last weeks."""
    newest = plan(SEED, date(2026, 2, 28))[-24:]
    world.put(*(recording_of(SEED, session) for session in newest))
    sources = {session.source for session in newest}
    extras = (Category.LOCATION,) if location else ()
    world.give_training(sources=sources, extras=extras)
    listed = world.told("get_activities", {"limit": 100})["activities"]
    by_sport = dict(zip(listed["sport"], listed["id"], strict=True))
    assert len(by_sport) > 1
    for an_id in by_sport.values():
        told = world.told(TOOL, {"id": an_id})
        assert told["tss"] is not None or "no load" in " ".join(told["caveats"])
        assert world.last_row()["size"] < DEFAULT_BYTES
