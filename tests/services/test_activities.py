"""Activities of a range, day by day: whole, folded, each exactly once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.policy.folding import preference
from pierre_mcp.services import activities
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from tests.stores import (
    FILES,
    STRAVA,
    a_grant,
    a_recording,
    a_store,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)

FIRST = date(2026, 3, 1)
IDS = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(6)]


def on(day: int, of: int, where: Where, sport: Sport = Sport.RUNNING) -> NewRecording:
    """A recording of activity ``of``, ``day`` days on."""
    made = a_recording(day=str(FIRST + timedelta(days=day)), where=where, sport=sport)
    return replace(made, activity_id=IDS[of])


def listed(
    store: Store, grant: Grant, wanted: Wanted, at_once: int = 64
) -> list[tuple[str, str, str]]:
    """Day, activity and source of each activity, newest days first."""
    with store.reading() as tx:
        given = activities.newest(tx, grant, wanted, at_once=at_once)
        together = [
            [(row.day, row.activity_id, row.source) for row in rows] for rows in given
        ]
    return [one for some in together for one in sorted(some, reverse=True)]


# An activity starts on some day; each of its copies says that day or the next.
copies = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([FILES, STRAVA])),
                  min_size=1, max_size=3)  # fmt: skip
some = st.lists(st.tuples(st.integers(0, 5), copies), max_size=len(IDS))


@settings(max_examples=40, deadline=None)
@given(some, st.integers(0, 6), st.integers(0, 6), st.sampled_from([None, "strava"]),
       st.integers(0, 3))  # fmt: skip
def test_a_range_gives_each_activity_once_under_its_preferred_day(
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[int, list[tuple[int, Where]]]],
    first: int,
    last: int,
    only: str | None,
    at_once: int,
) -> None:
    with a_store(tmp_path_factory.mktemp("fold") / "data") as store:
        grant = owner_grant(store)
        held = [
            on(day + late, of, where)
            for of, (day, made) in enumerate(told)
            for late, where in made
        ]
        put(store, grant, *held)
        wanted = Wanted(
            sources=None if only is None else frozenset({only}),
            from_day=str(FIRST + timedelta(days=first)),
            to_day=str(FIRST + timedelta(days=last)),
        )
        found = listed(store, grant, wanted, at_once)
    days = [day for day, _, _ in found]
    assert days == sorted(days, reverse=True)
    assert {(activity, day) for day, activity, _ in found} == expected(
        [one for one in held if only in {None, one.where.source}], wanted
    )
    assert len({activity for _, activity, _ in found}) == len(found)


def expected(held: list[NewRecording], wanted: Wanted) -> set[tuple[str, str]]:
    """Each activity of the range with the day that its best source says."""
    found = set()
    for activity in {one.activity_id for one in held}:
        of_it = [one for one in held if one.activity_id == activity]
        best = min(of_it, key=lambda one: (preference(one.where.source), one.local_day))
        if wanted.from_day <= best.local_day <= wanted.to_day:
            found.add((str(activity), best.local_day))
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "data") as made:
        yield made


def test_a_sport_is_that_of_the_recording_that_speaks_for_the_activity(
    store: Store,
) -> None:
    grant = owner_grant(store)
    put(
        store,
        grant,
        on(0, 0, FILES, Sport.HIKING),
        on(0, 0, STRAVA, Sport.RUNNING),
        on(0, 1, STRAVA, Sport.RUNNING),
    )
    runs = listed(store, grant, Wanted(sport=Sport.RUNNING))
    assert [activity for _, activity, _ in runs] == [IDS[1]]
    trails = listed(store, grant, Wanted(sport=Sport.HIKING))
    assert [activity for _, activity, _ in trails] == [IDS[0]]


def test_a_source_not_consented_to_adds_nothing(store: Store) -> None:
    owner = owner_grant(store)
    put(store, owner, on(1, 0, FILES), on(0, 0, STRAVA), on(1, 1, FILES))
    reader = a_grant(owner_of(store), pairs=pairs_of("strava", Category.ACTIVITIES))
    day = str(FIRST)
    assert listed(store, reader, Wanted()) == [(day, IDS[0], "strava")]
