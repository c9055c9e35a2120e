"""What was collected under a consent: by the ledger, beside other recipients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.gate import retentions
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consents, deleting
from pierre_mcp.services.deleting import Collected
from pierre_mcp.services.expunging import Expunging
from pierre_mcp.services.steps import silent
from pierre_mcp.store.database import Tx
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.stores import STRAVA, a_recording, maintenance, owner_grant, owner_of

CALL = Call(Owner(), "consent delete data", "session")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.put(a_recording(), a_recording(where=STRAVA))
        yield world


def collected(world: World, *scopes: str, to: str = CLAUDE) -> Collected:
    grant = owner_grant(world.store)
    chosen = [Scope(one) for one in scopes] or None
    with world.store.reading() as tx:
        return deleting.collected(tx, grant, to, chosen)


@pytest.mark.promise("consent.cleanup")
def test_it_is_what_was_given_whether_withdrawn_yet_or_not(world: World) -> None:
    world.give("files:activities", "files:power", "strava:power", f"share:{CLAUDE}")
    pairs = (("files", "activities"), ("files", "power"), ("strava", "power"))
    assert collected(world).pairs == pairs
    world.withdraw("files:power")
    assert collected(world).pairs == pairs
    world.withdraw()
    assert collected(world).pairs == pairs, "the same command goes on"
    assert collected(world, "files:power").pairs == (("files", "power"),)
    assert collected(world, "files:notes", f"share:{CLAUDE}").pairs == ()
    assert collected(world, to=OTHER).pairs == ()


@pytest.mark.promise("consent.cleanup")
def test_what_was_refused_since_is_withdrawn_all_the_same(world: World) -> None:
    world.give("files:power")
    world.withdraw()

    def refuse(tx: Tx, grant: Grant) -> None:
        asked = [Scope("files:power"), Scope("files:notes")]
        consents.refuse(tx, grant, CLAUDE, asked, expires_at=None)

    world.gate.act(Call(Owner(), "consent refused", "session"), refuse)
    assert collected(world).pairs == (("files", "power"),)


def test_who_else_may_read_it_is_named(world: World) -> None:
    world.give("files:activities", "files:power", "strava:notes")
    world.give("files:power", "files:notes", "strava:power", to=OTHER)
    assert collected(world, "files:power").others == {OTHER: (("files", "power"),)}
    assert collected(world, "strava:notes").others == {}
    whole = collected(world, "files:activities").others
    assert whole == {OTHER: (("files", "notes"), ("files", "power"))}


@pytest.mark.promise("consent.cleanup")
def test_the_pairs_go_and_nothing_else(world: World) -> None:
    world.give("files:power", "strava:activities")
    pairs = collected(world).pairs
    who = owner_of(world.store)
    with world.store.reading() as tx:
        found = deleting.outlook(tx, maintenance(), who, pairs)
    assert {(one.target.source, one.recordings) for one in found} == {
        ("files", 1),
        ("strava", 1),
    }
    job = Expunging(deleting.all_of(pairs))
    retentions.carry_through(world.gate, CALL, job, listen=silent)
    sql = "SELECT source, power IS NULL, heart_rate IS NULL FROM recordings"
    assert world.by_hand(sql) == [("files", 1, 0)]
    assert job.counts == {"activities": 1, "power": 1}
