"""The one ancestor of every fault, and the branches that say who can mend it."""

from typing import ClassVar


class PierreError(Exception):
    """Something inside pierre-mcp went wrong."""

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 1
    remedy: ClassVar[str] = ""

    def __init__(self, message: str = "") -> None:
        # Each class speaks for itself; `code` is what is left under `python -OO`.
        first = (type(self).__doc__ or self.code).partition("\n")[0]
        super().__init__(message or f"{first} {self.remedy}".rstrip())


class RefusedError(PierreError):
    """The gate said no."""

    code = "refused"


class InvalidError(PierreError):
    """What was asked is not well formed."""

    code = "invalid"


class NotFoundError(PierreError):
    """There is nothing of that name here."""

    code = "not_found"


class SealError(PierreError):
    """A sealed value cannot be used."""

    code = "seal"


class KeyringError(PierreError):
    """The keyring cannot be used."""

    code = "keyring"


class StoreError(PierreError):
    """The store cannot be used."""

    code = "store"
