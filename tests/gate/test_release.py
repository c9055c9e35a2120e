"""The moment of release: what may still stop an answer, and what is left of it then."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from logging import WARNING
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import AuditTamperedError, LockTimeoutError, PierreError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Finding, Health, Outcome
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import consents
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.steps import Act
from pierre_mcp.store import policies, recordings
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.turn import Turn
from tests.gate.pressed import PRESSED, full_disk
from tests.gate.probes import Acting
from tests.gate.world import ABOUT, CLAUDE, OTHER, World
from tests.stores import a_recording, new_store

OWNER = Owner()
HOSTILE = "s3cret: 48.8566,2.3522 of Jane"


@pytest.fixture
def second(world: World) -> Iterator[Store]:
    """Another process's connection to the same store."""
    store = new_store(world.directory)
    yield store
    store.close()


@pytest.fixture
def consented(world: World) -> World:
    world.give_training()
    return world


def nothing_left(answer: Answer) -> None:
    assert answer.is_error
    assert answer.structured is None
    assert "run " not in answer.text
    assert "s3cret" not in answer.text


# --- what changed meanwhile


@pytest.mark.promise("consent.withdraw-now")
def test_what_was_read_before_a_withdrawal_is_not_released(
    consented: World, acting: Acting, second: Store
) -> None:
    """The call is served afresh, and then has no consent."""
    acting.does = lambda *_: consented.withdraw(store=second)
    answer = consented.ask("probe")
    nothing_left(answer)
    assert answer.code == "consent_missing"
    assert acting.runs == 1
    assert [r["outcome"] for r in consented.rows()[-2:]] == ["done", "refused"]


@pytest.mark.promise("consent.withdraw-now")
@pytest.mark.parametrize("scope", ["analytics:insights", f"share:{CLAUDE}"])
def test_a_purpose_or_sharing_withdrawn_meanwhile_stops_the_answer(
    consented: World, acting: Acting, second: Store, scope: str
) -> None:
    acting.does = lambda *_: consented.withdraw(scope, store=second)
    answer = consented.ask("probe")
    nothing_left(answer)
    assert (answer.code, acting.runs) == ("consent_missing", 1)
    assert scope in answer.text


def test_a_change_that_leaves_consent_is_served_afresh_with_nothing_reused(
    consented: World, acting: Acting, second: Store
) -> None:
    def once(*_: object) -> None:
        if acting.runs == 1:
            consented.withdraw("files:heart_rate", store=second)

    acting.does = once
    told = consented.told("probe")
    assert told["word"] == "run 2"
    assert told["withheld"] == [{"source": "files", "category": "heart_rate"}]
    row = consented.last_row()
    assert (row["outcome"], row["opened"]) == ("released", ["files:activities"])
    assert row["policy_epoch"] == 2, "the row shows the epoch it left under"


@pytest.mark.promise("consent.withdraw-now")
def test_a_policy_that_changes_twice_is_a_refusal(
    consented: World, acting: Acting, second: Store
) -> None:
    acting.does = lambda *_: consented.give(f"share:{OTHER}", to=OTHER, store=second)
    answer = consented.ask("probe")
    nothing_left(answer)
    assert (answer.code, acting.runs) == ("policy_changed", 2)
    assert consented.last_row()["outcome"] == "refused"


@pytest.mark.promise("consent.expiry")
def test_what_expires_between_reading_and_release_is_not_released(
    world: World, acting: Acting
) -> None:
    world.give_training(expires_at=world.clock.now() + timedelta(seconds=10))
    acting.does = lambda *_: world.clock.pass_s(10)
    answer = world.ask("probe")
    nothing_left(answer)
    assert (answer.code, acting.runs) == ("consent_missing", 1)


@pytest.mark.promise("consent.expiry")
def test_consent_ends_at_its_expiry_to_the_instant(world: World) -> None:
    world.give_training(expires_at=world.clock.now() + timedelta(seconds=10))
    world.clock.pass_s(9.999999)
    world.told("probe")
    world.clock.pass_s(0.000001)
    assert world.ask("probe").code == "consent_missing"


