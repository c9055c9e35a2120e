"""What came from an API whose terms forbid use by AI is there for its owner alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pierre_mcp.model.caller import Call
from pierre_mcp.model.cells import LocationCell, NotesCell
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.policy.provenance import FORBIDDEN, barred
from pierre_mcp.services import privacy
from pierre_mcp.store import gear
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.catalogue import RESOURCES, TOOLS
from tests.gate.world import OWNER, World, a_world
from tests.services.made import activity, ride
from tests.stores import put_within
from tests.tools.test_noninterference import (
    OPEN,
    RIDDEN_TWICE,
    STRAVA_FACTS,
    questions,
    tell,
    trained,
)

API = Where("strava", "strava_api")
_MARKS = ("get_activity", "get_activity_streams", "analyze_activity")
FETCHED = "Fetched ride"


def fetched() -> list[NewRecording]:
    """A ride that is there twice, one of the same file, one alone, one of a new day."""
    twice = activity(ride(2_410, 300, bpm=170), ago=4, where=API)
    alone = activity(ride(5_000, 320, bpm=180), ago=1, where=API, facts=STRAVA_FACTS)
    path = LocationCell(along_m=[0.0, 9e3], lat_deg=[47.1, 47.2], lon_deg=[8.1, 8.2])
    return [
        replace(twice, activity_id=RIDDEN_TWICE),
        replace(alone, notes=NotesCell(name=FETCHED), location=path),
        activity(ride(900, 400), ago=700, where=API),
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    def work(tx: Tx, grant: Grant) -> None:
        import_id = put_within(tx, grant, *fetched())
        gear.add(tx, grant, "strava", Gear(name="Fetched bike", kind="bike"), import_id)

    with a_world(tmp_path_factory.mktemp("fetched") / "store") as made:
        for one in trained():
            made.put(one)
        made.gate.act(Call(OWNER, "athlete set", "session"), tell)
        made.gate.act(Call(OWNER, "fetch", "session"), work)
        made.give_training(sources=("files", "strava"), extras=OPEN)
        made.give("analytics:predictions")
        yield made


def answers(world: World, ids: list[str]) -> dict[str, str]:
    asked = [
        *questions(ids),
        ("get_status", {}),
        ("get_consents", {}),
        ("get_privacy_settings", {}),
        ("get_operation", {"operation_id": RIDDEN_TWICE}),
        ("get_activities", {"provider": "strava"}),
        ("get_activities", {"from_day": "2020-01-01", "to_day": "2024-06-01"}),
        *((name, {"id": one}) for name in _MARKS for one in ids),
    ]
    return {f"{t} {a}": world.ask(t, a).text for t, a in asked}


@pytest.mark.promise("consent.provenance")
def test_to_a_recipient_it_might_as_well_not_be(world: World) -> None:
    ids = world.told("get_activities")["activities"]["id"]
    assert len(ids) == 9
    before = answers(world, ids)
    asked = {question.partition(" ")[0] for question in before}
    unread = {tool.name for tool in TOOLS if not tool.terms.opens or tool.terms.writes}
    assert {tool.name for tool in TOOLS} - asked <= unread
    assert {resource.tool for resource in RESOURCES} - unread <= asked
    assert FETCHED not in str(before)
    assert "Fetched bike" not in str(before)
    owners = world.told("get_activities", {"limit": 50}, of=OWNER)["activities"]
    mine = owners["id"]
    assert len(mine) == 11
    assert FETCHED in owners["untrusted_text"]["name"]
    assert "Fetched bike" in world.ask("get_athlete", of=OWNER).text
    found = world.gate.look(Call(OWNER, "look", "session"), _starts)
    assert found == 1, "the owner's own, so that it can be made private"
    _forget(world)
    after = answers(world, ids)
    assert {q for q in before if before[q] != after[q]} == set()
    assert (
        len(world.told("get_activities", {"limit": 50}, of=OWNER)["activities"]["id"])
        == 9
    )


def _starts(tx: Tx, grant: Grant) -> int:
    [alone] = [
        one
        for (one,) in tx.execute(
            "SELECT activity_id FROM recordings WHERE origin = ? AND location NOT NULL",
            (API.origin,),
        )
    ]
    return int(privacy.start_of(tx, grant, alone) == (47.1, 8.1))


def _forget(world: World) -> None:
    """Make it that it was never fetched."""
    mine = "SELECT id, import_id FROM recordings WHERE origin = ?"
    for recording, import_id in world.by_hand(mine, (API.origin,)):
        of = "SELECT gear FROM gear_imports WHERE import_id = ?"
        for gear_id in world.by_hand(of, (import_id,)):
            world.by_hand("DELETE FROM gear_imports WHERE gear = ?", gear_id)
            world.by_hand("DELETE FROM gear WHERE id = ?", gear_id)
        world.by_hand("DELETE FROM athlete WHERE import_id = ?", (import_id,))
        world.by_hand("DELETE FROM details WHERE recording = ?", (recording,))
        world.by_hand("DELETE FROM streams WHERE recording = ?", (recording,))
        world.by_hand("DELETE FROM recordings WHERE id = ?", (recording,))


@pytest.mark.promise("consent.provenance")
def test_the_owner_is_barred_from_nothing() -> None:
    assert barred(owner=True) == "[]"
    assert all(origin in barred(owner=False) for origin in FORBIDDEN)
    assert "strava_export" not in barred(owner=False)
