"""Erasing through the gate: what runs meanwhile stops, and nothing is left over."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    AuditTamperedError,
    PersonErasedError,
    StorePermissionsError,
)
from pierre_mcp.gate import erasure
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import pump, pump_upkeep
from pierre_mcp.gate.lines import ROTATE
from pierre_mcp.keyring.ring import SYSTEM
from pierre_mcp.model.audit import Health, Outcome
from pierre_mcp.model.caller import Call, Job, Owner, Recipient
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.profile import Profile
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.steps import Progress, Step, UpkeepStep, silent
from pierre_mcp.store import keys, recordings
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.receipts import Beside
from pierre_mcp.store.tombstones import Tombstones, Word
from tests.gate.probes import Acting
from tests.gate.world import ABOUT, OTHER, World
from tests.store.rotating import a_rotation
from tests.stores import a_digest, a_recording, new_store

ERASE = Call(Owner(), "erase", "session")
IMPORT = Call(Job(Owner()), "import", "session")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside"


@pytest.fixture
def other(world: World) -> Iterator[Gate]:
    """The gate of another process on the same store."""
    store = new_store(world.directory)
    yield Gate(store, world.table, world.clock, ABOUT)
    store.close()


def erase(gate: Gate, outside: Path) -> None:
    erasure.erase(gate, ERASE, outside, beside=Beside())


def anew(gate: Gate) -> None:
    assert gate.begin_anew(Call(Owner(), "setup", "session"), Profile())


def left(world: World) -> list[tuple[int]]:
    return world.by_hand("SELECT count(*) FROM recordings")


def healthy(store: Store, world: World) -> bool:
    gate = Gate(store, world.table, world.clock, ABOUT)
    call = Call(Owner(), "audit verify", "session")
    return isinstance(gate.maintain(call, verify_log), Health)


class Importing:
    """A step that seals a recording ahead, as an import does."""

    def __init__(self) -> None:
        self.prepared = 0
        self.before_writing = silent_work

    def prepare(self, tx: Tx, grant: Grant) -> None:
        self.prepared += 1
        [(run,)] = tx.execute("SELECT id FROM imports").fetchall()
        digest, new = a_digest(str(self.prepared)), a_recording()
        sealed = recordings.seal(tx.ring, grant, new, digest=digest, import_id=run)
        self._sealed = [sealed]

    def write(self, tx: Tx, grant: Grant) -> None:
        recordings.add(tx, grant, self._sealed)


def silent_work() -> None:
    """Nothing comes between."""


class Interrupted(Importing):
    """Likewise; something happens in other processes between sealing and writing."""

    def prepare(self, tx: Tx, grant: Grant) -> None:
        super().prepare(tx, grant)
        self.before_writing()


@pytest.mark.promise("rights.erase")
@pytest.mark.parametrize("then", ["nobody", "somebody new"])
def test_an_import_elsewhere_ends_and_leaves_nothing(
    world: World, other: Gate, outside: Path, then: str
) -> None:
    done: list[str] = []

    def steps() -> Iterator[tuple[Step, Progress]]:
        yield Importing(), Progress(1, 3, "reading")
        done.append("one")
        erase(other, outside)
        if then == "somebody new":
            anew(other)
        yield Importing(), Progress(2, 3, "reading")
        done.append("two")

    with pytest.raises(PersonErasedError):
        pump(world.gate, IMPORT, steps(), listen=silent)
    assert done == ["one"]
    assert left(world) == [(0,)]
    assert world.last_row()["code"] == "person_erased"
    assert world.last_row()["who"] == ""
    with world.store.reading() as tx:
        scopes = {info.scope for info in tx.ring.infos()}
    assert then == "somebody new" or scopes == {SYSTEM}
    assert healthy(world.store, world)


@pytest.mark.promise("rights.erase")
@pytest.mark.parametrize("after", range(5))
def test_a_rotation_elsewhere_goes_on_and_makes_no_key_of_theirs(
    world: World, other: Gate, outside: Path, after: int
) -> None:
    def steps() -> Iterator[tuple[UpkeepStep, Progress]]:
        for number, step in enumerate(a_rotation().steps()):
            if number == after:
                erase(other, outside)
            yield step

    call = Call(Owner(), ROTATE, "session")
    pump_upkeep(world.gate, call, steps(), listen=silent)
    with world.store.reading() as tx:
        assert {info.scope for info in tx.ring.infos()} == {SYSTEM}
    assert world.last_row()["outcome"] == "done"
    assert healthy(world.store, world)


@pytest.mark.promise("rights.erase")
def test_a_step_sealed_for_who_is_erased_is_never_written_for_who_comes_after(
    world: World, other: Gate, outside: Path
) -> None:
    step = Interrupted()

    def meanwhile() -> None:
        erase(other, outside)
        anew(other)

    step.before_writing = meanwhile
    with pytest.raises(PersonErasedError):
        world.gate.step(IMPORT, step)
    assert step.prepared == 1
    assert left(world) == [(0,)]


@pytest.mark.promise("rights.erase")
def test_a_call_that_has_read_and_waits_gets_the_sentence(
    world: World, acting: Acting, other: Gate, outside: Path
) -> None:
    world.give_training()
    acting.does = lambda *_: erase(other, outside) if acting.runs == 1 else None
    answer = world.ask("probe")
    assert answer.code == "person_erased"
    assert "pierre-mcp setup" in answer.text
    assert answer.structured is None


def test_every_door_says_so_and_every_call_is_recorded(
    world: World, outside: Path
) -> None:
    world.give_training()
    erase(world.gate, outside)
    before = len(world.rows())
    for tool in ("get_status", "get_activities", "scribe", "no such tool"):
        assert world.ask(tool).is_error
    asked = Call(Recipient(OTHER), "weekly_review", "session")
    assert world.gate.prompt(asked, {}).is_error
    with pytest.raises(PersonErasedError):
        world.gate.look(Call(Owner(), "imports", "session"), lambda *_: None)
    with pytest.raises(PersonErasedError):
        erase(world.gate, outside)
    rows = world.rows()[before:]
    assert len(rows) == 7
    assert {row["who"] for row in rows} == {""}
    assert {row["arguments"] + row["answer"] + row["detail"] for row in rows} == {""}
    assert world.by_hand("SELECT * FROM audit_detail") == []
    assert healthy(world.store, world)


def test_upkeep_goes_on_without_anybody(world: World, outside: Path) -> None:
    erase(world.gate, outside)
    seen = []
    call = Call(Owner(), "keys rotate", "session")
    world.gate.keep(call, lambda *found: seen.append(found[2]))
    assert seen == [None]
    assert world.last_row()["outcome"] == "done"


@pytest.mark.promise("rights.erase")
def test_it_is_recorded_once_and_noted_outside(world: World, outside: Path) -> None:
    erase(world.gate, outside)
    row = world.last_row()
    assert [r["action"] for r in world.rows()] == ["erase"]
    assert (row["outcome"], row["risk"], row["door"]) == ("done", "high", "cli")
    assert row["who"]
    words = Tombstones(outside, keys.store_id(world.store.db)).words()
    assert list(words.values()) == [Word.ERASED]
    assert world.gate.finish(outside)


def test_what_fails_leaves_the_person_there(world: World, outside: Path) -> None:
    world.gate.note(ERASE, Outcome.STARTED)
    trigger = "SELECT sql FROM sqlite_master WHERE name = 'audit_keeps'"
    [(sql,)] = world.by_hand(trigger)
    world.by_hand("DROP TRIGGER audit_keeps")
    world.by_hand("DELETE FROM audit")
    world.by_hand(sql)
    with pytest.raises(AuditTamperedError):
        erase(world.gate, outside)
    assert not outside.exists()
    assert left(world) == [(1,)]


def test_what_fails_once_noted_is_noted_as_kept(world: World, outside: Path) -> None:
    world.by_hand(
        "CREATE TRIGGER breaks BEFORE INSERT ON erasures "
        "BEGIN SELECT RAISE(ABORT, 'breaks'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        erase(world.gate, outside)
    words = Tombstones(outside, keys.store_id(world.store.db)).words()
    assert list(words.values()) == [Word.KEPT]
    assert left(world) == [(1,)]


def test_where_it_cannot_be_noted_nothing_is_erased(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_text("a file")
    with pytest.raises(StorePermissionsError):
        erase(world.gate, tmp_path / "outside")
    assert left(world) == [(1,)]
    assert world.last_row()["code"] == "store_permissions"


def test_who_begins_anew_is_served_and_the_old_process_is_not(
    world: World, other: Gate, outside: Path
) -> None:
    world.ask("get_status")
    erase(other, outside)
    anew(other)
    assert not other.begin_anew(Call(Owner(), "setup", "session"), Profile())
    assert world.ask("get_status").code == "person_erased"
    new = Gate(world.store, world.table, world.clock, ABOUT)
    call = Call(Recipient(OTHER), "get_status", "session")
    assert not new.serve(call, {}).is_error
    assert world.last_row()["who"]
    assert healthy(world.store, world)
