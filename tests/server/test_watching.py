"""A server looks after calls, tells what was raised, and slows who is to be slowed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pierre_mcp.app import FrontDesk
from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.watching import Watched
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Outcome
from pierre_mcp.server.methods import RequestInfo
from pierre_mcp.server.progress import Progress
from pierre_mcp.server.watching import Pace, Watch
from pierre_mcp.store.worker import Worker
from tests.fakes import StillClock
from tests.gate.world import CLAUDE, a_world
from tests.services.test_alerting import an_alert, python
from tests.stores import new_store, settings_of

WHO = RequestInfo(1, "2025-06-18", "claude-ai", "1")


class Looks:
    """What the log has, one look after the other; then nothing."""

    def __init__(self, *found: Watched | Exception) -> None:
        self.found = list(found)
        self.count = 0

    async def __call__(self) -> Watched:
        self.count += 1
        found = self.found.pop(0) if self.found else Watched()
        if isinstance(found, Exception):
            raise found
        return found

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while self.count < count:  # noqa: ASYNC110 - what another task does
                await asyncio.sleep(0.001)


def a_watch(looks: Looks, command: str = "") -> Watch:
    return Watch(
        looks, lambda one: one.alert.words("pierre-mcp"), command=command, after_s=0.01
    )


def nothing() -> None:
    """Nobody waits for the store's lock."""


async def test_it_looks_at_its_start_and_after_calls(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = Looks(Watched(), Watched(more=True), Watched((an_alert(),)))
    watch = a_watch(looks)
    watch.start()
    await looks.until(1)
    await asyncio.sleep(0.05)
    assert looks.count == 1, "no call, no look"
    watch.stir()
    await looks.until(3)
    watch.stir()
    await watch.close(nothing)
    assert looks.count >= 4, "once more at the end"
    [said] = [record.getMessage() for record in caplog.records]
    assert said == (
        "suspicious activity of claude-desktop (score 40): 61 calls in a minute. See: "
        "pierre-mcp security events"
    )


async def test_a_log_that_cannot_be_looked_at_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = Looks(AuditTamperedError(), Watched())
    watch = a_watch(looks)
    watch.start()
    await looks.until(1)
    watch.stir()
    await looks.until(2)
    await watch.close(nothing)
    assert "calls were not watched: AuditTamperedError" in caplog.text


@pytest.mark.promise("monitor.thresholds")
async def test_the_command_is_told_and_a_failure_is_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    got = tmp_path / "got"
    script = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read()); sys.exit(1)"
    looks = Looks(Watched((an_alert(), an_alert())))
    watch = a_watch(looks, python(script, str(got)))
    watch.start()
    async with asyncio.timeout(20):
        while caplog.text.count("did not take alert 2") < 2:  # noqa: ASYNC110 - a log
            await asyncio.sleep(0.01)
    await watch.close(nothing)
    assert [json.loads(line)["alert"] for line in got.read_text().splitlines()] == [
        2,
        2,
    ]


async def test_a_hanging_command_delays_neither_looks_nor_the_end() -> None:
    looks = Looks(Watched((an_alert(),)))
    watch = a_watch(looks, python("import time; time.sleep(60)"))
    watch.start()
    await looks.until(1)
    watch.stir()
    await looks.until(2)
    async with asyncio.timeout(5):
        await watch.close(nothing)


async def test_what_is_no_command_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = Looks(Watched((an_alert(),)), Watched((an_alert(),)))
    watch = a_watch(looks, "mail 'open")
    watch.start()
    await looks.until(1)
    watch.stir()
    await looks.until(2)
    await watch.close(nothing)
    assert caplog.text.count("PIERRE_ALERT_COMMAND is no command") == 1


async def test_one_that_never_began_ends() -> None:
    await a_watch(Looks()).close(nothing)


