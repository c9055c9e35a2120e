"""A token wraps and unwraps, and its key never leaves it: SoftHSM, the real one."""

import pickle
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import (
    KeyringTamperedError,
    MasterKeyError,
    MasterKeyMissingError,
    MasterKeyUnreadableError,
    MasterKeyWrongError,
    MasterPackageError,
    MasterTokenError,
    MasterTokenKeyError,
    SealBrokenError,
)
from pierre_mcp.keyring.masters.token import ID_NONCE, TokenMaster, master_of_token
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose
from pierre_mcp.keyring.wrap import new_dek, unwrap_key, wrap_key
from tests.tokens import PIN, SoftToken

DEK = bytes(range(32))


def master(soft_token: SoftToken, label: str = "mek", **changed: str) -> TokenMaster:
    return master_of_token(soft_token.uri(label, **changed).removeprefix("pkcs11:"))


def test_wraps_and_unwraps_in_the_token(soft_token: SoftToken) -> None:
    held = master(soft_token)
    blob = held.wrap(DEK, b"context")
    assert len(blob) == 12 + 32 + 16
    assert blob != held.wrap(DEK, b"context"), "a nonce of its own each time"
    assert held.unwrap(blob, b"context") == DEK
    assert master(soft_token).unwrap(blob, b"context") == DEK, "by another session"
    for context, wrong in (
        (b"contexT", blob),
        (b"context", blob[:-1] + bytes([blob[-1] ^ 1])),
        (b"context", ID_NONCE + blob[12:]),
        (b"context", b""),
        (b"context", blob[:27]),
    ):
        with pytest.raises(SealBrokenError):
            held.unwrap(wrong, context)
    assert held.unwrap(blob, b"context") == DEK, "a refusal leaves the session whole"


def test_is_one_for_many_threads(soft_token: SoftToken) -> None:
    held = master(soft_token)
    with ThreadPoolExecutor(4) as pool:
        blobs = list(pool.map(lambda i: held.wrap(DEK, bytes([i])), range(40)))
        opened = pool.map(lambda i: held.unwrap(blobs[i], bytes([i])), range(40))
        assert set(opened) == {DEK}


@pytest.mark.promise("keys.mek-external")
def test_another_key_of_that_name_is_a_wrong_master_key(soft_token: SoftToken) -> None:
    """It is not taken for a keyring that somebody changed."""
    soft_token.make_key("shifting")
    before = master(soft_token, "shifting")
    assert before.id == master(soft_token, "shifting").id
    assert before.id != master(soft_token).id
    info = KeyInfo(1, "system", Purpose.SEAL, 1, KeyState.ACTIVE, before.id)
    row = wrap_key(info, new_dek(), master=before, store_id="store")
    assert row.wrapped[:2] == b"\x01\x02"
    with pytest.raises(KeyringTamperedError):
        unwrap_key(row, masters=[before], store_id="another store")
    soft_token.remove_key("shifting")
    soft_token.make_key("shifting")
    after = master(soft_token, "shifting")
    assert after.id != before.id
    with pytest.raises(MasterKeyWrongError, match=before.id.hex()):
        unwrap_key(row, masters=[after], store_id="store")


