"""The report: checked first, counted right, and fooled by no word an assistant says."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.gate import lines, locking
from pierre_mcp.model.audit import Event, FindingKind, Line, Outcome, Risk
from pierre_mcp.model.audit_report import Period, Report, Section, SectionName
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.policy import audit_sections
from pierre_mcp.services.auditing import counting
from pierre_mcp.services.auditing.report import Asked, reported
from pierre_mcp.services.auditing.sealed import with_sealed, without_sealed
from pierre_mcp.services.steps import Progress
from pierre_mcp.store import audit, erasing, incidents
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.store.hands import edit
from tests.stores import (
    NOW,
    a_line,
    a_recording,
    an_incident,
    maintenance,
    owner_of,
)

CALL = Call(Owner(), "audit report", "session")
DAY = date(2026, 3, 1)
"""When the clock of a world stands still."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        yield world


def told(
    world: World,
    first: date = DAY,
    last: date = DAY,
    *,
    chosen: tuple[SectionName, ...] = tuple(SectionName),
) -> Report:
    asked = Asked(Period(first, last), chosen, world.clock.now())
    return world.gate.maintain(CALL, partial(reported, asked=asked))


def section(report: Report, name: SectionName) -> Section:
    [found] = [one for one in report.sections if one.name is name]
    return found


def counts(report: Report, name: SectionName) -> dict[str, Any]:
    return dict(section(report, name).counts)


def add(world: World, *rows: Line) -> None:
    with world.store.writing() as tx:
        for line in rows:
            audit.append(tx, line, now=world.clock.now(), who=None)


def an_act(action: str, event: Event, **more: Any) -> Line:
    facts = {"caller": "owner", "outcome": Outcome.DONE, "door": "cli", **more}
    return Line(event=event, risk=Risk.MEDIUM, action=action, session="s", **facts)


def a_limit() -> Line:
    of = {"door": "mcp", "caller": "recipient", "recipient": CLAUDE}
    return an_act("calls", Event.RATE_LIMIT_EXCEEDED, **of)


@pytest.mark.promise("audit.report")
def test_what_was_asked_and_what_left(world: World) -> None:
    world.ask("get_activities")
    world.give_training()
    answer = world.ask("get_activities")
    world.told("get_consents", of=OTHER)
    world.ask("get_activities", of=Owner(preview_as=CLAUDE))
    world.ask("get_stats", of=Owner(preview_as=OTHER))
    world.ask("get_activities", {"limit": -1})
    report = told(world)
    assert answer.structured is not None
    access = counts(report, SectionName.ACCESS)
    assert access["answers_released"] == 2
    assert access["bytes_released"] > len(answer.structured)
    assert (
        access["refused"],
        access["previews_by_owner"],
        access["not_understood"],
    ) == (1, 2, 1)
    tables = section(report, SectionName.ACCESS).tables["recipients_by_category"]
    assert tables == {
        CLAUDE: {"activities": 1, "heart_rate": 1, "power": 1},
        OTHER: {"no category": 1},
    }
    summary = counts(report, SectionName.SUMMARY)
    assert (summary["calls"], summary["calls_refused"]) == (4, 1)
    assert (summary["recipients"], summary["rows"]) == (2, report.last_row)
    [day] = report.days
    assert (day.on, day.released, day.refused, day.other) == (DAY, 2, 1, 1)
    incidents = section(report, SectionName.INCIDENTS)
    assert incidents.counts["unauthorised_accesses"] == 1
    assert incidents.tallies["by_code"] == {"consent_missing": 1}


@pytest.mark.promise("audit.report")
def test_what_nothing_can_count_yet_is_not_zero(world: World) -> None:
    report = told(world)
    authentication = counts(report, SectionName.AUTHENTICATION)
    assert authentication["logins_succeeded"] == "not_applicable"
    events = section(report, SectionName.SUMMARY).tallies["by_event"]
    assert set(events) == set(Event)
    assert events["login_failure"] == "not_applicable"
    assert events["rate_limit_exceeded"] == 0
    add(world, an_act("login", Event.LOGIN_FAILURE, outcome=Outcome.REFUSED))
    assert counts(told(world), SectionName.AUTHENTICATION)["logins_failed"] == 1


