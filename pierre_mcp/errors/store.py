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
