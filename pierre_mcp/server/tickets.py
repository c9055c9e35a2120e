"""Requests in flight: each holds one ticket, from its line to its reply.

Tickets bound how much runs at once, tell a repeated id from a new one, carry an
answer's own bytes past the SDK to the wire, and say when all is answered. Every
ticket is returned exactly once: with the reply, or when a cancelled request settles.
"""

import threading
from dataclasses import dataclass
from typing import Final

import anyio
from mcp.shared.dispatcher import coerce_request_id
from mcp_types import INVALID_REQUEST, RequestId

from pierre_mcp.server.lines import Fault

MAX_IN_FLIGHT = 64
PATIENCE_S = 0.8
BUSY: Final = -32000


@dataclass(eq=False, slots=True)
class Ticket:
    """One request in flight.

    Attributes:
        id: The request's, as the client wrote it.
        rendered: The result, as the JSON that was recorded; the writer sends these
            bytes and not what the SDK makes of them. None leaves it to the SDK.
    """

    id: RequestId
    rendered: bytes | None = None


class Tickets:
    """All requests in flight.

    The reader's thread admits and the loop settles; the table is touched by single
    operations only, each of which the interpreter makes whole.
    """

    def __init__(self, limit: int = MAX_IN_FLIGHT) -> None:
        self._open: dict[RequestId, Ticket] = {}
        self._slots = threading.Semaphore(limit)
        self._saturated = False
        self._settled = anyio.Event()

    def admit(self, request_id: RequestId) -> Ticket | Fault:
        """Open a ticket, waiting a little where all are taken.

        A client that pipes a file of calls is slowed to our pace; one whose calls
        are all stuck is refused, so that its cancellations behind them are read.
        """
        # The SDK takes "7" and 7 for one id, so they are one here.
        key = coerce_request_id(request_id)
        if key in self._open:
            # A reply under this id would pass for the first request's.
            return Fault(INVALID_REQUEST, "A request with this id is running.")
        if not self._slots.acquire(timeout=0.0 if self._saturated else PATIENCE_S):
            self._saturated = True
            return Fault(BUSY, "Server busy: too many requests at once.", request_id)
        self._saturated = False
        ticket = self._open[key] = Ticket(request_id)
        return ticket

    def settle(self, request_id: RequestId) -> Ticket | None:
        """Close and return the ticket of a request that is answered, or never will be.

        Runs on the loop.
        """
        ticket = self._open.pop(coerce_request_id(request_id), None)
        if ticket is not None:
            self._slots.release()
        if not self._open:
            self._settled.set()
        return ticket

    def left(self) -> list[RequestId]:
        """Return the ids of what is not answered."""
        return [ticket.id for ticket in list(self._open.values())]

    async def none_left(self) -> None:
        """Wait until every ticket is closed; no more may be opened meanwhile."""
        while self._open:
            self._settled = anyio.Event()
            await self._settled.wait()
