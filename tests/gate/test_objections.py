"""Objections at the gate: at once, for calls that run, for jobs, and lifted."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pierre_mcp.errors import ObjectedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.caller import Call, Job, Owner, Recipient
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import objections
from pierre_mcp.services.steps import Act
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEvent
from tests.gate.probes import Acting
from tests.gate.world import ABOUT, CLAUDE, OTHER, World
from tests.stores import a_grant, a_recording, new_store, owner_grant, owner_of

OWNER = Call(Owner(), "object", "session")


@contextmanager
def a_second(world: World) -> Iterator[Gate]:
    """The gate of another process."""
    store = new_store(world.directory)
    try:
        yield Gate(store, world.table, world.clock, ABOUT)
    finally:
        store.close()


def object_to(world: World, word: str) -> bool:
    return world.gate.act(OWNER, lambda tx, g: objections.object_to(tx, g, word))


def lift(world: World, word: str) -> bool:
    return world.gate.widen(OWNER, lambda tx, g: objections.lift(tx, g, word))


@pytest.fixture
def consented(world: World) -> World:
    world.put(a_recording())
    for to in (CLAUDE, OTHER):
        world.give_training(to=to)
    return world


@pytest.mark.promise("rights.object")
@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("analytics:insights", "analytics:insights"),
        ("share", "share"),
        (f"share:{CLAUDE}", f"share --to {CLAUDE}"),
    ],
)
def test_the_next_call_is_refused_and_told_how_it_is_lifted(
    consented: World, word: str, typed: str
) -> None:
    assert object_to(consented, word)
    assert not object_to(consented, word), "once is enough"
    answer = consented.ask("get_activities")
    command = f"pierre-mcp object {typed} --lift"
    assert (answer.is_error, answer.code) == (True, "objected")
    assert word in answer.text
    assert command in answer.text
    row = consented.last_row()
    assert (row["outcome"], row["code"]) == ("refused", "objected")
    status = consented.told("get_status")
    assert word in status["warnings"][0]
    assert status["next_steps"] == [command]
    of_all = word.startswith("share")
    assert bool(status["sources"]) is not of_all, "nothing of theirs is told"
    other = consented.ask("get_activities", of=OTHER)
    assert other.is_error is (word != f"share:{CLAUDE}")
    preview = consented.ask("get_activities", of=Owner(CLAUDE))
    assert preview.code == "objected"
    assert not consented.ask("get_activities", of=Owner()).is_error
    assert lift(consented, word)
    assert not lift(consented, word)
    assert not consented.ask("get_activities").is_error


@pytest.mark.promise("rights.object")
def test_a_call_that_runs_is_stopped_at_its_release(
    consented: World, acting: Acting
) -> None:
    def once(*_: object) -> None:
        if acting.runs == 1:
            with a_second(consented) as gate:
                gate.act(OWNER, lambda tx, g: objections.object_to(tx, g, "share"))

    acting.does = once
    answer = consented.ask("probe")
    assert answer.code == "objected"
    assert acting.runs == 1
    assert consented.last_row()["outcome"] == "refused"


@pytest.mark.promise("rights.object")
def test_a_job_ends_at_its_next_step(consented: World) -> None:
    consented.give("tool:import_inbox", f"share:{CLAUDE}")
    call = Call(Job(Recipient(CLAUDE)), "import_inbox", "session")
    step = Act(lambda *_: None)
    consented.gate.step(call, step)
    object_to(consented, f"share:{CLAUDE}")
    with pytest.raises(ObjectedError):
        consented.gate.step(call, step)


@pytest.mark.promise("rights.object")
def test_each_has_its_line_in_the_ledger(consented: World) -> None:
    object_to(consented, f"share:{CLAUDE}")
    lift(consented, f"share:{CLAUDE}")
    grant = owner_grant(consented.store)
    with consented.store.reading() as tx:
        *_, made, lifted = [entry for _, entry in policies.history(tx, grant)]
        assert objections.listed(tx, grant) == []
    assert (made.event, lifted.event) == (
        LedgerEvent.OBJECTED,
        LedgerEvent.OBJECTION_LIFTED,
    )
    assert {e.subject for e in (made, lifted)} == {f"share:{CLAUDE}"}
    assert {e.recipient for e in (made, lifted)} == {CLAUDE}


def test_no_recipient_lifts_one(consented: World) -> None:
    object_to(consented, "share")
    recipients = a_grant(owner_of(consented.store), pairs=set())

    def work(tx: Tx, grant: Grant) -> None:
        objections.lift(tx, grant, "share")

    with consented.store.writing() as tx, pytest.raises(RuntimeError):
        work(tx, recipients)
