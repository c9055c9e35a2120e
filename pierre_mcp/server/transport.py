"""The stdio transport: from the first line to an exit with everything answered.

It ends in one of four ways, and each within 1.5 s: end of input and a client gone
(exit status 0), SIGTERM (143) and Ctrl-C (130). Reading stops, what runs may finish,
what does not is cancelled and answered with an error, and the answers are flushed.
"""

import asyncio
import logging
from asyncio import Future, Task
from contextlib import suppress
from typing import Any

from mcp.server.lowlevel import Server
from mcp_types import CONNECTION_CLOSED

from pierre_mcp.server.inbox import Inbox
from pierre_mcp.server.lines import Fault
from pierre_mcp.server.methods import Desk, build_server, whereabouts
from pierre_mcp.server.outbox import Outbox
from pierre_mcp.server.signals import Signals
from pierre_mcp.server.tickets import Tickets

# Together under 1.5 s, with some left for the process to end in.
DRAIN_S = 0.9
SETTLE_S = 0.2
FLUSH_S = 0.2

log = logging.getLogger(__name__)


async def serve(
    desk: Desk, stdin_fd: int, stdout_fd: int, signals: Signals | None = None
) -> int:
    """Serve one client until it leaves, or we are asked to.

    The descriptors are those of ``take_stdio``. A call that outlives its cancellation
    is answered with an error and left behind: the caller decides how to exit.

    Returns:
        The exit status.
    """
    loop = asyncio.get_running_loop()
    ended: Future[int] = loop.create_future()

    def end(status: int = 0) -> None:
        if not ended.done():
            ended.set_result(status)

    def end_from_thread() -> None:
        with suppress(RuntimeError):  # the loop has closed
            loop.call_soon_threadsafe(end)

    tickets = Tickets()
    outbox = Outbox(stdout_fd, tickets, end_from_thread)
    inbox = Inbox(stdin_fd, tickets, outbox, loop, end)
    with (signals or Signals()).told_to(end):
        running = loop.create_task(_run(build_server(desk), inbox, outbox))
        running.add_done_callback(lambda _: end(1))
        inbox.start()
        status = await ended
        desk.leaving()
        await _wind_up(running, inbox, tickets)
        for request_id in tickets.left():
            outbox.refuse(Fault(CONNECTION_CLOSED, "Connection closed", request_id))
        outbox.close(FLUSH_S)
    return status


async def _run(server: Server[Any], inbox: Inbox, outbox: Outbox) -> None:
    try:
        await server.run(inbox, outbox, server.create_initialization_options())
    except Exception as error:  # noqa: BLE001  # the last line of defence
        log.error("The server failed: %s", whereabouts(error))  # noqa: TRY400  # the traceback's text may hold data


async def _wind_up(running: Task[None], inbox: Inbox, tickets: Tickets) -> None:
    inbox.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            await tickets.none_left()
    inbox.close()
    await asyncio.wait({running}, timeout=SETTLE_S)
    running.cancel()
