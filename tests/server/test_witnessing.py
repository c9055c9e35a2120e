"""A server tells its witnesses: soon after a checkpoint, and in nobody's way."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pierre_mcp.desk import FrontDesk
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.witness import Noted, Witness
from pierre_mcp.server.witnessing import Witnessing
from pierre_mcp.services.witnesses import Witnesses
from pierre_mcp.services.witnessing import Lacking
from pierre_mcp.store import keys
from pierre_mcp.store.worker import Worker
from tests.fakes import StillClock
from tests.stores import a_store, marks_of, new_store, settings_of

ID = "11111111-2222-3333-4444-555555555555"
NOTE = f"pierre-mcp/{ID}\n1\n"


async def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < end_s
        await asyncio.sleep(0.01)


@pytest.mark.promise("audit.witness")
async def test_the_checkpoint_of_a_stop_is_told(tmp_path: Path) -> None:
    directory, disk = tmp_path / "store", tmp_path / "disk.txt"
    with a_store(directory) as store, store.reading() as tx:
        store_id = keys.store_id(tx.db)
    witnesses = Witnesses(marks_of(directory), store_id)
    disk.touch()
    witnesses.change(lambda _: (Witness(path=str(disk)),))

    async with Worker(lambda: new_store(directory)) as worker:
        desk = FrontDesk(
            worker,
            lambda: new_store(directory),
            settings=settings_of(directory),
            recipient="claude-desktop",
            clock=StillClock(),
        )
        desk.witnessing.start()
        await desk.note("start", Outcome.STARTED)
        await desk.note("stop", Outcome.STOPPED)
        await until(lambda: disk.read_text() != "")
        assert disk.read_text().startswith(f"pierre-mcp/{store_id}\n2\n")
        # And one that is taken as the last thing.
        await desk.note("stop", Outcome.STOPPED)
        await desk.witnessing.close()
    assert f"\npierre-mcp/{store_id}\n3\n" in disk.read_text()


@pytest.mark.promise("audit.witness")
async def test_one_that_hangs_keeps_nobody(tmp_path: Path) -> None:
    witnesses = Witnesses(tmp_path / "config", ID)
    begun = tmp_path / "begun"
    script = 'echo $$ > "$0.new"; mv "$0.new" "$0"; sleep 60'
    hangs = Witness(command=("sh", "-c", script, str(begun)))
    witnesses.change(lambda _: (hangs,))

    async def lacking() -> Lacking:
        return Lacking(witnesses, [Noted(1, NOTE)])

    made = Witnessing(lacking, StillClock(), leaving_s=0.1)
    began_s = time.monotonic()
    made.start()
    await until(begun.exists)
    await made.close()
    assert time.monotonic() - began_s < 2.0
    pid = int(begun.read_text())
    await until(lambda: not is_running(pid))  # it does not outlive us
    await made.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_what_fails_is_said_and_it_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    witnesses = Witnesses(tmp_path / "config", ID)
    witnesses.change(lambda _: (Witness(path=str(tmp_path / "no" / "disk")),))
    found: list[Lacking | None] = [Lacking(witnesses, [Noted(1, NOTE)]), None]

    async def lacking() -> Lacking | None:
        if found:
            return found.pop(0)
        (witnesses.directory / f"{ID}.witnesses").write_text("{")
        return Lacking(witnesses, [Noted(2, NOTE)])

    made = Witnessing(lacking, StillClock(), again_s=0.01)
    await made.close()
    with caplog.at_level(logging.WARNING):
        made.start()
        await until(lambda: "1 of those who keep checkpoints" in caplog.text)
        await until(lambda: "WitnessesUnreadableError" in caplog.text)
        made.checkpoint()
        await made.close()
