"""Stdout: whole lines, in order, from a thread of its own.

A client that does not read fills the queue, and whoever writes then waits; nothing
else stops. A client that is gone ends the writing quietly, once.
"""

import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCResponse
from pydantic_core import to_json

from pierre_mcp.server.lines import Fault
from pierre_mcp.server.tickets import Tickets

HIGH_WATER = 4 << 20

log = logging.getLogger(__name__)


class Outbox:
    """What the SDK writes to: an ``mcp`` write stream over a descriptor.

    Args:
        on_broken: Called on the writing thread when the client no longer takes lines.
    """

    def __init__(
        self, fd: int, tickets: Tickets, on_broken: Callable[[], None]
    ) -> None:
        self._fd = fd
        self._tickets = tickets
        self._on_broken = on_broken
        self._changed = threading.Condition()
        self._lines = deque[bytes]()
        self._held = 0
        self._closed = False
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    async def send(self, item: SessionMessage, /) -> None:
        """Put one message on the wire, once the client is not too far behind.

        A reply keeps its ticket while it waits, so what is unread stays bounded.
        """
        while self._held > HIGH_WATER:  # noqa: ASYNC110  # the thread that makes room knows no loop
            await anyio.sleep(0.01)
        self.put(self._line(item.message))

    def refuse(self, fault: Fault) -> None:
        """Put an error on the wire that the SDK knows nothing of."""
        self.put(_wire(fault.id, "error", _error(fault.code, fault.message)))

    def wait_for_room(self) -> None:
        """Wait, on another thread than the loop's, while the client is far behind."""
        with self._changed:
            self._changed.wait_for(lambda: self._held <= HIGH_WATER)

    def put(self, line: bytes) -> None:
        """Queue one line."""
        with self._changed:
            if self._closed:
                return
            self._lines.append(line)
            self._held += len(line)
            self._changed.notify_all()

    def close(self, timeout_s: float) -> None:
        """Queue nothing more, and give what is queued so long to be written."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._held, timeout_s)

    async def aclose(self) -> None:
        """Leave the descriptor open: the transport flushes once more."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        return None

    def _line(self, message: JSONRPCMessage) -> bytes:
        match message:
            case JSONRPCResponse():
                ticket = self._tickets.settle(message.id)
                if ticket is not None and ticket.rendered is not None:
                    return _splice(message.id, ticket.rendered)
                return _wire(message.id, "result", message.result)
            case JSONRPCError():
                if message.id is not None:
                    self._tickets.settle(message.id)
                error = message.error
                return _wire(
                    message.id, "error", _error(error.code, error.message, error.data)
                )
            case _:
                return to_json(message, by_alias=True, exclude_none=True) + b"\n"

    def _write_all(self) -> None:
        try:
            while True:
                line = self._next()
                self._write(line)
                with self._changed:
                    self._held -= len(line)
                    self._changed.notify_all()
        except OSError as error:
            log.info("The client no longer reads: %s", type(error).__name__)
            self._give_up()

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._lines)
            return self._lines.popleft()

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # whoever shares it made it non-blocking
                select.select([], [self._fd], [])

    def _give_up(self) -> None:
        with self._changed:
            self._closed = True
            self._lines.clear()
            self._held = 0
            self._changed.notify_all()
        self._on_broken()


def _error(code: int, message: str, data: object = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    return error if data is None else {**error, "data": data}


def _wire(request_id: object, key: str, value: object) -> bytes:
    return to_json({"jsonrpc": "2.0", "id": request_id, key: value}) + b"\n"


def _splice(request_id: object, rendered: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (to_json(request_id), rendered)
