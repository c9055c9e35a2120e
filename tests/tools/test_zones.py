"""Zones: the published boundaries, what they rest on, and who may see them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import (
    ActivityDetail,
    Details,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)
from pierre_mcp.model.recording import NewRecording
from tests.gate.world import OWNER, World
from tests.stores import STRAVA, a_recording

ALL = ["heart_rate", "power", "pace", "swim"]
TOLD = {
    Kind.THRESHOLD_HEART_RATE: 170.0,
    Kind.FTP: 250.0,
    Kind.THRESHOLD_SPEED: 4.0,
    Kind.THRESHOLD_SWIM_SPEED: 1.0,
}


def telling(facts: dict[Kind, float], **how: Any) -> NewRecording:
    told = [Fact(kind=k, value=v, origin=Origin.USER_PROFILE) for k, v in facts.items()]
    return replace(a_recording(bare=True, **how), athlete=tuple(told))


def asked(world: World, **question: Any) -> dict[str, dict[str, Any]]:
    told = world.told("calculate_zones", question, of=OWNER)
    return {one["kind"]: one for one in told["zones"]}


def fault(world: World, **question: Any) -> str:
    answer = world.ask("calculate_zones", question, of=OWNER)
    assert answer.code == "arguments_invalid"
    return answer.text.removeprefix("arguments_invalid: ")


def bounds(one: dict[str, Any]) -> list[tuple[str, float | None, float | None]]:
    return list(zip(one["zone"], one["low"], one["high"], strict=True))


# --- published boundaries


def test_friel_of_a_threshold_heart_rate(world: World) -> None:
    """Below 85, 85-89, 90-94, 95-99, 100-102, 103-106, above 106 %: of 100 bpm."""
    told = asked(world, zones="friel_run", threshold=100)["heart_rate"]
    assert bounds(told) == [
        ("1", None, 84), ("2", 85, 89), ("3", 90, 94), ("4", 95, 99),
        ("5a", 100, 102), ("5b", 103, 106), ("5c", 107, None),
    ]  # fmt: skip
    assert told["unit"] == "bpm"
    assert told["basis"].endswith("threshold heart rate 100 bpm (given).")


def test_coggan_of_an_ftp(world: World) -> None:
    """Below 55, 56-75, 76-90, 91-105, 106-120, 121-150, above 150 %: of 100 W."""
    told = asked(world, zones="power", threshold=100)["power"]
    assert bounds(told) == [
        ("1", None, 54), ("2", 55, 75), ("3", 76, 90), ("4", 91, 105),
        ("5", 106, 120), ("6", 121, 150), ("7", 151, None),
    ]  # fmt: skip
    assert (told["unit"], told["seconds"]) == ("W", [])


def test_karvonen_of_reserve(world: World) -> None:
    """Of 50 to 190 bpm 60 to 70 % of reserve are 134 to 148."""
    given = {"max_heart_rate_bpm": 190, "resting_heart_rate_bpm": 50}
    told = asked(world, **given)["heart_rate"]
    assert told["basis"].startswith("karvonen ")
    assert bounds(told)[1] == ("2", 134, 147)
    assert bounds(told)[0] == ("1", 120, 133)


def test_a_maximum_by_age(world: World) -> None:
    """Tanaka's at 40 years: 180."""
    told = asked(world, birth_year=1986)["heart_rate"]
    assert told["low"] == [90, 108, 126, 144, 162]
    assert "180 bpm (estimate: 208 - 0.7 age (Tanaka)" in told["basis"]
    assert "may be 20 bpm off" in told["basis"]
    told = asked(world, birth_year=1986, max_heart_rate_bpm=200)["heart_rate"]
    assert told["low"][0] == 100, "what is given itself counts first"


def test_paces_begin_slow(world: World) -> None:
    """Friel's zones of pace: slower than 129 %, 114-129, 106-113, ... of 100 s."""
    told = asked(world, zones="pace", threshold=300)["pace"]
    assert told["unit"] == "s/km"
    assert bounds(told) == [
        ("1", None, 387), ("2", 387, 342), ("3", 342, 318), ("4", 318, 300),
        ("5a", 300, 291), ("5b", 291, 270), ("5c", 270, None),
    ]  # fmt: skip


def test_swimming(world: World) -> None:
    told = asked(world, zones="fitzgerald_swim", threshold=90)["swim"]
    assert told["unit"] == "s/100 m"
    assert told["zone"] == ["1", "2", "X", "3", "Y", "4", "5"]
    assert told["low"][0] == 120, "75 % of the speed"
    assert told["low"][4] == 90
    assert told["high"][-1] is None


# --- which method, of what


def test_all_that_can_be_told_is_and_the_rest_says_what_to_do(world: World) -> None:
    world.put(telling({Kind.FTP: 250.0}))
    told = asked(world)
    assert [*told] == ALL
    assert told["power"]["basis"] == (
        "coggan (FTP, Allen & Coggan 2010): FTP 250 W (files, since 2026-02-01)."
    )
    for kind, option in (
        ("heart_rate", "threshold-heart-rate 170"),
        ("pace", "threshold-pace 4:10/km"),
        ("swim", "threshold-swim-pace 1:45"),
    ):
        assert told[kind]["zone"] == told[kind]["low"] == told[kind]["seconds"] == []
        assert told[kind]["basis"].endswith(f"pierre-mcp athlete set --{option}")


