"""What is raised: once, by one of several servers, kept, told, and lifted."""

import json

import pytest

from pierre_mcp.errors import AlertUnknownError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.alert import Alert
from pierre_mcp.model.caller import Call, Owner, Recipient, System
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.memory import Memory
from pierre_mcp.services import security, watching
from pierre_mcp.store import alerts, erasing, people
from pierre_mcp.store.database import Tx
from tests.gate.world import ABOUT, CLAUDE, OWNER
from tests.store.hands import edit
from tests.stores import a_grant, new_store
from tests.watching import misuse
from tests.watching.stage import Stage

SCAN = Call(System(), "security scan", "upkeep")


def raised(stage: Stage) -> list[Alert]:
    call = Call(OWNER, "security alerts", "s")
    return [one.alert for one in stage.gate.look(call, alerts.listed)]


def lift(stage: Stage, to: str | None = None) -> tuple[str, ...]:
    call = Call(OWNER, "security lift", "s")
    return stage.gate.widen(call, lambda tx, grant: watching.lift(tx, grant, to))


@pytest.mark.promise("monitor.behaviour")
def test_it_is_recorded_kept_and_not_raised_again(stage: Stage) -> None:
    misuse.guesses_ids(stage)
    [one] = stage.scan().raised
    row = stage.world.last_row()
    assert (row["event"], row["risk"], row["action"]) == (
        "suspicious_activity", "high", "security alert",
    )  # fmt: skip
    assert (row["caller"], row["door"], row["seq"]) == (
        "system",
        "system",
        one.alert.row,
    )
    assert row["detail"], "the reasons are sealed beside it"
    assert CLAUDE not in json.dumps(row)
    assert [a.recipients for a in raised(stage)] == [(CLAUDE,)]
    for _ in range(3):
        stage.session().ask("get_activity", id="x" * 22)
        assert stage.scan().raised == ()
    assert stage.scan().rows == 0, "nothing new"


def test_it_is_raised_again_when_it_has_grown_by_half(stage: Stage) -> None:
    session = stage.session()
    for number in range(10):
        session.ask("get_activity", id=f"{number:022}")
    assert len(stage.scan().raised) == 1
    for number in range(10, 14):
        session.ask("get_activity", id=f"{number:022}")
    assert stage.scan().raised == ()
    session.ask("get_activity", id=f"{14:022}")
    assert [r.measure for r in stage.scan().raised[0].alert.reasons] == [15]
    stage.clock.pass_s(2 * 86_400)
    for number in range(10):
        session.ask("get_activity", id=f"{number:022}")
    assert len(stage.scan().raised) == 1, "and on another day"


@pytest.mark.promise("monitor.behaviour")
def test_two_servers_raise_it_once(stage: Stage) -> None:
    misuse.guesses_ids(stage)
    store = new_store(stage.world.directory)
    other = Gate(store, stage.world.table, stage.clock, ABOUT)
    found = [*stage.scan().raised, *other.watch(SCAN).raised, *stage.scan().raised]
    store.close()
    assert len(found) == 1


def test_many_rows_are_looked_at_in_parts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "ROWS_A_LOOK", 7)
    misuse.guesses_cursors(stage)
    found = stage.scan()
    assert found.rows > 25
    assert stage.rules() == {"guessing"}
    assert stage.scan().rows == 0


@pytest.mark.promise("monitor.behaviour")
def test_over_the_limit_it_is_slowed_in_every_process_until_lifted(
    stage: Stage,
) -> None:
    misuse.places_after_everything_else(stage)
    [one] = stage.scan().raised
    assert one.alert.slowed
    session = stage.session()
    assert stage.gate.pause_s() == 5.0, "known from the greeting on"
    store = new_store(stage.world.directory)
    other = Gate(store, stage.world.table, stage.clock, ABOUT)
    assert other.pause_s() == 0.0
    answer = other.serve(Call(Recipient(CLAUDE), "get_activities", "o"), {})
    assert not answer.is_error, "slowed, not refused"
    assert other.pause_s() == 5.0
    assert lift(stage, "nobody") == ()
    assert lift(stage, CLAUDE) == (CLAUDE,)
    session.ask("get_status")
    assert stage.gate.pause_s() == 0.0
    other.serve(Call(Recipient(CLAUDE), "get_activities", "o"), {})
    assert other.pause_s() == 0.0
    store.close()
    assert len(raised(stage)) == 1, "what was raised stays"
    assert stage.scan().raised == (), "and is not raised anew"
    assert lift(stage) == ()


def test_a_day_later_it_is_as_before(stage: Stage) -> None:
    misuse.places_after_everything_else(stage)
    stage.scan()
    stage.clock.pass_s(86_401)
    stage.session().ask("get_status")
    assert stage.gate.pause_s() == 0.0


def test_previews_and_the_owners_own_calls_do_not_count(stage: Stage) -> None:
    for number in range(15):
        stage.clock.pass_s(0.1)
        arguments = {"id": f"{number:022}"}
        stage.world.ask("get_activity", arguments, of=Owner(preview_as=CLAUDE))
        stage.world.ask("get_activity", arguments, of=OWNER)
    assert stage.scan().rows >= 30
    assert stage.rules() == set()


