"""The ledger of consents: complete through expiries, refusals and renewals."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierre_mcp.errors import ExpiryPassedError
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.caller import Call, Recipient, System
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.scope import Purpose, Scope
from pierre_mcp.policy.consent import counting
from pierre_mcp.services import consents
from pierre_mcp.store import erasing, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent
from tests.gate.world import CLAUDE, OTHER, OWNER, World, a_world
from tests.stores import a_grant, owner_of

HOUR = timedelta(hours=1)
NOTE = Call(OWNER, "consent history", "session")
SYSTEM = Call(System(), "consent expire", "session")
INSIGHTS = scopes.processing(Purpose.INSIGHTS)
READ = Scope("files:activities")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One store for many examples, each with a recipient of its own."""
    with a_world(tmp_path_factory.mktemp("shared") / "store") as made:
        yield made


def lines(world: World, to: str | None = None) -> list[LedgerEntry]:
    every = world.gate.look(NOTE, policies.history)
    return [entry for _, entry in every if to in {None, entry.recipient}]


def policy(world: World) -> Policy:
    return world.gate.look(NOTE, lambda tx, grant: policies.read(tx, grant).policy)


def refused(world: World, *chosen: Scope) -> None:
    def work(tx: Tx, grant: Grant) -> None:
        consents.refuse(tx, grant, CLAUDE, chosen, expires_at=None)

    world.gate.act(Call(OWNER, "consent refused", "session"), work)


def renewable(world: World, to: str = CLAUDE) -> set[Scope]:
    def work(tx: Tx, grant: Grant) -> set[Scope]:
        return set(consents.renewable(tx, grant, to))

    return world.gate.look(NOTE, work)


@pytest.mark.promise("consent.history")
def test_what_has_run_out_is_entered_with_the_moment_it_ended(world: World) -> None:
    end = world.clock.now() + HOUR
    world.give(READ, expires_at=end)
    world.give("files:power")
    world.clock.pass_s(7_200)
    assert world.gate.expire(SYSTEM) == 1
    entry = lines(world)[-1]
    assert (entry.event, entry.scope, entry.at) == (LedgerEvent.EXPIRED, READ, end)
    assert (entry.by, entry.notice) == ("clock", 1)
    assert set(policy(world).of(CLAUDE).scopes) == {"files:power"}
    assert world.gate.look(NOTE, policies.own_ledger_holds)
    (row,) = [r for r in world.rows() if r["action"] == "consent expire"]
    assert (row["caller"], row["outcome"], row["policy_epoch"]) == ("system", "done", 3)
    world.told("get_status")


def test_where_nothing_has_run_out_nothing_is_written(world: World) -> None:
    world.give(READ, expires_at=world.clock.now() + HOUR)
    before = len(world.rows())
    assert world.gate.expire(SYSTEM) == 0
    assert len(world.rows()) == before


def test_an_expiry_is_entered_once_whoever_is_first(world: World) -> None:
    world.give(READ, expires_at=world.clock.now() + HOUR)
    world.clock.pass_s(3_600)
    assert [world.gate.expire(SYSTEM) for _ in range(2)] == [1, 0]
    world.withdraw()
    world.give(READ)
    events = [entry.event for entry in lines(world)]
    assert events == [LedgerEvent.GIVEN, LedgerEvent.EXPIRED, LedgerEvent.GIVEN]


@pytest.mark.promise("consent.history")
def test_what_ran_out_is_not_withdrawn_nor_superseded(world: World) -> None:
    world.give(READ, expires_at=world.clock.now() + HOUR)
    world.give("files:power", to=OTHER, expires_at=world.clock.now() + HOUR)
    world.clock.pass_s(3_600)
    world.give(READ)
    events = [(entry.event, entry.recipient) for entry in lines(world)][2:]
    assert events == [
        (LedgerEvent.EXPIRED, CLAUDE),
        (LedgerEvent.EXPIRED, OTHER),
        (LedgerEvent.GIVEN, CLAUDE),
    ]


def test_an_expiry_entered_late_hides_nothing_of_late(world: World) -> None:
    """It bears the moment it ended, and stands behind what came since."""
    world.give("files:power", expires_at=world.clock.now() + HOUR)
    world.clock.pass_s(30 * 86_400)
    refused(world, READ)
    assert world.gate.expire(SYSTEM) == 1
    week_ago = world.clock.now() - timedelta(days=7)
    late = world.gate.look(NOTE, lambda tx, grant: policies.since(tx, grant, week_ago))
    assert [(one.event, one.scope) for one in late] == [(LedgerEvent.REFUSED, READ)]


