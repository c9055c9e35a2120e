"""Pruning, let in: by a server when it is due, by the owner under the lock."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import AuditTamperedError, ConsentLockedError
from pierre_mcp.gate import prunings
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.house import gate_on
from pierre_mcp.keyring.lock import new_lock, open_lock
from pierre_mcp.keyring.stretching import Cost
from pierre_mcp.model.audit import Health
from pierre_mcp.model.caller import Call, Owner, Recipient, System
from pierre_mcp.policy.log_retention import LogDays, cut
from pierre_mcp.server.chores import pruning
from pierre_mcp.server.upkeep import Chore, Next
from pierre_mcp.services import consent_lock
from pierre_mcp.settings import AUDIT_DAYS, AUDIT_DETAIL_DAYS
from pierre_mcp.store import audit_check, people
from pierre_mcp.store.database import Store
from pierre_mcp.store.pruning import Pruning
from tests.fakes import StillClock
from tests.forks import PIPE, Fork
from tests.store.hands import edit, look
from tests.stores import (
    LONG_AGO,
    NOW,
    a_line,
    a_store,
    copy_store,
    maintenance,
    new_store,
    old_log,
    settings_of,
)

DAYS = LogDays(AUDIT_DAYS, AUDIT_DETAIL_DAYS)
OWNER = Call(Owner(), prunings.PRUNE, "session")
SYSTEM = Call(System(), prunings.PRUNE, "session")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return old_log(tmp_path_factory.mktemp("old") / "store")


@pytest.fixture
def directory(old: Path, tmp_path: Path) -> Path:
    return copy_store(old, tmp_path / "store")


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    with a_store(directory) as store:
        yield store


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def gate(store: Store, directory: Path, clock: StillClock) -> Gate:
    return gate_on(store, settings_of(directory), clock)


def job() -> Pruning:
    return Pruning(cut(DAYS, NOW))


def counts(directory: Path) -> tuple[int, int]:
    sql = "SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM audit_detail)"
    [found] = look(directory, sql)
    return found[0], found[1]


def last(directory: Path, *facts: str) -> tuple[Any, ...]:
    said = ", ".join(f"entry ->> '{fact}'" for fact in facts)
    sql = f"SELECT {said} FROM audit ORDER BY seq DESC LIMIT 1"  # noqa: S608 - our own
    return tuple(look(directory, sql)[0])


def verify(store: Store) -> object:
    with store.reading() as tx:
        return audit_check.verify(tx, maintenance(), people.whose(tx))


@pytest.fixture
def chore(directory: Path, store: Store, clock: StillClock) -> Chore:
    async def looked(work: Callable[[Store], bool]) -> bool:
        return work(store)

    return pruning(
        looked,
        lambda one: gate_on(one, settings_of(directory), clock),
        clock,
        session="session",
        days=DAYS,
        lock=directory / "pruning.lock",
    )


async def test_a_server_leaves_a_log_that_was_changed(
    directory: Path, store: Store, chore: Chore, caplog: pytest.LogCaptureFixture
) -> None:
    edit(directory, "DELETE FROM audit_detail WHERE seq = 1")
    assert await chore.waits()
    with caplog.at_level(logging.WARNING):
        assert chore.carry(store, chore.job()) is Next.NEVER
    assert "does not hold" in caplog.text
    edit(directory, "UPDATE checkpoints SET note = 'x'")
    assert not await chore.waits()
    assert counts(directory) == (7, 2)


@pytest.mark.promise("audit.retention")
async def test_a_server_prunes_what_is_older_than_it_is_kept(
    directory: Path, store: Store, chore: Chore, caplog: pytest.LogCaptureFixture
) -> None:
    assert await chore.waits()
    with caplog.at_level(logging.WARNING):
        assert chore.carry(store, chore.job()) is Next.LATER
    assert "pruned by itself: 3 rows, 3 details" in caplog.text
    assert last(directory, "caller", "action", "below") == ("system", "audit prune", 7)
    assert isinstance(verify(store), Health)
    # The rest of 2015 is the newest there was, and goes the next time.
    assert counts(directory) == (4, 0)


def test_not_with_each_hour_and_not_by_a_moved_clock(
    gate: Gate, clock: StillClock
) -> None:
    whole = (NOW - LONG_AGO).days
    assert prunings.waits(gate, SYSTEM, clock, LogDays(whole - 2, whole - 2))
    assert not prunings.waits(gate, SYSTEM, clock, LogDays(whole - 1, whole - 1))
    assert prunings.by_itself(clock, DAYS)._cut == cut(DAYS, NOW)
    clock.set_by(timedelta(days=400))
    assert not prunings.waits(gate, SYSTEM, clock, DAYS), "nobody knows how old it is"


@pytest.mark.promise("audit.retention")
def test_under_the_lock_only_its_owner_has_it_done(directory: Path, gate: Gate) -> None:
    cheap = Cost(time=1, memory_kib=64, lanes=1)
    made = new_lock("rowing past the old mill", cost=cheap)
    put_on = Call(Owner(), "consent lock", "session")
    gate.widen(put_on, partial(consent_lock.put_on, lock=made))
    before = counts(directory)
    with pytest.raises(ConsentLockedError):
        prunings.carry_through(gate, OWNER, job())
    assert counts(directory) == (before[0] + 1, before[1])
    assert last(directory, "outcome", "code") == ("refused", "consent_locked")
    sign = open_lock(made, "rowing past the old mill")
    assert prunings.carry_through(gate, OWNER, job(), sign=sign)
    assert last(directory, "action", "outcome") == ("audit prune", "done")


def test_nobody_else_has_it_done(directory: Path, gate: Gate) -> None:
    with pytest.raises(RuntimeError):
        gate.prune(Call(Recipient("claude-desktop"), "audit prune", "session"), job())
    assert counts(directory) == (6, 3)


def test_nothing_to_do_is_a_row_too(directory: Path, gate: Gate) -> None:
    assert prunings.carry_through(gate, OWNER, Pruning(cut(DAYS, LONG_AGO)))
    assert last(directory, "action", "below") == ("audit prune", None)


def test_a_log_that_was_changed_is_not_pruned_and_says_so(
    directory: Path, gate: Gate
) -> None:
    edit(directory, "DELETE FROM audit_detail WHERE seq = 1")
    with pytest.raises(AuditTamperedError):
        prunings.carry_through(gate, SYSTEM, job())
    assert last(directory, "outcome", "code") == ("refused", "audit_tampered")
    assert counts(directory) == (7, 2)


def half_way(words: Sequence[str]) -> None:
    """Prune, and be there until killed, before it is committed."""
    store = new_store(Path(words[0]))
    pruner = job()
    with store.reading() as tx:
        pruner.prepare(tx, maintenance(), people.whose(tx))
    with store.writing() as tx:
        pruner.write(tx, maintenance(), a_line(), people.whose(tx), now=NOW)
        sys.stdout.write(f"{pruner.done.rows}\n")
        sys.stdout.flush()
        sys.stdin.read()


@pytest.mark.promise("audit.retention")
def test_killed_half_way_nothing_went(directory: Path) -> None:
    fork = Fork([str(directory)], main=half_way, stdin=PIPE, stdout=PIPE)
    with fork.stdin, fork.stdout:
        assert fork.stdout.readline() == b"3\n"
        fork.kill()
        fork.wait(10.0)
    with a_store(directory) as store:
        assert counts(directory) == (6, 3)
        assert verify(store) == Health(6, checkpoints=2)
        gate = gate_on(store, settings_of(directory), StillClock())
        assert prunings.carry_through(gate, SYSTEM, job())
        assert isinstance(verify(store), Health)
        assert counts(directory) == (4, 0)
