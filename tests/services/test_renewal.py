"""What an older version computed is brought up, from what is stored alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import StoreDamagedError
from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import Pieces
from pierre_mcp.model.details import ActivityDetail, PowerDetail
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import FORMULA, NewRecording, Recording
from pierre_mcp.services.renewal import Renewal
from pierre_mcp.services.steps import Step
from pierre_mcp.store import activity, recordings, renewal
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from tests.formats.making import fit_activity, ride
from tests.store.rotating import rotate
from tests.stores import (
    STRAVA,
    a_grant,
    a_recording,
    a_store,
    owner_grant,
    owner_of,
    put,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "data") as made:
        yield made


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


def of_version_one(**streams: bytes) -> NewRecording:
    """As the first release stored a ride: no details, laps in the cell."""
    [track] = read_fit(fit_activity(ride(1_800)), Limits())
    columns = {n: pack(c, STEPS[n]) for n, c in track.columns.items()}
    made = a_recording()
    lap = Pieces(start_s=[0.0], duration_s=[1_799.0], distance_m=[10_000.0])
    cell = made.activity.model_copy(update={"laps": lap, "gear": "a bike"})
    return replace(made, details={}, streams=columns | streams, activity=cell)


def older(store: Store) -> None:
    """Say of every recording that an older formula computed it."""
    with store.writing() as tx:
        tx.execute("UPDATE recordings SET formula = 1")


def take(store: Store, grant: Grant, step: Step) -> None:
    with store.reading() as tx:
        step.prepare(tx, grant)
    with store.writing() as tx:
        step.write(tx, grant)


def renew(store: Store, grant: Grant) -> Renewal:
    job = Renewal()
    for step, _ in job.steps():
        take(store, grant, step)
    return job


def every(store: Store, grant: Grant) -> list[Recording]:
    with store.reading() as tx:
        ids = [row.id for row in recordings.newest(tx, grant, Wanted())]
        found = [activity.recording(tx, grant, one) for one in ids]
    return [one for one in found if one is not None]


def test_details_come_and_what_was_declared_stays(store: Store, grant: Grant) -> None:
    put(store, grant, of_version_one())
    older(store)
    [before] = every(store, grant)
    assert renew(store, grant).renewed == 1
    [after] = every(store, grant)
    assert after.formula == FORMULA
    assert after.activity.distance_m == before.activity.distance_m == 10_000
    assert after.activity.gear == "a bike"
    assert (after.location, after.notes) == (before.location, before.notes)
    with store.reading() as tx:
        details = activity.details_of(tx, grant, after)
        assert renewal.count_due(tx, grant) == 0
    laps, power = details[Category.ACTIVITIES], details[Category.POWER]
    assert isinstance(laps, ActivityDetail)
    assert isinstance(power, PowerDetail)
    assert laps.laps.duration_s == (1_799.0,)
    assert len(power.mean_max_power_w) > 20
    assert after.activity.laps is None


def test_again_changes_nothing(store: Store, grant: Grant) -> None:
    put(store, grant, of_version_one(), a_recording(day="2026-02-02", bare=True))
    older(store)
    assert renew(store, grant).renewed == 2
    before = every(store, grant)
    assert renew(store, grant).renewed == 0
    assert every(store, grant) == before


def test_one_taken_back_meanwhile_stays_gone(store: Store, grant: Grant) -> None:
    run = put(store, grant, a_recording(bare=True))
    older(store)
    steps = Renewal().steps()
    take(store, grant, next(steps)[0])
    step, _ = next(steps)
    with store.reading() as tx:
        step.prepare(tx, grant)
    with store.writing() as tx:
        recordings.undo(tx, grant, run)
    with store.writing() as tx:
        step.write(tx, grant)
    assert every(store, grant) == []


def test_under_a_newer_key_the_whole_row_is_sealed_again(
    store: Store, grant: Grant
) -> None:
    put(store, grant, of_version_one())
    older_kid = kids(store)
    rotate(store, grant)
    older(store)
    renew(store, grant)
    assert kids(store) != older_kid
    [after] = every(store, grant)
    assert after.notes is not None


def kids(store: Store) -> list[int]:
    with store.reading() as tx:
        return [kid for (kid,) in tx.execute("SELECT kid FROM recordings")]


def test_copies_that_stood_apart_are_put_together(store: Store, grant: Grant) -> None:
    put(store, grant, of_version_one(), replace(of_version_one(), where=STRAVA))
    assert renew(store, grant).moved == 1
    assert len({one.activity_id for one in every(store, grant)}) == 1


def test_a_damaged_stream_is_said_so(store: Store, grant: Grant) -> None:
    put(store, grant, of_version_one(power_w=b"nonsense"))
    older(store)
    with pytest.raises(StoreDamagedError):
        renew(store, grant)


def test_only_the_owner_renews(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    [one] = every(store, grant)
    reader = a_grant(owner_of(store), pairs=set())
    with store.reading() as tx, pytest.raises(RuntimeError, match="owner"):
        renewal.streams_of(tx, reader, one)
