"""Checkpoints told to who keeps them elsewhere: after a call, never in its way.

On a thread of its own that nobody waits for: a command or a disk that hangs keeps
neither a call nor, for long, the process.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pierre_mcp.clock import Clock
from pierre_mcp.errors import PierreError
from pierre_mcp.late import Late

if TYPE_CHECKING:
    from pierre_mcp.services import commands
    from pierre_mcp.services.commands import Commands
    from pierre_mcp.services.witnessing import Lacking
else:
    commands = Late("pierre_mcp.services.commands")

AGAIN_S: Final = 900.0
"""How often it is looked whether something is lacking still."""

LEAVING_S: Final = 2.0
"""How long the end of the process may wait for a witness."""

log = logging.getLogger(__name__)


class Witnessing:
    """Tells the witnesses as long as the process lives.

    Args:
        lacking: Returns what one has not been told; None where there is nothing.
        clock: Tells when.
        again_s: How often to look where no checkpoint was taken here.
        leaving_s: How long ``close`` waits at most, seconds.
    """

    def __init__(
        self,
        lacking: "Callable[[], Awaitable[Lacking | None]]",
        clock: Clock,
        *,
        again_s: float = AGAIN_S,
        leaving_s: float = LEAVING_S,
    ) -> None:
        self._lacking = lacking
        self._clock = clock
        self._again_s = again_s
        self._leaving_s = leaving_s
        self._due = asyncio.Event()
        self._leaving = False
        self._running: Commands | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look now, after each checkpoint, and now and again."""
        self._task = asyncio.create_task(self._watch())

    def checkpoint(self) -> None:
        """Hear that one was taken."""
        self._due.set()

    async def close(self) -> None:
        """Tell the last ones, and wait for that no longer than a moment."""
        if self._task is None:
            return
        self._leaving = True
        self._due.set()
        last = asyncio.create_task(self._ending(self._task))
        await asyncio.wait([last], timeout=self._leaving_s)
        for task in (last, self._task):
            task.cancel()
        await asyncio.wait([last, self._task])
        if self._running is not None:  # what hangs is not to outlive us
            self._running.end()

    async def _watch(self) -> None:
        while not self._leaving:
            self._due.clear()
            await self._look()
            if not self._leaving:
                waiting = asyncio.create_task(self._due.wait())
                await asyncio.wait([waiting], timeout=self._again_s)
                waiting.cancel()

    async def _ending(self, watching: asyncio.Task[None]) -> None:
        await asyncio.wait([watching])
        await self._look(self._leaving_s)

    async def _look(self, within_s: float | None = None) -> None:
        try:
            found = await self._lacking()
            if found is None:
                return
            running = self._running = self._running or commands.Commands()
            within = within_s or commands.WITHIN_S
            failed = await _aside(
                lambda: found.tell(self._clock.now(), commands=running, within_s=within)
            )
        except (PierreError, OSError) as error:
            log.warning("checkpoints were not kept elsewhere: %s", type(error).__name__)
            return
        if failed:
            log.warning("%d of those who keep checkpoints could not be told", failed)


async def _aside(work: Callable[[], int]) -> int:
    """Do ``work`` on a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()

    def settle(set_: Callable[[], None]) -> None:
        # A loop closed meanwhile has nobody left to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if done.done() else set_())

    def run() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 - it is the caller's
            failed = error
            settle(lambda: done.set_exception(failed))
        else:
            settle(lambda: done.set_result(found))

    threading.Thread(target=run, daemon=True).start()
    return await done
