"""The pump: each step let in afresh, and the first and last recorded."""

import sqlite3
from collections.abc import Callable, Iterator

import pytest

from pierre_mcp.errors import DemoStoreError, PierreError, StaleKeyError
from pierre_mcp.gate.jobs import pump
from pierre_mcp.model.caller import Call, Caller, Job, Owner, Recipient, System
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.steps import Act, Progress, Step
from pierre_mcp.store.database import Tx
from tests.gate.world import CLAUDE, World

CALL = Call(Job(Owner()), "import", "session")
Work = Callable[[Tx, Grant], None]


def a_job(
    *works: Work, closed: list[str] | None = None
) -> Iterator[tuple[Step, Progress]]:
    try:
        for done, work in enumerate(works, 1):
            yield Act(work), Progress(done, len(works), "reading")
    finally:
        if closed is not None:
            closed.append("closed")


def nothing(*_: object) -> None:
    """A step that does nothing."""


def outcomes(world: World) -> list[str]:
    return [row["outcome"] for row in world.rows()]


@pytest.mark.promise("audit.every-call")
def test_the_first_and_the_last_step_are_recorded(world: World) -> None:
    heard: list[Progress] = []
    job = a_job(nothing, nothing, nothing)
    pump(world.gate, CALL, job, listen=heard.append, detail={"files": 3})
    assert outcomes(world) == ["started", "done"]
    assert [p.done for p in heard] == [1, 2, 3]
    assert world.rows()[0]["detail"]
    assert not world.rows()[1]["detail"]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (KeyboardInterrupt(), "cancelled", "cancelled"),
        (SystemExit(143), "cancelled", "cancelled"),
        (DemoStoreError(), "refused", "demo_store"),
        (ValueError("s3cret"), "failed", "internal"),
    ],
)
def test_a_job_that_ends_early_says_how_and_keeps_what_is_done(
    world: World, error: BaseException, outcome: str, code: str
) -> None:
    done: list[str] = []
    closed: list[str] = []

    def ends(*_: object) -> None:
        raise error

    job = a_job(lambda *_: done.append("first"), ends, nothing, closed=closed)
    with pytest.raises(type(error)):
        pump(world.gate, CALL, job, listen=nothing)
    assert done == ["first"]
    assert closed == ["closed"], "its workers ended with it"
    assert outcomes(world) == ["started", outcome]
    assert world.last_row()["code"] == code


def test_a_list_of_steps_is_a_job_too(world: World) -> None:
    def broken(_: Progress) -> None:
        raise ValueError

    steps = [(Act(nothing), Progress(1, 1, "done"))]
    with pytest.raises(ValueError):  # noqa: PT011 - it has no words
        pump(world.gate, CALL, steps, listen=broken)
    assert outcomes(world) == ["started", "failed"]


def test_a_step_that_breaks_leaves_nothing_half_done(world: World) -> None:
    def half(tx: Tx, _: Grant) -> None:
        tx.execute("DELETE FROM recordings")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it has no words
        pump(world.gate, CALL, a_job(half), listen=nothing)
    assert world.by_hand("SELECT count(*) FROM recordings") == [(1,)]


def test_a_job_whose_end_cannot_be_recorded_still_tells_its_own_fault(
    world: World,
) -> None:
    def read_only(tx: Tx, _: Grant) -> None:
        tx.execute("PRAGMA query_only = ON")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pump(world.gate, CALL, a_job(read_only), listen=nothing)
    world.store.db.execute("PRAGMA query_only = OFF")
    assert outcomes(world) == ["started"]


@pytest.mark.parametrize(
    "caller", [Job(Recipient(CLAUDE)), Recipient(CLAUDE), System()]
)
def test_only_the_owners_jobs_are_let_in(world: World, caller: Caller) -> None:
    world.give_training()
    call = Call(caller, "import", "session")
    with pytest.raises(RuntimeError):
        pump(world.gate, call, a_job(nothing), listen=nothing)


class Stale:
    """A step whose key retires while it seals, a number of times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.prepared = 0

    def prepare(self, tx: Tx, grant: Grant) -> None:
        del tx, grant
        self.prepared += 1

    def write(self, tx: Tx, grant: Grant) -> None:
        del tx, grant
        self.left -= 1
        if self.left >= 0:
            said = "stale_key"
            raise sqlite3.IntegrityError(said)


def test_a_step_seals_again_when_its_key_has_retired(world: World) -> None:
    step = Stale(2)
    world.gate.step(CALL, step)
    assert step.prepared == 3


def test_a_step_does_not_try_for_ever(world: World) -> None:
    step = Stale(99)
    with pytest.raises(StaleKeyError):
        world.gate.step(CALL, step)
    assert step.prepared == 3


def test_a_policy_tampered_with_stops_a_job_at_the_next_step(world: World) -> None:
    def tampered(*_: object) -> None:
        world.store.db.execute("UPDATE policies SET cell = CAST(cell || x'00' AS BLOB)")

    with pytest.raises(PierreError, match="not those last recorded"):
        pump(world.gate, CALL, a_job(tampered, nothing), listen=nothing)
    assert outcomes(world) == ["started", "refused"]
