"""Jobs behind the desk: on real threads, held and let go by the test."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.desk import FrontDesk
from pierre_mcp.errors import StoreUnwritableError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.caller import Call, Job, Recipient
from pierre_mcp.platform import FileLock
from pierre_mcp.server.methods import RequestInfo
from pierre_mcp.server.progress import Progress
from pierre_mcp.services.steps import Step
from pierre_mcp.settings import Settings
from pierre_mcp.store.database import Store
from pierre_mcp.store.worker import Worker
from pierre_mcp.tools.catalogue import table
from tests.fakes import StillClock
from tests.gate.inboxes import allow, fill, name_inbox
from tests.gate.world import ABOUT, CLAUDE, a_world, content
from tests.stores import new_store

FILES = 4
REQUEST = RequestInfo(1, "2025-06-18", "test", "1")
SOON_S = 0.05


class Latch:
    """Holds a job before each of its steps until the test lets it on."""

    def __init__(self) -> None:
        self._let = threading.Semaphore(0)
        self._waiting = threading.Semaphore(0)

    def pause(self) -> None:
        self._waiting.release()
        self._let.acquire()

    async def held(self) -> None:
        """Wait until the job stands before a step."""
        assert await asyncio.to_thread(self._waiting.acquire, timeout=20)

    async def on(self, steps: int) -> None:
        """Let it take so many steps, and wait until it stands before the next."""
        for _ in range(steps):
            self._let.release()
            await self.held()

    def open(self) -> None:
        """Let it run to its end."""
        self._let.release(1_000)


class Held(Gate):
    """A gate that a job passes only as the test lets it."""

    latch: Latch

    def step(self, call: Call, step: Step) -> None:
        if call.caller == Job(Recipient(CLAUDE)):
            self.latch.pause()
        super().step(call, step)


@dataclass
class House:
    """A store whose person has an inbox, and desks before it."""

    settings: Settings
    latch: Latch = field(default_factory=Latch)

    def open(self) -> Store:
        return new_store(self.settings.store_dir)

    def held(self, store: Store) -> Gate:
        gate = Held(store, table(), StillClock(), ABOUT)
        gate.latch = self.latch
        return gate

    @asynccontextmanager
    async def desk(
        self, *, wait_s: float = 20.0, held: bool = False
    ) -> AsyncIterator[FrontDesk]:
        """A desk of a process of its own, which ends with the body."""
        async with Worker(self.open) as worker:
            desk = FrontDesk(
                worker,
                self.open,
                settings=self.settings,
                recipient=CLAUDE,
                clock=StillClock(),
                wait_s=wait_s,
            )
            if held:
                desk.jobs._gate_on = self.held
            await desk.resume()
            try:
                yield desk
            finally:
                self.latch.open()
                await desk.jobs.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    settings = Settings(data_dir=tmp_path / "data", config_dir=tmp_path / "config")
    with a_world(settings.store_dir) as world:
        name_inbox(world, fill(tmp_path / "inbox", FILES))
        allow(world, "files:activities")
    return House(settings)


async def ask(desk: FrontDesk, tool: str, **arguments: Any) -> Answer:
    loop = asyncio.get_running_loop()
    progress = Progress(None, loop)
    return await desk.call(tool, arguments, progress=progress, request=REQUEST)


async def told(desk: FrontDesk, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await ask(desk, tool, **arguments)
    assert not answer.is_error, answer.text
    return content(answer)


async def test_a_call_answers_with_the_end_of_a_short_job(house: House) -> None:
    sent: list[tuple[float, float | None, str | None]] = []

    async def send(done: float, total: float | None, words: str | None) -> None:
        sent.append((done, total, words))

    async with house.desk() as desk:
        ticks = iter(range(1_000))
        loop = asyncio.get_running_loop()
        progress = Progress(send, loop, lambda: float(next(ticks)))
        answer = await desk.call(
            "import_inbox", None, progress=progress, request=REQUEST
        )
    found = content(answer)
    assert (found["state"], found["activities_imported"]) == ("finished", FILES)
    assert {words for _, _, words in sent} <= {"checking consent", "reading"}
    dones = [done for done, _, _ in sent]
    assert dones == sorted(set(dones))
    assert sent[-1][1] == FILES


async def test_a_long_job_answers_with_its_id_and_goes_on(house: House) -> None:
    async with house.desk(wait_s=SOON_S, held=True) as desk:
        first = await told(desk, "import_inbox")
        assert (first["state"], first["files_done"]) == ("running", 0)
        again = await told(desk, "import_inbox")
        assert again["operation_id"] == first["operation_id"], "it is joined"
        asked = {"operation_id": first["operation_id"]}
        await house.latch.held()
        for done, steps in ((0, 3), (1, 1), (2, 1)):
            await house.latch.on(steps)
            found = await told(desk, "get_operation", **asked)
            assert (found["state"], found["files_done"]) == ("running", done)
            assert found["files_imported"] == done
        run = desk.jobs._runs[first["operation_id"]]
        house.latch.open()
        await run.over.wait()
        found = await told(desk, "get_operation", **asked)
    assert (found["state"], found["files_imported"]) == ("finished", FILES)


@pytest.mark.promise("mcp.cancel")
async def test_a_cancelled_job_stops_at_its_step(house: House) -> None:
    async with house.desk(wait_s=SOON_S, held=True) as desk:
        begun = await told(desk, "import_inbox")
        asked = {"operation_id": begun["operation_id"]}
        await house.latch.held()
        await house.latch.on(4)
        found = await told(desk, "cancel_operation", **asked)
        assert found["state"] == "cancelled"
        run = desk.jobs._runs[begun["operation_id"]]
        house.latch.open()
        await run.over.wait()
        found = await told(desk, "get_operation", **asked)
        assert (found["state"], found["files_imported"]) == ("cancelled", 2)
        after = await told(desk, "import_inbox")
        await desk.jobs.start(after["operation_id"]).over.wait()
        asked = {"operation_id": after["operation_id"]}
        found = await told(desk, "get_operation", **asked)
    assert (found["files_imported"], found["files_duplicate"]) == (FILES - 2, 2)


@pytest.mark.promise("mcp.cancel")
async def test_a_call_that_is_cancelled_leaves_the_job_be(house: House) -> None:
    async with house.desk(held=True) as desk:
        call = asyncio.create_task(ask(desk, "import_inbox"))
        await house.latch.held()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        (run,) = desk.jobs._runs.values()
        assert run.listeners == []
        house.latch.open()
        await run.over.wait()
        found = await told(desk, "get_operation", operation_id=run.job.id)
    assert found["state"] == "finished"


@pytest.mark.promise("mcp.shutdown")
async def test_a_process_that_ends_lets_its_calls_go_and_the_next_goes_on(
    house: House,
) -> None:
    async with house.desk(held=True) as desk:
        call = asyncio.create_task(told(desk, "import_inbox"))
        await house.latch.held()
        await house.latch.on(4)
        desk.leaving()
        begun = await call
        assert (begun["state"], begun["files_done"]) == ("running", 1)
        late = await told(desk, "import_inbox")
        assert late["operation_id"] == begun["operation_id"]
    async with house.desk() as desk:
        run = desk.jobs._runs[begun["operation_id"]]
        await run.over.wait()
        asked = {"operation_id": begun["operation_id"]}
        found = await told(desk, "get_operation", **asked)
        assert desk.jobs._runs == {}
        desk.leaving()
        assert desk.jobs.start("another").over.is_set()
    assert (found["state"], found["files_imported"]) == ("finished", FILES)


async def test_one_process_at_a_time_carries_it_out(house: House) -> None:
    """The second waits for the first; where that one has gone, it goes on."""
    async with (
        house.desk(wait_s=SOON_S, held=True) as first,
        house.desk() as second,
    ):
        begun = await told(first, "import_inbox")
        await house.latch.held()
        joined = asyncio.create_task(told(second, "import_inbox"))
        await house.latch.on(3)
        assert not joined.done()
        house.latch.open()
        found = await joined
    assert found["operation_id"] == begun["operation_id"]
    assert (found["state"], found["files_imported"]) == ("finished", FILES)


async def test_who_waits_for_the_lock_of_another_leaves_at_once(house: House) -> None:
    async with house.desk(wait_s=SOON_S) as desk:
        holder = FileLock(desk.jobs._lock)
        assert holder.try_acquire()
        begun = await told(desk, "import_inbox")
        assert begun["state"] == "running"
        desk.leaving()
        await desk.jobs.close()
        assert desk.jobs._worker is None
        holder.close()


async def test_a_job_that_cannot_begin_is_asked_for_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Store:
        raise StoreUnwritableError

    async with house.desk() as desk:
        opens, desk.jobs._open = desk.jobs._open, broken
        begun = await told(desk, "import_inbox")
        assert begun["state"] == "running"
        assert "a job could not begin: StoreUnwritableError" in caplog.text
        desk.jobs._open = opens
        found = await told(desk, "import_inbox")
    assert found["operation_id"] == begun["operation_id"]
    assert found["state"] == "finished"


async def test_a_busy_store_does_not_hold_a_process_that_ends(house: House) -> None:
    """The step in hand waits for the lock of the store, and is given up."""
    async with house.desk(wait_s=SOON_S, held=True) as desk:
        begun = await told(desk, "import_inbox")
        await house.latch.held()
        await house.latch.on(2)
        other = house.open()
        with other._lock.hold(1):
            desk.leaving()
            house.latch.open()
            await desk.jobs.close()
        other.close()
    async with house.desk() as desk:
        asked = {"operation_id": begun["operation_id"]}
        await desk.jobs.start(begun["operation_id"]).over.wait()
        assert (await told(desk, "get_operation", **asked))["state"] == "finished"


async def test_a_store_that_lets_nobody_in_resumes_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with a_world(house.settings.store_dir) as world:
        world.by_hand("UPDATE policies SET cell = CAST(cell || x'00' AS BLOB)")
    async with house.desk() as desk:
        assert (await ask(desk, "import_inbox")).code == "policy_tampered"
    assert "nothing was resumed: policy_tampered" in caplog.text


async def test_it_serves_the_families_it_says_it_does(house: House) -> None:
    """Said apart from them, so that none is made before its list is asked for."""
    async with house.desk() as desk:
        prompts = desk.prompts()
        completed = any(of.values for one in prompts for of in one.arguments)
        each = {"resources": desk.resources(), "prompts": prompts}
        held = {name for name, faces in each.items() if faces}
        assert set(desk.families()) == held | ({"completion"} if completed else set())


def test_a_server_loads_what_a_greeting_does_not_need_only_when_it_is_asked() -> None:
    """Its client waits for the first line, and most servers import nothing."""
    heavy = "{'numpy', 'tzfpy', 'pierre_mcp.services.imports', 'pierre_mcp.tools.load'}"
    code = f"import sys, pierre_mcp.app; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
