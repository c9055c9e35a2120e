"""Streams in the store: what a grant may open, and where a cell opens."""

from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import activity, streams
from pierre_mcp.store.database import Store
from tests.store.hands import edit, look
from tests.stores import a_grant, a_recording, owner_of, pairs_of, put

PACKED = {
    "t_s": b"time",
    "heart_rate_bpm": b"heart",
    "power_w": b"power",
    "lat_deg": b"lat",
    "altitude_m": b"height",
    "not_known": b"what",
}
SEEN = {
    Category.HEART_RATE: {"heart_rate_bpm"},
    Category.POWER: {"power_w"},
    Category.LOCATION: {"lat_deg", "altitude_m"},
}


@pytest.fixture
def an_id(directory: Path, store: Store, grant: Grant) -> str:
    put(store, grant, replace(a_recording(), streams=PACKED))
    [(found,)] = look(directory, "SELECT activity_id FROM recordings")
    return str(found)


def opened(store: Store, grant: Grant, an_id: str) -> dict[str, bytes]:
    with store.reading() as tx:
        [kept] = streams.of_activity(tx, grant, an_id)
        found = streams.packed(tx, grant, kept, PACKED)
        assert found.keys() == kept.names
        return found


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("category", SEEN)
def test_a_grant_sees_and_opens_what_it_covers(
    store: Store, an_id: str, category: Category
) -> None:
    pairs = pairs_of("files", Category.ACTIVITIES, category)
    found = opened(store, a_grant(owner_of(store), pairs=pairs), an_id)
    wanted = SEEN[category] | {"t_s"}
    assert found == {name: PACKED[name] for name in wanted}


def test_the_owner_sees_every_stream_there_is_a_name_for(
    store: Store, grant: Grant, an_id: str
) -> None:
    assert opened(store, grant, an_id).keys() == PACKED.keys() - {"not_known"}


@pytest.mark.promise("consent.explicit")
@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param(set(), id="nothing"),
        pytest.param(pairs_of("files", Category.POWER), id="no activities"),
        pytest.param(pairs_of("strava", *Category), id="another source"),
    ],
)
def test_a_grant_without_its_activities_sees_no_recording(
    store: Store, grant: Grant, an_id: str, pairs: set[tuple[str, Category]]
) -> None:
    reader = a_grant(owner_of(store), pairs=pairs)
    with store.reading() as tx:
        assert streams.of_activity(tx, reader, an_id) == []
        [kept] = streams.of_activity(tx, grant, an_id)
        assert streams.packed(tx, reader, kept, PACKED) == {}


@pytest.mark.promise("keys.bound-cell")
def test_a_stream_put_in_the_place_of_another_does_not_open(
    directory: Path, store: Store, grant: Grant, an_id: str
) -> None:
    moved = """
        UPDATE streams SET cell =
            (SELECT cell FROM streams WHERE name = 'heart_rate_bpm')
         WHERE name = 'power_w'
    """
    assert edit(directory, moved) == 1
    with pytest.raises(SealBrokenError):
        opened(store, grant, an_id)


def test_a_dead_grant_opens_nothing(store: Store, an_id: str) -> None:
    dead = a_grant(owner_of(store))
    dead.kill()
    with store.reading() as tx, pytest.raises(RuntimeError):
        streams.of_activity(tx, dead, an_id)


@pytest.mark.parametrize("sql", [streams._HELD, activity._OF_ACTIVITY])
def test_one_activity_is_found_without_looking_at_all(store: Store, sql: str) -> None:
    with store.reading() as tx:
        asked = tx.execute(f"EXPLAIN QUERY PLAN {sql}", ("", "", "", "[]", "[]"))
        steps = [step for *_, step in asked if "recordings" in step]
    assert steps == [next(s for s in steps if "(activity_id=?)" in s)]
