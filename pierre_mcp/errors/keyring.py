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


class MasterKeyMissingError(KeyringError):
    """No master key was given, and this store does not run without one."""

    code = "master_key_missing"
    exit_status = 78
    remedy = "Set PIERRE_MASTER_ENCRYPTION_KEY, or name the file that holds the key."

    def __init__(self, needed_id: bytes | None = None) -> None:
        if needed_id is None:
            super().__init__()
        else:
            super().__init__(
                "This store was sealed under a master key that was not given. It "
                f"needs the key with the public id {needed_id.hex()}. {self.remedy}"
            )


class MasterKeyMalformedError(KeyringError):
    """The master key is not the base64 text of exactly 32 random bytes."""

    code = "master_key_malformed"
    exit_status = 78
    remedy = (
        "Copy it again whole; for a new store, make one with: openssl rand -base64 32"
    )


class MasterKeyWrongError(KeyringError):
    """The master key given is not the one this store was sealed under.

    Attributes:
        needed_id: The public id of the master key that opens it, in hexadecimal.
    """

    code = "master_key_wrong"
    exit_status = 78

    def __init__(self, needed_id: bytes) -> None:
        self.needed_id = needed_id.hex()
        super().__init__(
            "The master key given is not the one this store was sealed under. "
            f"It needs the key with the public id {self.needed_id}."
        )


class MasterKeyRetiredError(KeyringError):
    """The master key set as primary has retired: nothing is wrapped under it again."""

    code = "master_key_retired"
    exit_status = 78
    remedy = "Set the key that replaced it as primary, and this one as previous."


class MasterKeySameError(KeyringError):
    """The keys are wrapped already under the master key that is set as primary."""

    code = "master_key_same"
    exit_status = 78
    remedy = "Set a new key as primary, and the one until now as previous."


class MasterKeyUnreadableError(KeyringError):
    """The master key is there, but cannot be read safely."""

    code = "master_key_unreadable"
    exit_status = 78
    remedy = "Its file must be yours or root's and closed to others: chmod 600."


class MasterSourceError(KeyringError):
    """The master key's source is none of env, dev and file: with an absolute path."""

    code = "master_key_source"
    exit_status = 78


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
