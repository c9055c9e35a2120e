"""Retention: said, recorded, due, and kept by an import."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.gate import retentions
from pierre_mcp.model.caller import Call, Owner, System
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import originals, retention
from pierre_mcp.services.finding import plan
from pierre_mcp.services.imports import Import
from pierre_mcp.services.steps import silent
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileOutcome
from pierre_mcp.store.policies import LedgerEvent
from tests.fakes import StillClock
from tests.formats.making import STARTED_AT, fit_activity, gpx_activity, ride
from tests.gate.world import World, a_world
from tests.stores import a_grant, a_recording, maintenance, owner_grant, owner_of

OWNER = Call(Owner(), "retention set", "session")
SYSTEM = Call(System(), "retention", "session")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        yield world


def keep(world: World, category: Category, days: int | None) -> bool:
    return world.gate.widen(
        OWNER, lambda tx, grant: retention.set_days(tx, grant, category, days)
    )


def overview(world: World) -> dict[Category, retention.Kept]:
    who = owner_of(world.store)
    with world.store.reading() as tx:
        found = retention.overview(tx, maintenance(), who, world.clock.now())
    return {one.category: one for one in found}


def test_what_is_said_is_in_the_policy_and_in_the_ledger(world: World) -> None:
    assert overview(world)[Category.POWER].days is None
    assert keep(world, Category.POWER, 30)
    assert not keep(world, Category.POWER, 30), "that is so already"
    assert keep(world, Category.POWER, None)
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        policy = policies.read(tx, grant).policy
        history = [entry for _, entry in policies.history(tx, grant)]
    assert policy.retention == {}
    assert [(e.event, e.subject) for e in history] == [
        (LedgerEvent.RETENTION, "power: 30 days"),
        (LedgerEvent.RETENTION, "power: until deleted"),
    ]


def test_a_recipient_never_says_it(world: World) -> None:
    grant = a_grant(owner_of(world.store), pairs=set())
    with (
        world.store.writing() as tx,
        pytest.raises(RuntimeError, match="lets more out"),
    ):
        retention.set_days(tx, grant, Category.POWER, 30)


def test_it_is_behind_the_consent_lock_like_every_erasure(world: World) -> None:
    def work(tx: Tx, grant: Grant) -> bool:
        return retention.set_days(tx, grant, Category.POWER, 1)

    with pytest.raises(RuntimeError, match="lets more out"):
        world.gate.act(OWNER, work)


@pytest.mark.promise("privacy.retention")
def test_what_is_due_goes_and_is_due_no_more(world: World) -> None:
    world.put(a_recording(day="2026-02-25"), a_recording(day="2026-01-01"))
    keep(world, Category.NOTES, 30)
    keep(world, Category.ACTIVITIES, 400)
    found = overview(world)
    assert found[Category.NOTES].first_day == "2026-01-30"
    due = found[Category.NOTES].due
    assert due is not None
    assert due.recordings == 1
    assert retentions.waits(world.gate, SYSTEM, world.clock)
    job = retentions.by_itself(world.clock)
    assert retentions.carry_through(world.gate, SYSTEM, job, listen=silent)
    assert job.counts == {"notes": 1}
    assert not retentions.waits(world.gate, SYSTEM, world.clock)
    world.clock.pass_s(400 * 86_400)
    job = retentions.by_itself(world.clock)
    retentions.carry_through(world.gate, SYSTEM, job, listen=silent)
    assert job.counts == {"activities": 2}


def test_by_a_policy_put_back_by_hand_nothing_is_deleted(world: World) -> None:
    world.put(a_recording(day="2026-01-01"))
    keep(world, Category.NOTES, 30)
    [(kid, cell)] = world.by_hand("SELECT kid, cell FROM policies")
    keep(world, Category.NOTES, None)
    world.by_hand("UPDATE policies SET kid = ?, cell = ?", (kid, cell))
    with pytest.raises(PolicyTamperedError):
        retentions.waits(world.gate, SYSTEM, world.clock)


def run_import(world: World, *files: Path, keep_originals: bool = False) -> Import:
    with Parsers(1) as parsers:
        job = Import(plan(list(files), parsers), StillClock(), originals=keep_originals)
    for step, _ in job.steps():
        world.gate.step(Call(Owner(), "import", "session"), step)
    return job


@pytest.mark.promise("privacy.retention")
def test_an_import_keeps_nothing_that_is_too_old(world: World, tmp_path: Path) -> None:
    file = tmp_path / "ride.fit"
    file.write_bytes(fit_activity(ride(60)))
    age = (world.clock.now() - STARTED_AT).days
    keep(world, Category.ACTIVITIES, max(1, age - 10))
    job = run_import(world, file, keep_originals=True)
    [one] = job.outcomes
    assert (one.line.outcome, one.line.reason) == (FileOutcome.SKIPPED, "too_old")
    assert world.by_hand("SELECT count(*) FROM recordings") == [(0,)]

    keep(world, Category.ACTIVITIES, None)
    keep(world, Category.HEART_RATE, max(1, age - 10))
    job = run_import(world, file, keep_originals=True)
    [one] = job.outcomes
    assert one.line.outcome is FileOutcome.IMPORTED
    sql = "SELECT heart_rate IS NULL, location IS NULL FROM recordings"
    assert world.by_hand(sql) == [(1, 0)]
    of = "SELECT count(*) FROM streams WHERE name = 'heart_rate_bpm'"
    assert world.by_hand(of) == [(0,)]
    assert job.originals is not None
    assert (job.originals.kept, job.originals.unkept) == (0, 1)

    keep(world, Category.HEART_RATE, None)
    job = run_import(world, file, keep_originals=True)
    assert job.outcomes[0].line.outcome is FileOutcome.DUPLICATE
    assert world.by_hand(sql) == [(1, 0)], "a file that is in is not read again"
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        assert originals.held(tx, grant, "3", 1) == file.read_bytes()


@pytest.mark.promise("privacy.retention")
def test_a_file_with_a_track_that_is_too_old_is_not_kept(
    world: World, tmp_path: Path
) -> None:
    files = []
    for name, days_before in (("oldest", (400, 8)), ("newest", (1, 401))):
        one, other = (
            gpx_activity(ride(60), started_at=world.clock.now() - timedelta(days=days))
            for days in days_before
        )
        track = other[other.index(b"<trk>") : other.index(b"</gpx>")]
        files.append(tmp_path / f"{name}-first.gpx")
        files[-1].write_bytes(one.replace(b"</gpx>", track + b"</gpx>"))
    keep(world, Category.ACTIVITIES, 365)
    run_import(world, *files, keep_originals=True)
    assert world.by_hand("SELECT count(*) FROM recordings") == [(2,)]
    assert world.by_hand("SELECT count(*) FROM originals") == [(0,)]


def test_under_a_clock_that_was_moved_nothing_is_due(world: World) -> None:
    world.put(a_recording(day="2026-02-25"))
    keep(world, Category.NOTES, 30)
    assert not retentions.waits(world.gate, SYSTEM, world.clock)
    world.clock.set_by(timedelta(days=3_650))
    assert not retentions.waits(world.gate, SYSTEM, world.clock)
    world.clock.set_by(timedelta(days=-3_650))
    world.clock.pass_s(60 * 86_400)
    assert retentions.waits(world.gate, SYSTEM, world.clock)
