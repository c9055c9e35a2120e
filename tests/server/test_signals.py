"""Ctrl-C, wherever it falls: none is lost between the start and the serving."""

import asyncio
import os
import signal
from collections.abc import Iterator
from functools import partial

import pytest

from pierre_mcp.server.signals import Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = signal.getsignal(signal.SIGINT)
    yield Signals()
    signal.signal(signal.SIGINT, before)


async def endless(signals: Signals) -> None:
    with signals.cancelling():
        await asyncio.Event().wait()


def test_one_before_the_loop_is_raised_and_known(signals: Signals) -> None:
    signals.remember()
    # As where Python swallows it, within an import.
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(endless(signals), 20))
    assert signals.status == 130


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_one_on_the_loop_cancels_it(signals: Signals, number: int, status: int) -> None:
    async def ended() -> None:
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
        await asyncio.wait_for(endless(signals), 20)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ended())
    assert signals.status == status


async def test_it_is_told_to_whoever_listens_last(signals: Signals) -> None:
    heard: list[tuple[str, int]] = []
    came = asyncio.Event()

    def hear(who: str, status: int) -> None:
        heard.append((who, status))
        came.set()

    with signals.told_to(partial(hear, "outer")):
        with signals.told_to(partial(hear, "inner")):
            os.kill(os.getpid(), signal.SIGTERM)
            await came.wait()
        came.clear()
        os.kill(os.getpid(), signal.SIGINT)
        await came.wait()
    assert heard == [("inner", 143), ("outer", 130)]
    assert signals.status == 143
