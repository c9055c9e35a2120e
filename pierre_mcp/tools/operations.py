"""Long work an assistant may begin: importing the person's inbox.

Beginning it needs consent to the tool itself, which no bundle gives. Asking for an
operation and cancelling it need none: they tell a recipient of what it began, whatever
was withdrawn since, and giving work up takes nothing. An answer holds numbers only.
Those by outcome are data of category ``activities``, for "duplicate" says that a file
is in the history already: they are shown to who may read the activities of ``files``.
"""

from typing import Annotated

from pydantic import MISSING, Field

from pierre_mcp.errors import (
    ConsentMissingError,
    DemoStoreError,
    PolicyTamperedError,
)
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import PUBLIC, Params, Reply, Sensitive
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.operation import IMPORTS, TELLS, OperationState
from pierre_mcp.model.terms import Terms
from pierre_mcp.services import operations as service
from pierre_mcp.services.faults import (
    InboxForAssistantsError,
    InboxMissingError,
    InboxUnusableError,
)
from pierre_mcp.store import operations, people
from pierre_mcp.store.database import Tx
from pierre_mcp.store.operations import Listed
from pierre_mcp.tools.consents import Nothing
from pierre_mcp.tools.table import Shown, Tool
from pierre_mcp.tools.wording import count

SOURCE = "files"
"""What is imported is filed under: named here, since importing takes long to load."""

_COUNTS = frozenset({Category.ACTIVITIES})
_BEGINS = Terms(required=None, opens=_COUNTS, writes=True, asks=True)
_OWN = Terms(required=None, opens=_COUNTS)
_YIELDS = Terms(required=None, writes=True)

Tally = Annotated[int | MISSING, Sensitive(Category.ACTIVITIES)]


class OperationParams(Params):
    """Which operation."""

    operation_id: Annotated[
        str, Field(max_length=64, description="As import_inbox gave it.")
    ]


class OperationReply(Reply):
    """An operation as it stands."""

    operation_id: Annotated[str, PUBLIC]
    state: Annotated[OperationState, PUBLIC]
    reason: Annotated[
        str | None, PUBLIC, Field(description="Why it stopped or failed.")
    ] = None
    files_done: Annotated[int, PUBLIC]
    files_total: Annotated[
        int | None, PUBLIC, Field(description="Null until they were counted.")
    ] = None
    files_imported: Tally = MISSING
    files_duplicate: Tally = MISSING
    files_skipped: Tally = MISSING
    files_failed: Tally = MISSING
    activities_imported: Tally = MISSING


class CancelReply(Reply):
    """How an operation ended."""

    operation_id: Annotated[str, PUBLIC]
    state: Annotated[OperationState, PUBLIC]


def import_inbox(tx: Tx, grant: Grant, params: Nothing) -> OperationReply:
    """Begin the import, or join the one that runs.

    Raises:
        InboxForAssistantsError: The owner asks, who imports by a command.
        DemoStoreError: Nobody's data is imported into a demo.
        InboxMissingError: The person has named no folder.
    """
    del params
    if grant.owner:
        raise InboxForAssistantsError
    if people.is_demo(tx):
        raise DemoStoreError
    if grant.here.profile.inbox is None:
        raise InboxMissingError(grant.here.command)
    return _told(grant, service.begin(tx, grant, IMPORT_INBOX.name))


def get_operation(tx: Tx, grant: Grant, params: OperationParams) -> OperationReply:
    """Read how far an operation of the recipient's own is."""
    return _told(grant, operations.find(tx, grant, params.operation_id))


def cancel_operation(tx: Tx, grant: Grant, params: OperationParams) -> CancelReply:
    """End an operation of the recipient's own; what is done stays."""
    found = service.cancel(tx, grant, params.operation_id)
    return CancelReply(operation_id=found.id, state=found.state)


def show_cancelled(reply: CancelReply, here: Here) -> Shown:
    """Show that it ended, or how it had ended before."""
    del here
    return Shown(f"It is {reply.state}. What was done by then stays.", reply)


def show_operation(reply: OperationReply, here: Here) -> Shown:
    """Show an operation, and what to do next."""
    done = count(reply.files_done, "file")
    of = "" if reply.files_total is None else f" of {reply.files_total}"
    said = {
        OperationState.RUNNING: f"Running: {done}{of} done; it goes on by itself. Ask "
        f"get_operation for {reply.operation_id}.",
        OperationState.FINISHED: f"Finished: {done} done.",
        OperationState.CANCELLED: f"Cancelled after {done}; what is done stays.",
        OperationState.STOPPED: f"Stopped after {done}. {_why(reply.reason, here)}",
        OperationState.FAILED: f"Failed after {done}. {_why(reply.reason, here)}",
    }
    return Shown(f"{said[reply.state]}{_untold(reply)}", reply)


def _untold(reply: OperationReply) -> str:
    if reply.files_imported is not MISSING:
        return ""
    wanted = scopes.access(SOURCE, Category.ACTIVITIES)
    return f" What became of them is told with consent to {wanted}."


def _told(grant: Grant, found: Listed) -> OperationReply:
    operation = found.operation
    reply = OperationReply(
        operation_id=found.id,
        state=found.state,
        reason=operation.code or None,
        files_done=operation.done,
        files_total=operation.total,
    )
    if not grant.reads(SOURCE, Category.ACTIVITIES):
        return reply
    outcomes = operation.counts.outcomes
    return reply.model_copy(
        update={
            "files_imported": operation.counts.files_imported,
            "files_duplicate": outcomes.get("duplicate", 0),
            "files_skipped": outcomes.get("skipped", 0),
            "files_failed": outcomes.get("failed", 0),
            "activities_imported": operation.counts.activities,
        }
    )


_BEGIN_AGAIN = "Begin again with import_inbox."
_WHY = {
    ConsentMissingError.code: "Its consent is no longer in force; import_inbox says "
    "what only the person can do about it.",
    InboxMissingError.code: "The person has named no inbox any more.",
    InboxUnusableError.code: str(InboxUnusableError()),
    PolicyTamperedError.code: str(PolicyTamperedError()),
}


def _why(reason: str | None, here: Here) -> str:
    said = _WHY.get(reason or "", _BEGIN_AGAIN)
    return said.replace("pierre-mcp ", f"{here.command} ")


IMPORT_INBOX = Tool(
    name=IMPORTS,
    title="Import the inbox",
    summary="Import new FIT, GPX and TCX files from the one folder the person named as "
    "inbox; takes no path, reads no history and tells counts only, not names. Answers "
    "within 30 s; if state is running, it goes on: ask get_operation. Needs consent to "
    "this very tool, which no bundle gives.",
    takes=Nothing,
    gives=OperationReply,
    terms=_BEGINS,
    run=import_inbox,
    show=show_operation,
    source_of=lambda _: SOURCE,
    begins=lambda reply: reply.operation_id,
)
GET_OPERATION = Tool(
    name=TELLS,
    title="Operation",
    summary="How far an operation this assistant began is. Needs no consent.",
    takes=OperationParams,
    gives=OperationReply,
    terms=_OWN,
    run=get_operation,
    show=show_operation,
)
CANCEL_OPERATION = Tool(
    name="cancel_operation",
    title="Cancel an operation",
    summary="End an operation this assistant began, at its next step; what is done "
    "stays. Needs no consent.",
    takes=OperationParams,
    gives=CancelReply,
    terms=_YIELDS,
    run=cancel_operation,
    show=show_cancelled,
)
