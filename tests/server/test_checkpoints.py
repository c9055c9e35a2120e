"""A server that nobody asks anything closes the log by itself."""

from pathlib import Path

import pytest

from pierre_mcp.desk import FrontDesk
from pierre_mcp.model.audit import Outcome
from pierre_mcp.store import checkpoints
from pierre_mcp.store.database import Store
from pierre_mcp.store.worker import Worker
from tests.fakes import StillClock
from tests.gate.world import CLAUDE
from tests.stores import new_store, settings_of


def _taken(store: Store) -> int:
    with store.reading() as tx:
        return sum(1 for _ in checkpoints.every(tx))


@pytest.mark.promise("audit.tamper")
async def test_an_idle_server_takes_a_checkpoint(tmp_path: Path) -> None:
    directory, clock = tmp_path / "data" / "default", StillClock()

    def open_() -> Store:
        return new_store(directory)

    async with Worker(open_) as worker:
        desk = FrontDesk(
            worker,
            open_,
            settings=settings_of(directory),
            recipient=CLAUDE,
            clock=clock,
        )
        await desk.note("start", Outcome.STARTED)
        await desk.upkeep._swept()
        assert await worker.run(lambda store, _: _taken(store)) == 0
        clock.pass_s(15 * 60)
        await desk.upkeep._swept()
        assert await worker.run(lambda store, _: _taken(store)) == 1
        # Queued behind the checkpoint: the old key was wiped before this was asked.
        assert not await worker.run(lambda store, _: store.wants_tidying())
        await desk.upkeep._swept()
        assert await worker.run(lambda store, _: _taken(store)) == 1
