"""The register of requests: one sealed cell each; plain is only their order.

It is the person's own, and goes with the person.
"""

from dataclasses import dataclass
from uuid import uuid4

from pierre_mcp.errors import RequestUnknownError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.request import Request
from pierre_mcp.store.database import Tx

_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM requests"
_ADD = """
    INSERT INTO requests (id, tenant, person, seq, kid, cell) VALUES (?, ?, ?, ?, ?, ?)
"""
_ALL = """
    SELECT id, seq, cell FROM requests WHERE tenant = ? AND person = ? ORDER BY seq
"""
_UPDATE = """
    UPDATE requests SET kid = ?, cell = ? WHERE tenant = ? AND person = ? AND id = ?
"""


@dataclass(frozen=True, slots=True)
class ListedRequest:
    """A request as entered; ``number`` counts from 1."""

    id: str
    number: int
    request: Request


def add(tx: Tx, grant: Grant, request: Request) -> ListedRequest:
    """Enter a request.

    Raises:
        RuntimeError: The grant is a recipient's; of every function here.
    """
    _check_owner(grant)
    (number,) = tx.one(_NEXT)
    made = ListedRequest(str(uuid4()), int(number), request)
    kid, cell = _seal(tx, grant, made.id, request)
    tx.execute(_ADD, (made.id, grant.tenant, grant.person, number, kid, cell))
    return made


def listed(tx: Tx, grant: Grant) -> list[ListedRequest]:
    """Return every request, in the order they were entered.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    _check_owner(grant)
    rows = tx.execute(_ALL, (grant.tenant, grant.person))
    return [
        ListedRequest(
            row_id,
            number,
            Request.model_validate_json(tx.ring.open(cell, _place(grant, row_id))),
        )
        for row_id, number, cell in rows
    ]


def find(tx: Tx, grant: Grant, ref: str) -> ListedRequest:
    """Return the request of this number or id.

    Raises:
        RequestUnknownError: There is none.
    """
    for one in listed(tx, grant):
        if ref in {str(one.number), one.id}:
            return one
    raise RequestUnknownError


def update(tx: Tx, grant: Grant, request_id: str, request: Request) -> None:
    """Note what became of a request."""
    _check_owner(grant)
    kid, cell = _seal(tx, grant, request_id, request)
    tx.execute(_UPDATE, (kid, cell, grant.tenant, grant.person, request_id))


def _check_owner(grant: Grant) -> None:
    grant.check()
    if not grant.owner:
        msg = "the register of requests is the owner's"
        raise RuntimeError(msg)


def _seal(tx: Tx, grant: Grant, request_id: str, request: Request) -> tuple[int, bytes]:
    plain = request.model_dump_json().encode()
    scope = person_scope(grant.tenant, grant.person)
    return tx.ring.seal(plain, _place(grant, request_id), scope)


def _place(grant: Grant, request_id: str) -> Place:
    return Place("requests.cell/1", grant.tenant, grant.person, request_id)
