"""Incidents: what was done is kept, what ends the harm ends it, the log tells it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from pierre_mcp.errors import (
    AlertUnknownError,
    AuditTamperedError,
    IncidentClosedError,
    IncidentTimeError,
    IncidentUnknownError,
    IncidentUnsettledError,
    PierreError,
)
from pierre_mcp.gate import consent_tokens
from pierre_mcp.model.audit import Finding, FindingKind, Outcome
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import (
    Containment,
    Duty,
    EntryKind,
    Incident,
    IncidentLevel,
    IncidentState,
    Told,
)
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import incident_containing as containing
from pierre_mcp.services import incident_timeline
from pierre_mcp.services import incidents as service
from pierre_mcp.services.health import Verdict
from pierre_mcp.services.incident_drafts import known, to_authority, to_people
from pierre_mcp.services.incident_timeline import Timeline, drawn
from pierre_mcp.services.incidents import Act, Assessment, Report, Standing
from pierre_mcp.store import alerts, erasing, incidents, people, policies, timeline
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEvent
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.store.hands import edit
from tests.stores import NOW, a_grant, a_recording, an_alert, maintenance, owner_of

T = TypeVar("T")
CALL = Call(Owner(), "incident", "session")
HIGH, CRITICAL = IncidentLevel.HIGH, IncidentLevel.CRITICAL
HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        yield world


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with an incident that is closed, and one that is not."""
    with a_world(tmp_path_factory.mktemp("incidents") / "store") as world:
        opened(world)
        assessed(world, duty=Duty.NONE)
        do(world, lambda tx, g: service.close(tx, g, "1", "much"))
        opened(world)
        yield world


@pytest.fixture
def consented(world: World) -> World:
    world.put(a_recording())
    world.give_training(extras=(Category.LOCATION,))
    return world


def do(world: World, work: Callable[[Tx, Grant], T]) -> T:
    return world.gate.act(CALL, work)


def opened(world: World, what: str = "odd answers", **told: object) -> Standing:
    report = Report(**{"what": what, "level": HIGH, **told})  # type: ignore[arg-type]
    return do(world, partial(service.open_, report=report))


def assessed(world: World, ref: str = "1", **found: object) -> Standing:
    given = Assessment(**{"why": "looked", **found})  # type: ignore[arg-type]
    return do(world, partial(service.assess, ref=ref, found=given))


def contained(world: World, act: Act, ref: str = "1") -> Standing:
    return do(world, partial(containing.contain, ref=ref, act=act))


def told(world: World, whom: Told = Told.AUTHORITY, ref: str = "1") -> Standing:
    work = partial(service.told, ref=ref, whom=whom, at=None, text="case 12")
    return do(world, work)


# --- the register


@pytest.mark.promise("incident.levels")
def test_levels_are_the_three_of_the_guide_and_the_gravest_come_first(
    world: World,
) -> None:
    assert [(one, one.number) for one in IncidentLevel] == [
        ("critical", 1),
        ("high", 2),
        ("medium", 3),
    ]
    for level in reversed(IncidentLevel):
        opened(world, level=level)
    assessed(world, "3", duty=Duty.NONE)
    do(world, lambda tx, g: service.close(tx, g, "3", "nothing"))
    found = do(world, service.listed)
    assert [(one.number, one.incident.level) for one in found] == [
        (2, "high"),
        (1, "medium"),
        (3, "critical"),
    ]
    assert [one.is_open for one in found] == [True, True, False]


