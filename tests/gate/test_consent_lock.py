"""An older copy does not take the consent lock off, and a new machine keeps its own."""

from pathlib import Path

import pytest

from pierre_mcp.errors import HighWaterUnreadableError, HighWaterUnwritableError
from pierre_mcp.gate import consent_lock, erasure
from pierre_mcp.gate.house import gate_on, opener
from pierre_mcp.gate.locking import LOCK, UNLOCK, Sign
from pierre_mcp.keyring.lock import new_lock, open_lock
from pierre_mcp.keyring.stretching import Cost
from pierre_mcp.model.caller import Call
from pierre_mcp.model.lock import ConsentLock
from pierre_mcp.store import policies
from pierre_mcp.store.receipts import Beside
from tests.gate.test_restoring import RESTORE, backed_up, taking
from tests.gate.world import OWNER, World
from tests.stores import marks_of, settings_of

WORDS, OTHERS = "correct horse battery staple", "four quite random words"
CHEAP = Cost(time=1, memory_kib=64, lanes=1)
PUT_ON = Call(OWNER, LOCK, "session")
TAKE_OFF = Call(OWNER, UNLOCK, "session")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less memory, for what does not depend on how much."""

    def cheap(passphrase: str) -> ConsentLock:
        return new_lock(passphrase, cost=CHEAP)

    monkeypatch.setattr(consent_lock, "new_lock", cheap)


@pytest.fixture
def outside(world: World) -> Path:
    return marks_of(world.directory)


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    """A backup from before there was a lock."""
    backed_up(world, tmp_path / "copy.db")
    return tmp_path / "copy.db"


def put_on(world: World, words: str = WORDS, sign: Sign | None = None) -> Sign:
    outside = marks_of(world.directory)
    consent_lock.put_on(world.gate, PUT_ON, outside, words, sign=sign)
    lock = world.gate.lock(PUT_ON)
    assert lock is not None
    return open_lock(lock, words)


def take_off(world: World, sign: Sign | None) -> bool:
    outside = marks_of(world.directory)
    return consent_lock.take_off(world.gate, TAKE_OFF, outside, sign=sign)


def noted(outside: Path) -> list[Path]:
    return list(outside.glob("*.lock"))


def restored(directory: Path, path: Path) -> tuple[ConsentLock | None, str]:
    """Put a copy in the store's place; return its lock, and the ledger's last line."""
    settings = settings_of(directory)
    with taking(settings, path) as ready:
        ready.carry_out(RESTORE)
    store = opener(settings)()
    try:
        gate = gate_on(store, settings)
        told = gate.look(RESTORE, policies.history)
        last = f"{told[-1][1].event} by {told[-1][1].by}" if told else ""
        return gate.lock(PUT_ON), last
    finally:
        store.close()


@pytest.mark.promise("consent.human-only")
def test_an_older_copy_does_not_take_it_off(world: World, copy: Path) -> None:
    put_on(world)
    lock = world.gate.lock(PUT_ON)
    world.close()
    assert restored(world.directory, copy) == (lock, "locked by restore")
    assert restored(world.directory, copy) == (lock, "locked by restore")


def test_one_changed_since_the_copy_is_the_one_that_counts(
    world: World, tmp_path: Path
) -> None:
    sign = put_on(world)
    backed_up(world, tmp_path / "copy.db")
    put_on(world, OTHERS, sign)
    world.close()
    lock, last = restored(world.directory, tmp_path / "copy.db")
    assert lock is not None
    assert open_lock(lock, OTHERS)(b"") is not None
    assert last == "locked by restore"


@pytest.mark.promise("consent.human-only")
def test_a_copy_brings_its_own_along(world: World, tmp_path: Path) -> None:
    """To another machine; and to this one, where it was taken off since."""
    sign = put_on(world)
    backed_up(world, tmp_path / "copy.db")
    lock = world.gate.lock(PUT_ON)
    assert take_off(world, sign)
    assert not take_off(world, None)
    assert world.gate.lock(PUT_ON) is None
    world.close()
    there = tmp_path / "elsewhere" / "store"
    for directory in (world.directory, there):
        assert restored(directory, tmp_path / "copy.db") == (lock, "locked by owner")


def test_where_none_was_none_is(world: World, copy: Path) -> None:
    take_off(world, put_on(world))
    assert noted(marks_of(world.directory)) == []
    world.close()
    assert restored(world.directory, copy) == (None, "")


@pytest.mark.promise("rights.erase")
def test_it_goes_with_the_person(world: World, outside: Path, copy: Path) -> None:
    sign = put_on(world)
    assert len(noted(outside)) == 1
    call, beside = Call(OWNER, "erase", "session"), Beside(0, 0)
    erasure.erase(world.gate, call, outside, beside=beside, sign=sign)
    assert noted(outside) == []
    world.close()
    with taking(settings_of(world.directory), copy) as ready:
        accepted, _ = ready.carry_out(RESTORE)
    assert accepted.erased


def test_where_it_cannot_be_noted_it_is_not_put_on(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HighWaterUnwritableError):
        consent_lock.put_on(
            world.gate, PUT_ON, tmp_path / "file" / "x", WORDS, sign=None
        )
    assert world.gate.lock(PUT_ON) is None
    assert world.last_row()["code"] == "high_water_unwritable"


def test_a_note_that_cannot_be_removed_is_told(world: World, outside: Path) -> None:
    sign = put_on(world)
    [path] = noted(outside)
    path.unlink()
    path.mkdir()
    with pytest.raises(HighWaterUnwritableError):
        take_off(world, sign)
    assert world.gate.lock(PUT_ON) is None


@pytest.mark.promise("consent.human-only")
def test_a_note_that_cannot_be_read_is_not_taken_for_none(
    world: World, outside: Path, copy: Path
) -> None:
    put_on(world)
    [path] = noted(outside)
    path.write_bytes(b"{}")
    world.close()
    with pytest.raises(HighWaterUnreadableError):
        restored(world.directory, copy)
