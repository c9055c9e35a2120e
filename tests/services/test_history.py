"""Totals read the same activities as lists do, and the same values of them."""

from dataclasses import replace
from datetime import date, timedelta
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import MISSING

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import ActivityCell, HeartRateCell, PowerCell
from pierre_mcp.model.details import (
    ActivityDetail,
    Details,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import index_of
from pierre_mcp.model.recording import NewRecording, Row, Where
from pierre_mcp.services import activities, history
from pierre_mcp.services.history import ALONE, SUMMED
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
IDS = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(4)]
GARMIN = Where("garmin", "file")

maybe = st.none() | st.floats(0, 100)
copies = st.tuples(
    st.integers(0, 1),
    st.sampled_from([FILES, STRAVA, GARMIN]),
    st.sampled_from([Sport.RUNNING, Sport.HIKING]),
    st.fixed_dictionaries({name: maybe for name in SUMMED if name != "elapsed_s"}),
    st.none() | st.builds(HeartRateCell, mean_bpm=maybe, max_bpm=maybe),
    st.none() | st.builds(PowerCell, mean_power_w=maybe, max_power_w=maybe),
)
some = st.lists(
    st.tuples(st.integers(0, 4), st.lists(copies, min_size=1, max_size=3)),
    max_size=len(IDS),
)
PAIRS = [
    *((where.source, c) for where in (FILES, STRAVA, GARMIN)
      for c in (Category.ACTIVITIES, Category.HEART_RATE, Category.POWER)),
]  # fmt: skip


def made(day: int, of: int, copy: Any) -> NewRecording:
    late, where, sport, values, heart, power = copy
    one = a_recording(day=str(FIRST + timedelta(days=day + late)), bare=True)
    activity = one.activity.model_copy(update=values)
    return replace(one, activity=activity, where=where, sport=sport, heart_rate=heart,
                   power=power, activity_id=IDS[of])  # fmt: skip


def values_of(row: Row) -> tuple[Any, ...]:
    """What the list says of an activity."""
    beside = (
        nan if cell is None or cell is MISSING else cell[index_of(kind, name)]
        for cell, kind, name in (
            (row.heart_rate, HeartRateCell, "mean_bpm"),
            (row.power, PowerCell, "mean_power_w"),
        )
    )
    own = (row.activities[index_of(ActivityCell, name)] for name in SUMMED)
    return row.day, row.sport, *(told(value) for value in (*own, *beside))


def told(value: float | None) -> float:
    return -1.0 if value is None or isnan(value) else value


def scanned(store: Store, grant: Grant, wanted: Wanted) -> list[tuple[Any, ...]]:
    with store.reading() as tx:
        found = history.read(tx, grant, wanted)
    columns = [found.numbers[n].tolist() for n in (*SUMMED, "mean_bpm", "mean_power_w")]
    numbers = [[told(value) for value in column] for column in columns]
    return sorted(zip(found.day.astype(str), found.sport, *numbers, strict=True))


@settings(max_examples=30, deadline=None)
@given(
    some,
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from([None, Sport.HIKING]),
    st.none() | st.sets(st.sampled_from(PAIRS)),
)
def test_what_is_scanned_is_what_is_listed(
    tmp_path_factory: pytest.TempPathFactory,
    held: list[tuple[int, list[Any]]],
    first: int,
    last: int,
    sport: Sport | None,
    pairs: set[Any] | None,
) -> None:
    with a_store(tmp_path_factory.mktemp("scan") / "data") as store:
        put(store, owner_grant(store), *(
            made(day, of, copy) for of, (day, all_) in enumerate(held) for copy in all_
        ))  # fmt: skip
        grant = a_grant(owner_of(store), pairs=pairs)
        for wanted in (
            Wanted(),
            Wanted(
                sport=sport,
                from_day=str(FIRST + timedelta(days=first)),
                to_day=str(FIRST + timedelta(days=last)),
            ),
        ):
            with store.reading() as tx:
                listed = [
                    values_of(row)
                    for day in activities.newest(tx, grant, wanted)
                    for row in day
                ]
            assert scanned(store, grant, wanted) == sorted(listed)