@pytest.mark.promise("incident.levels")
def test_from_opened_to_closed_every_step_is_an_entry(world: World) -> None:
    made = opened(world, recipients=(CLAUDE,))
    assert made.incident.discovered_at == world.clock.now()
    assert made.incident.from_at == world.clock.now() - service.BEFORE
    assert made.clock.due_at == world.clock.now() + 72 * HOUR
    world.clock.pass_s(60)
    assessed(world, level=CRITICAL, duty=Duty.NOTIFY, why="places left")
    do(world, lambda tx, g: service.note(tx, g, "1", "asked the provider"))
    contained(world, Act(Containment.OTHERWISE, text="took the cable out"))
    told(world)
    closed = do(world, lambda tx, g: service.close(tx, g, made.id, "lock it"))
    assert [(one.kind, one.subject, one.text) for one in closed.incident.entries] == [
        ("opened", "high", ""),
        ("assessed", "level critical, duty notify", "places left"),
        ("note", "", "asked the provider"),
        ("contained", "otherwise", "took the cable out"),
        ("told", "authority 2026-03-01 00:01 UTC", "case 12"),
        ("closed", "", "lock it"),
    ]
    assert closed.incident.state is IncidentState.CLOSED
    assert closed.incident.to_at == world.clock.now()
    later = do(world, lambda tx, g: service.note(tx, g, "1", "and one year on"))
    assert later.incident.entries[:-1] == closed.incident.entries
    assert do(world, lambda tx, g: service.shown(tx, g, "1")) == later


def test_the_first_time_somebody_was_told_counts(world: World) -> None:
    opened(world)
    first = told(world).incident.told
    world.clock.pass_s(3_600)
    again = told(world)
    assert again.incident.told == first
    both = told(world, Told.PEOPLE)
    assert set(both.incident.told) == set(Told)


@pytest.mark.promise("incident.levels")
def test_the_clock_holds_an_incident_open(world: World) -> None:
    opened(world)
    close = partial(service.close, ref="1", learnt="much")
    for duty in (Duty.UNDECIDED, Duty.NOTIFY):
        assessed(world, duty=duty)
        with pytest.raises(IncidentUnsettledError):
            do(world, close)
    assessed(world, duty=Duty.NONE, why="it was the demo")
    assert do(world, close).incident.why == "it was the demo"


@pytest.mark.parametrize(
    ("work", "error"),
    [
        pytest.param(
            lambda tx, g: service.shown(tx, g, "9"), IncidentUnknownError, id="none"
        ),
        pytest.param(
            lambda tx, g: service.close(tx, g, "1", "again"),
            IncidentClosedError,
            id="closed twice",
        ),
        pytest.param(
            lambda tx, g: service.assess(
                tx, g, "1", Assessment(why="no", level=CRITICAL)
            ),
            IncidentClosedError,
            id="assessed once closed",
        ),
        pytest.param(
            lambda tx, g: containing.contain(tx, g, "1", Act(Containment.TOKENS)),
            IncidentClosedError,
            id="contained once closed",
        ),
        pytest.param(
            lambda tx, g: containing.offered(tx, g, "1"),
            IncidentClosedError,
            id="offered once closed",
        ),
        pytest.param(
            lambda tx, g: service.open_(
                tx, g, Report(what="w", level=HIGH, discovered_at=NOW + HOUR)
            ),
            IncidentTimeError,
            id="discovered tomorrow",
        ),
        pytest.param(
            lambda tx, g: service.open_(
                tx, g, Report(what="w", level=HIGH, from_at=NOW, to_at=NOW - HOUR)
            ),
            IncidentTimeError,
            id="over before it began",
        ),
        pytest.param(
            lambda tx, g: service.told(
                tx, g, "2", Told.AUTHORITY, at=NOW + HOUR, text=""
            ),
            IncidentTimeError,
            id="told tomorrow",
        ),
        pytest.param(
            lambda tx, g: service.assess(
                tx, g, "2", Assessment(why="w", to_at=NOW + HOUR)
            ),
            IncidentTimeError,
            id="ends tomorrow",
        ),
    ],
)
def test_what_is_refused_changes_nothing(
    lasting: World, work: Callable[[Tx, Grant], object], error: type[PierreError]
) -> None:
    world = lasting
    before = do(world, incidents.listed)
    epoch = world.last_row()["policy_epoch"]
    with pytest.raises(error):
        do(world, work)
    assert do(world, incidents.listed) == before
    assert world.last_row()["policy_epoch"] == epoch


