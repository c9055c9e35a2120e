"""One activity of several recordings, as each reader may see it.

A ride came twice: the device's file, which has no name and no climb, and Strava's copy,
which has both, no power, and a heart rate of its own.
"""

from dataclasses import replace
from typing import Any

import pytest

from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import HeartRateCell, NotesCell
from pierre_mcp.model.details import ActivityDetail
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.services import matching
from pierre_mcp.store import recordings
from tests.gate.world import OWNER, World
from tests.stores import FILES, STRAVA, a_recording, owner_grant, put

ID = "11111111-1111-4111-8111-111111111111"
NOTES = (Category.NOTES,)


def of(where: Where, **changed: Any) -> NewRecording:
    """The ride as one source has it; ``changed`` are numbers of its summary."""
    made = a_recording(where=where)
    activity = made.activity.model_copy(update=changed)
    return replace(made, activity_id=ID, activity=activity)


FILE = replace(of(FILES, ascent_m=None, distance_m=30_000.0), notes=None)
COPY = replace(
    of(STRAVA, ascent_m=420.0, distance_m=30_100.0),
    power=None,
    heart_rate=HeartRateCell(mean_bpm=99.0, max_bpm=100.0),
    notes=NotesCell(name="Lunch Ride"),
    details={Category.ACTIVITIES: ActivityDetail()},
)


@pytest.fixture
def twice(world: World) -> World:
    world.put(FILE)
    world.put(COPY)
    return world


def listed(world: World, **of: Any) -> dict[str, Any]:
    """The one row of the list, its name beside it."""
    columns = world.told("get_activities", **of)["activities"]
    text = columns.pop("untrusted_text")
    row = {name: values for name, [values] in columns.items()}
    return row | {name: value for name, [value] in text.items()}


def same_everywhere(world: World, row: dict[str, Any], **of: Any) -> None:
    """The list, the activity and the totals say the same."""
    whole = world.told("get_activity", {"id": row["id"]}, **of)
    for name in ("source", "day", "distance_m", "ascent_m"):
        assert whole[name] == row[name]
    assert whole.get("mean_bpm") == row.get("mean_bpm")
    assert whole["untrusted_text"].get("name") == row.get("name")
    totals = world.told("get_stats", {"by": "all"}, **of)["totals"]
    assert totals["activities"] == [1]
    assert totals["distance_m"] == [row["distance_m"]]
    assert totals["ascent_m"] == [row["ascent_m"]]
    assert totals.get("mean_bpm", [None]) == [row.get("mean_bpm")]


@pytest.mark.promise("consent.granular")
def test_with_both_sources_the_file_speaks_and_the_copy_fills_in(twice: World) -> None:
    twice.give_training(sources=("files", "strava"), extras=NOTES)
    row = listed(twice)
    assert (row["source"], row["distance_m"]) == ("files", 30_000.0)
    assert (row["ascent_m"], row["name"]) == (420.0, "Lunch Ride")
    assert (row["mean_bpm"], row["mean_power_w"]) == (142.0, 210.0)
    same_everywhere(twice, row)


@pytest.mark.promise("consent.granular")
def test_with_the_file_alone_the_copy_adds_nothing(twice: World) -> None:
    twice.give_training(extras=NOTES)
    row = listed(twice)
    assert (row["ascent_m"], row["name"]) == (None, None)
    assert "Lunch" not in twice.ask("get_activity", {"id": row["id"]}).text
    assert "strava" not in twice.ask("get_activities").text
    same_everywhere(twice, row)


@pytest.mark.promise("consent.granular")
def test_with_the_copy_alone_the_file_adds_nothing(twice: World) -> None:
    twice.give_training(sources=("strava",), extras=NOTES)
    row = listed(twice)
    assert (row["source"], row["distance_m"]) == ("strava", 30_100.0)
    assert (row["mean_bpm"], row["mean_power_w"]) == (99.0, None)
    same_everywhere(twice, row)


@pytest.mark.promise("consent.granular")
def test_a_category_is_taken_from_the_source_it_is_granted_for(twice: World) -> None:
    twice.give_training(sources=("files", "strava"))
    twice.withdraw("files:heart_rate")
    row = listed_without_text(twice)
    assert (row["source"], row["mean_bpm"]) == ("files", 99.0)


def listed_without_text(world: World) -> dict[str, Any]:
    columns = world.told("get_activities")["activities"]
    columns.pop("untrusted_text")
    return {name: value for name, [value] in columns.items()}


@pytest.mark.parametrize(
    ("left", "distance_m"), [(FILE, 30_000.0), (COPY, 30_100.0)], ids=["file", "copy"]
)
def test_one_undone_leaves_the_other_as_if_it_had_never_been(
    world: World, left: NewRecording, distance_m: float
) -> None:
    gone = COPY if left is FILE else FILE
    world.put(left)
    world.give_training(sources=("files", "strava"), extras=NOTES)
    before = listed(world)
    owner = owner_grant(world.store)
    run = put(world.store, owner, gone)
    assert listed(world)["distance_m"] == 30_000.0
    with world.store.writing() as tx:
        _, activities = recordings.undo(tx, owner, run)
        matching.part(tx, owner, activities)
    assert listed(world) == before
    assert before["distance_m"] == distance_m
    same_everywhere(world, before)


def test_a_correction_by_the_person_wins(twice: World) -> None:
    own = of(Where("self", "correction"), distance_m=12_345.0, ascent_m=0.0)
    twice.put(replace(own, notes=NotesCell(name="My ride"), power=None))
    row = listed(twice, of=OWNER)
    assert (row["source"], row["distance_m"]) == ("self", 12_345.0)
    assert (row["ascent_m"], row["name"]) == (0.0, "My ride")
    assert row["mean_power_w"] == 210.0
    same_everywhere(twice, row, of=OWNER)