def test_told_comes_before_estimated_and_threshold_before_maximum(
    world: World,
) -> None:
    hard: Details = {
        Category.ACTIVITIES: ActivityDetail(),
        Category.HEART_RATE: HeartRateDetail(mean_max_bpm=(180.0,) * 33),
    }  # of 20 min and more
    world.put(replace(a_recording(day="2026-02-20"), details=hard))
    first = asked(world)["heart_rate"]["basis"]
    assert first.startswith("friel_run ")
    assert "171 bpm (estimate: 95 % of the highest 20 min in 90 days" in first
    assert first.endswith("An estimate is as good as the hardest effort that it is of.")
    told = {Kind.MAX_HEART_RATE: 190.0}
    world.put(telling(told))
    assert asked(world)["heart_rate"]["basis"].startswith("percent_of_max ")
    world.put(telling({**told, Kind.RESTING_HEART_RATE: 50.0}, day="2026-02-02"))
    assert asked(world)["heart_rate"]["basis"].startswith("karvonen ")
    world.put(telling({Kind.THRESHOLD_HEART_RATE: 168.0}, day="2026-02-03"))
    assert asked(world)["heart_rate"]["basis"].startswith("friel_run ")


@pytest.mark.parametrize(
    ("question", "kinds", "method"),
    [
        ({"zones": "friel_ride"}, ["heart_rate"], "friel_ride"),
        ({"zones": "swim"}, ["swim"], "fitzgerald_swim"),
        ({"zones": "three_zones"}, ALL, "three_zones"),
        ({"max_heart_rate_bpm": 200}, ["heart_rate"], "percent_of_max"),
        ({"zones": "heart_rate", "threshold": 150}, ["heart_rate"], "friel_run"),
        ({"zones": "friel_ride", "threshold": 150}, ["heart_rate"], "friel_ride"),
        ({"resting_heart_rate_bpm": 45}, ["heart_rate"], "karvonen"),
    ],
)
def test_what_is_asked_for(
    world: World, question: Any, kinds: list[str], method: str
) -> None:
    world.put(telling({**TOLD, Kind.MAX_HEART_RATE: 190.0}))
    told = asked(world, **question)
    assert [*told] == kinds
    assert all(one["basis"].startswith(f"{method} ") for one in told.values())


def test_what_is_given_counts_for_this_answer_alone(world: World) -> None:
    world.put(telling(TOLD))
    before = asked(world)
    told = asked(world, zones="power", threshold=300)["power"]
    assert "FTP 300 W (given)" in told["basis"]
    assert asked(world) == before


def test_a_changed_threshold_changes_zones_at_once(world: World) -> None:
    world.put(telling({Kind.FTP: 250.0}))
    assert asked(world, zones="power")["power"]["high"][0] == 137
    world.put(telling({Kind.FTP: 300.0}, day="2026-02-20"))
    told = asked(world, zones="power")["power"]
    assert told["high"][0] == 164
    assert "300 W (files, since 2026-02-20)" in told["basis"]


def test_a_maximum_below_rest_gives_no_zones(world: World) -> None:
    given = {"max_heart_rate_bpm": 90, "resting_heart_rate_bpm": 120}
    told = asked(world, zones="karvonen", **given)["heart_rate"]
    assert told["zone"] == told["low"] == []
    assert told["basis"].endswith("must be above the heart rate at rest.")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"threshold": 250}, "threshold: zones should say of what"),
        ({"threshold": 250, "zones": "three_zones"}, "threshold: zones should say"),
        ({"threshold": 170, "zones": "karvonen"}, "threshold: zones should say"),
        ({"threshold": 1_500, "zones": "power"}, "threshold: nobody has such"),
        ({"threshold": 20, "zones": "pace"}, "threshold: nobody has such"),
        ({"threshold": 30, "zones": "heart_rate"}, "threshold: nobody has such"),
        ({"threshold": 10, "zones": "power"}, "threshold: should be greater"),
        ({"birth_year": 2027}, "birth_year: should be a year that has begun"),
        ({"zones": "mine"}, "zones: should be 'heart_rate'"),
        ({"days": 0}, "days: should be greater"),
    ],
)
def test_what_is_not_taken(world: World, question: Any, said: str) -> None:
    assert fault(world, **question).startswith(said)


# --- time in zones


def trained(day: str, sport: Sport, **how: Any) -> NewRecording:
    """Ten minutes at 150 bpm and five at 171; at 200 W; at 3 and 0.2 m/s."""
    beats = [0] * 22
    beats[0], beats[21] = 600, 300
    details: Details = {
        Category.ACTIVITIES: ActivityDetail(
            speed=Histogram(first=4, seconds=(300, *[0] * 55, 600))
        ),
        Category.HEART_RATE: HeartRateDetail(
            bpm=Histogram(first=150, seconds=tuple(beats))
        ),
        Category.POWER: PowerDetail(power=Histogram(first=200, seconds=(900,))),
    }
    return replace(a_recording(day=day, sport=sport, **how), details=details)


