"""A master key in the system's keychain, as base64 text under a service and a name.

The package ``keyring`` (extra ``keychain``) also falls back to backends that keep
nothing, or keep it in the plain, so only those that seal their secrets are used; of a
chain, the first such. An item that is absent is not one that is locked or denied.
"""

from typing import Any, Final, Protocol

from pierre_mcp.errors import (
    MasterKeychainError,
    MasterKeychainLockedError,
    MasterKeyMissingError,
    MasterKeyTakenError,
    MasterPackageError,
    MasterSourceError,
)
from pierre_mcp.keyring.master import as_text, key_of_text

_SEALING: Final = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.macOS.Keyring",
    }
)
_CHAIN: Final = "keyring.backends.chainer.ChainerBackend"


class Keychain(Protocol):
    """What is used of a backend of ``keyring``."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """Return the text kept there, or None."""
        ...

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Keep a text there."""
        ...


def key_of_keychain(place: str) -> bytes:
    """Return the key kept at ``SERVICE/NAME``.

    Raises:
        MasterSourceError: It is no such place.
        MasterPackageError: The package is not installed.
        MasterKeychainError: No keychain here seals its secrets.
        MasterKeychainLockedError: It is locked, or was denied us.
        MasterKeyMissingError: Nothing is kept there.
        MasterKeyMalformedError: What is kept there is no key.
    """
    service, name = _place(place)
    text = _read(real_keychain(), service, name)
    if text is None:
        raise MasterKeyMissingError
    return key_of_text(text.removesuffix("\n"))  # as a program may have put it there


def write_new_key(place: str, raw: bytes) -> None:
    """Keep a new key at ``SERVICE/NAME``, never over another.

    Raises:
        MasterKeyTakenError: Something is kept there; it was left.
        MasterKeyError: As for reading one.
    """
    service, name = _place(place)
    keychain = real_keychain()
    if _read(keychain, service, name) is not None:
        raise MasterKeyTakenError
    try:
        keychain.set_password(service, name, as_text(raw))
    except Exception:  # noqa: BLE001 - each backend has its own, and they may quote
        raise MasterKeychainLockedError from None
    if _read(keychain, service, name) != as_text(raw):
        raise MasterKeychainLockedError


def real_keychain() -> Keychain:
    """Return the system's keychain.

    Raises:
        MasterPackageError: The package ``keyring`` is not installed.
        MasterKeychainError: What it found does not seal what it keeps.
    """
    try:
        import keyring  # noqa: PLC0415 - an extra, and a tenth of a second
    except ImportError:
        raise MasterPackageError from None
    try:
        found: Any = keyring.get_keyring()
        candidates = found.backends if _name(found) == _CHAIN else [found]
    except Exception:  # noqa: BLE001 - a backend misnamed in its settings, a broken bus
        raise MasterKeychainError from None
    for candidate in candidates:
        if _name(candidate) in _SEALING:
            sealing: Keychain = candidate
            return sealing
    raise MasterKeychainError


def _name(backend: object) -> str:
    kind = type(backend)  # a subclass is another, and may do anything
    return f"{kind.__module__}.{kind.__qualname__}"


def _read(keychain: Keychain, service: str, name: str) -> str | None:
    try:
        return keychain.get_password(service, name)
    except Exception:  # noqa: BLE001 - each backend has its own, and they may quote
        raise MasterKeychainLockedError from None


def _place(place: str) -> tuple[str, str]:
    service, _, name = place.partition("/")
    if not (service and name):
        raise MasterSourceError
    return service, name
