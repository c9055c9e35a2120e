"""What a server does by itself: a list of chores, each looked for now and then.

Any server may do a chore, one at a time: whoever has its file lock. They begin some
seconds after the start, one after the other on a connection and thread of their own,
and stop between two steps when the server is told to go; the next one goes on from
there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final, Protocol

from pierre_mcp.errors import CancelledCallError, PierreError
from pierre_mcp.platform import FileLock
from pierre_mcp.server.jobs import GRACE_S
from pierre_mcp.store.database import Store
from pierre_mcp.store.worker import Worker

FIRST_S: Final = 5.0
"""How long after its start a server looks: the first calls come first."""

AGAIN_S: Final = 300.0
"""How often it looks after that: to look costs a read, and rows wait for it."""

log = logging.getLogger(__name__)


class Next(Enum):
    """What comes after a chore was done."""

    AGAIN = auto()
    """It finished an earlier one: what is due itself comes now."""
    LATER = auto()
    NEVER = auto()
    """Something of it cannot be done, and would be tried again for ever."""


class Doing(Protocol):
    """One run of a chore."""

    def end(self) -> None:
        """Stop before the next step; from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that is due now and then.

    Attributes:
        waits: Tells whether it is due, or to be finished.
        job: Makes one run of it.
        carry: Carries that through on a store, says what it did, and what comes next.
        lock: The file whose lock says which process does it.
        failed: What is said where it could not be done, in our own words.
    """

    waits: Callable[[], Awaitable[bool]]
    job: Callable[[], Doing]
    carry: Callable[[Store, Any], Next]
    lock: Path
    failed: str


class Upkeep:
    """Does the chores that are due, as long as the process lives.

    Args:
        chores: In the order in which they are looked for.
        sweeps: Done at each look, each a short unit of its own; what to say where one
            cannot be done.
        open_: Opens the store, on a thread of its own, when there is something to do.
        first_s: When to look first, after ``start``.
    """

    def __init__(
        self,
        chores: Sequence[Chore],
        *,
        sweeps: Mapping[str, Callable[[], Awaitable[object]]],
        open_: Callable[[], Store],
        first_s: float = FIRST_S,
    ) -> None:
        self._chores = list(chores)
        self._sweeps = dict(sweeps)
        self._open = open_
        self._first_s = first_s
        self._leaving = asyncio.Event()
        self._running: Doing | None = None
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
            for chore in tuple(self._chores):
                try:
                    if await chore.waits() and await self._done(chore) is Next.NEVER:
                        self._chores.remove(chore)
                except CancelledCallError:
                    return
                except (PierreError, OSError) as error:
                    # Its text may hold data.
                    log.warning("%s: %s", chore.failed, type(error).__name__)

    async def _swept(self) -> None:
        for failed, sweep in self._sweeps.items():
            try:
                await sweep()
            except (PierreError, OSError) as error:
                log.warning("%s: %s", failed, type(error).__name__)

    async def _left_within(self, pause_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), pause_s)
        return self._leaving.is_set()

    async def _done(self, chore: Chore) -> Next:
        """Do a chore, unless another process does; tell what comes next."""
        lock = FileLock(chore.lock)
        try:
            if not lock.try_acquire():
                return Next.LATER
            async with Worker(self._open) as worker:
                self._worker = worker
                return await worker.run(lambda store, _: self._do(chore, store))
        finally:
            lock.close()

    def _do(self, chore: Chore, store: Store) -> Next:
        while True:
            job = self._running = chore.job()
            if self._leaving.is_set():
                raise CancelledCallError
            after = chore.carry(store, job)
            if after is not Next.AGAIN:
                return after
