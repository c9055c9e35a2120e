"""A store moves from one kind of master key to another, and stays as it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    KeyringTamperedError,
    MasterKeyRetiredError,
    MasterKeyWrongError,
)
from pierre_mcp.keyring.master import LocalMaster, Master
from pierre_mcp.keyring.masters.passphrase import key_of_passphrase
from pierre_mcp.keyring.masters.token import master_of_token
from pierre_mcp.store import key_changes, keys, people
from pierre_mcp.store.database import Store
from pierre_mcp.store.opening import open_store
from tests.store.hands import edit
from tests.stores import MASTER, NOW, a_store, maintenance, opening, owner_of
from tests.tokens import SoftToken

SWAPPED = """
    UPDATE keyring SET wrapped = (SELECT wrapped FROM keyring WHERE id = 4)
     WHERE id = 3
"""


def opened(directory: Path, *masters: Master) -> Store:
    return open_store(replace(opening(directory), masters=lambda _: masters))


def move(directory: Path, to: Master, *held: Master) -> None:
    store = opened(directory, to, *held)
    with store.writing() as tx:
        assert key_changes.rewrap(tx, maintenance(), to, now=NOW) == 9
    store.close()


@pytest.mark.promise("keys.mek-external")
def test_into_a_token_and_out_of_it(directory: Path, soft_token: SoftToken) -> None:
    token = master_of_token(soft_token.uri("mek").removeprefix("pkcs11:"))
    with a_store(directory) as store:
        who, store_id = owner_of(store), keys.store_id(store.db)
    remembered = LocalMaster(key_of_passphrase("five or six random words", store_id))
    move(directory, token, MASTER)
    with pytest.raises(MasterKeyWrongError) as caught:
        opened(directory, MASTER)
    assert caught.value.needed_id == token.id.hex()
    store = opened(directory, token)
    with store.reading() as tx:
        assert people.owner(tx) == who
        assert key_changes.current_master(tx.ring) == token.id
    store.close()
    store = opened(directory, token, MASTER)
    with store.writing() as tx, pytest.raises(MasterKeyRetiredError):
        key_changes.rewrap(tx, maintenance(), MASTER, now=NOW)
    store.close()
    move(directory, remembered, token)
    opened(directory, remembered).close()


@pytest.mark.promise("keys.authentic")
def test_a_row_wrapped_in_a_token_is_not_changed_unseen(
    directory: Path, soft_token: SoftToken
) -> None:
    token = master_of_token(soft_token.uri("mek").removeprefix("pkcs11:"))
    with a_store(directory):
        pass
    move(directory, token, MASTER)
    assert edit(directory, SWAPPED) == 1
    with pytest.raises(KeyringTamperedError):
        opened(directory, token)
