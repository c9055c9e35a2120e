"""Operations: begun by a tool, carried out step by step, asked for and cancelled by id.

An operation is one recipient's. A process carries it out under the recipient's lock;
one that ends, however it ends, leaves it running, and the next one goes on with it.
"""

from pierre_mcp.errors import CancelledCallError, RefusedError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.operation import Operation, OperationState
from pierre_mcp.store import operations
from pierre_mcp.store.database import Tx
from pierre_mcp.store.operations import Listed


def begin(tx: Tx, grant: Grant, tool: str) -> Listed:
    """Begin what ``tool`` does, or return what the recipient has running of it.

    Raises:
        RuntimeError: It is the owner, for whom nothing outlives his command.
    """
    if grant.recipient is None:
        msg = "an operation is a recipient's"
        raise RuntimeError(msg)
    recipient = grant.recipient
    for running in operations.running(tx, grant, recipient=recipient, tool=tool):
        return running
    new = Operation(recipient=recipient, tool=tool, started_at=grant.here.now)
    return operations.add(tx, grant, new)


def cancel(tx: Tx, grant: Grant, operation_id: str) -> Listed:
    """End an operation of the recipient's own; one that is over stays as it ended.

    Takes effect with the caller's commit: each step of the job asks, in the
    transaction it writes in, whether the operation still runs.

    Raises:
        OperationUnknownError: There is none, or it is another recipient's.
    """
    found = operations.find(tx, grant, operation_id)
    if found.state is not OperationState.RUNNING:
        return found
    ended = found.operation.model_copy(update={"ended_at": grant.here.now})
    operations.update(tx, grant, found.id, OperationState.CANCELLED, ended)
    return Listed(found.id, OperationState.CANCELLED, ended)


def still_running(tx: Tx, grant: Grant, operation_id: str) -> Operation:
    """Return an operation that runs.

    Raises:
        CancelledCallError: It was ended meanwhile.
    """
    found = operations.find(tx, grant, operation_id)
    if found.state is not OperationState.RUNNING:
        raise CancelledCallError
    return found.operation


def ending_of(error: Exception) -> tuple[OperationState, str]:
    """Return how an operation ended that ``error`` ended, and the code to keep."""
    refused = isinstance(error, RefusedError)
    state = OperationState.STOPPED if refused else OperationState.FAILED
    return state, str(getattr(error, "code", "internal"))


class Unfinished:
    """A step that only looks: which operations of a recipient have no end."""

    def __init__(self, recipient: str, tool: str) -> None:
        self.ids: list[str] = []
        self._of = {"recipient": recipient, "tool": tool}

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Look."""
        self.ids = [found.id for found in operations.running(tx, grant, **self._of)]

    def write(self, tx: Tx, grant: Grant) -> None:
        """Nothing to write."""