def test_a_clock_set_back_revives_no_consent(world: World) -> None:
    world.give_training(expires_at=world.clock.now() + timedelta(seconds=10))
    world.clock.pass_s(10)
    assert world.ask("probe").code == "consent_missing"
    world.clock.pass_s(-5)
    assert world.ask("probe").code == "consent_missing"


# --- what was put in by hand


@pytest.mark.promise("consent.explicit")
def test_a_consent_put_in_with_the_sqlite_shell_grants_nothing(world: World) -> None:
    with world.store.reading() as tx:
        (kid,) = tx.one("SELECT kid FROM policies")
    cell = b"\x01\x01" + int(kid).to_bytes(4) + b'{"policy_epoch":1}' + bytes(40)
    world.by_hand("UPDATE policies SET cell = ?", (cell,))
    assert world.ask("get_activities").code == "policy_tampered"
    assert world.last_row()["risk"] == "high"


def test_another_rows_cell_grants_nothing(consented: World) -> None:
    consented.by_hand("UPDATE policies SET cell = (SELECT cell FROM ledger LIMIT 1)")
    assert consented.ask("get_activities").code == "policy_tampered"


@pytest.mark.promise("consent.withdraw-now")
def test_an_older_policy_pasted_back_grants_nothing(consented: World) -> None:
    """However often it is tried: the refusal does not make it the newest."""
    old = consented.by_hand("SELECT kid, cell FROM policies")[0]
    consented.withdraw()
    consented.by_hand("UPDATE policies SET kid = ?, cell = ?", old)
    for _ in range(3):
        assert consented.ask("get_activities").code == "policy_tampered"
        assert consented.last_row()["policy_epoch"] == 2
    with pytest.raises(PierreError, match="not those last recorded"):
        consented.give("files:activities")


@pytest.mark.promise("consent.withdraw-now")
def test_an_older_policy_pasted_back_under_a_running_call_grants_nothing(
    consented: World, acting: Acting, second: Store
) -> None:
    """To the byte it is what the call was let in by; the log knows better."""
    old = consented.by_hand("SELECT kid, cell FROM policies")[0]

    def withdrawn_and_undone(*_: object) -> None:
        consented.withdraw(store=second)
        consented.by_hand("UPDATE policies SET kid = ?, cell = ?", old)

    acting.does = withdrawn_and_undone
    answer = consented.ask("probe")
    nothing_left(answer)
    assert answer.code == "policy_tampered"
    assert consented.ask("probe").code == "policy_tampered", "nor afterwards"


def test_a_policy_spoilt_under_a_running_call_releases_nothing(
    consented: World, acting: Acting
) -> None:
    spoil = "UPDATE policies SET cell = CAST(cell || x'00' AS BLOB)"
    acting.does = lambda *_: consented.by_hand(spoil)
    answer = consented.ask("probe")
    nothing_left(answer)
    assert (answer.code, acting.runs) == ("policy_tampered", 1)