def test_a_mean_without_its_own_time_is_over_the_moving_time(tmp_path: Path) -> None:
    with a_store(tmp_path / "data") as store:
        grant = owner_grant(store)
        still = a_recording(day="2026-02-02")
        stopped = still.activity.model_copy(update={"moving_s": None})
        put(store, grant, a_recording(), replace(still, activity=stopped))
        with store.reading() as tx:
            found = history.read(tx, grant, Wanted())
    assert sorted(found.numbers["heart_rate_s"]) == [3_500.0, 3_600.0]
    assert sorted(found.numbers["power_s"]) == [3_500.0, 3_600.0]


def test_of_nothing_there_is_nothing(tmp_path: Path) -> None:
    with a_store(tmp_path / "data") as store:
        grant = a_grant(owner_of(store), pairs=pairs_of("strava", Category.ACTIVITIES))
        put(store, owner_grant(store), a_recording())
        assert scanned(store, grant, Wanted()) == []


def test_a_detail_is_of_the_recording_whose_cell_counts(tmp_path: Path) -> None:
    """Files speak, and recorded no heart rate; Strava's copy was twice as fast."""
    told: dict[Where, Details] = {
        FILES: {Category.ACTIVITIES: ActivityDetail(mean_max_speed_m_s=(3.0, 2.5))},
        STRAVA: {
            Category.ACTIVITIES: ActivityDetail(mean_max_speed_m_s=(6.0,)),
            Category.HEART_RATE: HeartRateDetail(
                bpm=Histogram(first=140, seconds=(5, 7)), mean_max_bpm=(141.0,)
            ),
        },
    }
    beats = HeartRateCell(mean_bpm=141, max_bpm=141, measured_s=12)
    with a_store(tmp_path / "data") as store:
        owner = owner_grant(store)
        put(store, owner, *(
            replace(a_recording(bare=True), where=where, details=details,
                    activity_id=IDS[0], heart_rate=beats if where is STRAVA else None)
            for where, details in told.items()
        ))  # fmt: skip
        both = {Category.ACTIVITIES, Category.HEART_RATE}
        only = a_grant(owner_of(store), pairs=pairs_of("strava", *both))
        without = a_grant(
            owner_of(store), pairs=pairs_of("strava", Category.ACTIVITIES)
        )
        with store.reading() as tx:
            one, copied, unseen = (
                history.read(tx, grant, Wanted(), details=both)
                for grant in (owner, only, without)
            )
    speeds = [of.details[Category.ACTIVITIES].mean_max for of in (one, copied, unseen)]
    assert [s[0, 0] for s in speeds] == [3, 6, 6]
    assert [s[0, 1] for s in speeds[:1]] == [2.5]
    for of in (one, copied):
        assert of.details[Category.HEART_RATE].seconds.tolist() == [5, 7]
        assert of.details[Category.HEART_RATE].first.tolist() == [140]
        assert of.numbers["max_bpm"].tolist() == [141]
    assert not unseen.details[Category.HEART_RATE].seconds.size


def test_some_of_a_history_are_taken_in_any_order(tmp_path: Path) -> None:
    speeds = ActivityDetail(mean_max_speed_m_s=(5.0,))
    fast = {Category.ACTIVITIES: speeds}
    with a_store(tmp_path / "data") as store:
        owner = owner_grant(store)
        days = [f"2026-02-0{n}" for n in (1, 2, 3)]
        put(store, owner, *(
            replace(a_recording(day=day, bare=True), details=fast) for day in days
        ))  # fmt: skip
        with store.reading() as tx:
            whole = history.read(tx, owner, Wanted(), details=[Category.ACTIVITIES])
            with_gear = history.read(tx, owner, Wanted(), gear=True)
    order = np.argsort(whole.day)[[2, 0]]
    taken = whole.taken(order)
    assert taken.day.astype(str).tolist() == [days[2], days[0]]
    assert taken.activity_id.tolist() == whole.activity_id[order].tolist()
    assert taken.numbers["distance_m"].tolist() == [10_000, 10_000]
    assert taken.details[Category.ACTIVITIES].mean_max[:, 0].tolist() == [5, 5]
    assert taken.gear.shape == (0,)
    assert with_gear.taken(order).gear.tolist() == ["", ""]


