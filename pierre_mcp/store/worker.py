"""The thread that owns the connection; a whole call is one hop to it.

It is an ``aiosqlite`` connection, which is just that: a connection on its own thread
with a queue. One await per statement costs ten times one await per call, and a
cancelled await would leave its statement running, so ``run`` carries whole units.
It leans on the queue (``_tx``: pairs of a future or None, and what to call) and on
``_connection``; a contract test pins both.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

import aiosqlite
import anyio

from pierre_mcp.store.database import Store
from pierre_mcp.store.turn import Turn

T = TypeVar("T")


class Worker(aiosqlite.Connection):
    """Runs units on the store's own thread, one at a time, in order.

    Args:
        opener: Opens the store; called on the thread that will use it.
    """

    def __init__(self, opener: Callable[[], Store]) -> None:
        self._opener = opener
        self._store: Store | None = None
        super().__init__(self._open, iter_chunk_size=64)

    async def __aenter__(self) -> Self:
        try:
            await self
        except BaseException:
            # Its last word goes to the loop, which must still be there to hear it.
            self._thread.join()
            raise
        return self

    @property
    def store(self) -> Store:
        """The opened store; only units may touch it.

        Raises:
            RuntimeError: The worker was not started, or is closed.
        """
        if self._store is None or self._connection is None:
            msg = "the worker does not run"
            raise RuntimeError(msg)
        return self._store

    async def run(self, unit: Callable[[Store, Turn], T]) -> T:
        """Run one unit on the thread and return what it returns.

        On cancellation the unit is told, interrupted if it only reads, and waited
        for: what it was writing is either committed or rolled back when this returns.
        A unit still queued is told before it begins; what it begins by its turn
        (``reading(turn)``, ``writing(turn)``, ``turn.check()``) then does not begin.
        """
        store, turn = self.store, Turn()
        done = self._queued(lambda: unit(store, turn))
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            turn.cancel()
            await _settled(done)
            raise
        finally:
            if store.wants_tidying():  # after the answer, not before it
                self._tx.put_nowait((None, store.tidy))

    def give_up(self) -> None:
        """End every wait of the thread for the store's lock: the process is going."""
        if self._store is not None:
            self._store.give_up()

    async def close(self) -> None:
        """Finish what is queued, close under the store's lock, end the thread."""
        if self._connection is None:
            return
        # The thread is not a daemon: left running, it would keep the process.
        with anyio.CancelScope(shield=True):
            try:
                await self._queued(self.store.close)
            finally:
                await super().close()

    def _open(self) -> sqlite3.Connection:
        self._store = self._opener()
        return self._store.db

    def _queued(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Queue ``work``; the future is not a task, so a closing loop leaves it be."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._tx.put_nowait((None, lambda: _deliver(work, loop, done)))
        return done


def _deliver(
    work: Callable[[], T],
    loop: asyncio.AbstractEventLoop,
    done: "asyncio.Future[T]",
) -> None:
    """Do ``work`` on the thread, and hand over what became of it."""
    hand_over: Callable[[Any], None]
    try:
        outcome: Any = work()
        hand_over = done.set_result
    except BaseException as error:  # noqa: BLE001 - it is the caller's, whatever it is
        outcome, hand_over = error, done.set_exception

    def settle() -> None:
        if not done.done():
            hand_over(outcome)

    # A loop closed meanwhile has nobody left to tell, and the thread goes on.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(settle)


async def _settled(done: "asyncio.Future[T]") -> None:
    """Wait until the thread lets go of a unit whose caller has gone.

    However often the caller is cancelled meanwhile: the first one is being obeyed.
    """
    while not done.done():
        with anyio.CancelScope(shield=True), suppress(asyncio.CancelledError):
            await asyncio.wait([done])
    done.exception()  # looked at, so that the loop does not complain
