"""The keyring's rows: which there are, and what loads them."""

from pathlib import Path

import pytest

from pierre_mcp.errors import KeyringTamperedError, StoreDamagedError
from pierre_mcp.keyring.ring import SEAL_BLOCK, SYSTEM, Purpose, person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import inspection, keys
from pierre_mcp.store.database import Store
from tests.store.hands import edit, look
from tests.store.rotating import rotate
from tests.stores import MASTER, OTHER_MASTER, a_recording, maintenance, put


@pytest.mark.promise("tenant.keys")
def test_the_first_keys_are_of_the_system_the_tenant_and_the_person(
    store: Store, grant: Grant
) -> None:
    person = person_scope(grant.tenant, grant.person)
    with store.reading() as tx:
        made = {(info.scope, info.purpose) for info in tx.ring.infos()}
        assert inspection.key_count(tx, maintenance()) == 9
    assert made == {
        (SYSTEM, Purpose.MANIFEST),
        (SYSTEM, Purpose.AUDIT),
        (SYSTEM, Purpose.CHECKPOINT_SIGN),
        (f"tenant:{grant.tenant}", Purpose.SEAL),
        (person, Purpose.SEAL),
        (person, Purpose.INDEX),
        (person, Purpose.LEDGER),
        (person, Purpose.PSEUDONYM),
        (person, Purpose.TOKEN_MAC),
    }


def test_the_master_keys_needed_are_named_without_them(store: Store) -> None:
    assert keys.needed_ids(store.db) == {MASTER.id}


def test_a_key_that_was_destroyed_needs_no_master(
    directory: Path, store: Store
) -> None:
    edit(directory, "UPDATE keyring SET mek_id = ? WHERE id = 3", (OTHER_MASTER.id,))
    assert keys.needed_ids(store.db) == {MASTER.id, OTHER_MASTER.id}
    edit(
        directory, "UPDATE keyring SET state = 'destroyed', wrapped = NULL WHERE id = 3"
    )
    assert keys.needed_ids(store.db) == {MASTER.id}


def test_no_first_key_is_made_twice(store: Store) -> None:
    """By INSERT, and never again."""
    for sql in (
        "INSERT INTO store SELECT 1, 'x', 1, x''",
        "INSERT INTO store SELECT 2, 'x', 1, x''",
    ):
        with pytest.raises(Exception, match="constraint"), store.writing() as tx:
            tx.execute(sql)


def test_every_key_starts_with_one_block_counted(directory: Path, store: Store) -> None:
    assert len(keys.needed_ids(store.db)) == 1
    assert set(look(directory, "SELECT seals FROM keyring")) == {(SEAL_BLOCK,)}


def test_a_rotated_keyring_loads_and_opens_what_was(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    assert rotate(store, grant) == 10
    with store.reading() as tx:
        inspection.open_one(tx, maintenance(), Identity(grant.tenant, grant.person))
        assert inspection.key_count(tx, maintenance()) == 9
        assert len(tx.ring.infos()) == 10


@pytest.mark.promise("keys.authentic")
def test_a_state_changed_by_hand_is_refused_at_the_next_generation(
    directory: Path, store: Store, grant: Grant
) -> None:
    rotate(store, grant)
    edit(directory, "UPDATE keyring SET state = 'decrypt_only' WHERE id = 9")
    edit(directory, "UPDATE keyring SET state = 'active' WHERE id = 4")
    edit(directory, "UPDATE store SET generation = generation + 1")
    with pytest.raises(KeyringTamperedError), store.reading():
        pytest.fail("it was begun")


def test_no_store_row_is_damage(directory: Path, store: Store) -> None:
    edit(directory, "DELETE FROM store")
    with pytest.raises(StoreDamagedError):
        keys.Keys([MASTER]).load(store.db)


def test_the_file_is_whole(store: Store, directory: Path, grant: Grant) -> None:
    put(store, grant, a_recording())
    with store.reading() as tx:
        assert inspection.intact(tx, maintenance())
    edit(directory, "DELETE FROM imports")
    with store.reading() as tx:
        assert not inspection.intact(tx, maintenance())
    assert inspection.sqlite_version() >= (3, 37, 0)
