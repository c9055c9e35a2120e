"""One activity whole."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pierre_mcp.gate.exits import EXPLICIT_BYTES
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import (
    MAX_LAPS,
    HeartRateCell,
    NotesCell,
    Pieces,
)
from pierre_mcp.model.details import (
    ActivityDetail,
    HeartRateDetail,
    Lengths,
    PowerDetail,
)
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.tools.activity import MOST_PIECES
from tests.gate.world import OWNER, World
from tests.stores import a_recording


def with_pieces(count: int) -> NewRecording:
    made = a_recording()
    pieces = Pieces(
        start_s=[99_999.9 * 1] * count,
        duration_s=[10_000.1] * count,
        distance_m=[None, *[100_000.5] * (count - 1)] if count else [],
    )
    means = [None, *[199.9] * (count - 1)] if count else []
    return replace(
        made,
        heart_rate=HeartRateCell(mean_bpm=None, max_bpm=None),
        details={
            Category.ACTIVITIES: ActivityDetail(laps=pieces, splits=pieces),
            Category.HEART_RATE: HeartRateDetail(
                lap_mean_bpm=means, split_mean_bpm=means
            ),
            Category.POWER: PowerDetail(
                lap_mean_power_w=means, split_mean_power_w=means
            ),
        },
        notes=NotesCell(name="\U0001f3c3" * 1_000, description="\U0001f3c3" * 20_000),
    )


def of_version_one(made: NewRecording) -> NewRecording:
    """The same as the first release stored it: pieces in the cells."""
    activity = made.details[Category.ACTIVITIES]
    heart = made.details[Category.HEART_RATE]
    assert isinstance(activity, ActivityDetail)
    assert isinstance(heart, HeartRateDetail)
    return replace(
        made,
        activity=made.activity.model_copy(
            update={"laps": activity.laps, "splits": activity.splits}
        ),
        heart_rate=HeartRateCell(
            mean_bpm=None,
            max_bpm=None,
            lap_mean_bpm=heart.lap_mean_bpm,
            split_mean_bpm=heart.split_mean_bpm,
        ),
        details={},
    )


def whole(world: World, **of: Any) -> dict[str, Any]:
    (an_id,) = world.told("get_activities", **of)["activities"]["id"]
    return world.told("get_activity", {"id": an_id}, **of)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("stored", [lambda made: made, of_version_one])
def test_laps_and_splits_come_by_column(
    world: World, count: int, stored: Callable[[NewRecording], NewRecording]
) -> None:
    world.put(stored(with_pieces(count)))
    world.give_training()
    told = whole(world)
    for kind in ("laps", "splits"):
        assert len(told[kind]["start_s"]) == count
        assert told[kind]["mean_bpm"] == [None, 199.9, 199.9][:count]
        assert told[kind]["distance_m"] == [None, 100_000.5, 100_000.5][:count]
    assert told["pieces_truncated"] is False
    assert told["mean_bpm"] is None, "not recorded as a whole"


@pytest.mark.promise("consent.granular")
def test_what_is_not_consented_to_is_absent_in_every_lap(world: World) -> None:
    world.put(with_pieces(3))
    world.give_training()
    world.withdraw("files:heart_rate", "files:power")
    told = whole(world)
    assert "199.9" not in str(told)
    for place in (told, told["laps"], told["splits"]):
        assert not {"mean_bpm", "max_bpm", "mean_power_w", "max_power_w"} & set(place)
    lacking = {pair["category"] for pair in told["withheld"]}
    assert lacking == {"heart_rate", "power", "location", "notes"}


def test_the_longest_activity_is_cut_and_says_so(world: World) -> None:
    world.put(with_pieces(MAX_LAPS))
    world.give_training(extras=(Category.LOCATION, Category.NOTES))
    told = whole(world)
    assert told["pieces_truncated"] is True
    assert len(told["laps"]["mean_bpm"]) == len(told["laps"]["start_s"]) == MOST_PIECES
    assert world.last_row()["size"] < EXPLICIT_BYTES


def test_what_was_not_recorded_is_null(world: World) -> None:
    world.put(a_recording(bare=True))
    world.give_training(extras=(Category.LOCATION, Category.NOTES))
    told = whole(world)
    assert told["withheld"] == []
    assert told["mean_bpm"] is told["max_power_w"] is told["descent_m"] is None
    assert told["route"]["lat_deg"] is None
    assert told["untrusted_text"] == {"name": None, "description": None}
    assert told["ascent_m"] == 0.0


def test_a_line_without_what_was_not_recorded(world: World) -> None:
    made = a_recording(bare=True)
    bare = made.activity.model_copy(update={"distance_m": None, "ascent_m": None})
    world.put(replace(made, activity=bare))
    (an_id,) = world.told("get_activities", of=OWNER)["activities"]["id"]
    answer = world.ask("get_activity", {"id": an_id}, of=OWNER)
    assert answer.text.startswith("Running on 2026-02-01, 1 h 00 min.\n")


@pytest.mark.parametrize("an_id", ["x", "A" * 22, "A" * 64, " ", "é", "\x00"])
def test_an_unknown_id_is_told_nothing(world: World, an_id: str) -> None:
    world.put(a_recording())
    world.give_training()
    for of in ("claude-desktop", OWNER):
        answer = world.ask("get_activity", {"id": an_id}, of=of)
        assert answer.text == (
            "activity_unknown: There is no activity with this id among what you may "
            "read. Take an id from get_activities."
        )


@pytest.mark.promise("tenant.isolation")
def test_an_activity_that_may_not_be_read_is_as_unknown_as_none(world: World) -> None:
    world.put(a_recording())
    world.give_training(sources=("files", "strava"))
    (an_id,) = world.told("get_activities")["activities"]["id"]
    world.withdraw("files:activities")
    answers = {world.ask("get_activity", {"id": i}).text for i in (an_id, "A" * 22)}
    assert len(answers) == 1


def test_a_swim_has_its_lengths(world: World) -> None:
    swum = Lengths(
        start_s=[0.0, 30.0],
        duration_s=[28.54, 31.0],
        strokes=[18, None],
        stroke=["freestyle", None],
        active=[True, False],
    )
    made = a_recording()
    pool = ActivityDetail(lengths=swum, pool_length_m=25.0)
    world.put(replace(made, details={**made.details, Category.ACTIVITIES: pool}))
    world.give_training()
    told = whole(world)
    assert told["pool_length_m"] == 25.0
    assert told["lengths"] == {
        "start_s": [0.0, 30.0],
        "duration_s": [28.5, 31.0],
        "strokes": [18, None],
        "stroke": ["freestyle", None],
        "active": [True, False],
    }


def test_what_is_no_swim_has_no_lengths(world: World) -> None:
    world.put(a_recording())
    world.give_training()
    told = whole(world)
    assert told["lengths"] == {}
    assert not {"pool_length_m", "event_ids"} & set(told)


def test_the_parts_of_an_event_name_each_other(world: World) -> None:
    """A triathlon: three recordings of one file, each an activity."""
    parts = [
        replace(made, part=n, activity=made.activity.model_copy(
            update={"event_part": n + 1}
        ))
        for n, made in enumerate([a_recording()] * 3)
    ]  # fmt: skip
    world.put(*parts, one_file=True)
    world.give_training()
    ids = world.told("get_activities")["activities"]["id"]
    told = [world.told("get_activity", {"id": one}) for one in ids]
    assert {tuple(one["event_ids"]) for one in told} == {tuple(told[0]["event_ids"])}
    assert sorted(told[0]["event_ids"]) == sorted(ids)