def test_the_register_is_the_owners_and_sealed(world: World) -> None:
    opened(world, what="s3cret")
    grant = a_grant(owner_of(world.store), pairs=set())
    with world.store.reading() as tx, pytest.raises(RuntimeError, match="owner"):
        incidents.listed(tx, grant)
    [(cell,)] = world.by_hand("SELECT cell FROM incidents")
    assert b"s3cret" not in cell


@pytest.mark.promise("incident.levels")
def test_the_doctor_says_what_is_open_and_what_is_late(world: World) -> None:
    assert do(world, service.check).verdict is Verdict.OK
    opened(world)
    found = do(world, service.check)
    assert found.verdict is Verdict.WARN
    assert "1 open, the authority to be told by 2026-03-04 00:00 UTC" in found.words
    world.clock.pass_s(73 * 3_600)
    assert "1 past the 72 hours" in do(world, service.check).words
    told(world)
    assert do(world, service.check).words == "1 open"


# --- what ends the harm


@pytest.mark.promise("incident.runbook")
def test_withdrawing_in_an_incident_withdraws(consented: World) -> None:
    opened(consented, recipients=(CLAUDE,))
    consented.told("get_activities")
    held = contained(consented, Act(Containment.WITHDRAW, CLAUDE))
    assert consented.ask("get_activities").code == "consent_missing"
    assert held.incident.state is IncidentState.CONTAINED
    [entry] = held.incident.of(EntryKind.CONTAINED)
    assert entry.subject == f"withdraw {CLAUDE}"
    assert entry.text.endswith("scopes were held")


@pytest.mark.promise("incident.runbook")
def test_blocking_in_an_incident_outlasts_a_new_consent(consented: World) -> None:
    opened(consented, recipients=(CLAUDE,))
    act = Act(Containment.BLOCK, CLAUDE)
    assert contained(consented, act).incident.entries[-1].text == "nothing goes there"
    consented.give_training()
    assert consented.ask("get_activities").code == "objected"
    again = contained(consented, act)
    assert again.incident.entries[-1].text == "that was so before"


@pytest.mark.promise("incident.runbook")
def test_ending_tokens_ends_every_one_and_no_consent(consented: World) -> None:
    opened(consented)
    asked = (Scope("files:activities"),)
    token, _ = consent_tokens.issue(
        consented.gate,
        CALL,
        recipient=CLAUDE,
        operation="get_activities",
        asked=asked,
        lasts=timedelta(minutes=15),
    )

    def verdict() -> str | None:
        use = consent_tokens.verify(
            consented.gate, CALL, token=token, operation="get_activities", asked=asked
        )
        return use.verdict.reason

    assert verdict() is None
    contained(consented, Act(Containment.TOKENS))
    assert verdict() == "policy_changed"
    consented.told("get_activities")
    who = owner_of(consented.store)
    with consented.store.reading() as tx:
        assert policies.ledger_holds(tx, maintenance(), who)
        history = policies.history(tx, a_grant(who))
    assert history[-1][1].event is LedgerEvent.TOKENS_ENDED


def test_what_is_offered_is_what_can_be_done(consented: World) -> None:
    opened(consented)
    opened(consented, recipients=(OTHER,))
    offered = partial(containing.offered, ref="1")
    assert [act.subject for act in do(consented, offered)] == [
        f"withdraw {CLAUDE}",
        f"block {CLAUDE}",
        "tokens",
        "keys",
    ]
    other = do(consented, partial(containing.offered, ref="2"))
    assert [act.subject for act in other] == [f"block {OTHER}", "tokens", "keys"]
    contained(consented, Act(Containment.BLOCK, OTHER))
    other = do(consented, partial(containing.offered, ref="2"))
    assert [act.subject for act in other] == ["tokens", "keys"]


# --- what the log tells


def timeline_of(world: World, one: Standing) -> Timeline | Finding:
    return world.gate.maintain(CALL, partial(drawn, incident=one.incident))


def lines_of(found: Timeline | Finding) -> list[tuple[str, str, str, int]]:
    assert isinstance(found, Timeline)
    return [
        (one.recipient or one.caller, one.action, one.outcome, one.rows)
        for one in found.happenings
    ]