async def test_a_last_look_does_not_wait_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pierre_mcp.server.watching.LAST_LOOK_S", 0.01)
    held, looks = asyncio.Event(), 0

    async def look() -> Watched:
        nonlocal looks
        looks += 1
        await held.wait()
        return Watched()

    watch = Watch(look, str, after_s=0.001)
    watch.start()
    async with asyncio.timeout(5):
        while not looks:  # noqa: ASYNC110 - what another task does
            await asyncio.sleep(0.001)
        await watch.close(held.set)


async def test_who_is_slowed_is_let_in_one_by_one() -> None:
    pace, loop = Pace(), asyncio.get_running_loop()
    began = loop.time()
    assert all(await asyncio.gather(*(pace.wait(lambda: 0.05) for _ in range(3))))
    assert 0.14 < loop.time() - began < 5
    await asyncio.gather(*(pace.wait(lambda: 0.0) for _ in range(100)))
    waiting = asyncio.gather(*(pace.wait(lambda: 60.0) for _ in range(3)))
    await asyncio.sleep(0)
    pace.leave()
    async with asyncio.timeout(5):
        assert await waiting == [False] * 3


@asynccontextmanager
async def a_desk(directory: Path, clock: StillClock) -> AsyncIterator[FrontDesk]:
    """The real desk of a server, on the store's own thread."""

    def open_() -> object:
        return new_store(directory)

    async with Worker(open_) as worker:  # type: ignore[arg-type]
        desk = FrontDesk(
            worker,
            open_,  # type: ignore[arg-type]
            settings=settings_of(directory),
            recipient=CLAUDE,
            clock=clock,
        )
        desk.watch._after_s = 0.01
        await desk.started("claude-ai", "1", "2025-06-18")
        yield desk


async def called(desk: FrontDesk, tool: str, arguments: dict[str, object]) -> Answer:
    progress = Progress(None, asyncio.get_running_loop())
    return await desk.call(tool, arguments, progress=progress, request=WHO)


@pytest.mark.promise("monitor.behaviour")
async def test_through_the_real_server_it_is_noticed_told_and_slowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guessed ids, by a desk as the server has it; the next process is slowed too."""
    clock, slowed = StillClock(), list[float]()

    async def wait(_: Pace, pause_s: object) -> bool:
        slowed.append(pause_s())  # type: ignore[operator]
        await asyncio.sleep(0)
        return True

    monkeypatch.setattr(Pace, "wait", wait)
    directory = tmp_path / "store"
    with a_world(directory) as world:
        async with a_desk(directory, clock) as desk:
            desk.watch.start()
            for number in range(14):
                clock.pass_s(1)
                answer = await called(desk, "get_activity", {"id": f"{number:022}"})
                assert answer.code == "consent_missing"
            async with asyncio.timeout(10):
                while "suspicious" not in caplog.text:  # noqa: ASYNC110 - a log
                    await asyncio.sleep(0.01)
            assert "different questions refused for want of consent" in caplog.text
            for number in range(14, 24):
                await called(desk, "get_activity", {"id": f"{number:022}"})
            await desk.watch.close(nothing)
            await desk.settle()
            await called(desk, "get_status", {})
            await called(desk, "get_status", {})
            assert (slowed[0], slowed[-1]) == (0.0, 5.0)
        async with a_desk(directory, clock) as other:
            await called(other, "get_status", {})
            assert slowed[-1] == 5.0, "known before its first call"
            await other.note("stop", Outcome.STOPPED)
        assert "suspicious_activity" in {row["event"] for row in world.rows()}


@pytest.mark.promise("mcp.cancel")
async def test_one_that_is_cancelled_while_it_waits_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "store"
    with a_world(directory) as world:
        async with a_desk(directory, StillClock()) as desk:
            await called(desk, "get_status", {})
            monkeypatch.setattr(Gate, "pause_s", lambda _: 60.0)
            waiting = asyncio.create_task(called(desk, "get_status", {}))
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert world.last_row()["outcome"] == "cancelled"
            waiting = asyncio.create_task(called(desk, "get_status", {}))
            await asyncio.sleep(0.01)
            desk.leaving()
            assert (await waiting).code == "cancelled", "the end lets nobody in sooner"
