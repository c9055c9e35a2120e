"""The register of requests by law."""

from dataclasses import dataclass
from typing import Final

from pierre_mcp.errors import RequestUnknownError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.request import Request
from pierre_mcp.store.database import Tx
from pierre_mcp.store.registers import Register

_REGISTER: Final = Register("requests", Request)


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
    _REGISTER.check(grant)
    return ListedRequest(*_REGISTER.add(tx, grant, request), request)


def listed(tx: Tx, grant: Grant) -> list[ListedRequest]:
    """Return every request, in the order they were entered.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    _REGISTER.check(grant)
    return [ListedRequest(*row) for row in _REGISTER.listed(tx, grant)]


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
    _REGISTER.check(grant)
    _REGISTER.update(tx, grant, request_id, request)
