"""Chores of a server: due, one process at a time, and gone when told."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import StoreUnwritableError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.platform import FileLock
from pierre_mcp.server.chores import expiring, rotating
from pierre_mcp.server.upkeep import Chore, Upkeep
from pierre_mcp.services import retention
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.tools.catalogue import table
from tests.fakes import StillClock
from tests.gate.world import ABOUT, a_world
from tests.store.hands import edit, look
from tests.stores import a_recording, a_store, new_store

YEAR = timedelta(days=365)
CLOCK = StillClock()
SPENT = "UPDATE keyring SET seals = 1 << 30 WHERE purpose = 'seal'"


@dataclass
class House:
    """A store, and what a server does on it by itself."""

    directory: Path
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    opened: int = 0
    swept: int = 0
    sweep_fails: bool = False
    fails: bool = False
    between: Callable[[Upkeep], None] | None = None

    @asynccontextmanager
    async def upkeep(self) -> Any:
        made = Upkeep(
            [self.chore(lambda: made)],
            sweeps={"what has ended was not entered": self.sweep},
            open_=self.open,
            first_s=0.0,
        )
        made.start()
        try:
            yield made
        finally:
            await made.close()

    def chore(self, made: Callable[[], Upkeep]) -> Chore:
        """The real one; what is done between its steps is the test's."""

        def listen(_: object) -> None:
            if self.between is not None:
                self.between(made())

        return rotating(
            self.look,
            gate_on,
            CLOCK,
            session="session",
            max_age=YEAR,
            lock=self.lock,
            listen=listen,
        )

    async def sweep(self) -> None:
        self.swept += 1
        if self.sweep_fails:
            raise StoreUnwritableError

    async def look(self, work: Callable[[Store], bool]) -> bool:
        self.looked.set()
        with a_store(self.directory) as store:
            return work(store)

    @property
    def lock(self) -> Path:
        return self.directory / "rotation.lock"

    def open(self) -> Store:
        self.opened += 1
        if self.fails:
            raise StoreUnwritableError
        return new_store(self.directory)

    def versions(self) -> list[int]:
        sql = "SELECT version FROM keyring WHERE purpose = 'seal' AND state = 'active'"
        return [version for (version,) in look(self.directory, sql)]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110 - what another thread does
                await asyncio.sleep(0.01)


def gate_on(store: Store) -> Gate:
    return Gate(store, table(), CLOCK, ABOUT)


@pytest.fixture
def house(tmp_path: Path) -> House:
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
    return House(tmp_path / "store")


@pytest.mark.promise("keys.nonce-budget")
async def test_a_key_that_sealed_enough_is_replaced_by_itself(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    edit(house.directory, SPENT)
    async with house.upkeep():
        await house.until(lambda: "by themselves: 2 made, 2 destroyed" in caplog.text)
    assert house.versions() == [2, 2]
    sql = "SELECT entry ->> 'caller', entry ->> 'event', entry ->> 'outcome' FROM audit"
    assert look(house.directory, sql)[-2:] == [
        ("system", "key_rotation", "started"),
        ("system", "key_rotation", "done"),
    ]


async def test_nothing_is_opened_where_nothing_is_due(house: House) -> None:
    async with house.upkeep():
        await house.looked.wait()
    assert house.opened == 0


async def test_what_has_ended_is_entered_at_each_look(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """And where that fails, keys are looked at all the same."""
    house.sweep_fails = True
    async with house.upkeep():
        await house.looked.wait()
    assert house.swept == 1
    assert "what has ended was not entered: StoreUnwritableError" in caplog.text


async def test_it_leaves_it_to_the_process_that_has_the_lock(house: House) -> None:
    edit(house.directory, SPENT)
    with closing(FileLock(house.lock)) as lock:
        assert lock.try_acquire()
        async with house.upkeep():
            await house.looked.wait()
    assert (house.opened, house.versions()) == (0, [1, 1])


async def test_told_to_leave_it_stops_between_steps_and_the_next_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    edit(house.directory, SPENT)
    steps = threading.Semaphore(0)

    def leave(made: Upkeep) -> None:
        steps.release()
        if house.versions() == [2, 2]:
            made.leave()

    house.between = leave
    async with house.upkeep():
        await house.until(lambda: house.versions() == [2, 2])
    sql = "SELECT count(*) FROM keyring WHERE state = 'decrypt_only'"
    assert look(house.directory, sql) == [(2,)]
    outcome = "SELECT entry ->> 'outcome' FROM audit ORDER BY seq DESC LIMIT 1"
    assert look(house.directory, outcome) == [("cancelled",)]
    house.between = None
    async with house.upkeep():
        await house.until(lambda: look(house.directory, sql) == [(0,)])
        await house.until(lambda: "0 made, 2 destroyed" in caplog.text)
    assert house.versions() == [2, 2]


async def test_a_row_that_does_not_open_is_not_tried_for_ever(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    edit(house.directory, SPENT)
    edit(house.directory, "UPDATE streams SET cell = CAST(cell || x'00' AS BLOB)")
    async with house.upkeep() as made:
        await house.until(lambda: "1 not readable" in caplog.text)
        await house.until(lambda: not made._chores)
    assert house.opened == 1


async def test_what_fails_is_said_and_the_server_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    edit(house.directory, SPENT)
    house.fails = True
    async with house.upkeep() as made:
        await house.until(lambda: "StoreUnwritableError" in caplog.text)
        assert not made._task.done()


async def test_it_is_left_before_it_began(house: House) -> None:
    made = Upkeep(
        [house.chore(lambda: made)], sweeps={"": house.sweep}, open_=house.open
    )
    await made.close()
    made.start()
    await made.close()
    assert not house.looked.is_set()


@pytest.mark.promise("privacy.retention")
async def test_what_has_expired_is_deleted_by_itself(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def keep(tx: Tx, grant: Grant) -> None:
        retention.set_days(tx, grant, Category.HEART_RATE, 7)

    with a_world(house.directory) as world:
        world.gate.widen(Call(Owner(), "retention set", "session"), keep)
    chore = expiring(house.look, gate_on, CLOCK, session="session", lock=house.lock)
    spent = [house.chore(lambda: made), chore]
    made = Upkeep(spent, sweeps={"": house.sweep}, open_=house.open, first_s=0.0)
    made.start()
    await house.until(lambda: "deleted by itself: from 1 places" in caplog.text)
    await made.close()
    assert house.opened == 1
    assert look(house.directory, "SELECT count(heart_rate) FROM recordings") == [(0,)]
    sql = "SELECT entry ->> 'caller', entry ->> 'action' FROM audit ORDER BY seq DESC"
    assert look(house.directory, sql)[0] == ("system", "retention")