def test_its_id_is_no_wrap_of_anything(
    soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nonce of the id serves for nothing else, even where it is drawn."""
    held, drawn = master(soft_token), [ID_NONCE, ID_NONCE, bytes(12)]
    monkeypatch.setattr(secrets, "token_bytes", lambda _: drawn.pop(0))
    assert held.wrap(DEK, b"")[:12] == bytes(12)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"EXTRACTABLE": True}, id="extractable"),
        pytest.param({"SENSITIVE": False}, id="not sensitive"),
        pytest.param({"bits": 128}, id="AES-128"),
        pytest.param({"DECRYPT": False}, id="cannot decrypt"),
    ],
)
def test_a_key_that_could_leave_is_refused(
    soft_token: SoftToken, changed: dict[str, int]
) -> None:
    soft_token.make_key("odd", **changed)  # type: ignore[arg-type]
    try:
        with pytest.raises(MasterTokenKeyError):
            master(soft_token, "odd")
    finally:
        soft_token.remove_key("odd")


@pytest.mark.promise("keys.no-overwrite")
def test_a_key_that_is_absent_is_not_made(soft_token: SoftToken) -> None:
    for _ in range(2):
        with pytest.raises(MasterKeyMissingError):
            master(soft_token, "absent")


def test_two_keys_of_one_name_are_not_chosen_from(soft_token: SoftToken) -> None:
    soft_token.make_key("twin")
    soft_token.make_key("twin")
    with pytest.raises(MasterTokenError):
        master(soft_token, "twin")


def test_by_serial_slot_and_type(soft_token: SoftToken) -> None:
    serial = soft_token.token.serial.decode().strip()
    slot = soft_token.token.slot.slot_id
    query = soft_token.uri("mek").partition("?")[2]
    for named in (
        f"serial={serial}",
        f"slot-id={slot}",
        f"token=pierre;serial={serial}",
    ):
        rest = f"{named};object=mek;type=secret-key?{query}"
        assert master_of_token(rest).id == master(soft_token).id
    for named in ("serial=no", "slot-id=1", "token=other", f"token=no;serial={serial}"):
        with pytest.raises(MasterTokenError):
            master_of_token(f"{named};object=mek?{query}")


@pytest.mark.promise("keys.mek-external")
def test_a_module_that_is_none(soft_token: SoftToken, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    for path in (tmp_path / "none.so", tmp_path / "text.so", tmp_path):
        with pytest.raises(MasterTokenError) as caught:
            master(soft_token, **{"module-path": str(path)})
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "mode", "error"),
    [
        pytest.param(None, 0o600, MasterKeyMissingError, id="absent"),
        pytest.param(PIN.encode(), 0o644, MasterKeyUnreadableError, id="open"),
        pytest.param(b"\xff\xfe", 0o600, MasterTokenError, id="no text"),
    ],
)
def test_the_file_of_the_pin_is_held_to_what_a_key_file_is(
    soft_token: SoftToken,
    tmp_path: Path,
    content: bytes | None,
    mode: int,
    error: type[MasterKeyError],
) -> None:
    path = tmp_path / "pin"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(error):
        master(soft_token, **{"pin-source": f"file:{path}"})


def test_without_the_package_it_says_so(
    soft_token: SoftToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(MasterPackageError, match="pkcs11"):
        master(soft_token)


def test_a_master_key_shows_nothing(soft_token: SoftToken) -> None:
    held = master(soft_token)
    assert repr(held) == "<TokenMaster>"
    assert not hasattr(held, "__dict__")
    with pytest.raises(TypeError, match="never copied"):
        pickle.dumps(held)


class _Gone:
    """A key in a token that was pulled out."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def encrypt(self, *_: object, **__: object) -> bytes:
        raise self.fault

    decrypt = encrypt


class _Headstrong:
    """A key in a token that takes a nonce of its own, whatever it is told."""

    def encrypt(self, *_: object, **__: object) -> bytes:
        return secrets.token_bytes(16)

    decrypt = encrypt


def test_a_token_that_chooses_the_nonce_is_not_used(soft_token: SoftToken) -> None:
    with pytest.raises(MasterTokenError):
        TokenMaster(master(soft_token)._session, _Headstrong())


def test_a_token_that_wants_a_pin_gets_one(soft_token: SoftToken) -> None:
    with pytest.raises(MasterTokenError):
        master(soft_token, **{"pin-source": ""})


def test_a_token_pulled_out_is_no_broken_seal(soft_token: SoftToken) -> None:
    held = master(soft_token)
    blob = held.wrap(DEK, b"")
    kinds: Any = pytest.importorskip("pkcs11")
    held._key = _Gone(kinds.DeviceRemoved())
    with pytest.raises(MasterTokenError):
        held.wrap(DEK, b"")
    with pytest.raises(MasterTokenError):
        held.unwrap(blob, b"")
