"""Rotation: every cell under a new key, whoever reads, writes or dies meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.errors import CancelledCallError, SealBrokenError
from pierre_mcp.keyring.ring import KeyState, Purpose
from pierre_mcp.model.audit import Health
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.rotation import Emergency, Replacing, in_use
from pierre_mcp.store import (
    audit_check,
    key_changes,
    people,
    policies,
    rotation,
    sealed,
)
from pierre_mcp.store.database import Store
from tests.store.hands import edit, look
from tests.store.rotating import a_rotation, do, rotate, run, sealing_key
from tests.store.test_sealed import everything
from tests.store.units import append
from tests.stores import (
    a_recording,
    a_store,
    copy_store,
    database,
    maintenance,
    owner_grant,
    owner_of,
    put,
)

Values = dict[tuple[str, str, str], bytes]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with rows of nearly every kind: for copies of it."""
    directory = tmp_path_factory.mktemp("filled") / "store"
    with everything(directory):
        pass
    return directory


@pytest.fixture
def directory(filled: Path, tmp_path: Path) -> Path:
    return copy_store(filled, tmp_path / "store")


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    with a_store(directory) as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


def values(store: Store) -> Values:
    """What every cell of the store holds, but the log's own state."""
    with store.reading() as tx:
        return {
            (table.name, place.row, place.column): tx.ring.open(cell, place)
            for table in sealed.TABLES
            if table.purpose is Purpose.SEAL
            for row in sealed.every(tx, maintenance(), table)
            for _, place, cell in row.cells
        }


def kids(store: Store) -> set[int]:
    """The keys under which any row is."""
    with store.reading() as tx:
        return {
            row.kid
            for table in sealed.TABLES
            for row in sealed.every(tx, maintenance(), table)
        }


def states(store: Store) -> dict[int, str]:
    with store.reading() as tx:
        return dict(tx.execute("SELECT id, state FROM keyring").fetchall())


def healthy(store: Store) -> bool:
    who = owner_of(store)
    with store.reading() as tx:
        return isinstance(audit_check.verify(tx, maintenance(), who), Health)


@pytest.mark.promise("keys.dek-rotation")
def test_everything_is_sealed_again_and_the_old_keys_are_destroyed(
    store: Store, grant: Grant
) -> None:
    before, old = values(store), kids(store)
    with store.reading() as tx:
        rows = rotation.rows_under(tx, maintenance(), old) - 2  # the log's own state
    job = a_rotation()
    assert run(store, job)
    assert values(store) == before
    assert not kids(store) & old
    assert {states(store)[kid] for kid in old} == {KeyState.DESTROYED}
    assert (job.made, job.destroyed, job.resumed, job.broken) == (3, 3, False, 0)
    assert job.resealed == rows
    append(store, grant)
    assert healthy(store)


@pytest.mark.parametrize(
    ("rows", "size"), [(3, 10**6), (100, 300)], ids=["few rows", "few bytes"]
)
def test_a_step_is_short(
    store: Store, monkeypatch: pytest.MonkeyPatch, rows: int, size: int
) -> None:
    monkeypatch.setattr(rotation, "MOST_ROWS", rows)
    monkeypatch.setattr(rotation, "MOST_BYTES", size)
    before, most = values(store), 0
    for begin in (None, Emergency(a_rotation()._clock, None)):
        job, done = a_rotation(begin), 0
        for step, _ in job.steps():
            do(store, step)
            most, done = max(most, job.resealed - done), job.resealed
        assert values(store) == before
    assert 1 < most <= rows


@pytest.mark.promise("keys.dek-rotation")
def test_it_is_gone_on_with_wherever_it_was_left(directory: Path) -> None:
    """By another process, which finishes it and makes no key of its own."""
    with a_store(directory) as store:
        before, steps = values(store), 0
    ended = False
    while not ended:
        with a_store(directory) as store:
            ended = run(store, a_rotation(), steps)
            assert values(store) == before
        with a_store(directory) as store:
            left = [s for s in states(store).values() if s == KeyState.DECRYPT_ONLY]
            rest = a_rotation()
            run(store, rest)
            assert rest.resumed == bool(left)
            assert values(store) == before
            assert set(states(store).values()) == {"active", "destroyed"}
        steps += 3
    assert steps > 20


@pytest.mark.promise("keys.dek-rotation")
def test_a_concurrent_writer_wins(directory: Path, store: Store, grant: Grant) -> None:
    rotate(store, grant)
    with store.reading() as tx:
        profile = people.profile(tx, grant)
        policy = policies.read(tx, grant).policy
        [old] = rotation.pending(tx, maintenance())
        tables = [t for t in sealed.TABLES if t.name in {"people", "policies"}]
        batches = [
            rotation.reseal(tx, maintenance(), t, old.id, beyond=-1) for t in tables
        ]
    newer = profile.model_copy(update={"zone": "Asia/Tokyo"})
    with a_store(directory) as other, other.writing() as tx:
        people.set_profile(tx, grant, newer)
    with store.writing() as tx:
        written = [
            rotation.write(tx, maintenance(), table, batch)
            for table, batch in zip(tables, batches, strict=True)
        ]
    assert written == [0, 1]
    with store.reading() as tx:
        assert people.profile(tx, grant) == newer
        assert policies.read(tx, grant).policy == policy


