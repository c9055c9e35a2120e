"""Seals and keys: 78 is EX_CONFIG of sysexits.h, "mend the configuration"."""

from pierre_mcp.errors.kinds import KeyringError, SealError


class SealBrokenError(SealError):
    """A sealed value was altered, moved, or sealed under a key we do not hold."""

    code = "seal_broken"


class KeyringMissingError(KeyringError):
    """The store is set up, but its keyring is empty; a new one would open nothing."""

    code = "keyring_missing"
    exit_status = 78
    remedy = "Restore the store from a backup."


class KeyringTamperedError(KeyringError):
    """The keyring was changed by something that does not hold the master key."""

    code = "keyring_tampered"
    exit_status = 78
    remedy = "Restore the store from a backup."


class KeyMissingError(KeyringError):
    """No key in use serves this purpose here: it was destroyed, or never made."""

    code = "key_missing"


class StaleKeyError(KeyringError):
    """Another process changed the keyring: load it again, and seal again."""

    code = "key_stale"


class SealBudgetError(KeyringError):
    """No seals are reserved under this key: reserve a block, and seal again."""

    code = "seal_budget"


class KeyExhaustedError(KeyringError):
    """A key has sealed as many values as is safe, and seals no more."""

    code = "key_exhausted"
    remedy = "Run: pierre-mcp keys rotate"
