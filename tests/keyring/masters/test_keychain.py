"""A key in the keychain: GNOME's, on a bus of its own; and what is no keychain."""

import gc
import sys
from collections.abc import Callable
from contextlib import closing

import pytest

from pierre_mcp.errors import (
    MasterKeychainError,
    MasterKeychainLockedError,
    MasterKeyMalformedError,
    MasterKeyMissingError,
    MasterKeyTakenError,
    MasterPackageError,
    MasterSourceError,
)
from pierre_mcp.keyring.master import as_text
from pierre_mcp.keyring.masters.keychain import (
    key_of_keychain,
    real_keychain,
    write_new_key,
)
from tests.tokens import unlock

RAW = bytes(range(200, 232))
with_keychain = pytest.mark.usefixtures("keychain")


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which backend it is, is found out anew in each test."""
    core = pytest.importorskip("keyring.core", reason="the extra is not installed")
    monkeypatch.setattr(core, "_keyring_backend", None)


@pytest.mark.promise("keys.mek-external")
@pytest.mark.promise("keys.no-overwrite")
@with_keychain
def test_is_kept_and_found_and_never_put_over_one() -> None:
    with pytest.raises(MasterKeyMissingError):
        key_of_keychain("pierre/first")
    write_new_key("pierre/first", RAW)
    assert key_of_keychain("pierre/first") == RAW
    with pytest.raises(MasterKeyTakenError):
        write_new_key("pierre/first", RAW[::-1])
    assert key_of_keychain("pierre/first") == RAW
    with pytest.raises(MasterKeyMissingError):
        key_of_keychain("pierre/second/more")


@with_keychain
def test_what_is_kept_there_is_no_key() -> None:
    real_keychain().set_password("pierre", "odd", as_text(RAW)[:-4])
    with pytest.raises(MasterKeyMalformedError):
        key_of_keychain("pierre/odd")
    with pytest.raises(MasterKeyTakenError):
        write_new_key("pierre/odd", RAW)
    real_keychain().set_password("pierre", "odd", as_text(RAW) + "\n")
    assert key_of_keychain("pierre/odd") == RAW


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.promise("keys.no-overwrite")
def test_locked_is_not_absent(keychain: dict[str, str]) -> None:
    import secretstorage  # noqa: PLC0415 - of the extra

    write_new_key("pierre/locked", RAW)
    with closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        collection.lock()
        try:
            _is_locked(lambda: key_of_keychain("pierre/locked"))
            _is_locked(lambda: write_new_key("pierre/absent", RAW))
            gc.collect()  # here, where what the package leaves open is let pass
        finally:
            unlock(keychain)
    assert key_of_keychain("pierre/locked") == RAW


def _is_locked(work: Callable[[], object]) -> None:
    with pytest.raises(MasterKeychainLockedError) as caught:
        work()
    assert caught.value.exit_status == 78


@with_keychain
def test_of_a_chain_the_first_that_seals_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(
        "PYTHON_KEYRING_BACKEND", "keyring.backends.chainer.ChainerBackend"
    )
    assert type(real_keychain()).__module__ == "keyring.backends.SecretService"


@pytest.mark.promise("keys.mek-external")
@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "keyring.backends.chainer.ChainerBackend",
        "tests.plaintext.PlaintextKeyring",
        "tests.plaintext.DisguisedKeyring",
        "no.such.Backend",
        "keyring.backends.fail.NoSuchClass",
    ],
)
def test_a_keychain_that_seals_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """Without a bus, a chain has none that seals."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    for work in (
        lambda: key_of_keychain("pierre/first"),
        lambda: write_new_key("pierre/first", RAW),
    ):
        with pytest.raises(MasterKeychainError):
            work()


@pytest.mark.parametrize("kind", ["RefusingKeyring", "ForgettingKeyring"])
def test_a_new_key_that_is_not_kept_is_not_taken_for_kept(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name = f"tests.plaintext.{kind}"
    monkeypatch.setattr("pierre_mcp.keyring.masters.keychain._SEALING", {name})
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(MasterKeychainLockedError):
        write_new_key("pierre/first", RAW)


@pytest.mark.parametrize("place", ["", "/", "pierre", "pierre/", "/name"])
def test_what_is_no_place(place: str) -> None:
    for work in (lambda: key_of_keychain(place), lambda: write_new_key(place, RAW)):
        with pytest.raises(MasterSourceError):
            work()


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MasterPackageError, match="keychain"):
        key_of_keychain("pierre/first")