def test_a_tampered_log_serves_nobody_and_says_so(
    consented: World, caplog: pytest.LogCaptureFixture
) -> None:
    consented.by_hand("DROP TRIGGER audit_keeps")
    consented.by_hand("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    before = len(consented.rows())
    call = Call(OWNER, "act", "session")
    nothing_left(consented.ask("get_activities"))
    for way in (consented.gate.act, consented.gate.look):
        with pytest.raises(AuditTamperedError):
            way(call, lambda *_: pytest.fail("let in"))
    with caplog.at_level(WARNING):
        found = consented.gate.maintain(call, verify_log)
    assert isinstance(found, Finding)
    assert found.seq == before + 1
    assert "no row was added" in caplog.text
    assert len(consented.rows()) == before


# --- what breaks inside


@pytest.mark.promise("mcp.errors")
@pytest.mark.promise("audit.every-call")
@pytest.mark.parametrize("tool", ["probe", "scribe"])
@pytest.mark.parametrize("kind", [ValueError, sqlite3.OperationalError, RecursionError])
def test_of_what_breaks_inside_only_a_word_leaves(
    consented: World,
    acting: Acting,
    caplog: pytest.LogCaptureFixture,
    tool: str,
    kind: type[Exception],
) -> None:
    def broken(*_: object) -> None:
        raise kind(HOSTILE)

    acting.does = broken
    before = len(consented.rows())
    answer = consented.ask(tool)
    assert answer.text == "internal: Something inside pierre-mcp went wrong."
    (row,) = consented.rows()[before:]
    assert (row["outcome"], row["code"]) == ("failed", "internal")
    assert (row["answer"], row["size"], row["opened"]) == ("", 0, [])
    assert "s3cret" not in caplog.text
    assert kind.__name__ in caplog.text
    assert b"s3cret" not in every_byte(consented)


def test_what_a_writing_tool_wrote_before_it_broke_is_rolled_back(
    consented: World, acting: Acting
) -> None:
    def half_done(tx: Tx, grant: Grant) -> None:
        consents.withdraw(tx, grant, CLAUDE, None, by="recipient")
        raise ValueError

    acting.does = half_done
    nothing_left(consented.ask("scribe"))
    acting.does = lambda *_: None
    consented.told("probe")


def test_a_listener_that_breaks_is_a_failure_like_any_other(consented: World) -> None:
    def broken(_: object) -> None:
        raise ValueError(HOSTILE)

    call = Call(OWNER, "get_status", "session")
    answer = consented.gate.serve(call, {}, None, broken)
    assert answer.code == "internal"


@pytest.mark.parametrize("tool", ["probe", "scribe"])
def test_ctrl_c_inside_a_unit_undoes_it_and_is_recorded(
    consented: World, acting: Acting, tool: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    acting.does = interrupted
    with pytest.raises(KeyboardInterrupt):
        consented.ask(tool)
    row = consented.last_row()
    assert (row["outcome"], row["code"]) == ("cancelled", "cancelled")
    acting.does = lambda *_: None
    assert consented.told("probe")["word"] == "run 2"


def test_what_the_owner_does_is_undone_and_recorded_when_it_breaks(
    world: World,
) -> None:
    def broken(tx: Tx, grant: Grant) -> None:
        policies.write(tx, grant, policies.read(tx, grant).policy)
        raise ValueError(HOSTILE)

    before = world.by_hand("SELECT cell FROM policies")
    call = Call(OWNER, "consent grant", "session")
    for way in (world.gate.act, world.gate.widen, world.gate.look):
        with pytest.raises((ValueError, sqlite3.Error)):
            way(call, broken)
        assert world.last_row()["outcome"] == "failed"
    with pytest.raises(ValueError, match="s3cret"):
        world.gate.maintain(call, lambda *_: broken_maintenance())
    assert world.last_row()["outcome"] == "failed"
    assert world.by_hand("SELECT cell FROM policies") == before


def broken_maintenance() -> None:
    raise ValueError(HOSTILE)


# --- no record, no passage


@pytest.mark.promise("audit.fail-closed")
@pytest.mark.parametrize("tool", ["probe", "scribe", "get_status", "get_activities"])
@pytest.mark.parametrize(
    "broken",
    PRESSED,
)
def test_without_its_record_nothing_passes(
    consented: World,
    caplog: pytest.LogCaptureFixture,
    broken: Callable[[World], Any],
    tool: str,
) -> None:
    before, answered = len(consented.rows()), 0
    with broken(consented):
        # A full disk is full for the log only once its last page is.
        while not (answer := consented.ask(tool)).is_error:
            answered += 1
            assert broken is full_disk
    nothing_left(answer)
    assert answer.code in {"store_unwritable", "store_busy"}
    released = [r for r in consented.rows()[before:] if r["outcome"] == "released"]
    assert len(released) == answered
    # On a full disk the shorter row of the failure may still have fitted.
    recorded = consented.last_row()["outcome"] == "failed"
    assert recorded == ("a failure was not recorded" not in caplog.text)
    for row in consented.rows():
        if row["outcome"] == "failed":
            assert (row["answer"], row["size"], row["opened"]) == ("", 0, [])


def test_the_row_of_a_failure_at_release_tells_of_no_answer(
    consented: World, acting: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was ready and its digest taken, but it did not leave."""

    def broken_once() -> datetime:
        monkeypatch.undo()
        raise OSError

    acting.does = lambda *_: monkeypatch.setattr(consented.clock, "now", broken_once)
    nothing_left(consented.ask("scribe"))
    row = consented.last_row()
    assert (row["outcome"], row["answer"], row["size"]) == ("failed", "", 0)
    assert row["opened"] == []


def test_who_waited_for_the_lock_once_does_not_wait_again(
    consented: World, acting: Acting
) -> None:
    """Else a client would hang for both deadlines. It is recorded if it can be."""

    def busy(*_: object) -> None:
        raise LockTimeoutError

    acting.does = busy
    assert consented.ask("probe").code == "store_busy"
    assert consented.last_row()["code"] == "store_busy"


# --- cancelled


@pytest.mark.promise("mcp.cancel")
@pytest.mark.parametrize("tool", ["probe", "scribe"])
def test_a_call_cancelled_while_it_runs_is_recorded_and_answers_nothing(
    consented: World, acting: Acting, tool: str
) -> None:
    turn = Turn()
    acting.does = lambda *_: turn.cancel()
    answer = consented.ask(tool, turn=turn)
    nothing_left(answer)
    assert answer.code == "cancelled"
    row = consented.last_row()
    assert (row["outcome"], row["answer"], row["size"]) == ("cancelled", "", 0)


@pytest.mark.promise("mcp.cancel")
def test_a_call_cancelled_before_it_runs_does_not(
    consented: World, acting: Acting
) -> None:
    turn = Turn()
    turn.cancel()
    assert consented.ask("probe", turn=turn).code == "cancelled"
    assert acting.runs == 0


def test_a_long_query_is_interrupted(consented: World, acting: Acting) -> None:
    turn = Turn()

    def endless(tx: Tx, _: Grant) -> None:
        threading.Timer(0.05, turn.cancel).start()
        tx.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT count(*) FROM n"
        ).fetchall()

    acting.does = endless
    assert consented.ask("probe", turn=turn).code == "cancelled"


@pytest.mark.promise("mcp.cancel")
def test_a_cancelled_withdrawal_has_not_happened(
    consented: World, acting: Acting
) -> None:
    turn = Turn()

    def withdrawn(tx: Tx, grant: Grant) -> None:
        consents.withdraw(tx, grant, CLAUDE, None, by="recipient")
        turn.cancel()

    acting.does = withdrawn
    assert consented.ask("scribe", turn=turn).code == "cancelled"
    acting.does = lambda *_: None
    consented.told("probe")


# --- a grant dies


def test_a_grant_dies_at_release(consented: World, acting: Acting) -> None:
    kept: list[Grant] = []
    acting.does = lambda _, grant: kept.append(grant)
    consented.told("probe")
    consented.told("scribe")
    call = Call(OWNER, "act", "session")
    consented.gate.act(call, lambda _, grant: kept.append(grant))
    consented.gate.look(call, lambda _, grant: kept.append(grant))
    consented.gate.step(call, Act(lambda _, grant: kept.append(grant)))
    assert len(kept) == 5
    for grant in kept:
        unusable(consented, grant)


def test_a_grant_dies_with_a_call_that_fails(consented: World, acting: Acting) -> None:
    kept: list[Grant] = []

    def broken(_: Tx, grant: Grant) -> None:
        kept.append(grant)
        raise ValueError

    acting.does = broken
    for tool in ("probe", "scribe"):
        consented.ask(tool)
    for way in (consented.gate.act, consented.gate.look):
        with pytest.raises(ValueError):  # noqa: PT011 - it has no words
            way(Call(OWNER, "act", "session"), broken)
    assert len(kept) == 4
    for grant in kept:
        unusable(consented, grant)


def unusable(world: World, grant: Grant) -> None:
    assert repr(grant) == "<Grant, dead>"
    with world.store.writing() as tx:
        for use in (
            lambda: grant.reads("files", Category.ACTIVITIES),
            lambda: recordings.newest(tx, grant, recordings.Wanted()),
            lambda: policies.write(tx, grant, policies.read(tx, grant).policy),
        ):
            with pytest.raises(RuntimeError):
                use()


# --- what the rows say


@pytest.mark.promise("audit.every-call")
def test_one_row_a_call_with_digests_and_no_values(world: World) -> None:
    world.put(a_recording(day="2026-02-03", name="Xanthippe"))
    world.give_training(extras=(Category.NOTES,))
    before = len(world.rows())
    question = {"from_day": "2026-02-02", "sport": "running"}
    answer = world.ask("get_activities", question)
    world.ask("get_activities", question)
    world.ask("get_activities", {**question, "sport": "cycling"})
    first, again, other = world.rows()[before:]
    assert answer.structured is not None
    assert first["outcome"] == "released"
    assert first["size"] == len(answer.structured)
    assert len(first["arguments"]) == len(first["answer"]) == 32
    assert (first["arguments"], first["answer"]) == (
        again["arguments"],
        again["answer"],
    )
    assert first["arguments"] != other["arguments"]
    text = "".join(str(row) for row in world.rows())
    for value in ("Xanthippe", "2026-02-0", "running", "cycling"):
        assert value not in text
    assert set(map(str, first["opened"])) == {
        "files:activities", "files:heart_rate", "files:notes", "files:power",
    }  # fmt: skip


def test_no_row_names_the_person(consented: World, tmp_path: Path) -> None:
    consented.told("get_activities")
    consented.ask("nothing")
    for id_ in consented.by_hand("SELECT tenant, person FROM people")[0]:
        assert id_ not in str(consented.rows())
    who = {row["who"] for row in consented.rows()}
    with new_world(tmp_path) as another:
        another.ask("get_status")
        assert not who & {row["who"] for row in another.rows()}


@contextmanager
def new_world(directory: Path) -> Iterator[World]:
    made = World(directory / "another", own=True)
    yield made
    made.close()


@pytest.mark.promise("audit.every-call")
def test_a_name_that_no_tool_has_is_recorded_but_not_in_plain(world: World) -> None:
    """An assistant could write anything there, into a log that is meant to be shown."""
    answer = world.ask(HOSTILE, {"x": HOSTILE})
    assert answer.text == "tool_unknown: There is no tool of that name."
    row = world.last_row()
    assert (row["action"], row["outcome"]) == ("unknown_tool", "invalid")
    assert row["detail"], "what was asked is sealed beside it"
    assert len(row["arguments"]) == 32
    assert b"s3cret" not in every_byte(world)
    world.ask("\ud800" * 5_000, {"\ud800": "\udfff"})
    assert world.last_row()["action"] == "unknown_tool"


def test_every_row_stands_under_the_epoch_of_its_time(consented: World) -> None:
    consented.ask("get_activities")
    consented.ask("get_activities", of=OTHER)
    consented.gate.note(Call(OWNER, "stop", "session"), Outcome.STOPPED)
    consented.withdraw()
    consented.ask("withdraw_consent")
    assert [row["policy_epoch"] for row in consented.rows()] == [1, 1, 1, 1, 2, 2]


def test_only_what_has_detail_seals_one(consented: World) -> None:
    consented.told("get_activities")
    assert consented.last_row()["detail"] == ""


def test_the_log_holds_after_everything(
    consented: World, acting: Acting, second: Store
) -> None:
    acting.does = lambda *_: consented.give(f"share:{OTHER}", to=OTHER, store=second)
    for tool in ("probe", "nothing", "get_activities", "withdraw_consent"):
        consented.ask(tool, {"limit": "x"})
        consented.ask(tool)
    gate = Gate(second, consented.table, consented.clock, ABOUT)
    found = gate.maintain(Call(OWNER, "audit verify", "session"), verify_log)
    assert isinstance(found, Health)
    assert found.rows == len(consented.rows()) - 1


def every_byte(world: World) -> bytes:
    """All that is on the disk."""
    files = (p for p in world.directory.rglob("*") if p.is_file())
    return b"".join(path.read_bytes() for path in files)
