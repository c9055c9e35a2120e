"""Recordings of one activity share its id, in whatever order they come and go."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.model.category import Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.policy.matching import Span, groups
from pierre_mcp.services import matching
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from tests.stores import (
    FILES,
    STRAVA,
    a_digest,
    a_grant,
    a_recording,
    a_store,
    begin_import,
    owner_grant,
    owner_of,
)

HOUR_US = 3_600_000_000


def ride(
    minute: int,
    *,
    where: Where = FILES,
    minutes: int = 60,
    sport: Sport = Sport.CYCLING,
) -> NewRecording:
    """A ride that starts so many minutes into the first of February, local time."""
    days, rest = divmod(minute, 1_440)
    made = a_recording(
        day=f"2026-02-{1 + days:02}", where=where, sport=sport, bare=True
    )
    midnight_us = made.activity.started_us // (24 * HOUR_US) * 24 * HOUR_US - HOUR_US
    return replace(made, activity=made.activity.model_copy(update={
        "started_us": midnight_us + rest * 60_000_000,
        "elapsed_s": minutes * 60.0,
        "distance_m": None,
    }))  # fmt: skip


def imported(store: Store, grant: Grant, *new: NewRecording) -> list[str]:
    """Import each from a file and by a run of its own; return the runs."""
    runs = []
    for one in new:
        with store.writing() as tx:
            run = begin_import(tx, grant)
            sealed = recordings.seal(
                tx.ring, grant, one, digest=a_digest(run), import_id=run
            )
            recordings.add(tx, grant, [sealed])
            matching.join(tx, grant, [sealed])
        runs.append(run)
    return runs


def undone(store: Store, grant: Grant, run: str) -> None:
    with store.writing() as tx:
        _, activities = recordings.undo(tx, grant, run)
        matching.part(tx, grant, activities)


def together(store: Store, grant: Grant) -> list[int]:
    """How many recordings each activity has."""
    with store.reading() as tx:
        rows = list(recordings.newest(tx, grant, Wanted()))
    ids = [row.activity_id for row in rows]
    return sorted(ids.count(one) for one in set(ids))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "data") as made:
        yield made


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


COPIES = (ride(600), ride(601, where=STRAVA), ride(599, minutes=61))


@pytest.mark.parametrize("order", list(permutations(COPIES)))
def test_copies_of_a_ride_are_one_activity_in_any_order(
    store: Store, grant: Grant, order: Sequence[NewRecording]
) -> None:
    imported(store, grant, *order, ride(900))
    assert together(store, grant) == [1, 3]


def test_over_midnight_a_copy_may_lie_on_the_day_before(
    store: Store, grant: Grant
) -> None:
    imported(store, grant, ride(1_441), ride(1_439, where=STRAVA))
    assert together(store, grant) == [2]


def test_the_link_between_two_joins_them_and_parts_them_when_it_goes(
    store: Store, grant: Grant
) -> None:
    first, second, link = ride(600), ride(640), ride(620)
    *_, run = imported(store, grant, first, second, link)
    assert together(store, grant) == [3]
    undone(store, grant, run)
    assert together(store, grant) == [1, 1]


def test_a_track_that_stands_twice_in_a_file_is_one_activity(
    store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        run = begin_import(tx, grant)
        sealed = [
            recordings.seal(
                tx.ring, grant, replace(ride(600), part=part),
                digest=a_digest(run), import_id=run,
            )
            for part in (0, 1)
        ]  # fmt: skip
        recordings.add(tx, grant, sealed)
        matching.join(tx, grant, sealed)
    assert together(store, grant) == [2]


def test_an_older_activity_keeps_its_id(store: Store, grant: Grant) -> None:
    imported(store, grant, ride(600))
    with store.reading() as tx:
        [before] = recordings.newest(tx, grant, Wanted())
    for minute in (601, 602, 603):
        imported(store, grant, ride(minute, where=STRAVA))
    with store.reading() as tx:
        after = {row.activity_id for row in recordings.newest(tx, grant, Wanted())}
    assert after == {before.activity_id}


def test_what_an_assistant_could_not_compare_is_settled_by_the_person(
    store: Store, grant: Grant
) -> None:
    imported(store, grant, ride(600))
    reader = a_grant(owner_of(store), pairs=set())
    imported(store, reader, ride(601, where=STRAVA), ride(900))
    assert together(store, grant) == [1, 1, 1]
    for moves in (1, 0):
        with store.writing() as tx:
            found = matching.changes(tx, grant)
            assert len(found) == moves
            matching.settle(tx, grant, found)
    assert together(store, grant) == [1, 2]


def test_what_was_put_together_wrongly_is_parted(store: Store, grant: Grant) -> None:
    imported(store, grant, ride(600), ride(900))
    with store.writing() as tx:
        ids = [row.activity_id for row in recordings.newest(tx, grant, Wanted())]
        recordings.merge(tx, grant, *ids)
    assert together(store, grant) == [2]
    with store.writing() as tx:
        matching.settle(tx, grant, matching.changes(tx, grant))
    assert together(store, grant) == [1, 1]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1_380, 1_560), st.integers(20, 60)), max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_what_belongs_together_follows_from_what_is_held_alone(
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[int, int]],
    kept: list[bool],
) -> None:
    rides = [ride(minute, minutes=minutes) for minute, minutes in told]
    with a_store(Path(tmp_path_factory.mktemp("match")) / "data") as store:
        grant = owner_grant(store)
        runs = imported(store, grant, *rides)
        for run, keep in zip(runs, kept, strict=False):
            if not keep:
                undone(store, grant, run)
        held = [one for one, keep in zip(rides, kept, strict=False) if keep]
        spans = [
            Span(str(i), "", one.sport, one.activity.started_us / 1e6,
                 one.activity.elapsed_s, None)
            for i, one in enumerate(held)
        ]  # fmt: skip
        assert together(store, grant) == sorted(map(len, groups(spans)))