def test_a_recipient_enters_no_expiry_but_its_own(world: World) -> None:
    for to in (CLAUDE, OTHER):
        world.give(READ, to=to, expires_at=world.clock.now() + HOUR)
    world.clock.pass_s(3_600)
    assert world.told("withdraw_consent")["withdrawn"] == []
    assert [e.event for e in lines(world, OTHER)] == [LedgerEvent.GIVEN]
    assert [e.event for e in lines(world, CLAUDE)][1:] == [LedgerEvent.EXPIRED]


def test_only_the_owner_and_the_system_enter_expiries(world: World) -> None:
    with pytest.raises(RuntimeError):
        world.gate.expire(Call(Recipient(CLAUDE), "consent expire", "session"))


@pytest.mark.promise("consent.history")
def test_a_refusal_is_on_record_and_gives_nothing(world: World) -> None:
    before = world.by_hand("SELECT cell FROM policies")
    refused(world, READ, INSIGHTS)
    assert [(e.event, e.scope, e.notice) for e in lines(world)] == [
        (LedgerEvent.REFUSED, READ, 1),
        (LedgerEvent.REFUSED, INSIGHTS, 1),
    ]
    assert world.by_hand("SELECT cell FROM policies") == before
    assert world.gate.look(NOTE, policies.own_ledger_holds)


def test_what_was_refused_is_offered_again_after_an_upgrade(world: World) -> None:
    """Only what was once given and ended is not."""
    tools = [Scope(f"tool:{name}") for name in world.table.readers()]
    world.give(f"share:{CLAUDE}", *tools[1:])
    refused(world, tools[0])
    command = world.told("get_consents")["extend_command"]
    assert tools[0] in command


def test_what_is_renewed(world: World) -> None:
    assert renewable(world) == set()
    world.give(READ, "files:notes", expires_at=world.clock.now() + 2 * HOUR)
    world.give("files:power", expires_at=world.clock.now() + HOUR)
    assert renewable(world) == {READ, "files:notes", "files:power"}
    world.withdraw("files:notes")
    world.clock.pass_s(3_600)
    assert renewable(world) == {READ}, "what is left, where anything is"
    world.clock.pass_s(3_600)
    world.gate.expire(SYSTEM)
    assert renewable(world) == {READ, "files:power"}, "never what was taken back"
    assert renewable(world, OTHER) == set()


def test_what_a_restore_took_back_is_renewed(world: World) -> None:
    world.give(READ, "files:notes")
    world.withdraw("files:notes")

    def work(tx: Tx, grant: Grant) -> None:
        consents.withdraw(tx, grant, CLAUDE, None, by="restore")

    world.gate.act(Call(OWNER, "restore", "session"), work)
    assert renewable(world) == {READ}


def test_what_would_never_count_is_not_given(world: World) -> None:
    """The log was once ahead of the clock, so the end lies before its time."""
    world.clock.at += 3 * HOUR
    world.give("files:power")
    world.clock.at -= 3 * HOUR
    with pytest.raises(ExpiryPassedError):
        world.give(READ, expires_at=world.clock.now() + HOUR)
    assert set(policy(world).of(CLAUDE).scopes) == {"files:power"}


def test_of_nobody_nothing_expires(world: World) -> None:
    world.give(READ, expires_at=world.clock.now() + HOUR)
    world.clock.pass_s(3_600)

    def erase(tx: Tx, leave: Maintenance, who: Identity, now: datetime) -> object:
        return erasing.erase_person(tx, leave, who, session="session", now=now)

    world.gate.erase(Call(OWNER, "erase", "session"), erase)
    assert world.gate.expire(SYSTEM) == 0


@pytest.mark.promise("consent.human-only")
@pytest.mark.parametrize(
    "widening",
    [
        lambda tx, g: consents.give(tx, g, CLAUDE, [READ], expires_at=None),
        lambda tx, g: consents.refuse(tx, g, CLAUDE, [READ], expires_at=None),
        lambda tx, g: consents.confirm_clock(tx, g, 0),
    ],
    ids=["give", "refuse", "confirm the clock"],
)
def test_a_recipients_grant_gives_nothing(world: World, widening: Any) -> None:
    grant = a_grant(owner_of(world.store), pairs=set())
    before = world.by_hand("SELECT * FROM policies"), len(lines(world))
    with (
        world.store.writing() as tx,
        pytest.raises(RuntimeError, match="only the owner"),
    ):
        widening(tx, grant)
    assert (world.by_hand("SELECT * FROM policies"), len(lines(world))) == before


