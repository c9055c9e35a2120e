from collections.abc import Callable
from dataclasses import replace

import pytest

from pierre_mcp.errors import (
    KeyringMissingError,
    KeyringTamperedError,
    MasterKeyWrongError,
)
from pierre_mcp.keyring.manifest import StoredKeyring, manifest_mac, open_ring
from pierre_mcp.keyring.master import LocalMaster
from pierre_mcp.keyring.ring import SYSTEM, KeyInfo, KeyState, Purpose, Ring
from pierre_mcp.keyring.wrap import WrappedKey, wrap_key

MASTER = LocalMaster(bytes(range(200, 232)))
STORE = "0e0e5e0c-0000-4000-8000-00000000000a"
KEYS = [
    (
        KeyInfo(number, SYSTEM, purpose, version, state, MASTER.id),
        bytes([number]) * 32,
    )
    for number, purpose, version, state in [
        (1, Purpose.MANIFEST, 1, KeyState.ACTIVE),
        (2, Purpose.SEAL, 1, KeyState.DECRYPT_ONLY),
        (3, Purpose.SEAL, 2, KeyState.ACTIVE),
    ]
]
GONE = WrappedKey(
    KeyInfo(4, SYSTEM, Purpose.ZONE, 1, KeyState.DESTROYED, MASTER.id), b"", b""
)
ROWS = [
    *(wrap_key(info, dek, master=MASTER, store_id=STORE) for info, dek in KEYS),
    GONE,
]
MAC = manifest_mac(Ring(KEYS), ROWS, generation=5)

Rows = list[WrappedKey]


def open_rows(rows: Rows, *, generation: int = 5, mac: bytes = MAC) -> Ring:
    return open_ring(stored(rows, generation=generation, mac=mac), [MASTER])


def stored(rows: Rows, *, generation: int = 5, mac: bytes = MAC) -> StoredKeyring:
    return StoredKeyring(store_id=STORE, generation=generation, rows=rows, mac=mac)


def with_state(row: WrappedKey, state: KeyState) -> WrappedKey:
    return replace(row, info=replace(row.info, state=state))


def test_opens_as_it_was_written() -> None:
    ring = open_rows(ROWS)
    assert [info.id for info in ring.infos()] == [1, 2, 3], "not the destroyed one"
    assert ring.active(SYSTEM, Purpose.SEAL) == 3


def test_the_order_of_rows_does_not_matter() -> None:
    assert len(open_rows(ROWS[::-1]).infos()) == 3


def test_a_frozen_manifest() -> None:
    """Stored: it may never change."""
    mac = manifest_mac(Ring(KEYS), [GONE], generation=1)
    assert (
        mac.hex() == "020430980232ef375548c79d1733672364f593018f983e12301064e250b369c4"
    )


@pytest.mark.promise("keys.no-overwrite")
def test_an_empty_keyring_is_never_a_first_start() -> None:
    with pytest.raises(KeyringMissingError):
        open_rows([])


TAMPERINGS: list[Callable[[Rows], Rows]] = [
    lambda rows: rows[:-1],
    lambda rows: [rows[0], rows[2], rows[3]],
    lambda rows: [with_state(rows[0], KeyState.DECRYPT_ONLY), *rows[1:]],
    lambda rows: [
        rows[0],
        with_state(rows[1], KeyState.ACTIVE),
        with_state(rows[2], KeyState.DECRYPT_ONLY),
        rows[3],
    ],
    lambda rows: [rows[0], with_state(rows[1], KeyState.ACTIVE), *rows[2:]],
    lambda rows: [rows[0], with_state(rows[1], KeyState.DESTROYED), *rows[2:]],
    lambda rows: [*rows, rows[2]],
    lambda rows: [*rows[:3], replace(rows[3], commitment=bytes(32))],
    lambda rows: rows[1:],
]


@pytest.mark.parametrize(
    "tamper",
    TAMPERINGS,
    ids=[
        "a destroyed row removed",
        "a row removed",
        "the manifest key retired",
        "an old key revived",
        "two keys in use",
        "a key declared destroyed",
        "a row twice",
        "a destroyed row changed",
        "no manifest key",
    ],
)
def test_a_changed_keyring_does_not_open(tamper: Callable[[Rows], Rows]) -> None:
    with pytest.raises(KeyringTamperedError):
        open_rows(tamper(ROWS))


def test_another_generation_or_mac() -> None:
    with pytest.raises(KeyringTamperedError):
        open_rows(ROWS, generation=4)
    for mac in (b"", bytes(32), MAC[:-1]):
        with pytest.raises(KeyringTamperedError):
            open_rows(ROWS, mac=mac)


def test_a_wrong_master_key_is_not_tampering() -> None:
    other = LocalMaster(bytes(range(100, 132)))
    with pytest.raises(MasterKeyWrongError):
        open_ring(stored(ROWS), [other])
