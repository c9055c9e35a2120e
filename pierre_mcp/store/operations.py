"""Operations: one row each, to whom and how far sealed.

Plain are only our own ids, the order and the state. A recipient is shown its own; for
it, another's id is one that never was.
"""

from dataclasses import dataclass
from uuid import uuid4

from pierre_mcp.errors import OperationUnknownError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.operation import Operation, OperationState
from pierre_mcp.store.database import Tx

_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM operations"
_ADD = """
    INSERT INTO operations (id, tenant, person, seq, state, kid, cell)
    VALUES (?, ?, ?, ?, 'running', ?, ?)
"""
_FIND = """
    SELECT id, state, cell FROM operations WHERE tenant = ? AND person = ? AND id = ?
"""
_RUNNING = """
    SELECT id, state, cell FROM operations
     WHERE tenant = ? AND person = ? AND state = 'running' ORDER BY seq
"""
_UPDATE = """
    UPDATE operations SET state = ?, kid = ?, cell = ?
     WHERE tenant = ? AND person = ? AND id = ?
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """An operation as it stands."""

    id: str
    state: OperationState
    operation: Operation


def add(tx: Tx, grant: Grant, operation: Operation) -> Listed:
    """Note that an operation begins."""
    grant.check()
    (seq,) = tx.one(_NEXT)
    made = Listed(str(uuid4()), OperationState.RUNNING, operation)
    kid, cell = _seal(tx, grant, made.id, operation)
    tx.execute(_ADD, (made.id, grant.tenant, grant.person, seq, kid, cell))
    return made


def find(tx: Tx, grant: Grant, operation_id: str) -> Listed:
    """Return the operation with this id, if the grant's recipient began it.

    The owner may see every one.

    Raises:
        OperationUnknownError: There is none, or it is another recipient's.
    """
    grant.check()
    row = tx.one(_FIND, (grant.tenant, grant.person, operation_id))
    if row is None:
        raise OperationUnknownError
    found = _opened(tx, grant, *row)
    if grant.recipient not in {None, found.operation.recipient}:
        raise OperationUnknownError
    return found


def running(tx: Tx, grant: Grant, *, recipient: str, tool: str) -> list[Listed]:
    """Return what this recipient began with this tool and no end is known of."""
    grant.check()
    rows = tx.execute(_RUNNING, (grant.tenant, grant.person)).fetchall()
    every = (_opened(tx, grant, *row) for row in rows)
    return [
        one
        for one in every
        if (one.operation.recipient, one.operation.tool) == (recipient, tool)
    ]


def update(
    tx: Tx,
    grant: Grant,
    operation_id: str,
    state: OperationState,
    operation: Operation,
) -> None:
    """Note how far an operation came."""
    grant.check()
    kid, cell = _seal(tx, grant, operation_id, operation)
    who = (grant.tenant, grant.person, operation_id)
    tx.execute(_UPDATE, (state, kid, cell, *who))


def _opened(tx: Tx, grant: Grant, operation_id: str, state: str, cell: bytes) -> Listed:
    plain = tx.ring.open(cell, _place(grant, operation_id))
    return Listed(
        operation_id, OperationState(state), Operation.model_validate_json(plain)
    )


def _seal(
    tx: Tx, grant: Grant, operation_id: str, operation: Operation
) -> tuple[int, bytes]:
    scope = person_scope(grant.tenant, grant.person)
    plain = operation.model_dump_json().encode()
    return tx.ring.seal(plain, _place(grant, operation_id), scope)


def _place(grant: Grant, operation_id: str) -> Place:
    return Place("operations.cell/1", grant.tenant, grant.person, operation_id)
