"""Several activities beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import ActivityUnknownError
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.services import comparison
from pierre_mcp.services.analysis import Analysis
from pierre_mcp.services.comparison import Difference, most_different
from pierre_mcp.services.report import report
from pierre_mcp.services.whole import whole
from pierre_mcp.store.database import Store
from tests.services.made import activity, ride, run
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

FTP = {Kind.FTP: 250.0}
AN_ID = "00000001-0000-4000-8000-000000000000"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as made:
        yield made


def ids(store: Store, days: Sequence[str]) -> list[str]:
    with store.reading() as tx:
        of = dict(tx.execute("SELECT local_day, activity_id FROM recordings"))
    return [of[day] for day in days]


def compared(store: Store, *new: NewRecording) -> list[Analysis]:
    grant = owner_grant(store)
    put(store, grant, *new)
    those = ids(store, [one.local_day for one in new])
    with store.reading() as tx:
        return comparison.compared(tx, grant, those)


def test_each_has_the_numbers_of_its_own_analysis(store: Store) -> None:
    """Whether the days lie near each other or years apart."""
    new = [
        activity(ride(watts=200), facts=FTP),
        activity(ride(watts=240, bpm=150), ago=30),
        activity(ride(watts=180), ago=1_000, facts={Kind.FTP: 220.0}),
    ]
    found = compared(store, *new)
    assert [one.whole.recording.local_day for one in found] == [
        one.local_day for one in new
    ]
    grant = owner_grant(store)
    for one in found:
        with store.reading() as tx:
            alone = report(tx, grant, one.whole.recording.activity_id).of
        assert alone.loads == one.loads
        assert alone.efficiency == one.efficiency
        assert alone.drift == one.drift
    assert [round(one.loads[0].intensity, 2) for one in found] == [0.8, 1.09, 0.82]


def test_bests_are_those_of_the_activity(store: Store) -> None:
    fast, slow = compared(store, activity(ride(1_300)), activity(run(), ago=2))
    assert comparison.best_powers_w(fast) == [200, 200, 200]
    assert comparison.best_powers_w(slow) == [None, None, None]
    assert comparison.best_times_s(fast) == pytest.approx([125, 625, 1_250], abs=1)
    assert comparison.best_times_s(slow)[2] is None


def test_one_that_is_not_there_is_unknown(store: Store) -> None:
    grant = owner_grant(store)
    put(store, grant, a_recording())
    [known] = ids(store, ["2026-02-01"])
    with store.reading() as tx, pytest.raises(ActivityUnknownError):
        comparison.compared(tx, grant, [known, AN_ID])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"a": [1.0, 1.5], "b": [10.0, 30.0]}, Difference("b", 10, 30)),
        ({"a": [1.0, 1.5], "b": [10.0, None]}, Difference("a", 1, 1.5)),
        ({"a": [0.0, 1.5], "b": [10.0, 11.0, 14.0]}, Difference("b", 10, 14)),
        ({"a": [100.0, 101.0]}, None),
        ({"a": [1e-300, 1e300], "b": [1.0, 2.0]}, Difference("b", 1, 2)),
        ({"a": [None, None]}, None),
        ({}, None),
    ],
)
def test_what_differs_most_is_known_of_all(
    columns: dict[str, list[float | None]], expected: Difference | None
) -> None:
    assert most_different(columns) == expected
    if expected is not None:
        assert expected.percent > 0


# --- several recordings of one


def test_streams_are_of_the_recording_that_tells_most(store: Store) -> None:
    """Strava's copy has power, the file only heart rate; numbers come of both."""
    bare = frozenset({"power_w", "altitude_m"})
    own = replace(activity(ride(without=bare)), activity_id=AN_ID)
    copy = replace(activity(ride(bpm=150), where=STRAVA), activity_id=AN_ID)
    owner = owner_grant(store)
    put(store, owner, own, copy)
    only = a_grant(owner_of(store), pairs=pairs_of("files", *Category))
    with store.reading() as tx:
        both, alone = (whole(tx, grant, AN_ID) for grant in (owner, only))
    assert both.sensed is not None
    assert both.sensed.power is not None
    assert both.sensed.bpm[0] == 150
    assert both.recording.where == FILES
    assert alone.sensed is not None
    assert alone.sensed.power is None
    assert alone.sensed.bpm[0] == 140


def test_of_two_that_tell_as_much_the_preferred_speaks(store: Store) -> None:
    pair = [
        replace(activity(ride(bpm=bpm), where=where), activity_id=AN_ID)
        for where, bpm in ((STRAVA, 150.0), (FILES, 140.0))
    ]
    owner = owner_grant(store)
    put(store, owner, *pair)
    with store.reading() as tx:
        told = whole(tx, owner, AN_ID).sensed
    assert told is not None
    assert told.bpm[0] == 140


def test_a_recording_whose_sport_was_wrong_is_graded_by_the_right_one(
    store: Store,
) -> None:
    own = replace(a_recording(day="2026-01-31", bare=True), activity_id=AN_ID,
                  where=Where("self", "person"), sport=Sport.HIKING)  # fmt: skip
    copy = replace(activity(run(), sport=Sport.RUNNING), activity_id=AN_ID)
    owner = owner_grant(store)
    put(store, owner, own, copy)
    with store.reading() as tx:
        told = whole(tx, owner, AN_ID).sensed
    assert told is not None
    assert not told.graded