def test_authentication(world: World) -> None:
    add(
        world,
        an_act("start", Event.SESSION, outcome=Outcome.STARTED),
        an_act("initialize", Event.SESSION),
        an_act("consent token", Event.ADMINISTRATIVE_ACTION),
        an_act("token", Event.TOKEN_GENERATED, door="system", caller="system"),
        an_act("token", Event.TOKEN_EXPIRED, door="system", caller="system"),
        an_act("consent passphrase", Event.SESSION, outcome=Outcome.STARTED),
        an_act(
            "consent passphrase", Event.UNAUTHORISED_ACCESS, outcome=Outcome.REFUSED
        ),
    )
    found = counts(told(world), SectionName.AUTHENTICATION)
    assert found == {
        "events": 7,
        "logins_succeeded": "not_applicable",
        "logins_failed": "not_applicable",
        "tokens_generated": 2,
        "tokens_expired": 1,
        "consent_passphrases_right": 0,
        "consent_passphrases_wrong": 1,
        "server_starts": 1,
        "clients_introduced": 1,
    }


def test_keys_and_incidents(world: World) -> None:
    add(
        world,
        an_act("keys rotate", Event.KEY_ROTATION, outcome=Outcome.STARTED),
        an_act("keys rotate", Event.KEY_ROTATION, caller="system", door="system"),
        an_act("keys emergency", Event.KEY_ROTATION),
        an_act("keys rewrap", Event.KEY_ROTATION, outcome=Outcome.FAILED),
        an_act("keys rewrap compromised", Event.KEY_ROTATION),
        an_act("incident open", Event.ADMINISTRATIVE_ACTION),
        an_act("scan", Event.SUSPICIOUS_ACTIVITY, door="system", caller="system"),
        a_limit(),
    )
    report = told(world)
    assert counts(report, SectionName.KEYS) == {
        "events": 5,
        "rotations": 1,
        "emergency_rotations": 1,
        "rewraps": 0,
        "rewraps_compromised": 1,
        "by_the_program_itself": 1,
        "not_done": 1,
    }
    found = counts(report, SectionName.INCIDENTS)
    assert (found["events"], found["incident_acts"]) == (3, 1)
    assert (found["suspicious_activities"], found["rate_limit_violations"]) == (1, 1)


def test_an_assistants_words_are_no_acts(world: World) -> None:
    """A tool called by the name of an act is a call, and nothing else."""
    names = ("consent grant", "keys rotate", "incident close", "consent token", "start")
    for name in names:
        world.ask(name)
    add(world, *(a_line(name) for name in names))
    report = told(world)
    for name in (SectionName.CONSENT, SectionName.KEYS, SectionName.AUTHENTICATION):
        assert counts(report, name)["events"] == 0
    assert counts(report, SectionName.INCIDENTS)["incident_acts"] == 0
    assert counts(report, SectionName.ACCESS)["events"] == 2 * len(names)


@pytest.mark.promise("audit.report")
def test_consent_changes_with_the_ledger(world: World) -> None:
    world.give("files:activities", "share:claude-desktop")
    world.clock.pass_s(60)
    world.withdraw("files:activities")
    report = world.gate.look(CALL, partial(with_sealed, report=told(world)))
    found = section(report, SectionName.CONSENT)
    assert found.counts["changes"] == 2
    assert found.counts["ledger_given"] == 2
    assert found.counts["ledger_withdrawn"] == 1
    ledger, rows = found.listings
    assert [row[1:] for row in ledger.rows] == [
        ("withdrawn", CLAUDE, "files:activities", None, "owner"),
        ("given", CLAUDE, "files:activities share:claude-desktop", None, "owner"),
    ]
    assert [row[8] for row in rows.rows] == ["consent withdraw", "consent grant"]
    before = told(world, DAY - timedelta(days=9), DAY - timedelta(days=1))
    report = world.gate.look(CALL, partial(with_sealed, report=before))
    assert counts(report, SectionName.CONSENT)["ledger_lines"] == 0


