"""The faults of importing the inbox; like all others, they quote no value."""

from pierre_mcp.errors import CancelledCallError, InvalidError


class InboxMissingError(InvalidError):
    """The person has named no inbox, the one folder that may be imported from here."""

    code = "inbox_missing"

    def __init__(self, command: str = "pierre-mcp") -> None:
        super().__init__(
            "The person has named no inbox, the one folder that may be imported from "
            f"here. Only they can, on a terminal, with: {command} setup --inbox FOLDER"
        )


class InboxUnusableError(InvalidError):
    """The inbox is not a folder of the person's own that only they can write to."""

    code = "inbox_unusable"
    remedy = (
        "Close it with chmod go-w, or name another (no link, and neither in nor around "
        "the data and configuration directories) with: pierre-mcp setup --inbox FOLDER"
    )


class InboxForAssistantsError(InvalidError):
    """The inbox is what assistants import from."""

    code = "inbox_for_assistants"
    remedy = "Import what you like with: pierre-mcp import PATH"


class ProcessEndingError(CancelledCallError):
    """The process that did this is ending; the next one goes on with it."""

    code = "process_ending"