@pytest.mark.promise("consent.granular")
@pytest.mark.promise("consent.withdraw-now")
def test_a_purpose_is_taken_back_from_every_recipient(world: World) -> None:
    for to in (CLAUDE, OTHER):
        world.give(READ, INSIGHTS, f"share:{to}", "tool:get_activities", to=to)
    holders = world.gate.look(NOTE, lambda tx, g: consents.of_purpose(tx, g, INSIGHTS))
    assert holders == (CLAUDE, OTHER)
    world.told("get_activities", of=OTHER)
    world.withdraw(INSIGHTS)
    assert world.ask("get_activities").code == "consent_missing"
    world.told("get_activities", of=OTHER)
    world.withdraw(INSIGHTS, to=OTHER)
    assert world.ask("get_activities", of=OTHER).code == "consent_missing"
    assert READ in policy(world).of(OTHER).scopes, "and nothing else"


CUTS = [
    "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
    "DELETE FROM ledger WHERE seq > 1",
]


@pytest.mark.promise("consent.history")
@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_at_the_end_of_the_ledger_is_found(world: World, cut: str) -> None:
    """A withdrawal cut away leaves something given that is not held."""
    world.give(READ, "files:power")
    world.withdraw()
    assert world.gate.look(NOTE, policies.own_ledger_holds)
    world.by_hand("DROP TRIGGER ledger_keeps")
    world.by_hand(cut)
    assert not world.gate.look(NOTE, policies.own_ledger_holds)


# --- the laws

SCOPES = (READ, Scope("files:power"), INSIGHTS)
ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("give"),
            st.sampled_from(SCOPES),
            st.none() | st.integers(1, 5),
        ),
        st.tuples(st.just("withdraw"), st.sampled_from(SCOPES), st.none()),
        st.tuples(st.just("pass"), st.none(), st.integers(1, 5)),
        st.tuples(st.just("expire"), st.none(), st.none()),
    ),
    min_size=2,
    max_size=7,
)
NAMES = iter(f"recipient-{n}" for n in range(10_000))


def told_by(entries: list[LedgerEntry], at: datetime) -> set[Scope]:
    """What counts at a moment by the ledger alone."""
    given: dict[Scope, LedgerEntry] = {}
    for entry in entries:
        if entry.event is LedgerEvent.GIVEN:
            given[entry.scope] = entry
        elif entry.event is not LedgerEvent.REFUSED:
            given.pop(entry.scope, None)
    return {
        scope
        for scope, entry in given.items()
        if entry.at <= at and (entry.expires_at is None or at < entry.expires_at)
    }


@pytest.mark.promise("consent.history")
@pytest.mark.promise("consent.expiry")
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ACTS)
def test_the_ledger_alone_tells_what_counts_to_the_instant(
    shared: World, acts: list[tuple[str, Scope | None, int | None]]
) -> None:
    """Whatever was done, at each moment around each end."""
    to, clock = next(NAMES), shared.clock
    for what, scope, seconds in acts:
        if what == "give" and scope:
            length = None if seconds is None else timedelta(seconds=seconds)
            end = None if length is None else clock.now() + length
            shared.give(scope, to=to, expires_at=end)
        elif what == "withdraw" and scope:
            shared.withdraw(scope, to=to)
        elif what == "pass":
            clock.pass_s(seconds or 0)
        else:
            shared.gate.expire(SYSTEM)
    entries, mine, now = lines(shared, to), policy(shared).of(to), clock.now()
    ends = [moment for h in mine.scopes.values() if (moment := h.expires_at)]
    around = [one + timedelta(microseconds=by) for one in ends for by in (-1, 0, 1)]
    for at in (now, *(moment for moment in around if moment >= now)):
        assert set(counting(mine, now=at)) == told_by(entries, at)
    assert shared.gate.look(NOTE, policies.own_ledger_holds)
    expired = [e for e in entries if e.event is LedgerEvent.EXPIRED]
    assert all(e.at == e.expires_at and e.at <= now for e in expired)