@pytest.mark.promise("audit.report")
def test_incidents_opened_in_the_time_are_told_with_what_they_were(
    world: World,
) -> None:
    opened = Call(Owner(), "incident open", "session")
    for at in (NOW, NOW + timedelta(days=3)):
        one = an_incident().model_copy(update={"opened_at": at})
        world.gate.act(opened, partial(incidents.add, incident=one))
    report = world.gate.look(CALL, partial(with_sealed, report=told(world)))
    found = section(report, SectionName.INCIDENTS)
    assert (found.counts["incidents_opened"], found.counts["incidents_high"]) == (1, 1)
    listed, rows = found.listings
    assert [row[1:5] for row in listed.rows] == [
        (1, "high", "open", "the laptop is gone")
    ]
    assert [row[8] for row in rows.rows] == ["incident open"] * 2


def test_a_ledger_that_cannot_be_read(world: World) -> None:
    world.give("files:activities")
    plain = told(world)
    edit(world.directory, "DELETE FROM ledger")
    report = world.gate.look(CALL, partial(with_sealed, report=plain))
    assert report == without_sealed(plain)
    assert counts(report, SectionName.CONSENT)["ledger_lines"] == "not_readable"


@pytest.mark.promise("audit.report")
@pytest.mark.promise("audit.tamper")
def test_of_a_log_that_was_changed_only_what_holds_is_told(world: World) -> None:
    for _ in range(4):
        world.ask("get_consents")
    edit(
        world.directory,
        "UPDATE audit SET entry = replace(entry, 'lo', 'hi') WHERE seq = 3",
    )
    report = told(world)
    assert report.finding is not None
    assert (report.finding.seq, report.finding.kind) == (3, FindingKind.EDITED)
    assert (report.verified_rows, report.first_row, report.last_row) == (2, 1, 2)
    assert counts(report, SectionName.SUMMARY)["rows"] == 2


def test_only_the_days_and_the_sections_asked_for(world: World) -> None:
    world.ask("get_consents")
    world.clock.pass_s(86_400)
    world.ask("get_consents")
    later = DAY + timedelta(days=1)
    report = told(world, later, later, chosen=(SectionName.ACCESS,))
    assert [one.name for one in report.sections] == [SectionName.ACCESS]
    assert (report.first_row, report.last_row) == (2, 2)
    nothing = told(world, DAY - timedelta(days=2), DAY - timedelta(days=1))
    assert (nothing.first_row, nothing.last_row, nothing.days) == (0, 0, ())


def test_of_who_was_erased_nothing_is_told(world: World) -> None:
    world.ask("get_consents")
    who = owner_of(world.store)
    with world.store.writing() as tx:
        now = world.clock.now()
        erasing.erase_person(tx, maintenance(), who, session="s", now=now)
    report = told(world)
    assert report.finding is None
    assert counts(report, SectionName.SUMMARY)["calls"] == 0


def test_few_rows_are_listed_and_all_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "LISTED", 3)
    for _ in range(5):
        world.ask("get_consents")
    [listing] = section(told(world), SectionName.ACCESS).listings
    assert [row[0] for row in listing.rows] == [5, 4, 3]
    assert listing.more == 2


def test_rare_words_are_counted_together(world: World) -> None:
    add(world, *(a_line(f"tool {n}") for n in range(30)), a_line("tool 0"))
    tally = section(told(world), SectionName.ACCESS).tallies["by_action"]
    assert next(iter(tally.items())) == ("tool 0", 2)
    assert len(tally) == 21
    assert tally["others"] == 10


def test_it_says_how_far_it_is(world: World) -> None:
    heard: list[Progress] = []
    asked = Asked(Period(DAY, DAY), list(SectionName), world.clock.now(), heard.append)
    world.ask("get_consents")
    world.gate.maintain(CALL, partial(reported, asked=asked))
    assert [one.word for one in heard] == ["checking the log", "reading the log"]
    assert heard[-1].total == 1


def test_acts_are_called_as_the_gate_calls_them() -> None:
    assert audit_sections.PASSPHRASE == locking.ATTEMPT
    assert {locking.LOCK, locking.UNLOCK, lines.EXPIRE} <= audit_sections._CONSENT_ACTS
    assert {lines.ROTATE, lines.EMERGENCY, lines.REWRAP, lines.REWRAP_COMPROMISED} == {
        "keys rotate",
        "keys emergency",
        "keys rewrap",
        "keys rewrap compromised",
    }
