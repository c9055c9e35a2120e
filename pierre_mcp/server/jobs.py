"""The jobs of this process: on a worker of their own, and gone with the process.

A call that begins one waits for it a while, since hosts cut a call that takes long,
and goes without it: the job goes on. One operation of a recipient and tool is carried
out by one process at a time, whose file lock says so; where it dies, another takes the
lock and goes on.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pierre_mcp.clock import Clock
from pierre_mcp.errors import PierreError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import carry_out
from pierre_mcp.model.caller import Call
from pierre_mcp.platform import FileLock
from pierre_mcp.services.inbox import InboxImport
from pierre_mcp.services.steps import Listener, Progress
from pierre_mcp.store.database import Store
from pierre_mcp.store.worker import Worker

WAIT_S: Final = 20.0
"""How long a call waits for its job: hosts cut one at 60 s, we promise 30."""

POLL_S: Final = 0.25
GRACE_S: Final = 0.4

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Run:
    """One operation in this process's hands.

    Attributes:
        over: It ended, or this process is ending.
    """

    job: InboxImport
    over: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: list[Listener] = field(default_factory=list)

    def tell(self, progress: Progress) -> None:
        """Tell whoever waits; on the worker's thread."""
        for listen in tuple(self.listeners):
            listen(progress)


class Jobs:
    """Carries out the operations of one recipient and one tool.

    Args:
        call: As which each step is let in: a job of the recipient's.
        open_: Opens the store, on the second worker's thread, at the first job.
        gate_on: Makes the gate of that store.
        lock: The file whose lock says which process carries out.
        wait_s: How long a call waits for its job.
    """

    def __init__(
        self,
        call: Call,
        *,
        open_: Callable[[], Store],
        gate_on: Callable[[Store], Gate],
        clock: Clock,
        lock: Path,
        wait_s: float = WAIT_S,
    ) -> None:
        self.call = call
        self._open = open_
        self._gate_on = gate_on
        self._clock = clock
        self._lock = lock
        self._wait_s = wait_s
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._worker: Worker | None = None
        self._leaving = False

    async def follow(
        self, operation_id: str, listen: Listener, *, since_s: float
    ) -> None:
        """Have an operation carried out, and wait for its end, but not for long.

        Args:
            operation_id: Of an operation of this recipient's.
            listen: Hears how far it is.
            since_s: When the call came, by the loop's clock.
        """
        run = self.start(operation_id)
        run.listeners.append(listen)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(since_s + self._wait_s):
                    await run.over.wait()
        finally:
            run.listeners.remove(listen)

    def start(self, operation_id: str) -> Run:
        """Have an operation carried out, if it is not already being."""
        run = self._runs.get(operation_id)
        if run is None:
            run = Run(InboxImport(operation_id, self._clock))
            if self._leaving:
                run.over.set()
                return run
            self._runs[operation_id] = run
            task = asyncio.create_task(self._carry_out(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return run

    def leave(self) -> None:
        """Let every call go and every job stop at its step: the process is ending."""
        self._leaving = True
        for run in self._runs.values():
            run.job.end()
            run.over.set()

    async def close(self) -> None:
        """Wait for the steps in hand, and close the second connection."""
        self.leave()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GRACE_S)
            if late:
                if self._worker is not None:
                    self._worker.give_up()  # others hold the store, and we go
                await asyncio.wait(late)
        if self._worker is not None:
            await self._worker.close()

    async def _carry_out(self, run: Run) -> None:
        try:
            await self._under_the_lock(run)
        except (PierreError, OSError) as error:
            log.error("a job could not begin: %s", type(error).__name__)  # noqa: TRY400 - its text may hold data
        finally:
            self._runs.pop(run.job.id, None)
            run.over.set()

    async def _under_the_lock(self, run: Run) -> None:
        lock = FileLock(self._lock)
        try:
            while not lock.try_acquire():  # flock tells nobody when it is free
                if self._leaving:
                    return
                await asyncio.sleep(POLL_S)
            worker = await self._started()
            await worker.run(lambda store, _: self._do(store, run))
        finally:
            lock.close()

    def _do(self, store: Store, run: Run) -> None:
        carry_out(self._gate_on(store), self.call, run.job, listen=run.tell)

    async def _started(self) -> Worker:
        if self._worker is None:
            self._worker = await Worker(self._open).__aenter__()
        return self._worker
