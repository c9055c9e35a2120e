"""One class for each fault; every message names things and quotes none of them.

A message is the class's own first line, followed by what to do next. It never holds a
path, a key, a value or the text of another error: what an assistant, a log or an audit
row is shown is this message and ``code``, and nothing else leaves (DESIGN.md 2).

The branches say who can mend it: the gate said no (``RefusedError``), the caller can
(``InvalidError``, ``NotFoundError``), or the person at the machine must (the others).
"""

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


# --- the gate said no -----------------------------------------------------------------


class PolicyTamperedError(RefusedError):
    """The consents stored are not those last recorded, so nothing is released."""

    code = "policy_tampered"
    remedy = "Run: pierre-mcp doctor"


class AuditTamperedError(RefusedError):
    """The audit log was changed from outside, so nothing is released."""

    code = "audit_tampered"
    remedy = "Run: pierre-mcp audit verify"


class ConsentMissingError(RefusedError):
    """No consent in force covers what the tool would read.

    Attributes:
        scopes: Every scope the call lacks; empty where only the bundle can be named.
        command: The one command by which the person gives them all.
    """

    code = "consent_missing"

    def __init__(self, scopes: tuple[str, ...], command: str) -> None:
        lacking = f" for {', '.join(scopes)}" if scopes else ""
        super().__init__(
            f"No consent in force{lacking}. Only the person can give it, on a "
            f"terminal, with: {command}"
        )
        self.scopes = scopes
        self.command = command


class PolicyChangedError(RefusedError):
    """The person changed what they consent to while this ran; nothing is released."""

    code = "policy_changed"
    remedy = "Ask again."


class PreviewWritesError(RefusedError):
    """A preview changes nothing, and this tool would."""

    code = "preview_writes"


class DemoStoreError(RefusedError):
    """This is a demo store: it never holds anyone's real data."""

    code = "demo_store"
    remedy = "Set up your own with: pierre-mcp setup"


class DemoRecipientError(RefusedError):
    """A demo is served to the recipient demo, and to no other."""

    code = "demo_recipient"


# --- what was asked -------------------------------------------------------------------


class ArgumentsInvalidError(InvalidError):
    """The arguments are not what the tool takes."""

    code = "arguments_invalid"


class ScopeMalformedError(InvalidError):
    """A scope is written as strava:activities, analytics:insights, share:NAME or tool:NAME."""  # noqa: E501

    code = "scope_malformed"


class LabelMalformedError(InvalidError):
    """A recipient's label is lower-case letters, digits and hyphens, 40 at most."""

    code = "label_malformed"


class ProfileMalformedError(InvalidError):
    """A profile's name is lower-case letters, digits and hyphens, 40 at most."""

    code = "profile_malformed"


class EnvironmentUnknownError(InvalidError):
    """The setting PIERRE_ENV is development or production."""

    code = "environment_unknown"
    exit_status = 78


class CursorInvalidError(InvalidError):
    """The cursor is not one given out for this question."""

    code = "cursor_invalid"
    remedy = "Ask again without it."


class ZoneUnknownError(InvalidError):
    """The time zone is not a name of the IANA database, as Europe/Berlin is."""

    code = "zone_unknown"


class ToolUnknownError(NotFoundError):
    """There is no tool of that name."""

    code = "tool_unknown"


class PromptUnknownError(NotFoundError):
    """There is no prompt of that name."""

    code = "prompt_unknown"


class ResourceUnknownError(NotFoundError):
    """There is no resource at that address."""

    code = "resource_unknown"


class ActivityUnknownError(NotFoundError):
    """There is no activity with this id among what you may read."""

    code = "activity_unknown"
    remedy = "Take an id from get_activities."


class ImportUnknownError(NotFoundError):
    """There is no import with this id."""

    code = "import_unknown"
    remedy = "See them with: pierre-mcp imports"


class OriginalUnknownError(NotFoundError):
    """The original of this file is not kept."""

    code = "original_unknown"
    remedy = "Keep it with: pierre-mcp import --keep-originals PATH"


class OperationUnknownError(NotFoundError):
    """There is no operation with this id."""

    code = "operation_unknown"
    remedy = "Begin one with import_inbox."


class PathUnknownError(NotFoundError):
    """There is nothing at one of the paths given."""

    code = "path_unknown"


class CancelledCallError(PierreError):
    """The call was cancelled, and nothing was released."""

    code = "cancelled"


# --- seals ----------------------------------------------------------------------------


class SealBrokenError(SealError):
    """A sealed value was altered, moved, or sealed under a key we do not hold."""

    code = "seal_broken"


# --- the keyring: 78 is EX_CONFIG of sysexits.h, "mend the configuration" -----------


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


# --- the store ------------------------------------------------------------------------


class LockTimeoutError(StoreError):
    """Another pierre-mcp process is writing to the store."""

    code = "store_busy"
    remedy = "Try again in a moment."


class StoreUpgradedError(StoreError):
    """A newer pierre-mcp has upgraded the store under this process."""

    code = "store_upgraded"
    remedy = "Restart the client that started it."


class StoreForeignError(StoreError):
    """The database is not one of pierre-mcp's, so it is left alone."""

    code = "store_foreign"
    remedy = "Choose another data directory."


class StoreNewerError(StoreError):
    """A newer pierre-mcp made this store, and this one cannot read it."""

    code = "store_newer"
    remedy = "Run: pip install --upgrade pierre-mcp"


class StorePermissionsError(StoreError):
    """A directory or file of the store is not yours alone."""

    code = "store_permissions"
    remedy = "Make it yours, and close it: chmod 700 the directory, 600 its files."


class StoreDamagedError(StoreError):
    """The database is damaged."""

    code = "store_damaged"
    remedy = "Run: pierre-mcp doctor"


class StoreUnwritableError(StoreError):
    """The store cannot be written: the disk is full, failing or read-only."""

    code = "store_unwritable"
    remedy = "Make room or make it writable, and try again."