@pytest.mark.promise("incident.levels")
def test_the_timeline_is_the_recipients_the_grave_and_what_changed_consent(
    consented: World,
) -> None:
    consented.clock.pass_s(25 * 3_600)
    consented.told("get_status")
    consented.told("get_consents", of=OTHER)
    for _ in range(3):
        consented.told("get_activities")
    consented.ask("get_activities", {"limit": "all"})
    consented.gate.note(Call(Owner(), "athlete show", "session"), Outcome.DONE)
    consented.gate.note(Call(Owner(), "export", "session"), Outcome.DONE)
    consented.withdraw()
    consented.ask("get_activities")
    one = opened(consented, recipients=(CLAUDE,))
    found = timeline_of(consented, one)
    assert lines_of(found) == [
        (CLAUDE, "get_status", "released", 1),
        (CLAUDE, "get_activities", "released", 3),
        (CLAUDE, "get_activities", "invalid", 1),
        ("owner", "export", "done", 1),
        ("owner", "consent withdraw", "done", 1),
        (CLAUDE, "get_activities", "refused", 1),
    ]
    assert isinstance(found, Timeline)
    assert (found.answers, found.left_out, found.end) == (4, 0, None)
    assert {
        (o.recipient, o.category, o.answers) for o in found.opened if o.category
    } >= {
        (CLAUDE, "activities", 4),
        (CLAUDE, "heart_rate", 3),
    }
    assert {one.recipient for one in found.opened} == {CLAUDE}
    everybody = timeline_of(consented, opened(consented))
    assert isinstance(everybody, Timeline)
    assert {one.recipient for one in everybody.opened} == {CLAUDE, OTHER}


def test_only_rows_of_the_time_are_told(world: World) -> None:
    start = world.clock.now()
    for _ in range(9):
        world.told("get_status")
        world.clock.pass_s(60)
    for first, last in ((0, 9), (3, 5), (8, 9), (4, 4), (9, 9)):
        one = opened(
            world, from_at=start + first * HOUR / 60, to_at=start + last * HOUR / 60
        )
        found = timeline_of(world, one)
        assert isinstance(found, Timeline)
        assert sum(line.rows for line in found.happenings) == last - first
        assert found.answers == last - first


def test_a_long_timeline_says_how_much_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_timeline, "MOST", 2)
    for tool in ("get_status", "get_consents") * 2:
        world.told(tool)
    found = timeline_of(world, opened(world))
    assert isinstance(found, Timeline)
    assert (len(found.happenings), found.left_out, found.answers) == (2, 2, 4)


def test_of_whoever_was_erased_before_nothing_is_told(world: World) -> None:
    world.told("get_status")
    with world.store.writing() as tx:
        who = people.owner(tx)
        erasing.erase_person(tx, maintenance(), who, session="s", now=world.clock.now())
    with world.store.reading() as tx:
        rows = timeline.between(tx, maintenance(), NOW - HOUR, None)
        assert list(rows) == []


def test_nothing_is_told_from_a_log_that_was_changed(consented: World) -> None:
    consented.told("get_activities")
    one = opened(consented)
    consented.told("get_status")
    edit(consented.directory, "UPDATE audit SET mac = zeroblob(32) WHERE seq = 2")
    assert timeline_of(consented, one) == Finding(2, FindingKind.EDITED)


# --- the drafts


def drafts(world: World, one: Standing, contact: str = "") -> tuple[str, str]:
    found = timeline_of(world, one)
    facts = do(world, partial(known, one=one, timeline=found, contact=contact))
    return to_authority(facts), to_people(facts)