@pytest.mark.promise("monitor.thresholds")
def test_a_threshold_that_is_set_counts(stage: Stage) -> None:
    call = Call(OWNER, "security thresholds set", "s")
    stage.gate.widen(
        call, lambda tx, grant: watching.set_threshold(tx, grant, "guessing", 3)
    )
    for number in range(3):
        stage.session().ask("get_activity", id=f"{number:022}")
    [one] = stage.scan().raised
    assert (one.alert.score, one.alert.slowed) == (50, False)
    assert [(r.rule, r.measure, r.limit) for r in one.alert.reasons] == [
        ("guessing", 3, 3)
    ]


def test_thresholds_of_the_store_name_no_recipient(stage: Stage) -> None:
    session = stage.session("curious")
    for _ in range(45):
        session.ask("get_stats", every_s=2.0, by="week")
    [one] = stage.scan().raised
    assert (one.alert.recipients, one.alert.slowed) == ((), False)
    assert [r.rule for r in one.alert.reasons] == ["failed_attempts"]
    assert "this store" in one.alert.words("pierre-mcp")


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param("DELETE FROM monitor", id="deleted"),
        pytest.param("UPDATE monitor SET cell = CAST(substr(cell, 1, 40) || x'00'"
                     " AS BLOB)", id="damaged"),
    ],
)  # fmt: skip
def test_what_is_taken_away_by_hand_is_learnt_again(stage: Stage, gone: str) -> None:
    misuse.guesses_ids(stage)
    stage.scan()
    edit(stage.world.directory, f"{gone} WHERE name = 'memory'")
    stage.session().ask("get_status")
    assert [r.rule for r in stage.scan().raised[0].alert.reasons] == ["guessing"]


def test_old_rows_are_learnt_from_and_raise_nothing(stage: Stage) -> None:
    misuse.guesses_ids(stage)
    stage.clock.pass_s(2 * 86_400)
    assert stage.scan().raised == ()


def test_nobody_is_watched_once_erased(stage: Stage) -> None:
    misuse.guesses_ids(stage)
    stage.scan()
    stage.gate.erase(
        Call(System(), "erase", "s"),
        lambda tx, leave, who, now: erasing.erase_person(
            tx, leave, who, session="s", now=now
        ),
    )
    assert stage.scan().raised == ()
    with stage.world.store.reading() as tx:
        assert people.whose(tx) is None
        assert tx.one("SELECT count(*) FROM monitor") == (0,)
        assert tx.one("SELECT count(*) FROM alerts") == (0,)


@pytest.mark.promise("monitor.events-report")
@pytest.mark.promise("monitor.metrics")
def test_the_counters_are_the_guides(stage: Stage) -> None:
    session = stage.session("partly")
    session.ask("get_activities")
    session.ask("get_activities", provider="strava")
    stage.scan()
    call = Call(OWNER, "security events", "s")
    found = stage.gate.look(call, security.overview)
    assert found.guide() == {
        "suspicious_logins": "not_applicable",
        "failed_auth_attempts": 0,
        "data_access_violations": 1,
        "rate_limit_exceeded": 0,
        "tokens_generated": 0,
        "data_accesses": 1,
        "suspicious_activities": 0,
        "last_security_scan": stage.clock.at,
    }
    assert found.events["login_success"] == "not_applicable"
    assert found.recipients == ()
    misuse.probes_each_tool_and_scope(stage)
    stage.scan()
    found = stage.gate.look(call, security.overview)
    assert found.guide()["suspicious_activities"] == 1
    [held] = found.recipients
    assert (held.recipient, held.score >= 60) == ("curious", True)
    assert held.slowed_until is not None
    stage.clock.pass_s(2 * 86_400)
    assert stage.gate.look(call, security.overview).guide()["data_accesses"] == 0


def test_an_alert_is_found_by_number_or_id(stage: Stage) -> None:
    misuse.guesses_ids(stage)
    [one] = stage.scan().raised
    with stage.world.store.reading() as tx:
        grant = owner_grant_in(tx)
        assert alerts.find(tx, grant, "1") == alerts.find(tx, grant, one.id) == one
        with pytest.raises(AlertUnknownError):
            alerts.find(tx, grant, "2")
        with pytest.raises(RuntimeError):
            alerts.listed(tx, a_grant(people.owner(tx), pairs=set()))


def test_other_keys_make_no_new_clients(stage: Stage) -> None:
    """After an emergency every digest is another."""
    misuse.another_client_under_an_old_label(stage)
    assert "client" in {r.rule for r in stage.scan().raised[0].alert.reasons}
    memory = memory_of(stage)
    assert memory.habits[CLAUDE].greetings == 5
    watching._forget_names(memory, "another")
    assert memory.habits[CLAUDE].greetings == 0
    assert memory.habits[CLAUDE].clients == []


def memory_of(stage: Stage) -> Memory:
    call = Call(OWNER, "security events", "s")
    return stage.gate.look(call, watching.memory_of)


def owner_grant_in(tx: Tx) -> Grant:
    return a_grant(people.owner(tx))
