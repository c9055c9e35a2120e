"""A scan opens what its reader may read, refuses what was altered, and can be ended."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.errors import CancelledCallError, SealBrokenError
from pierre_mcp.model.category import Category
from pierre_mcp.store import scan
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.store.turn import Turn
from tests.stores import (
    STRAVA,
    a_grant,
    a_recording,
    a_store,
    database,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "data") as made:
        yield made


def alter(store: Store, tmp_path: Path, column: str) -> None:
    """Put the cells of one row into another, as the ``sqlite3`` shell can."""
    del store
    db = sqlite3.connect(database(tmp_path / "data"))
    db.execute(f"UPDATE recordings SET {column} = (SELECT {column} FROM recordings r"  # noqa: S608
               " WHERE r.id <> recordings.id LIMIT 1)")  # fmt: skip
    db.commit()
    db.close()


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize("column", ["activities", "heart_rate", "power"])
def test_a_cell_in_another_row_does_not_open(
    store: Store, tmp_path: Path, column: str
) -> None:
    grant = owner_grant(store)
    put(store, grant, a_recording(), a_recording(day="2026-02-02"))
    alter(store, tmp_path, column)
    with store.reading() as tx, pytest.raises(SealBrokenError):
        list(scan.batches(tx, grant, Wanted()))


@pytest.mark.promise("consent.granular")
def test_what_is_not_consented_to_is_not_opened(store: Store, tmp_path: Path) -> None:
    """Not even looked at: broken cells of it are no obstacle."""
    owner = owner_grant(store)
    put(store, owner, a_recording(), a_recording(day="2026-02-02"))
    alter(store, tmp_path, "heart_rate")
    alter(store, tmp_path, "power")
    grant = a_grant(owner_of(store), pairs=pairs_of("files", Category.ACTIVITIES))
    with store.reading() as tx:
        (batch,) = scan.batches(tx, grant, Wanted())
        assert not scan.may_read(tx, grant, Wanted(), Category.HEART_RATE)
    assert not batch.has_heart_rate.any()
    assert not batch.has_power.any()
    assert batch.summary["distance_m"].tolist() == [10_000.0, 10_000.0]


def test_what_is_not_asked_for_is_not_opened(store: Store, tmp_path: Path) -> None:
    """A curve of power needs none of the other cells, broken ones no obstacle."""
    grant = owner_grant(store)
    put(store, grant, a_recording(), a_recording(day="2026-02-02"))
    for column in ("activities", "heart_rate", "power"):
        alter(store, tmp_path, column)
    with store.reading() as tx:
        (batch,) = scan.batches(
            tx, grant, Wanted(), details=[Category.POWER], numbers=()
        )
        with pytest.raises(SealBrokenError):
            list(scan.batches(tx, grant, Wanted(), numbers=[Category.HEART_RATE]))
    assert all(batch.details[Category.POWER])
    assert batch.has_power.all()
    assert not batch.has_heart_rate.any()
    assert not batch.opened
    assert not batch.summary.size


def test_each_source_is_read_as_far_as_it_is_granted(store: Store) -> None:
    put(store, owner_grant(store), a_recording(), a_recording(where=STRAVA))
    both = pairs_of("files", Category.ACTIVITIES) | pairs_of(
        "strava", Category.ACTIVITIES, Category.HEART_RATE
    )
    grant = a_grant(owner_of(store), pairs=both)
    with store.reading() as tx:
        (batch,) = scan.batches(tx, grant, Wanted())
        assert scan.may_read(tx, grant, Wanted(), Category.HEART_RATE)
        files = Wanted(sources=frozenset({"files"}))
        assert not scan.may_read(tx, grant, files, Category.HEART_RATE)
    seen = dict(zip(batch.source, batch.has_heart_rate, strict=True))
    assert seen == {"files": np.False_, "strava": np.True_}
    assert batch.heart_rate["mean_bpm"].tolist() == [142.0]


def test_a_scan_ends_between_batches(store: Store) -> None:
    grant = owner_grant(store)
    put(store, grant, *(a_recording(bare=True) for _ in range(600)))
    turn, seen = Turn(), 0
    with pytest.raises(CancelledCallError), store.reading(turn) as tx:  # noqa: PT012 - cancelled in the midst
        for batch in scan.batches(tx, grant, Wanted()):
            seen += len(batch.id)
            turn.cancel()
    assert seen < 600
    with store.reading() as tx:  # and the next one is not hit
        assert sum(len(b.id) for b in scan.batches(tx, grant, Wanted())) == 600


def test_old_cells_are_read_beside_new_ones(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stores hold cells of the first release: JSON, under the same column."""
    grant = owner_grant(store)
    with monkeypatch.context() as before:
        before.setattr("pierre_mcp.store.recordings.NUMBERS", {})
        put(store, grant, a_recording())
    put(store, grant, replace(a_recording(), local_day="2026-02-02"))
    with store.reading() as tx:
        (batch,) = scan.batches(tx, grant, Wanted())
    for part, name in ((batch.summary, "moving_s"), (batch.heart_rate, "mean_bpm")):
        assert part[name][0] == part[name][1]