@pytest.mark.promise("incident.runbook")
def test_the_drafts_say_what_is_known_and_what_is_not(consented: World) -> None:
    consented.told("get_activities")
    opened(consented, what="it asked *much*\n# at night", recipients=(CLAUDE,))
    assessed(consented, duty=Duty.NOTIFY, why="places left")
    one = contained(consented, Act(Containment.WITHDRAW, CLAUDE))
    authority, people_ = drafts(consented, one)
    for heading in ("33(3)(a)", "33(3)(b)", "33(3)(c)", "33(3)(d)", "33(4)"):
        assert f"(Art. {heading})" in authority
    assert "It is owed, because: places left" in authority
    assert "| claude-desktop | heart_rate | yes | files | 1 |" in authority
    assert "Answers that left: 1" in authority
    assert f"withdraw {CLAUDE}: " in authority
    assert "- withdraw the consents" not in authority
    assert "- replace every key" in authority
    assert authority.count("to be filled in") == 3
    assert "it tells of the person's health" in people_
    for text in (authority, people_):
        assert "it asked \\*much\\* \\# at night" in text, "what was written stays text"
        assert "when it ended" in authority
    told(consented)
    closed = do(consented, lambda tx, g: service.close(tx, g, "1", "less consent"))
    authority, people_ = drafts(consented, closed, "Anna, anna@example.org")
    assert "Anna, anna@example.org" in people_
    assert "when it ended" not in authority
    assert "First told: 2026-03-01" in authority


def test_where_nothing_left_all_that_is_held_may_be_concerned(world: World) -> None:
    world.put(a_recording())
    authority, people_ = drafts(world, opened(world, what="the laptop is gone"))
    for text in (authority, people_):
        assert "no answer with anything of the person open left" in text
        assert "home, work and usual ways" in text
    assert "who had access: no recipient is named" in authority
    assert "Entries held of these categories, at most: 5" in authority
    assert "was not decided yet" in authority


def test_a_draft_from_a_changed_log_says_so(consented: World) -> None:
    one = opened(consented)
    consented.told("get_activities")
    consented.clock.pass_s(80 * 3_600)
    one = assessed(consented, duty=Duty.NONE, why="a test")
    edit(consented.directory, "UPDATE audit SET mac = zeroblob(32) WHERE seq = 2")
    authority, _ = drafts(consented, one)
    assert "NOT from the audit log" in authority
    assert "By the log nothing can be said" in authority
    assert "not owed, because: a test" in authority
    late = assessed(consented, duty=Duty.NOTIFY)
    assert "reasons for the delay" in drafts(consented, late)[0]


def test_the_model_holds_what_is_written(world: World) -> None:
    made = opened(world).incident
    assert Incident.model_validate_json(made.model_dump_json()) == made


def test_nobody_but_the_owner_ends_tokens(consented: World) -> None:
    grant = a_grant(owner_of(consented.store), pairs=set())
    with consented.store.writing() as tx, pytest.raises(RuntimeError):
        containing.contain(tx, grant, "1", Act(Containment.TOKENS))


@pytest.mark.promise("incident.levels")
def test_from_an_alert_it_takes_whom_and_when(world: World) -> None:
    began = world.clock.now()
    world.told("get_status")
    world.clock.pass_s(3_600)
    who = owner_of(world.store)
    with world.store.writing() as tx:
        alert = alerts.add(tx, maintenance(), who, an_alert())
        gone = an_alert().model_copy(update={"first_seq": 99})
        alerts.add(tx, maintenance(), who, gone)

    def opened_from(ref: str, what: str = "") -> Standing:
        return do(
            world, partial(service.from_alert, ref=ref, what=what, level=CRITICAL)
        )

    made = opened_from("1").incident
    assert (made.alert, made.level, made.recipients) == (alert.id, CRITICAL, (CLAUDE,))
    assert made.what == "Alert 1: 60 calls"
    assert (made.from_at, made.discovered_at) == (began, world.clock.now())
    assert opened_from(alert.id, "it asked much").incident.what == "it asked much"
    assert opened_from("2").incident.from_at == an_alert().at - service.BEFORE
    with pytest.raises(AlertUnknownError):
        opened_from("3")
    edit(world.directory, "UPDATE audit SET entry = 'x' WHERE seq = 1")
    with pytest.raises(AuditTamperedError):
        opened_from("1")