@pytest.mark.promise("keys.dek-rotation")
def test_a_row_that_goes_or_comes_meanwhile_is_no_trouble(
    directory: Path, store: Store, grant: Grant
) -> None:
    job, steps = a_rotation(), 0
    with a_store(directory) as other:
        for step, _ in job.steps():
            do(store, step)
            steps += 1
            put(other, grant, a_recording(day=f"2026-01-{steps % 28 + 1:02}"))
            with other.writing() as tx:
                tx.execute("DELETE FROM gear WHERE id = (SELECT min(id) FROM gear)")
    assert {states(store)[kid] for kid in kids(store)} == {KeyState.ACTIVE}
    assert look(directory, "SELECT count(*) FROM recordings")[0][0] >= steps


@pytest.mark.promise("keys.dek-rotation")
def test_two_at_once_are_one(directory: Path, store: Store) -> None:
    before = values(store)
    first, second = a_rotation().steps(), a_rotation().steps()
    with a_store(directory) as other:
        for _ in range(5):  # until the keys are replaced
            do(store, next(first)[0])
        for step, _ in second:
            do(other, step)
            if (mine := next(first, None)) is not None:
                do(store, mine[0])
        for step, _ in first:
            do(store, step)
    assert values(store) == before
    assert sorted(states(store).values()).count("active") == 8


def test_a_row_that_does_not_open_keeps_its_key_and_stops_nothing(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.reading() as tx:
        old = sealing_key(tx.ring, grant)
    edit(
        directory,
        "UPDATE details SET cell = CAST(substr(cell, 1, 40) || x'00' AS BLOB)"
        " WHERE rowid = (SELECT min(rowid) FROM details)",
    )
    job = a_rotation()
    assert run(store, job)
    assert (job.broken, job.destroyed, states(store)[old]) == (1, 2, "decrypt_only")
    again = a_rotation()
    assert run(store, again)
    assert (again.made, again.resumed, again.broken) == (3, False, 1)
    assert look(directory, "SELECT DISTINCT kid FROM details ORDER BY 1")[0] == (old,)
    edit(directory, "DELETE FROM details WHERE kid = ?", (old,))
    last = a_rotation()
    assert run(store, last)
    assert (last.resumed, last.destroyed, last.broken) == (True, 1, 0)


def test_it_ends_between_two_steps_when_told(store: Store) -> None:
    job = a_rotation()
    steps = job.steps()
    for _ in range(7):
        do(store, next(steps)[0])
    job.end()
    with pytest.raises(CancelledCallError):
        next(steps)
    rest = a_rotation()
    assert run(store, rest)
    assert rest.resumed


@pytest.mark.parametrize("kind", ["system", "tenant", "person"])
def test_one_kind_of_scope(store: Store, kind: str) -> None:
    job = a_rotation(Replacing(a_rotation()._clock, in_use(kind)))
    assert run(store, job)
    assert (job.made, job.destroyed) == (1, 1)


@pytest.mark.promise("keys.dek-rotation")
def test_a_destroyed_key_leaves_every_ring_at_the_next_unit(
    directory: Path, store: Store, grant: Grant
) -> None:
    with a_store(directory) as other:
        with other.reading() as tx:
            old = sealing_key(tx.ring, grant)
            _, place, cell = next(
                sealed.under(tx, maintenance(), sealed.TABLES[0], old, most=1)
            ).cells[0]
            assert tx.ring.open(cell, place)
        assert run(store, a_rotation())
        with other.reading() as tx, pytest.raises(SealBrokenError):
            tx.ring.open(cell, place)


def test_a_snapshot_begun_before_is_read_to_its_end(
    directory: Path, store: Store
) -> None:
    before = values(store)
    with a_store(directory) as other, other.reading() as tx:
        rows = [(t, list(sealed.every(tx, maintenance(), t))) for t in sealed.TABLES]
        assert run(store, a_rotation())
        for table, found in rows:
            for row in found:
                for _, place, cell in row.cells:
                    key = (table.name, place.row, place.column)
                    assert tx.ring.open(cell, place) == before.get(
                        key, tx.ring.open(cell, place)
                    )
        assert not store.truncate(tries=1)
    assert store.truncate(tries=1)


@pytest.mark.promise("keys.dek-rotation")
def test_nothing_of_the_old_key_is_left_in_the_files(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.reading() as tx:
        old = sealing_key(tx.ring, grant)
        (wrapped,) = tx.one("SELECT wrapped FROM keyring WHERE id = ?", (old,))
        row = next(sealed.under(tx, maintenance(), sealed.TABLES[0], old, most=1))
    cell = row.cells[0][2]
    assert run(store, a_rotation())
    assert store.truncate()
    store.close()
    left = database(directory).read_bytes()
    assert wrapped not in left
    assert cell not in left


def test_seals_in_hand_go_along_with_the_keys_made(store: Store, grant: Grant) -> None:
    rotate(store, grant)
    with store.reading() as tx:
        assert tx.ring.seals_left(sealing_key(tx.ring, grant)) > 0


def test_what_another_destroyed_is_passed_by(store: Store, grant: Grant) -> None:
    with store.writing() as tx:
        [info] = key_changes.renew(
            tx,
            maintenance(),
            [(f"person:{grant.tenant}/{grant.person}", Purpose.TOKEN_MAC)],
            now=grant.here.now,
        )
        [old] = rotation.pending(tx, maintenance())
        assert (old.purpose, info.version) == (Purpose.TOKEN_MAC, 2)
        for _ in range(2):
            assert rotation.destroy(tx, maintenance(), old.id, now=grant.here.now)
        batch = rotation.reseal(tx, maintenance(), sealed.TABLES[0], old.id, beyond=-1)
        assert (batch.rows, batch.last) == ([], True)
