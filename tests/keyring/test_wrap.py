import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import KeyringTamperedError, MasterKeyWrongError
from pierre_mcp.keyring.master import LocalMaster
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose
from pierre_mcp.keyring.wrap import WrappedKey, new_dek, unwrap_key, wrap_key

RAW = bytes(range(200, 232))
MASTER = LocalMaster(RAW)
OTHER = LocalMaster(RAW[::-1])
STORE = "0e0e5e0c-0000-4000-8000-00000000000a"
DEK = bytes(range(32))
INFO = KeyInfo(7, "system", Purpose.AUDIT, 3, KeyState.ACTIVE, MASTER.id)
ROW = wrap_key(INFO, DEK, master=MASTER, store_id=STORE)


def unwrap(row: WrappedKey, *masters: LocalMaster, store_id: str = STORE) -> bytes:
    return unwrap_key(row, masters=masters, store_id=store_id)


def by_hand(nonce: bytes) -> bytes:
    """DESIGN.md 5 written out again."""
    wrap_key = hmac.digest(RAW, b"pierre/mek/v1\x01", "sha512")[:32]
    pieces = [
        b"pierre/dek-wrap",
        b"\x01\x01",
        STORE.encode(),
        (7).to_bytes(4, "big"),
        b"system",
        b"audit",
        (3).to_bytes(4, "big"),
        MASTER.id,
    ]
    aad = len(pieces).to_bytes(8, "little")
    for piece in pieces:
        aad += len(piece).to_bytes(8, "little") + piece
    return b"\x01\x01" + nonce + AESGCM(wrap_key).encrypt(nonce, DEK, aad)


@pytest.mark.promise("keys.vectors")
def test_wraps_to_the_bytes_the_design_says() -> None:
    assert ROW.wrapped == by_hand(ROW.wrapped[2:14])
    assert unwrap(ROW, MASTER) == DEK


@pytest.mark.promise("keys.vectors")
def test_a_frozen_wrap_still_opens() -> None:
    row = WrappedKey(
        INFO,
        bytes.fromhex(
            "0101000000000000000000000000df58fcfe40dc534c3f6f9f6f209ab7f11733"
            "af6e0e7f7dae112a5de537bba329bb2abeae930b45d95593f5e60d85cb1c"
        ),
        bytes.fromhex(
            "8426a2b7b935195175b224c72c727ee9e24acaa81e31a4a360957e7ca17749a5"
        ),
    )
    assert unwrap(row, MASTER) == DEK


@pytest.mark.promise("keys.no-overwrite")
def test_a_wrong_master_key_names_the_one_needed() -> None:
    with pytest.raises(MasterKeyWrongError) as caught:
        unwrap(ROW, OTHER)
    assert caught.value.needed_id == MASTER.id.hex()
    with pytest.raises(MasterKeyWrongError):
        unwrap(ROW)


def test_any_master_key_given_may_open() -> None:
    assert unwrap(ROW, OTHER, MASTER) == DEK


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(replace(ROW, info=replace(INFO, id=8)), id="id"),
        pytest.param(replace(ROW, info=replace(INFO, scope="tenant:x")), id="scope"),
        pytest.param(replace(ROW, info=replace(INFO, purpose=Purpose.ZONE)), id="use"),
        pytest.param(replace(ROW, info=replace(INFO, version=2)), id="version"),
        pytest.param(replace(ROW, commitment=bytes(32)), id="commitment"),
        pytest.param(replace(ROW, commitment=b""), id="no commitment"),
        pytest.param(replace(ROW, wrapped=b""), id="nothing"),
        pytest.param(replace(ROW, wrapped=ROW.wrapped[:20]), id="cut"),
        pytest.param(replace(ROW, wrapped=b"\x02" + ROW.wrapped[1:]), id="format"),
        pytest.param(
            replace(ROW, wrapped=b"\x01\x02" + ROW.wrapped[2:]), id="another alg"
        ),
    ],
)
def test_a_changed_row(row: WrappedKey) -> None:
    with pytest.raises(KeyringTamperedError) as caught:
        unwrap(row, MASTER)
    assert caught.value.__cause__ is None


def test_every_changed_bit_is_refused() -> None:
    for bit in range(8 * len(ROW.wrapped)):
        altered = bytearray(ROW.wrapped)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyringTamperedError):
            unwrap(replace(ROW, wrapped=bytes(altered)), MASTER)


def test_another_stores_row() -> None:
    with pytest.raises(KeyringTamperedError):
        unwrap(ROW, MASTER, store_id="0e0e5e0c-0000-4000-8000-00000000000b")


def test_a_key_is_wrapped_under_the_master_key_it_names() -> None:
    with pytest.raises(ValueError, match="its row names"):
        wrap_key(INFO, DEK, master=OTHER, store_id=STORE)


def test_the_state_may_change_without_a_new_wrap() -> None:
    row = replace(ROW, info=replace(INFO, state=KeyState.DECRYPT_ONLY))
    assert unwrap(row, MASTER) == DEK


def test_new_keys_are_new() -> None:
    assert len({new_dek() for _ in range(100)}) == 100
    assert len(new_dek()) == 32
