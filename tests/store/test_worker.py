"""The worker: whole units in order, and a cancelled one fails nobody else."""

import asyncio
import inspect
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiosqlite
import anyio
import pytest

from pierre_mcp.errors import CancelledCallError, StoreForeignError
from pierre_mcp.model.audit import Health
from pierre_mcp.store import audit, audit_check, people
from pierre_mcp.store.database import Store
from pierre_mcp.store.turn import Turn
from pierre_mcp.store.worker import Worker
from tests.store.hands import child, line_of
from tests.store.test_turn import ENDLESS
from tests.store.units import HOLDER
from tests.stores import (
    NOW,
    a_line,
    a_recording,
    a_store,
    maintenance,
    new_store,
    owner_grant,
    put,
)


@asynccontextmanager
async def a_worker(directory: Path) -> AsyncIterator[Worker]:
    async with Worker(partial(new_store, directory)) as worker:
        yield worker


def write(store: Store, turn: Turn) -> int:
    """One row of the log."""
    with store.reading() as tx:
        who = people.owner(tx)
    with store.writing(turn) as tx:
        return audit.append(tx, a_line(), now=NOW, who=who)


def read(store: Store, turn: Turn) -> int:
    with store.reading(turn) as tx:
        return int(tx.one("SELECT count(*) FROM audit")[0])


class Gatekeeper:
    """A unit that says it runs, and stays until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, store: Store, turn: Turn) -> str:
        del store, turn
        self.begun.set()
        assert self.go.wait(30)
        return "done"


class LongRead:
    """A read that never ends by itself."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    def __call__(self, store: Store, turn: Turn) -> None:
        store.db.create_function("begun", 0, self.begun.set)
        with store.reading(turn) as tx:
            tx.one(f"{ENDLESS} WHERE begun() IS NULL")


async def seen(event: threading.Event) -> None:
    assert await anyio.to_thread.run_sync(event.wait, 30)


# --- what is leaned on ----------------------------------------------------------------


async def test_aiosqlite_is_what_the_worker_leans_on() -> None:
    """`_tx` takes pairs of a future or None and what to call; `_connection` is set
    while it runs; the connector runs on the thread that runs the rest, which survives
    whatever a call raises."""
    threads, called = [], threading.Event()

    def connector() -> sqlite3.Connection:
        threads.append(threading.get_ident())
        return sqlite3.connect(":memory:", check_same_thread=False)

    def fail() -> None:
        raise KeyboardInterrupt

    def note() -> None:
        threads.append(threading.get_ident())
        called.set()

    db = aiosqlite.Connection(connector, iter_chunk_size=64)
    assert isinstance(db._tx, queue.SimpleQueue)
    assert vars(db)["_connection"] is None
    assert list(inspect.signature(aiosqlite.Connection).parameters)[:2] == [
        "connector",
        "iter_chunk_size",
    ]
    async with db:
        assert isinstance(vars(db)["_connection"], sqlite3.Connection)
        db._tx.put_nowait((None, fail))
        db._tx.put_nowait((None, note))
        await seen(called)
    assert vars(db)["_connection"] is None
    assert threads[0] == threads[1] != threading.get_ident()
    db._thread.join(10)
    assert not db._thread.is_alive()
    assert not db._thread.daemon


# --- units ----------------------------------------------------------------------------


async def test_units_run_in_order_on_one_thread(directory: Path) -> None:
    async with a_worker(directory) as worker:
        ran: list[int] = []
        threads = set()

        async def one(i: int) -> None:
            def unit(store: Store, turn: Turn) -> None:
                del store, turn
                ran.append(i)
                threads.add(threading.get_ident())

            await worker.run(unit)

        async with anyio.create_task_group() as group:
            for i in range(50):
                group.start_soon(one, i)
        assert ran == list(range(50))
        assert len(threads) == 1
        assert threads != {threading.get_ident()}


async def test_a_unit_gives_back_what_it_returns_or_raises(directory: Path) -> None:
    async with a_worker(directory) as worker:
        assert await worker.run(write) == 1
        assert await worker.run(read) == 1
        error = ValueError("mine")

        def fail(_: Store, __: Turn) -> None:
            raise error

        with pytest.raises(ValueError, match="mine") as caught:
            await worker.run(fail)
        assert caught.value is error
        assert await worker.run(write) == 2


async def test_an_unopened_store_says_why_and_leaves_no_thread() -> None:
    def refuse() -> Store:
        raise StoreForeignError

    worker = Worker(refuse)
    with pytest.raises(RuntimeError, match="does not run"):
        await worker.run(read)
    worker.give_up()
    with pytest.raises(StoreForeignError):
        async with worker:
            pytest.fail("it was opened")
    worker._thread.join(30)
    worker._thread.join(10)
    assert not worker._thread.is_alive()
    await worker.close()


async def test_a_closed_worker_runs_nothing(directory: Path) -> None:
    async with a_worker(directory) as worker:
        pass
    await worker.close()
    with pytest.raises(RuntimeError, match="does not run"):
        await worker.run(read)
    worker._thread.join(30)
    worker._thread.join(10)
    assert not worker._thread.is_alive()


async def test_what_is_queued_is_finished_before_it_closes(directory: Path) -> None:
    async with a_worker(directory) as worker, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(worker.run, write)
    with a_store(directory) as store:
        assert read(store, Turn()) == 20


async def test_a_long_log_is_tidied_after_the_answer(directory: Path) -> None:
    async with a_worker(directory) as worker:

        def fill(store: Store, turn: Turn) -> bool:
            del turn
            grant = owner_grant(store)
            while not store.wants_checkpoint():
                put(store, grant, *(a_recording(part=i) for i in range(300)))
            return store.wants_checkpoint()

        assert await worker.run(fill)
        assert not await worker.run(lambda store, _: store.wants_checkpoint())


