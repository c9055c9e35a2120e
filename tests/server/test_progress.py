"""Progress: what is sent, in order, and when nothing is."""

import asyncio
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.server.progress import Progress
from tests.server.raw import MODERN, Frame, Wire, request

Sent = list[tuple[float, float | None, str | None]]
steps = st.lists(st.tuples(st.floats(), st.none() | st.floats(), st.floats(0, 1)))

UUID = "aa68eecc-1e2e-4532-9792-6c8ef83dc2bc"


def listening(sent: Sent) -> tuple[Progress, list[float]]:
    async def send(done: float, total: float | None, message: str | None) -> None:
        sent.append((done, total, message))

    now_s = [0.0]
    return Progress(send, asyncio.get_running_loop(), lambda: now_s[0]), now_s


@pytest.mark.promise("mcp.progress")
@given(steps)
def test_it_only_grows_and_never_hurries(
    given: list[tuple[float, float | None, float]],
) -> None:
    sent: Sent = []
    times_s = []

    async def run() -> None:
        progress, now_s = listening(sent)
        for done, total, passes_s in given:
            now_s[0] += passes_s
            before = len(sent)
            progress.report(done, total, "reading")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if len(sent) > before:
                times_s.append(now_s[0])

    asyncio.run(run())
    values = [done for done, _, _ in sent]
    assert values == sorted(set(values))
    assert all(total is None or done < total for done, total, _ in sent)
    assert all(b - a >= 0.1 for a, b in pairwise(times_s))


async def test_only_fixed_words_leave() -> None:
    sent: Sent = []
    progress, now_s = listening(sent)
    for step, words in enumerate(("reading files", "Dr Müller", "km 5", "", None)):
        now_s[0] = float(step)
        progress.report(step, float("inf"), words)
        await asyncio.sleep(0.001)
    assert [message for _, _, message in sent] == ["reading files", *[None] * 4]
    assert {total for _, total, _ in sent} == {None}


async def test_nothing_follows_the_close() -> None:
    sent: Sent = []
    progress, _ = listening(sent)
    progress.report(1)
    progress.close()
    progress.report(2)
    await asyncio.sleep(0.001)
    assert sent == []


async def test_a_slow_client_gets_fewer() -> None:
    started: list[float] = []
    gate = asyncio.Event()

    async def send(done: float, total: float | None, message: str | None) -> None:
        del total, message
        started.append(done)
        await gate.wait()
        raise OSError

    now_s = 0.0
    progress = Progress(send, asyncio.get_running_loop(), lambda: now_s)
    for step in range(5):
        now_s = float(step)
        progress.report(step)
        await asyncio.sleep(0.001)
    assert started == [0]
    gate.set()
    await asyncio.sleep(0.001)
    now_s = 9.0
    progress.report(9)
    await asyncio.sleep(0.001)
    assert started == [0, 9]


def test_a_loop_that_has_closed() -> None:
    sent: Sent = []

    async def make() -> Progress:
        return listening(sent)[0]

    progress = asyncio.run(make())
    thread = threading.Thread(target=progress.report, args=(1,))
    thread.start()
    thread.join()
    assert sent == []


@pytest.mark.promise("mcp.progress")
@pytest.mark.parametrize("token", [0, 7, "", "abc", UUID, 2**60])
def test_the_token_is_the_clients(shared: Wire, token: int | str) -> None:
    shared.put(count(token, to=30))
    frames: list[Frame] = []
    while not frames or "id" not in frames[-1]:
        frames.append(shared.take())
    notices = [frame["params"] for frame in frames[:-1]]
    assert notices
    assert len(notices) <= 5  # 0.3 s at ten a second, and some
    assert all(notice["progressToken"] == token for notice in notices)
    assert all(type(notice["progressToken"]) is type(token) for notice in notices)
    assert all(notice["total"] == 30 for notice in notices)
    done = [notice["progress"] for notice in notices]
    assert done == sorted(set(done))
    assert done[-1] < 30  # the reply says the last


@pytest.mark.promise("mcp.progress")
@pytest.mark.parametrize("token", [None, True, 1.5, ["a"], {"a": 1}])
def test_silent_without_a_token(shared: Wire, token: object) -> None:
    shared.put(count(token, to=5))
    reply = shared.take()
    assert reply["id"] == 1


def test_progress_without_a_handshake(fresh: Wire) -> None:
    frame = count("t", to=5)
    frame["params"]["_meta"] |= MODERN["_meta"]
    fresh.put(frame)
    assert fresh.take()["params"]["progressToken"] == "t"
    assert "result" in fresh.take()


def count(token: object, to: int) -> Frame:
    return request(
        "tools/call",
        {
            "name": "count",
            "arguments": {"to": to},
            "_meta": {} if token is None else {"progressToken": token},
        },
    )
