"""What a server does by itself: enters what has ended, and replaces keys that are due.

What has ended is entered at each look. Keys that are old or have sealed much are
replaced: any server may do that, one at a time, whoever has the file lock. It looks
first some seconds after the start, works on a connection and thread of its own, and
stops between two steps when the server is told to go; the next one goes on from there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pierre_mcp.errors import CancelledCallError, PierreError
from pierre_mcp.platform import FileLock
from pierre_mcp.server.jobs import GRACE_S
from pierre_mcp.store.database import Store
from pierre_mcp.store.worker import Worker

if TYPE_CHECKING:  # most sessions need none of it
    from pierre_mcp.services.rotation import Rotation

FIRST_S: Final = 5.0
"""How long after its start a server looks: the first calls come first."""

AGAIN_S: Final = 3_600.0

log = logging.getLogger(__name__)


class Upkeep:
    """Looks now and then, as long as the process lives.

    Args:
        sweep: Enters what has ended; a short unit of its own.
        waits: Tells whether a rotation is due or to be finished.
        job: Makes one.
        carry: Carries one through on a store.
        open_: Opens the store, on a thread of its own, when there is something to do.
        lock: The file whose lock says which process rotates.
        first_s: When to look first, after ``start``.
    """

    def __init__(  # noqa: PLR0913 - each by name
        self,
        *,
        sweep: Callable[[], Awaitable[object]],
        waits: Callable[[], Awaitable[bool]],
        job: "Callable[[], Rotation]",
        carry: "Callable[[Store, Rotation], None]",
        open_: Callable[[], Store],
        lock: Path,
        first_s: float = FIRST_S,
    ) -> None:
        self._sweep = sweep
        self._waits = waits
        self._job = job
        self._carry = carry
        self._open = open_
        self._lock = lock
        self._first_s = first_s
        self._leaving = asyncio.Event()
        self._running: Rotation | None = None
        self._worker: Worker | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from now on, now and then."""
        self._task = asyncio.create_task(self._look())

    def leave(self) -> None:
        """Stop at the next step: the process is ending."""
        self._leaving.set()
        if self._running is not None:
            self._running.end()

    async def close(self) -> None:
        """Wait for the step in hand."""
        self.leave()
        if self._task is None:
            return
        _, late = await asyncio.wait([self._task], timeout=GRACE_S)
        if late and self._worker is not None:
            self._worker.give_up()  # others hold the store, and we go
        await self._task

    async def _look(self) -> None:
        pause_s = self._first_s
        while not await self._left_within(pause_s):
            pause_s = AGAIN_S
            await self._swept()
            try:
                if await self._waits() and not await self._rotated():
                    return
            except CancelledCallError:
                return
            except (PierreError, OSError) as error:
                # Its text may hold data.
                log.warning("keys were not replaced: %s", type(error).__name__)

    async def _swept(self) -> None:
        try:
            await self._sweep()
        except (PierreError, OSError) as error:
            log.warning("what has ended was not entered: %s", type(error).__name__)

    async def _left_within(self, pause_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), pause_s)
        return self._leaving.is_set()

    async def _rotated(self) -> bool:
        """Rotate, unless another process does; tell whether to look again later."""
        lock = FileLock(self._lock)
        try:
            if not lock.try_acquire():
                return True
            async with Worker(self._open) as worker:
                self._worker = worker
                job = await worker.run(lambda store, _: self._rotate(store))
        finally:
            lock.close()
        return not job.broken  # else it would be tried again for ever

    def _rotate(self, store: Store) -> "Rotation":
        while True:
            job = self._running = self._job()
            if self._leaving.is_set():
                raise CancelledCallError
            self._carry(store, job)
            self._tell(job)
            if not job.resumed:  # else what is due itself comes next
                return job

    def _tell(self, job: "Rotation") -> None:
        log.warning(
            "encryption keys were replaced by themselves: %d made, %d destroyed, "
            "%d rows sealed again, %d not readable",
            job.made,
            job.destroyed,
            job.resealed,
            job.broken,
        )
