"""What closes the log: a stop, a change of keys, a quarter of an hour."""

import base64
import hashlib
from pathlib import Path

import pytest

from pierre_mcp.errors import LogKeyMalformedError, NotesForeignError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.lines import CHECKPOINT, ROTATE
from pierre_mcp.gate.rotations import carry_through, rewrap
from pierre_mcp.keyring import chain, notes
from pierre_mcp.keyring.log_key import LogKey
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.audit import Finding, FindingKind, Health, Outcome
from pierre_mcp.model.caller import Call, Recipient, System
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.rotation import Emergency, Replacing, Rotation, in_use
from pierre_mcp.services.steps import silent
from pierre_mcp.store import audit, audit_state, checkpoints, erasing, people
from pierre_mcp.store.audit_against import NOTHING, Evidence
from pierre_mcp.store.audit_state import Epoch
from pierre_mcp.store.outside_notes import notes_in
from tests.fakes import StillClock
from tests.gate.test_restoring import RESTORE, SCOPES, looking, put_back_by_hand
from tests.gate.world import ABOUT, OWNER, World
from tests.store.hands import edit
from tests.stores import NOW, maintenance, marks_of, settings_of

SYSTEM = Call(System(), CHECKPOINT, "session")


def epoch_of(world: World) -> Epoch:
    with world.store.reading() as tx:
        return audit_state.read_epoch(tx)


def kept(world: World) -> list[str]:
    with world.store.reading() as tx:
        return [one.note for one in checkpoints.every(tx)]


def said(world: World) -> list[Checkpoint]:
    return [notes.parsed(note) for note in kept(world)]


def outside(world: World) -> list[str]:
    (path,) = marks_of(world.directory).glob("*.checkpoints")
    return notes_in(path.read_bytes())


def found(world: World, against: Evidence = NOTHING) -> Finding | Health:
    with world.store.reading() as tx:
        return verify_log(tx, maintenance(), people.whose(tx), against)


def key_of(world: World) -> LogKey:
    return world.gate.reveal_log_key(Call(OWNER, "audit key", "session"))


def rows(world: World) -> int:
    with world.store.reading() as tx:
        return audit.tail(tx).seq


def test_the_key_that_checks_it_is_given_to_its_owner_and_recorded(
    world: World,
) -> None:
    before = rows(world)
    assert key_of(world).key == epoch_of(world).key
    assert (rows(world), world.last_row()["action"]) == (before + 1, "audit key")
    with pytest.raises(RuntimeError):
        world.gate.reveal_log_key(Call(Recipient("claude-desktop"), "audit key", "s"))
    assert world.last_row()["outcome"] == "failed"


def test_a_stop_closes_the_log(world: World) -> None:
    world.gate.note(Call(OWNER, "start", "session"), Outcome.STARTED)
    assert kept(world) == []
    world.gate.note(Call(OWNER, "stop", "session"), Outcome.STOPPED)
    assert [one.size for one in said(world)] == [rows(world)]
    assert outside(world) == kept(world)


def test_an_idle_log_is_closed_after_a_quarter_of_an_hour(world: World) -> None:
    world.gate.note(Call(OWNER, "start", "session"), Outcome.STARTED)
    before = rows(world)
    assert not world.gate.close_log(SYSTEM)
    world.clock.pass_s(15 * 60)
    assert world.gate.close_log(SYSTEM)
    assert not world.gate.close_log(SYSTEM)
    assert (rows(world), len(kept(world))) == (before, 1)  # it adds no row
    assert outside(world) == kept(world)
    assert isinstance(found(world, world.gate.evidence()), Health)


@pytest.mark.promise("keys.dek-rotation")
@pytest.mark.parametrize("how", ["rotate", "rewrap"])
def test_a_change_of_keys_closes_the_log(world: World, how: str) -> None:
    before = epoch_of(world)
    if how == "rotate":
        job = Rotation(StillClock(), Replacing(StillClock(), in_use(None)))
        call = Call(OWNER, ROTATE, "session")
        carry_through(world.gate, call, job.steps(), listen=silent)
    else:
        rewrap(world.gate, Call(OWNER, "keys rewrap", "session"), StillClock())
    after = epoch_of(world)
    assert (after.number, after.size) == (before.number + 1, rows(world))
    assert after.key == chain.next_epoch_key(before.key)
    assert isinstance(found(world, world.gate.evidence()), Health)