# --- cancellation ---------------------------------------------------------------------


async def test_a_cancelled_read_is_interrupted(directory: Path) -> None:
    async with a_worker(directory) as worker:
        long = LongRead()
        async with anyio.create_task_group() as group:
            group.start_soon(worker.run, long)
            await seen(long.begun)
            group.cancel_scope.cancel()
        assert await worker.run(write) == 1


async def test_a_cancelled_unit_never_fails_a_neighbour(directory: Path) -> None:
    """A long read runs, is cancelled at any moment, and those behind it all succeed."""
    async with a_worker(directory) as worker:
        done = 0
        for _ in range(60):
            long = LongRead()
            results: list[int] = []

            async def neighbour(results: list[int], unit: Callable[..., int]) -> None:
                results.append(await worker.run(unit))

            async with anyio.create_task_group() as group:
                scope = anyio.CancelScope()

                async def cancelled(scope: anyio.CancelScope, long: LongRead) -> None:
                    with scope:
                        await worker.run(long)

                group.start_soon(cancelled, scope, long)
                await seen(long.begun)
                for unit in (write, read, write):
                    group.start_soon(neighbour, results, unit)
                await anyio.lowlevel.checkpoint()
                scope.cancel()
            done += 2
            assert results == [done - 1, done - 1, done]


async def test_a_cancelled_unit_in_the_queue_writes_nothing(directory: Path) -> None:
    async with a_worker(directory) as worker:
        keeper = Gatekeeper()
        async with anyio.create_task_group() as group:
            group.start_soon(worker.run, keeper)
            await seen(keeper.begun)
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as queued:
                    queued.start_soon(worker.run, write)
                    queued.start_soon(worker.run, read)
                    queued.start_soon(_later, scope.cancel, keeper.go.set)
            assert scope.cancelled_caught
        assert await worker.run(read) == 0


async def _later(*steps: Callable[[], object]) -> None:
    """Take the steps one by one, each once the one before has reached everyone."""
    with anyio.CancelScope(shield=True):
        for step in steps:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            step()


async def test_a_write_is_finished_before_its_cancellation_returns(
    directory: Path,
) -> None:
    async with a_worker(directory) as worker:
        inside, go = threading.Event(), threading.Event()

        def slow(store: Store, turn: Turn) -> None:
            with store.writing(turn) as tx:
                inside.set()
                assert go.wait(30)
                audit.append(tx, a_line(), now=NOW, who=people.owner(tx))

        task = asyncio.ensure_future(worker.run(slow))
        await seen(inside)
        for _ in range(5):  # however often it is asked to stop
            task.cancel()
            await asyncio.wait([task], timeout=0.01)
            assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await worker.run(read) == 1


async def test_a_unit_that_fails_after_its_cancellation_is_silent(
    directory: Path,
) -> None:
    async with a_worker(directory) as worker:
        keeper = Gatekeeper()

        def fail(store: Store, turn: Turn) -> None:
            keeper(store, turn)
            raise ValueError

        task = asyncio.ensure_future(worker.run(fail))
        await seen(keeper.begun)
        task.cancel()
        keeper.go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await worker.run(write) == 1


def test_a_loop_that_closes_under_a_unit_leaves_the_thread_well(
    directory: Path,
) -> None:
    """The unit ends, finds nobody to tell, and the next one runs."""
    keeper, after = Gatekeeper(), threading.Event()
    loop = asyncio.new_event_loop()
    worker = Worker(partial(new_store, directory))

    async def begin() -> None:
        await worker
        worker._queued(lambda: keeper(worker.store, Turn()))

    loop.run_until_complete(begin())
    assert keeper.begun.wait(30)
    loop.close()
    keeper.go.set()
    worker._tx.put_nowait((None, after.set))
    assert after.wait(30)
    asyncio.run(worker.close())
    worker._thread.join(30)
    worker._thread.join(10)
    assert not worker._thread.is_alive()


async def test_a_wait_for_the_lock_ends_when_the_process_goes(directory: Path) -> None:
    async with a_worker(directory) as worker:
        with child(HOLDER, directory) as process:
            assert line_of(process) == "held"
            asking = threading.Event()

            def ask(store: Store, turn: Turn) -> int:
                asking.set()
                return write(store, turn)

            task = asyncio.ensure_future(worker.run(ask))
            await seen(asking)
            worker.give_up()
            with pytest.raises(Exception, match="Another pierre-mcp"):
                await task


@pytest.mark.promise("store.crash")
async def test_two_workers_on_one_store_lose_nothing(directory: Path) -> None:
    async with a_worker(directory) as one, a_worker(directory) as two:
        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(one.run, write)
                group.start_soon(two.run, write)

        def check(store: Store, turn: Turn) -> object:
            with store.reading(turn) as tx:
                return audit_check.verify(tx, maintenance(), people.owner(tx))

        assert await one.run(check) == Health(80)
        assert await two.run(check) == Health(80)


async def test_a_cancelled_call_is_told_so(directory: Path) -> None:
    async with a_worker(directory) as worker:
        told: list[type[BaseException]] = []
        long = LongRead()

        def unit(store: Store, turn: Turn) -> None:
            try:
                long(store, turn)
            except CancelledCallError as error:
                told.append(type(error))
                raise

        async with anyio.create_task_group() as group:
            group.start_soon(worker.run, unit)
            await seen(long.begun)
            group.cancel_scope.cancel()
        assert told == [CancelledCallError]
