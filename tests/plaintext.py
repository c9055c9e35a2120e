"""Keychains that keep what they are given in the plain: what must never be used."""

from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.backends import SecretService


class PlaintextKeyring(KeyringBackend):
    """Keeps everything in a dictionary, and calls itself the best there is."""

    priority = 99.0
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class DisguisedKeyring(SecretService.Keyring):
    """One that looks like a kind that seals, by its class."""

    priority = 99.0


class RefusingKeyring(PlaintextKeyring):
    """Lets itself be read, and not written."""

    def set_password(self, service: str, username: str, password: str) -> None:
        del service, username, password
        msg = "denied"
        raise RuntimeError(msg)


class ForgettingKeyring(PlaintextKeyring):
    """Says that it keeps something, and does not."""

    def set_password(self, service: str, username: str, password: str) -> None:
        del service, username, password
