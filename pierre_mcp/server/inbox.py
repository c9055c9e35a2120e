"""Stdin: read on a daemon thread of its own, handed to the loop message by message.

A thread, since only a blocking read serves a file, a pipe, a terminal and the null
device alike; a daemon, since nothing can interrupt it. What it has read but the loop
has not taken is bounded, so a client that only sends is slowed, and never stored.
"""

import logging
import os
import select
import threading
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import PARSE_ERROR, JSONRPCRequest, RequestId

from pierre_mcp.server.lines import (
    TOO_LONG,
    Fault,
    Lines,
    Message,
    Trickle,
    parse,
)
from pierre_mcp.server.outbox import Outbox
from pierre_mcp.server.tickets import Tickets

CHUNK = 1 << 16
MAX_WAITING = 256
UNPARSABLE_PER_S = 10
INVALID_PER_S = 100

log = logging.getLogger(__name__)


class Inbox:
    """What the SDK reads from: an ``mcp`` read stream over a descriptor.

    Args:
        on_end: Called on the loop at the end of input, after its last message.
    """

    def __init__(
        self,
        fd: int,
        tickets: Tickets,
        outbox: Outbox,
        loop: AbstractEventLoop,
        on_end: Callable[[], None],
    ) -> None:
        self._fd = fd
        self._tickets = tickets
        self._outbox = outbox
        self._loop = loop
        self._on_end = on_end
        self._waiting = deque[SessionMessage]()
        self._room = threading.Semaphore(MAX_WAITING)
        self._arrived = anyio.Event()
        self._stopped = False
        self._closed = False
        self._unparsable = Trickle(UNPARSABLE_PER_S)
        self._invalid = Trickle(INVALID_PER_S)

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read_all, daemon=True).start()

    def stop(self) -> None:
        """Take no more lines; what was already taken is still served."""
        self._stopped = True

    def close(self) -> None:
        """End the stream, which makes the SDK cancel what still runs."""
        self._stopped = self._closed = True
        self._arrived.set()
        for name, trickle in (
            ("unparsable", self._unparsable),
            ("invalid", self._invalid),
        ):
            if trickle.held_back:
                log.warning("%d %s lines had no answer", trickle.held_back, name)

    async def receive(self) -> SessionMessage:
        """Return the next message.

        Raises:
            anyio.EndOfStream: The transport has closed.
        """
        while not self._waiting:
            if self._closed:
                raise anyio.EndOfStream
            self._arrived = anyio.Event()
            await self._arrived.wait()
        self._room.release()
        return self._waiting.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Accept what the SDK does with any stream; the thread goes on."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        return None

    def _read_all(self) -> None:
        lines = Lines()
        try:
            while not self._stopped and (chunk := self._read()):
                for line in lines.feed(chunk):
                    self._take(line)
            for line in lines.finish():
                self._take(line)
        finally:
            self._hop(self._on_end)

    def _read(self) -> bytes:
        while True:
            try:
                return os.read(self._fd, CHUNK)
            except BlockingIOError:  # whoever shares it made it non-blocking
                select.select([self._fd], [], [])
            except OSError:  # a terminal that went away, or nothing one can read
                return b""

    def _take(self, line: bytes | None) -> None:
        match TOO_LONG if line is None else parse(line):
            case None:
                pass
            case Fault() as fault:
                self._refuse(fault)
            case JSONRPCRequest() as request:
                self._admit(request)
            case notification:
                self._deliver(notification, None)

    def _admit(self, request: JSONRPCRequest) -> None:
        ticket = self._tickets.admit(request.id)
        if isinstance(ticket, Fault):
            self._refuse(ticket)
            return

        async def unanswered(request_id: RequestId = request.id) -> None:
            self._tickets.settle(request_id)

        self._deliver(
            request,
            ServerMessageMetadata(
                request_context=ticket, on_request_unanswered=unanswered
            ),
        )

    def _refuse(self, fault: Fault) -> None:
        trickle = self._unparsable if fault.code == PARSE_ERROR else self._invalid
        if fault.id is not None or trickle.take():
            self._outbox.refuse(fault)
            self._outbox.wait_for_room()

    def _deliver(self, message: Message, about: ServerMessageMetadata | None) -> None:
        self._room.acquire()
        self._hop(self._arrive, SessionMessage(message, about))

    def _arrive(self, item: SessionMessage) -> None:
        self._waiting.append(item)
        self._arrived.set()

    def _hop(self, call: Callable[..., None], *args: Any) -> None:
        with suppress(RuntimeError):  # the loop has closed
            self._loop.call_soon_threadsafe(call, *args)
