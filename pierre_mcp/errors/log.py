"""What is given to check the log with, and is nothing of the kind."""

from pierre_mcp.errors.kinds import InvalidError, NotFoundError


class NoteMalformedError(InvalidError):
    """This is no checkpoint as this program signs them."""

    code = "note_malformed"


class NotesForeignError(InvalidError):
    """The file holds no checkpoint of this store."""

    code = "notes_foreign"
    remedy = "Name the file that checkpoints of this store were kept in."


class LogKeyMalformedError(InvalidError):
    """The file is none that this program wrote to check this store's log with."""

    code = "log_key_malformed"
    remedy = "Name a file written by: pierre-mcp audit key PATH"


class RowUnknownError(NotFoundError):
    """The log has no row of that number."""

    code = "row_unknown"
    remedy = "See the newest ones with: pierre-mcp audit tail"


class RowPrunedError(NotFoundError):
    """Rows that this needs were pruned from the log, as its retention says."""

    code = "row_pruned"
