"""The store cannot be used."""

from pierre_mcp.errors.kinds import StoreError


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


class PersonErasedError(StoreError):
    """The person whose store this was is erased, and nothing of theirs is left."""

    code = "person_erased"
    remedy = "Begin anew with: pierre-mcp setup, and restart each client."


class StorePutBackError(StoreError):
    """The store is older than what was last written here: a copy was put back, or a crash lost its last writes."""  # noqa: E501

    code = "store_put_back"
    remedy = "Look at it, and accept it with: pierre-mcp restore --accept"


class StoreReplacedError(StoreError):
    """Another file was put in the place of the store that this process has open."""

    code = "store_replaced"
    remedy = "Restart the client that started it."


class HighWaterUnreadableError(StoreError):
    """The file that tells how far the log had come cannot be read."""

    code = "high_water_unreadable"
    remedy = "Make the configuration directory yours: chmod 700 it, 600 its files."


class HighWaterUnwritableError(StoreError):
    """The file that tells how far the log has come cannot be made."""

    code = "high_water_unwritable"
    remedy = "Make room in the configuration directory, or make it writable."


class WitnessesUnreadableError(StoreError):
    """The list of who keeps checkpoints elsewhere cannot be read."""

    code = "witnesses_unreadable"
    remedy = "Mend or remove it, in the configuration directory."


class WitnessesUnwritableError(StoreError):
    """The list of who keeps checkpoints elsewhere cannot be written."""

    code = "witnesses_unwritable"
    remedy = "Make room in the configuration directory, or make it writable."


class CopyForeignError(StoreError):
    """The file is not a store of pierre-mcp's."""

    code = "copy_foreign"


class CopyUnreadableError(StoreError):
    """The copy cannot be read."""

    code = "copy_unreadable"


class CopyDamagedError(StoreError):
    """The copy is damaged, so nothing was restored from it."""

    code = "copy_damaged"
    remedy = "Use another."


class CopyTamperedError(StoreError):
    """The copy's log was changed from outside, so nothing was restored from it."""

    code = "copy_tampered"
    remedy = "Use another."


class PlaceUnusableError(StoreError):
    """What is in the store's place is no database of ours, so nothing was put there."""

    code = "place_unusable"
    remedy = "Close every client, move that file away, and run this again."
