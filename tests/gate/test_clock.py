"""A clock that is set: back it revives nothing, and a jump is asked about."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.clock import offset_us
from pierre_mcp.errors import ClockSuspectError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner, Recipient, System
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import consents
from pierre_mcp.services.steps import Progress
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEvent
from tests.fakes import StillClock
from tests.gate.world import ABOUT, CLAUDE, OWNER, World, a_world
from tests.stores import a_recording, new_store

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TICK = timedelta(seconds=1)
NOTE = Call(OWNER, "consent clock", "session")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store with a consent that lasts thirty days."""
    with a_world(tmp_path / "store") as made:
        made.put(a_recording())
        made.give_training(expires_at=made.clock.now() + 30 * DAY)
        yield made


def confirm(world: World) -> None:
    """Confirm the clock, as the command does: in a process of its own."""
    clock = StillClock(world.clock.at, set_by_s=world.clock.set_by_s)
    store = new_store(world.directory)

    def work(tx: Tx, grant: Grant) -> None:
        consents.confirm_clock(tx, grant, offset_us(clock))

    Gate(store, world.table, clock, ABOUT).widen(NOTE, work)
    store.close()


@pytest.mark.promise("consent.expiry")
@pytest.mark.parametrize("back", [TICK, DAY, 31 * DAY, 400 * DAY])
def test_set_back_it_revives_nothing(world: World, back: timedelta) -> None:
    world.clock.pass_s(30 * DAY.total_seconds())
    assert world.ask("get_activities").code == "consent_missing"
    world.clock.set_by(-back)
    assert world.ask("get_activities").code in {"consent_missing", "clock_suspect"}
    confirm(world)
    assert world.ask("get_activities").code == "consent_missing"


@pytest.mark.parametrize("jump", [DAY + TICK, -DAY - TICK, 3_650 * DAY])
def test_a_jump_within_a_process_is_asked_about(world: World, jump: timedelta) -> None:
    world.clock.set_by(jump)
    answer = world.ask("get_activities")
    assert (answer.code, answer.structured) == ("clock_suspect", None)
    assert answer.text.endswith("with: pierre-mcp consent clock")
    assert world.ask("get_status").code == "clock_suspect"
    world.clock.set_by(-jump)
    assert world.told("get_activities")["activities"]["id"], "it was set right"


@pytest.mark.parametrize("slip", [DAY, -DAY])
def test_up_to_a_day_is_none(world: World, slip: timedelta) -> None:
    world.clock.set_by(slip)
    assert world.told("get_activities")["activities"]["id"]


def test_asleep_for_a_week_is_none(world: World) -> None:
    """The boot clock ran as well."""
    world.clock.pass_s(WEEK.total_seconds())
    assert world.told("get_activities")["activities"]["id"]


def test_a_jump_ahead_does_not_make_the_log_older_than_it_is(world: World) -> None:
    """What is recorded meanwhile bears the time of the row before: else a clock set
    ahead for a minute would end every consent for good."""
    before = world.last_row()["at_us"]
    world.clock.set_by(3_650 * DAY)
    world.ask("get_activities")
    world.gate.note(Call(System(), "stop", "session"), Outcome.STOPPED)
    assert {row["at_us"] for row in world.rows()[-2:]} == {before}
    world.clock.set_by(-3_650 * DAY)
    assert world.told("get_activities")["activities"]["id"]


def test_a_jump_under_a_running_call_releases_nothing(world: World) -> None:
    def jump(step: Progress) -> None:
        if step.word == "recording":
            world.clock.set_by(2 * DAY)

    call = Call(Recipient(CLAUDE), "get_activities", "session")
    answer = world.gate.serve(call, {}, None, jump)
    assert (answer.code, answer.structured) == ("clock_suspect", None)


def test_the_person_confirms_it_for_every_process(world: World) -> None:
    """Two processes saw the jump; one confirmation is enough, and holds."""
    store = new_store(world.directory)
    other = Gate(store, world.table, StillClock(), ABOUT)
    assert isinstance(other._clock, StillClock)
    for clock in (world.clock, other._clock):
        clock.set_by(10 * DAY)
    call = Call(Owner(preview_as=CLAUDE), "get_activities", "session")
    assert world.ask("get_activities").code == "clock_suspect"
    assert other.serve(call, {}).code == "clock_suspect"
    confirm(world)
    assert world.told("get_activities")["activities"]["id"]
    assert not other.serve(call, {}).is_error
    other._clock.set_by(-10 * DAY)
    assert other.serve(call, {}).code == "clock_suspect", "the base is the new one"
    store.close()
    lines = world.gate.look(NOTE, policies.history)
    assert lines[-1][1].event is LedgerEvent.CLOCK_CONFIRMED


def test_what_was_confirmed_elsewhere_is_no_leave_to_jump_anywhere(
    world: World,
) -> None:
    world.clock.set_by(10 * DAY)
    confirm(world)
    world.clock.set_by(10 * DAY)
    assert world.ask("get_activities").code == "clock_suspect"


def test_between_two_processes_there_is_no_jump(world: World) -> None:
    later = StillClock(world.clock.at + 20 * DAY)
    store = new_store(world.directory)
    call = Call(Owner(preview_as=CLAUDE), "get_activities", "session")
    assert not Gate(store, world.table, later, ABOUT).serve(call, {}).is_error
    store.close()


def test_nothing_expires_by_a_suspect_clock(world: World) -> None:
    world.clock.set_by(40 * DAY)
    with pytest.raises(ClockSuspectError):
        world.gate.expire(Call(System(), "consent expire", "session"))
    world.clock.set_by(-40 * DAY)
    assert world.told("get_activities")["activities"]["id"]