@pytest.fixture
def full(world: World) -> World:
    """A run and a ride of February, and a run of January."""
    world.put(
        telling(TOLD),
        trained("2026-02-10", Sport.RUNNING),
        trained("2026-02-11", Sport.CYCLING),
        trained("2026-01-10", Sport.RUNNING),
    )
    return world


def test_time_in_each_zone(full: World) -> None:
    told = asked(full, days=30)
    assert told["heart_rate"]["seconds"] == [0, 1_200, 0, 0, 600, 0, 0]
    assert told["power"]["seconds"] == [0, 0, 900, 0, 0, 0, 0], "of the ride alone"
    assert told["pace"]["seconds"] == [600, 0, 0, 0, 0, 0, 0], "and not of standing"
    assert told["swim"]["seconds"] == []
    assert told["heart_rate"]["basis"].endswith(
        " Seconds by these zones over 2 activities in 30 days."
    )
    assert told["swim"]["basis"].endswith(
        " No activity of the last 30 days tells time in them."
    )
    longer = asked(full, days=60)["heart_rate"]
    assert longer["seconds"] == [0, 1_800, 0, 0, 900, 0, 0]


def test_time_below_the_first_zone_is_said(full: World) -> None:
    told = asked(full, max_heart_rate_bpm=240, resting_heart_rate_bpm=100, days=30)
    assert told["heart_rate"]["seconds"] == [600, 0, 0, 0, 0]
    assert "1200 below the first." in told["heart_rate"]["basis"]


def test_without_days_there_is_no_time(full: World) -> None:
    assert all(one["seconds"] == [] for one in asked(full).values())


# --- consent


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize(
    ("category", "gone"), [("heart_rate", "heart_rate"), ("power", "power")]
)
def test_what_is_withheld_is_absent_whether_it_exists_or_not(
    full: World, category: str, gone: str
) -> None:
    full.give_training()
    full.withdraw(f"files:{category}")
    told = full.told("calculate_zones", {"days": 30})
    assert [one["kind"] for one in told["zones"]] == [k for k in ALL if k != gone]
    assert told["withheld"] == [{"source": "files", "category": category}]
    full.by_hand("DELETE FROM athlete WHERE category = ?", (category,))
    full.by_hand("DELETE FROM details WHERE category = ?", (category,))
    assert full.told("calculate_zones", {"days": 30}) == told
    only = full.ask("calculate_zones", {"zones": category})
    assert only.text.startswith("None of these zones may be told.")


@pytest.mark.promise("consent.granular")
def test_a_birth_year_alone_does_not_tell_zones_of_a_withheld_heart(
    world: World,
) -> None:
    world.put(telling({Kind.BIRTH_YEAR: 1986.0}))
    world.give_training()
    told = world.told("calculate_zones", {"zones": "heart_rate"})
    assert "(Tanaka)" in told["zones"][0]["basis"]
    world.withdraw("files:heart_rate")
    assert world.told("calculate_zones", {"zones": "heart_rate"})["zones"] == []


@pytest.mark.promise("consent.granular")
def test_without_profile_the_birth_year_is_not_known(world: World) -> None:
    world.put(telling({Kind.BIRTH_YEAR: 1986.0}))
    world.give_training()
    world.withdraw("files:profile")
    told = world.told("calculate_zones", {"zones": "heart_rate"})
    assert told["zones"][0]["zone"] == []
    world.withdraw("files:activities")
    assert world.ask("calculate_zones").code == "consent_missing"


def test_of_what_is_given_nothing_stored_is_told(full: World) -> None:
    """Zones of a threshold given are of no one, and no time is told with them."""
    full.give_training()
    full.withdraw("files:power")
    question = {"zones": "power", "threshold": 250, "days": 30}
    (told,) = full.told("calculate_zones", question)["zones"]
    assert told["high"][0] == 137
    assert told["seconds"] == []
    assert "30 days" not in told["basis"]


@pytest.mark.promise("consent.granular")
def test_a_source_that_is_withheld_adds_nothing(full: World) -> None:
    full.give_training()
    before = full.told("calculate_zones", {"days": 30})
    full.put(
        replace(telling({Kind.FTP: 300.0}, day="2026-02-20"), where=STRAVA),
        trained("2026-02-12", Sport.RUNNING, where=STRAVA),
    )
    assert full.told("calculate_zones", {"days": 30}) == before


def test_an_empty_store_says_what_to_do(world: World) -> None:
    told = asked(world, days=30)
    assert [*told] == ALL
    assert all("athlete set" in one["basis"] for one in told.values())


def test_a_default_answer_is_short(full: World) -> None:
    assert len(json.dumps(asked(full, days=90))) < 4_000
