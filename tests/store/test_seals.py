"""Seals are counted before they are made, and keys change unnoticed."""

from pathlib import Path

import pytest

from pierre_mcp.errors import (
    KeyExhaustedError,
    StaleKeyError,
    StoreDamagedError,
    StoreUpgradedError,
)
from pierre_mcp.keyring.ring import SEAL_BLOCK
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import migrations, recordings
from pierre_mcp.store.database import LOW_WATER, Store, Tx
from tests.store.hands import child, edit, line_of, look
from tests.store.rotating import rotate, sealing_key
from tests.store.units import WRITER, append, count
from tests.stores import (
    a_digest,
    a_recording,
    a_store,
    begin_import,
    owner_grant,
    put,
)


@pytest.mark.promise("keys.nonce-budget")
def test_seals_are_counted_before_they_are_made(directory: Path, grant: Grant) -> None:
    """In blocks, on disk, whoever asks: a second process takes a block of its own."""
    counts = [look(directory, "SELECT seals FROM keyring WHERE purpose = 'audit'")]
    for _ in range(2):
        with a_store(directory) as other:
            append(other, grant)
            counts.append(
                look(directory, "SELECT seals FROM keyring WHERE purpose = 'audit'")
            )
    assert counts == [[(SEAL_BLOCK * i,)] for i in (1, 2, 3)]


@pytest.mark.promise("keys.nonce-budget")
def test_a_block_is_taken_before_the_last_one_ends(
    directory: Path, store: Store, grant: Grant
) -> None:
    put(store, grant, a_recording())
    with store.reading() as tx:
        ring, key_id = tx.ring, sealing_key(tx.ring, grant)
    [(before,)] = look(directory, "SELECT seals FROM keyring WHERE id = ?", (key_id,))
    ring._left[key_id] = LOW_WATER - 1
    with store.writing() as tx:
        assert tx.ring.seals_left(key_id) == SEAL_BLOCK + LOW_WATER - 1
        assert tx.one("SELECT seals FROM keyring WHERE id = ?", (key_id,)) == (
            before + SEAL_BLOCK,
        )


@pytest.mark.promise("keys.nonce-budget")
def test_a_unit_that_fails_gives_no_seals_back(
    directory: Path, store: Store, grant: Grant
) -> None:
    left = []

    def fail() -> None:
        with store.writing() as tx:
            left.append(tx.ring.seals_left(sealing_key(tx.ring, grant)))
            begin_import(tx, grant)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - ours
        fail()
    with store.reading() as tx:
        left.append(tx.ring.seals_left(sealing_key(tx.ring, grant)))
    assert left[1] == left[0] - 1
    assert all(n for (n,) in look(directory, "SELECT seals FROM keyring"))


@pytest.mark.promise("keys.nonce-budget")
def test_a_key_that_is_spent_seals_no_more(directory: Path) -> None:
    with a_store(directory):
        pass
    edit(directory, "UPDATE keyring SET seals = ?", (2**31 - SEAL_BLOCK + 1,))
    with a_store(directory) as store:
        assert count(store) == 0  # reading goes on
        with pytest.raises(KeyExhaustedError):
            put(store, owner_grant(store), a_recording())


def test_a_snapshot_can_seal_once_refilled(directory: Path) -> None:
    with a_store(directory) as fresh:
        fresh.refill()
        grant = owner_grant(fresh)
        with fresh.reading() as tx:
            assert tx.ring.seals_left(sealing_key(tx.ring, grant)) == SEAL_BLOCK
        fresh.refill()  # and no more than once
        with fresh.reading() as tx:
            assert tx.ring.seals_left(sealing_key(tx.ring, grant)) == SEAL_BLOCK


def test_a_rotation_elsewhere_is_not_noticed_by_writers(
    directory: Path, store: Store, grant: Grant
) -> None:
    put(store, grant, a_recording(day="2026-01-01"))
    with a_store(directory) as other:
        new = rotate(other, grant)
    put(store, grant, a_recording(day="2026-01-02"))
    with store.reading() as tx:
        assert sealing_key(tx.ring, grant) == new
        kids = tx.execute("SELECT kid FROM recordings ORDER BY local_day").fetchall()
        assert kids[1] == (new,) != kids[0]
        assert len(list(recordings.newest(tx, grant, recordings.Wanted()))) == 2


def test_what_was_sealed_before_a_rotation_is_refused_and_sealed_again(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        import_id = begin_import(tx, grant)

    def sealed(tx: Tx) -> recordings.Sealed:
        return recordings.seal(
            tx.ring, grant, a_recording(), digest=a_digest("a"), import_id=import_id
        )

    with store.reading() as tx:
        stale = sealed(tx)
    with a_store(directory) as other:
        rotate(other, grant)
    with pytest.raises(StaleKeyError), store.writing() as tx:
        recordings.add(tx, grant, [stale])
    store.refill()  # the new key has no seals in this process
    with store.reading() as tx:
        again = sealed(tx)
    with store.writing() as tx:
        recordings.add(tx, grant, [again])
    assert count(store) == 1


def test_seals_in_hand_outlive_a_change_of_keys(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.reading() as tx:
        old = sealing_key(tx.ring, grant)
    put(store, grant, a_recording())
    with store.reading() as tx:
        left = tx.ring.seals_left(old)
    with a_store(directory) as other:
        rotate(other, grant)
    with store.reading() as tx:
        assert tx.ring.seals_left(old) == left


def test_a_newer_schema_ends_an_old_process(directory: Path, store: Store) -> None:
    edit(directory, f"PRAGMA user_version = {migrations.VERSION + 1}")
    for unit in (store.reading, store.writing):
        with pytest.raises(StoreUpgradedError), unit():
            pytest.fail("it was begun")
    edit(directory, f"PRAGMA user_version = {migrations.VERSION}")


def test_a_store_that_lost_its_row_is_damaged(directory: Path, store: Store) -> None:
    edit(directory, "DELETE FROM store")
    with pytest.raises(StoreDamagedError), store.reading():
        pytest.fail("it was begun")


@pytest.mark.promise("keys.nonce-budget")
def test_a_killed_process_loses_its_seals_and_never_the_count(directory: Path) -> None:
    with a_store(directory) as store:
        grant = owner_grant(store)
    for n in (2, 3):
        with child(WRITER, directory) as process:
            assert int(line_of(process)) > 0
            process.kill()
        counts = look(
            directory,
            "SELECT DISTINCT seals FROM keyring WHERE purpose = 'seal' AND scope = ?",
            (f"person:{grant.tenant}/{grant.person}",),
        )
        assert counts == [(n * SEAL_BLOCK,)]