@pytest.mark.promise("keys.dek-emergency")
def test_an_emergency_draws_the_epochs_key_anew_and_signs_the_log_again(
    world: World,
) -> None:
    """Whoever knew the old keys can neither lead them on, nor sign for the log."""
    earlier = key_of(world)
    before, old = epoch_of(world), kept(world)
    job = Rotation(StillClock(), Emergency(StillClock(), None, session="session"))
    call = Call(OWNER, "keys emergency", "session")
    carry_through(world.gate, call, job.steps(), listen=silent)
    after, now = epoch_of(world), kept(world)
    [signed] = [notes.parsed(n) for n in now if notes.parsed(n).fresh]
    assert signed.epoch == before.number
    led_on = before.key
    for _ in range(after.number - before.number):
        led_on = chain.next_epoch_key(led_on)
    assert after.key != led_on
    assert all(notes.signed_by(earlier.vkey, note) for note in old)
    assert not any(notes.names(earlier.vkey, note) for note in now[len(old) :])
    assert now[: len(old)] == old == outside(world)[: len(old)]
    for against in (
        NOTHING,
        world.gate.evidence(),
        world.gate.evidence(key=earlier.text().encode()),
    ):
        assert isinstance(found(world, against), Health)


def test_an_emergency_of_other_keys_leaves_the_log_its_own(world: World) -> None:
    key = key_of(world)
    job = Rotation(StillClock(), Emergency(StillClock(), "person"))
    call = Call(OWNER, "keys emergency", "session")
    carry_through(world.gate, call, job.steps(), listen=silent)
    assert not any(one.fresh for one in said(world))
    assert isinstance(
        found(world, world.gate.evidence(key=key.text().encode())), Health
    )


@pytest.mark.promise("audit.erasable")
def test_an_erasure_leaves_every_epoch_whole(world: World) -> None:
    told = {"client": "x"}
    for _ in range(3):
        world.gate.note(Call(OWNER, "start", "session"), Outcome.STARTED, told)
        world.gate.note(Call(OWNER, "stop", "session"), Outcome.STOPPED, told)
    key = world.gate.evidence()
    with world.store.writing() as tx:
        who = people.owner(tx)
        erasing.erase_person(tx, maintenance(), who, session="session", now=NOW)
    world.gate.note(Call(System(), "stop", "session"), Outcome.STOPPED)
    health = found(world, key)
    assert isinstance(health, Health)
    assert health.checkpoints == 4


@pytest.mark.promise("audit.erasable")
def test_a_redaction_in_a_closed_epoch_is_no_erasure(world: World) -> None:
    told = {"client": "x"}
    world.gate.note(Call(OWNER, "start", "session"), Outcome.STARTED, told)
    seq = rows(world)
    world.gate.note(Call(OWNER, "stop", "session"), Outcome.STOPPED)
    edit(world.directory, "DELETE FROM audit_detail WHERE seq = ?", (seq,))
    assert found(world) == Finding(seq, FindingKind.REDACTED)


@pytest.mark.promise("store.rollback")
def test_a_copy_put_back_is_told_from_one_that_was_accepted(
    world: World, tmp_path: Path
) -> None:
    """By what is kept outside; and for ever by what a witness has."""
    world.give(*SCOPES)
    world.gate.note(Call(OWNER, "stop", "session"), Outcome.STOPPED)
    with put_back_by_hand(world, tmp_path):
        witness = outside(world)
        with looking(settings_of(world.directory)) as back:
            rows_then = back.held.mark.seq
            world.store = back._quarantine._store
            world.gate = _gate_on(world)
            seen = found(world, world.gate.evidence())
            assert seen == Finding(rows_then + 1, FindingKind.RESTORED)
            back.accept(RESTORE)
    world.gate = _gate_on(world)
    assert isinstance(found(world, world.gate.evidence()), Health)
    assert outside(world) == kept(world) != witness
    [aside] = marks_of(world.directory).glob("*.checkpoints.*")
    assert notes_in(aside.read_bytes()) == witness
    with world.store.reading() as tx:
        [restored] = audit.done(tx, maintenance(), "restore")
    told = world.gate.evidence(notes=aside.read_bytes())
    assert found(world, told) == Finding(restored, FindingKind.RESTORED)


def test_what_is_another_stores_is_refused(world: World) -> None:
    world.gate.note(Call(OWNER, "stop", "session"), Outcome.STOPPED)
    key = key_of(world)
    foreign = LogKey(notes_vkey(key, "pierre-mcp/another"), key.epoch, key.key)
    with pytest.raises(LogKeyMalformedError):
        world.gate.evidence(key=foreign.text().encode())
    with pytest.raises(NotesForeignError):
        world.gate.evidence(notes=kept(world)[0].replace("pierre-mcp/", "x/").encode())
    assert world.gate.evidence(notes=kept(world)[0].encode()).notes


def notes_vkey(key: LogKey, name: str) -> str:
    """The same public key under another name, its id computed anew."""
    typed = base64.b64decode(key.vkey.split("+", 2)[2])
    named = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex()
    return f"{name}+{named}+{base64.b64encode(typed).decode()}"


def _gate_on(world: World) -> Gate:
    return Gate(world.store, world.table, world.clock, ABOUT)