def test_an_activity_without_details_keeps_its_place(tmp_path: Path) -> None:
    fast = {Category.ACTIVITIES: ActivityDetail(mean_max_speed_m_s=(5.0,))}
    with a_store(tmp_path / "data") as store:
        owner = owner_grant(store)
        still = a_recording(day="2026-02-02", bare=True)
        put(store, owner, still, replace(a_recording(bare=True), details=fast))
        with store.reading() as tx:
            found = history.read(tx, owner, Wanted(), details=[Category.ACTIVITIES])
    of = dict(zip(found.day.astype(str), found.details[Category.ACTIVITIES].mean_max,
                  strict=True))  # fmt: skip
    assert isnan(of.pop("2026-02-02")[0])
    assert [curve[0] for curve in of.values()] == [5]


def test_curves_are_those_of_the_whole_history(tmp_path: Path) -> None:
    """Of the same recording, whatever else is read with them."""
    fast: dict[Where, Details] = {
        where: {
            Category.ACTIVITIES: ActivityDetail(
                mean_max_speed_m_s=(speed,), speed=Histogram(first=9, seconds=(4,))
            ),
            Category.POWER: PowerDetail(mean_max_power_w=(speed * 60,)),
        }
        for where, speed in ((FILES, 4.0), (STRAVA, 5.0), (GARMIN, 6.0))
    }
    with a_store(tmp_path / "data") as store:
        grant = owner_grant(store)
        put(store, grant, *(
            replace(a_recording(bare=True), where=where, details=details,
                    activity_id=IDS[0], power=PowerCell(mean_power_w=1, max_power_w=1))
            for where, details in fast.items()
        ), a_recording(day="2026-02-02"))  # fmt: skip
        kinds = (Category.ACTIVITIES, Category.POWER)
        with store.reading() as tx:
            whole = history.read(tx, grant, Wanted(), details=kinds)
            bare = history.curves(tx, grant, Wanted(), kinds)
            some = history.curves(
                tx, grant, Wanted(), kinds, numbers=[Category.ACTIVITIES]
            )
    for few in (bare, some):
        assert few.activity_id.tolist() == whole.activity_id.tolist()
        for kind in kinds:
            np.testing.assert_array_equal(
                few.details[kind].mean_max, whole.details[kind].mean_max
            )
            assert not few.details[kind].seconds.size
    assert not bare.numbers
    assert set(some.numbers) == {*SUMMED, "normalized_graded_speed_m_s"}
    assert whole.numbers.keys() == {*SUMMED, *ALONE}


def test_what_any_recording_says_was_indoors_is(tmp_path: Path) -> None:
    with a_store(tmp_path / "data") as store:
        grant = owner_grant(store)
        outside = replace(a_recording(bare=True), activity_id=IDS[0])
        inside = outside.activity.model_copy(update={"indoor": True})
        put(store, grant, outside, replace(outside, where=STRAVA, activity=inside),
            a_recording(day="2026-02-02", bare=True))  # fmt: skip
        only = a_grant(owner_of(store), pairs=pairs_of("files", Category.ACTIVITIES))
        with store.reading() as tx:
            found = history.read(tx, grant, Wanted())
            seen = history.read(tx, only, Wanted())
    assert dict(zip(found.day.astype(str), found.indoor.tolist(), strict=True)) == {
        "2026-02-01": True,
        "2026-02-02": False,
    }
    assert not seen.indoor.any(), "what may not be read adds nothing"
