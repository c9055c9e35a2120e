"""Activities side by side, as an assistant gets them."""

from typing import Any

import pytest

from pierre_mcp.gate.exits import DEFAULT_BYTES
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.tools.comparison import ComparisonReply
from tests.gate.world import OTHER, OWNER, World
from tests.services.made import activity, ride, run
from tests.stores import STRAVA, a_recording

TOOL = "compare_activities"
FACTS = {
    Kind.FTP: 250.0,
    Kind.THRESHOLD_HEART_RATE: 165.0,
    Kind.MAX_HEART_RATE: 185.0,
}


def ids(world: World, *, of: Any = "claude-desktop") -> list[str]:
    """Newest first."""
    found: list[str] = world.told("get_activities", of=of)["activities"]["id"]
    return found


def beside(world: World, *, of: Any = "claude-desktop") -> dict[str, Any]:
    """All activities, newest first."""
    return world.told(TOOL, {"ids": ids(world, of=of)}, of=of)


def test_numbers_stand_side_by_side(world: World) -> None:
    world.put(
        activity(ride(3_600), facts=FACTS),
        activity(ride(1_800, watts=220, bpm=150), ago=7),
    )
    world.give_training()
    told = beside(world)
    assert told["id"] == ids(world)
    assert told["day"] == ["2026-01-31", "2026-01-24"]
    assert told["source"] == ["files", "files"]
    assert told["sport"] == ["cycling", "cycling"]
    assert told["moving_s"] == [3_599, 1_799]
    assert told["speed_m_s"] == pytest.approx([8, 8], abs=0.01)
    assert told["normalized_power_w"] == [200, 220]
    assert told["mean_bpm"] == told["max_bpm"] == [140, 150]
    assert told["tss"] == pytest.approx([64.0, 38.7], abs=0.1)
    assert told["tss_by"] == ["power", "power"]
    assert told["best_1200_s_w"] == [200, 220]
    assert told["best_10_km_s"] == [1_250, 1_250]
    assert told["efficiency_factor"] == pytest.approx([1.429, 1.467], abs=1e-3)
    assert told["decoupling_percent"] == [0, 0]
    assert told["thresholds"] == ["ftp_w 250 since 2026-01-31, files"]
    assert [one.split(",")[0] for one in told["coverage"]] == ["heart rate 100 %"] * 2
    assert told["caveats"] == []
    assert set(told) == ComparisonReply.model_fields.keys()


def test_the_order_is_that_asked_for(world: World) -> None:
    world.put(*(activity(ride(watts=200 + n), ago=n) for n in range(5)))
    world.give_training()
    those = ids(world)
    shuffled = [those[i] for i in (3, 0, 4, 1, 2)]
    told = world.told(TOOL, {"ids": shuffled})
    assert told["id"] == shuffled
    assert told["normalized_power_w"] == [203, 200, 204, 201, 202]


def test_the_line_says_what_differs_most(world: World) -> None:
    world.put(
        activity(ride(1_300), facts=FACTS), activity(ride(1_300, watts=240), ago=1)
    )
    world.give_training()
    text = world.ask(TOOL, {"ids": ids(world)}).text
    assert text.startswith(
        "2 activities, 2026-01-31, 2026-01-30, TSS differs most: 23.1 to 33.3, +44 %.\n"
    )


def test_a_line_of_what_is_alike_says_no_difference(world: World) -> None:
    world.put(activity(ride()), activity(ride(), ago=1))
    world.give_training()
    text = world.ask(TOOL, {"ids": ids(world)}).text
    assert text.startswith("2 activities, 2026-01-31, 2026-01-30.\n")


def test_what_does_not_compare_is_said(world: World) -> None:
    world.put(activity(ride(), facts=FACTS),
              activity(run(), sport=Sport.RUNNING, ago=1))  # fmt: skip
    world.give_training()
    told = beside(world)
    assert told["caveats"] == [
        "different sports: speed, power and efficiency do not compare",
        "loads by different methods compare roughly",
        "efficiency factors of different outputs: graded_speed, power",
    ]


def test_totals_alone_are_null(world: World) -> None:
    world.put(a_recording(bare=True), a_recording(bare=True, day="2026-01-01"))
    world.give_training()
    told = beside(world)
    for name in ("mean_bpm", "tss", "tss_by", "best_1_km_s", "decoupling_percent"):
        assert told[name] == [None, None], name


# --- consent


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("category", ["heart_rate", "power"])
def test_what_is_not_consented_to_is_absent(world: World, category: str) -> None:
    world.put(activity(ride(), facts=FACTS), activity(ride(), ago=3))
    world.give_training()
    world.withdraw(f"files:{category}")
    told = beside(world)
    own = {
        "heart_rate": {"mean_bpm", "max_bpm"},
        "power": {
            "normalized_power_w", "variability_index",
            "best_60_s_w", "best_300_s_w", "best_1200_s_w",
        },
    }[category]  # fmt: skip
    derived = {"efficiency_factor", "decoupling_percent"}
    assert ComparisonReply.model_fields.keys() - told.keys() == own | derived
    assert {pair["category"] for pair in told["withheld"]} == {category, "location"}


@pytest.mark.promise("consent.granular")
def test_a_column_allowed_of_one_source_has_null_for_the_other(world: World) -> None:
    world.put(activity(ride()), activity(ride(), ago=3, where=STRAVA))
    world.give_training(sources=("files", "strava"))
    world.withdraw("strava:heart_rate")
    told = beside(world)
    assert told["source"] == ["files", "strava"]
    assert told["mean_bpm"] == [140, None]
    assert {"source": "strava", "category": "heart_rate"} in told["withheld"]


@pytest.mark.promise("tenant.isolation")
def test_ids_of_another_recipient_are_unknown_and_none_is_named(world: World) -> None:
    world.put(activity(ride()), activity(ride(), ago=1))
    for recipient in ("claude-desktop", OTHER):
        world.give_training(to=recipient)
    own, theirs = ids(world), ids(world, of=OTHER)
    assert not set(own) & set(theirs)
    answers = {
        world.ask(TOOL, {"ids": pair}).text
        for pair in ([own[0], theirs[1]], [theirs[0], own[1]], theirs, ["x", own[0]])
    }
    assert len(answers) == 1
    assert answers.pop().startswith("activity_unknown: ")
    assert world.ask(TOOL, {"ids": ids(world, of=OWNER)}).code == "activity_unknown"


@pytest.mark.promise("tenant.isolation")
def test_an_activity_that_may_not_be_read_is_as_unknown_as_none(world: World) -> None:
    world.put(activity(ride()), activity(ride(), ago=1, where=STRAVA))
    world.give_training(sources=("files", "strava"))
    those = ids(world)
    world.withdraw("strava:activities")
    answers = {
        world.ask(TOOL, {"ids": [those[0], other]}).text for other in (those[1], "B")
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    "wrong", [[], ["a"], ["a", "a"], ["a"] * 6, list("abcdef"), ["a", ""], "ab"]
)
def test_two_to_five_different_ones_are_compared(world: World, wrong: Any) -> None:
    world.give_training()
    assert world.ask(TOOL, {"ids": wrong}).code == "arguments_invalid"


def test_five_fit_the_budget(world: World) -> None:
    world.put(*(activity(ride(3_601), ago=n, facts=FACTS) for n in range(5)))
    world.give_training(extras=(Category.LOCATION,))
    beside(world)
    assert world.last_row()["size"] < DEFAULT_BYTES / 2
