"""Backups and their restoring: whole copies, and nobody served by an old one."""

import resource
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from pierre_mcp.clock import Clock
from pierre_mcp.errors import (
    AuditTamperedError,
    CopyDamagedError,
    CopyForeignError,
    CopyTamperedError,
    CopyUnreadableError,
    DemoStoreError,
    LockTimeoutError,
    MasterKeyWrongError,
    PierreError,
    PlaceUnusableError,
    StoreDamagedError,
    StoreNewerError,
    StorePutBackError,
    StoreReplacedError,
    StoreUnwritableError,
)
from pierre_mcp.gate.masters import Masters
from pierre_mcp.gate.restoring import PutBack, Restoring, put_back, restoring
from pierre_mcp.keyring.ring import KeyState, Purpose, person_scope
from pierre_mcp.model.audit import Health
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Grant
from pierre_mcp.platform import create_private_file
from pierre_mcp.services.backups import Copied, back_up
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.restoring import Accepted, commands
from pierre_mcp.settings import Settings
from pierre_mcp.store import (
    audit,
    audit_check,
    imports,
    key_changes,
    people,
    policies,
    sealed,
)
from pierre_mcp.store import recordings as stored
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.imports import Run
from pierre_mcp.store.tombstones import Tombstones, Word, tombstone_of
from tests.gate.world import CLAUDE, OWNER, World, a_world
from tests.store.hands import by_hand, child, edit
from tests.store.test_older import OLDER
from tests.store.test_older import put_back as put_back_older
from tests.stores import (
    MASTER,
    NOW,
    OTHER_MASTER,
    a_digest,
    a_line,
    a_recording,
    a_store,
    database,
    maintenance,
    marks_of,
    new_store,
    owner_grant,
    put,
    settings_of,
)

IMPORT = "0b2d8a52-3d3a-4f4e-9d0c-6c8d1f0f7a11"
RESTORE = Call(OWNER, "restore", "session")
SCOPES = ("files:activities", f"share:{CLAUDE}")
KILLED = """
import os, signal, sys
from pathlib import Path
from pierre_mcp.gate.masters import Masters
from pierre_mcp.gate.restoring import restoring
from pierre_mcp.store import copies, high_water
from tests.gate.test_restoring import RESTORE
from tests.stores import settings_of
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "half way":
    whole = copies._copied
    def _copied(source, target, listen=None):
        into_place = target.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        whole(source, target, die if into_place else listen)
    copies._copied = _copied
    copies._PAGES = 4
else:
    begin = high_water.HighWater.begin
    def _begin(outside, mark):
        if "restoring-" not in str(outside._path):
            die()
        begin(outside, mark)
    high_water.HighWater.begin = _begin
settings = settings_of(Path(sys.argv[1]))
with restoring(settings, Masters(settings), Path(sys.argv[2])) as ready:
    ready.carry_out(RESTORE)
"""


OTHERS = (
    sqlite3.connect(":memory:").execute("CREATE TABLE x (y)").connection.serialize()
)


def taking(
    settings: Settings, path: Path, clock: Clock | None = None
) -> AbstractContextManager[Restoring]:
    """Check a copy, as a command does that asks for its master keys once."""
    return restoring(settings, Masters(settings), path, clock)


def looking(settings: Settings) -> AbstractContextManager[PutBack]:
    """Look at the store in its place, likewise."""
    return put_back(settings, Masters(settings))


def backed_up(world: World, path: Path) -> Copied:
    """Back up as the command does."""
    create_private_file(path).close()
    return world.gate.maintain(Call(OWNER, "backup", "session"), back_up(path))


def restored(directory: Path, path: Path) -> tuple[Accepted, Path | None]:
    with taking(settings_of(directory), path) as ready:
        return ready.carry_out(RESTORE)


def refused(directory: Path, path: Path, error: type[PierreError]) -> PierreError:
    """The error by which a copy is refused; nothing of it is left behind."""
    before = sorted(directory.glob("pierre.db*"))
    with pytest.raises(error) as caught:
        restored(directory, path)
    assert sorted(directory.glob("pierre.db*")) == before
    assert not list(directory.glob("restoring-*"))
    return caught.value


def recordings(store: Store) -> int:
    with store.reading() as tx:
        return int(tx.one("SELECT count(*) FROM recordings")[0])


def log(store: Store) -> None:
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=people.owner(tx))


def healthy(store: Store) -> int:
    """How many rows the log has, all of it being whole."""
    with store.reading() as tx:
        found = verify_log(tx, maintenance(), people.owner(tx))
    assert isinstance(found, Health), found
    return found.rows


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the world's store is."""
    return tmp_path / "store"


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    """A backup of a world in which one assistant holds two scopes."""
    world.give(*SCOPES)
    world.give(*SCOPES[:1], to="another")
    world.withdraw(to="another")
    backed_up(world, tmp_path / "copy.db")
    return tmp_path / "copy.db"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Where a store would be on a machine that never had one."""
    return tmp_path / "fresh" / "store"


# --- backing up


@pytest.mark.promise("keys.backup")
def test_a_backup_is_made_while_others_write(world: World, tmp_path: Path) -> None:
    done = threading.Event()
    written: list[int] = []

    def write() -> None:
        with a_store(world.directory) as store:
            grant = owner_grant(store)
            while not done.is_set():
                put(store, grant, a_recording(part=len(written) + 1))
                log(store)
                written.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        copied = [backed_up(world, tmp_path / f"{n}.db") for n in range(3)]
    finally:
        done.set()
        thread.join()
    for n, one in enumerate(copied):
        with taking(settings_of(tmp_path / "f" / "s"), tmp_path / f"{n}.db") as r:
            assert len(r.copy.links) == one.rows
            assert len(r.copy.recordings) >= one.rows - n  # each had its row after it
    assert written


@pytest.mark.promise("keys.backup")
def test_a_backup_is_one_private_file_without_an_unwrapped_key(
    world: World, copy: Path
) -> None:
    with world.store.reading() as tx:
        deks = [tx.ring._deks[info.id] for info in tx.ring.infos()]
    content = copy.read_bytes()
    assert not any(dek in content for dek in (*deks, bytes(range(32))))
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(copy.parent.glob("copy.db-*"))


@pytest.mark.promise("keys.backup")
def test_a_backup_opens_with_the_master_key_only(copy: Path, fresh: Path) -> None:
    other = settings_of(fresh, key=bytes(range(32, 64)))
    with pytest.raises(MasterKeyWrongError) as caught, taking(other, copy):
        pytest.fail("it opened")
    assert caught.value.needed_id == MASTER.id.hex() != OTHER_MASTER.id.hex()
    assert not (fresh / "pierre.db").exists()


def test_a_backup_is_recorded(world: World, copy: Path) -> None:
    assert copy.exists()
    with world.store.reading() as tx:
        assert audit.last_done(tx, maintenance(), "backup") == NOW
        assert audit.last_done(tx, maintenance(), "restore") is None


def test_a_demo_is_not_backed_up(tmp_path: Path) -> None:
    with a_store(tmp_path / "demo", demo=True) as store, store.reading() as tx:
        work = back_up(tmp_path / "copy.db")
        with pytest.raises(DemoStoreError):
            work(tx, maintenance(), people.owner(tx))


def test_a_damaged_store_makes_no_backup(world: World, tmp_path: Path) -> None:
    world.put(*(a_recording(part=n) for n in range(1, 60)))
    world.store.checkpoint()
    [(page,)] = world.store.db.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'recordings'"
    ).fetchall()
    world.close()
    with database(world.directory).open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\xff" * 4_096)
    world.store = new_store(world.directory)
    create_private_file(tmp_path / "copy.db").close()
    work = back_up(tmp_path / "copy.db")
    with world.store.reading() as tx:
        who = people.owner(tx)
        with pytest.raises(StoreDamagedError):
            work(tx, maintenance(), who)


def test_a_log_changed_by_hand_makes_no_backup(world: World, tmp_path: Path) -> None:
    for _ in range(3):
        log(world.store)
    edit(world.directory, "UPDATE audit SET entry = '{}' WHERE seq = 1")
    with pytest.raises(AuditTamperedError):
        backed_up(world, tmp_path / "copy.db")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.promise("store.crash")
def test_a_full_disk_makes_no_backup_and_restores_nothing(
    world: World, copy: Path, fresh: Path, tmp_path: Path
) -> None:
    with room_for(100_000):
        with pytest.raises(StoreUnwritableError):
            backed_up(world, tmp_path / "more.db")
        with pytest.raises(StoreUnwritableError):
            restored(fresh, copy)
    assert not (fresh / "pierre.db").exists()
    assert healthy(world.store)


@pytest.mark.promise("store.crash")
def test_a_disk_too_full_to_keep_what_is_replaced_replaces_nothing(
    world: World, copy: Path
) -> None:
    world.put(*(a_recording(part=n) for n in range(1, 120)))
    world.store.checkpoint()
    with room_for(copy.stat().st_size + 20_000):
        refused(world.directory, copy, StoreUnwritableError)
    assert recordings(world.store) == 120
    log(world.store)


# --- restoring


@pytest.mark.promise("keys.backup")
def test_a_backup_is_restored_on_a_new_machine(
    world: World, copy: Path, fresh: Path
) -> None:
    rows = healthy(world.store) - 1  # the backup's own row came after the copy
    accepted, kept = restored(fresh, copy)
    assert kept is None
    assert accepted.withdrawn == {CLAUDE: SCOPES}
    assert commands(accepted, "pierre-mcp") == [
        f"pierre-mcp consent grant {' '.join(SCOPES)} --to {CLAUDE}"
    ]
    with a_store(fresh) as store:
        assert recordings(store) == 1
        assert healthy(store) == rows + 1
        with store.reading() as tx:
            [last] = audit.last(tx, maintenance(), 1)
        assert (last["action"], last["outcome"]) == ("restore", "done")
        assert last["risk"] == "high"
        log(store)


@pytest.mark.promise("store.rollback")
def test_what_was_consented_to_is_withdrawn_and_the_ledger_says_why(
    copy: Path, fresh: Path
) -> None:
    restored(fresh, copy)
    with a_store(fresh) as store:
        grant = owner_grant(store)
        with store.reading() as tx:
            assert not policies.read(tx, grant).policy.of(CLAUDE).scopes
            ends = [entry for _, entry in policies.history(tx, grant)][-2:]
        assert {(e.event, e.scope, e.by) for e in ends} == {
            ("withdrawn", scope, "restore") for scope in SCOPES
        }


@pytest.mark.promise("keys.backup")
def test_the_keys_that_seal_and_those_of_cursors_are_replaced(
    world: World, copy: Path, fresh: Path
) -> None:
    with world.store.reading() as tx:
        before = {(i.scope, i.purpose): i.id for i in tx.ring.infos()}
    accepted, _ = restored(fresh, copy)
    with a_store(fresh) as store, store.reading() as tx:
        now = {i.id: i for i in tx.ring.infos()}
        for (scope, purpose), old in before.items():
            active = tx.ring.active(scope, purpose)
            if purpose in {Purpose.SEAL, Purpose.AUDIT}:
                assert active != old
                assert now[old].state is KeyState.DECRYPT_ONLY
            elif purpose is Purpose.TOKEN_MAC:
                assert active != old
                assert old not in now  # destroyed
            else:
                assert active == old
    assert accepted.keys_replaced == 3


@pytest.mark.promise("keys.backup")
def test_a_store_that_was_replaced_is_kept_and_can_be_restored(
    world: World, copy: Path
) -> None:
    directory = world.directory
    world.put(a_recording(part=1))
    rows = healthy(world.store)
    world.close()
    with taking(settings_of(directory), copy) as ready:
        assert ready.there is not None
        assert len(ready.there.links - ready.copy.links) == 1
        assert len(ready.there.recordings - ready.copy.recordings) == 1
        assert ready.noted == ready.there.mark
        _, kept = ready.carry_out(RESTORE)
    assert kept is not None
    assert kept.name == "pierre.db.replaced-20260301T000000Z" or kept.exists()
    assert kept.stat().st_mode & 0o777 == 0o600
    with a_store(directory) as store:
        assert recordings(store) == 1
    _, again = restored(directory, kept)
    assert again not in {None, kept}
    with a_store(directory) as store:
        assert recordings(store) == 2
        assert healthy(store) == rows + 1
    world.store = new_store(directory)


def test_two_stores_replaced_in_one_second_are_both_kept(
    world: World, copy: Path
) -> None:
    settings = settings_of(world.directory)
    kept = []
    for _ in range(3):
        with taking(settings, copy, world.clock) as ready:
            kept.append(ready.carry_out(RESTORE)[1])
    assert [path.name for path in kept if path] == [
        f"pierre.db.replaced-20260301T00000{n}Z" for n in range(3)
    ]


@pytest.mark.promise("store.rollback")
def test_who_has_the_store_open_goes_on_with_the_copy(world: World, copy: Path) -> None:
    """Its consents are withdrawn there and then, and its cached keys are let go."""
    with a_store(world.directory) as server:
        put(server, owner_grant(server), a_recording(part=1))
        assert recordings(server) == 2
        restored(world.directory, copy)
        assert recordings(server) == 1
        with server.reading() as tx:
            grant = owner_grant(world.store)
            assert not policies.read(tx, grant).policy.of(CLAUDE).scopes
        put(server, owner_grant(server), a_recording(part=2))
        log(server)
    with a_store(world.directory) as store:
        assert recordings(store) == 2
        assert healthy(store)


@pytest.mark.promise("store.rollback")
def test_who_has_another_store_open_ends(
    world: World, copy: Path, tmp_path: Path
) -> None:
    del world
    with a_store(tmp_path / "other", own=True) as server:
        log(server)
        restored(tmp_path / "other", copy)
        with pytest.raises(StoreReplacedError), server.reading():
            pytest.fail("it was read")
        with pytest.raises(StoreReplacedError):
            log(server)


class RestoredBetween:
    """A step of a job that seals a recording, before a restore that it does not see."""

    def __init__(self, restore: Callable[[], object]) -> None:
        self._restore = restore
        self.prepared = 0

    def prepare(self, tx: Tx, grant: Grant) -> None:
        recording = a_recording(part=7)
        self._sealed = stored.seal(
            tx.ring, grant, recording, digest=a_digest("7"), import_id=IMPORT
        )
        self.prepared += 1
        if self.prepared == 1:
            self._restore()

    def write(self, tx: Tx, grant: Grant) -> None:
        imports.begin(tx, grant, IMPORT, Run(started_at=NOW))
        stored.add(tx, grant, [self._sealed])


@pytest.mark.promise("store.rollback")
def test_what_was_sealed_before_a_restore_is_sealed_again(
    world: World, copy: Path
) -> None:
    """Both stores have a key of the same number, and it is not the same key."""
    grant = owner_grant(world.store)
    with world.store.writing() as tx:
        use = (person_scope(grant.tenant, grant.person), Purpose.SEAL)
        [old] = key_changes.renew(tx, maintenance(), [use], now=NOW)
    step = RestoredBetween(lambda: restored(world.directory, copy))
    world.gate.step(Call(OWNER, "import", "session"), step)
    assert step.prepared == 2
    with world.store.reading() as tx:
        assert old.id in {info.id for info in tx.ring.infos()}
        for row in sealed.every(tx, maintenance(), sealed.TABLES[0]):
            for _, place, cell in row.cells:
                assert tx.ring.open(cell, place)
    assert recordings(world.store) == 2


@pytest.mark.promise("store.crash")
@pytest.mark.parametrize("when", ["half way", "before the mark"])
def test_a_kill_while_restoring_leaves_the_old_store_or_one_put_back(
    world: World, copy: Path, when: str
) -> None:
    world.put(*(a_recording(part=n) for n in range(1, 30)))
    log(world.store)
    with child(KILLED, world.directory, copy, when) as process:
        assert process.wait() == -9
    if when == "half way":
        assert recordings(world.store) == 30
        log(world.store)
    else:
        with pytest.raises(StorePutBackError):
            log(world.store)
        with pytest.raises(StorePutBackError):
            new_store(world.directory)
    restored(world.directory, copy)
    assert recordings(world.store) == 1
    assert not list(world.directory.glob("restoring-*"))
    log(world.store)


@pytest.mark.parametrize("version", [1, 2])
def test_a_copy_of_an_earlier_version_is_restored(
    fresh: Path, tmp_path: Path, version: int
) -> None:
    put_back_older(OLDER / f"version-{version}.db.gz", tmp_path / "older")
    accepted, _ = restored(fresh, tmp_path / "older" / "pierre.db")
    assert list(accepted.withdrawn) == [CLAUDE]
    with a_store(fresh) as store:
        assert recordings(store) >= 4
        assert healthy(store)


def test_a_copy_with_its_log_beside_it_is_restored_with_it(
    world: World, fresh: Path, tmp_path: Path
) -> None:
    world.put(a_recording(part=1))
    (tmp_path / "taken").mkdir()
    for path in world.directory.glob("pierre.db*"):
        shutil.copy(path, tmp_path / "taken")
    restored(fresh, tmp_path / "taken" / "pierre.db")
    with a_store(fresh) as store:
        assert recordings(store) == 2


# --- what is refused


@pytest.mark.parametrize("content", [b"", b"not a store", b"\0" * 8_192])
def test_what_is_no_store_is_refused(
    fresh: Path, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    refused(fresh, path, CopyForeignError)


def test_another_programs_database_is_refused(fresh: Path, tmp_path: Path) -> None:
    for name, sql in (("a", "CREATE TABLE x (y)"), ("b", "PRAGMA user_version = 3")):
        with closing(sqlite3.connect(tmp_path / name)) as db:
            db.execute(sql)
        refused(fresh, tmp_path / name, CopyForeignError)


def test_a_copy_of_a_later_version_is_refused(copy: Path, fresh: Path) -> None:
    with closing(sqlite3.connect(copy)) as db:
        db.execute("PRAGMA user_version = 99")
    refused(fresh, copy, StoreNewerError)


def test_a_demo_is_not_restored(fresh: Path, tmp_path: Path) -> None:
    with a_store(tmp_path / "demo", demo=True):
        pass
    refused(fresh, database(tmp_path / "demo"), DemoStoreError)


def test_a_path_with_nothing_there_is_said_so(fresh: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        restored(fresh, tmp_path / "nothing")


@pytest.mark.promise("keys.backup")
def test_a_damaged_copy_is_refused(world: World, copy: Path, fresh: Path) -> None:
    """Wherever it is damaged: each page, and its end."""
    world.close()
    whole = copy.read_bytes()
    world.store = new_store(world.directory)
    for at in range(0, len(whole), len(whole) // 12):
        page = at // 4_096 * 4_096
        copy.write_bytes(whole[:page] + b"\x55" * 4_096 + whole[page + 4_096 :])
        with pytest.raises(PierreError) as caught:
            restored(fresh, copy)
        assert caught.value.code.startswith(("copy_", "keyring_", "policy_")), page
        assert not list(fresh.glob("pierre.db*"))
    copy.write_bytes(whole[: len(whole) // 2])
    refused(fresh, copy, CopyDamagedError)


def test_a_copy_whose_log_was_changed_is_refused(
    world: World, copy: Path, fresh: Path, tmp_path: Path
) -> None:
    del world
    (tmp_path / "edited").mkdir()
    shutil.copy(copy, database(tmp_path / "edited"))
    edit(tmp_path / "edited", "UPDATE audit SET entry = '{}' WHERE seq = 1")
    refused(fresh, database(tmp_path / "edited"), CopyTamperedError)
    with by_hand(tmp_path / "edited") as db:
        db.execute("DELETE FROM audit")
    refused(fresh, database(tmp_path / "edited"), CopyTamperedError)


def test_what_is_no_store_of_ours_is_not_replaced(copy: Path, fresh: Path) -> None:
    fresh.mkdir(parents=True, mode=0o700)
    place = database(fresh)
    for content in (b"x" * 8_192, OTHERS):
        place.write_bytes(content)
        place.chmod(0o600)
        refused(fresh, copy, PlaceUnusableError)
        assert place.read_bytes() == content
        place.unlink()


@pytest.mark.promise("rights.erase")
@pytest.mark.promise("keys.backup")
def test_who_was_erased_since_is_erased_again(
    world: World, copy: Path, fresh: Path
) -> None:
    """By the note outside; nobody is left, and the log and its key are."""
    with looking(settings_of(world.directory)) as found:
        store_id = found.held.store_id
    with world.store.reading() as tx:
        who = people.owner(tx)
    notes = Tombstones(marks_of(fresh), store_id)
    notes.note(tombstone_of(store_id, who), Word.ORDERED)
    accepted, _ = restored(fresh, copy)
    assert accepted.erased
    assert not accepted.withdrawn
    with a_store(fresh) as store, store.reading() as tx:
        assert people.whose(tx) is None
        for table in sealed.TABLES:
            if table.purpose is Purpose.SEAL:
                assert not list(sealed.every(tx, maintenance(), table))
        assert isinstance(audit_check.verify(tx, maintenance(), None), Health)
        assert {info.scope for info in tx.ring.infos()} == {"system"}
        assert audit.done(tx, maintenance(), "restore")


def test_who_was_not_erased_is_restored(world: World, copy: Path, fresh: Path) -> None:
    with looking(settings_of(world.directory)) as found:
        notes = Tombstones(marks_of(fresh), found.held.store_id)
    notes.note(b"\xab" * 32, Word.ERASED)
    accepted, _ = restored(fresh, copy)
    assert not accepted.erased
    assert accepted.withdrawn


def test_a_folder_is_no_copy_that_can_be_read(fresh: Path, tmp_path: Path) -> None:
    refused(fresh, tmp_path, CopyUnreadableError)


def test_what_cannot_be_made_on_the_way_is_said_so(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritableError):
        restored(tmp_path / "file" / "store", copy)


def test_only_one_restores_at_a_time(copy: Path, fresh: Path) -> None:
    with taking(settings_of(fresh), copy), pytest.raises(LockTimeoutError):
        restored(fresh, copy)


# --- put back by hand


@contextmanager
def put_back_by_hand(world: World, tmp_path: Path) -> Iterator[None]:
    """Have an older copy in the world's place, in which what was withdrawn is held."""
    older = tmp_path / "older"
    older.mkdir()
    world.close()
    for path in world.directory.glob("pierre.db*"):
        shutil.copy(path, older)
    world.store = new_store(world.directory)
    with world.store.writing() as tx:
        how, who = Closing(), people.owner(tx)
        audit.append(tx, a_line("later"), now=NOW, who=who, close=how)
    world.close()
    shutil.copy(older / "pierre.db", database(world.directory))
    yield
    world.store = new_store(world.directory)


@pytest.mark.promise("store.rollback")
def test_a_withdrawn_consent_is_not_revived_by_an_older_copy(
    world: World, tmp_path: Path
) -> None:
    world.give(*SCOPES)
    with put_back_by_hand(world, tmp_path):
        with pytest.raises(StorePutBackError):
            new_store(world.directory)
        with looking(settings_of(world.directory)) as found:
            assert not found.in_order
            assert found.noted is not None
            assert found.noted.seq == found.held.mark.seq + 1
            accepted = found.accept(RESTORE)
        assert accepted.withdrawn == {CLAUDE: SCOPES}
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        assert not policies.read(tx, grant).policy.of(CLAUDE).scopes
    assert healthy(world.store)
    with looking(settings_of(world.directory)) as found:
        assert found.in_order


@pytest.mark.promise("store.rollback")
def test_a_call_is_refused_once_older_content_is_in_the_open_store(
    world: World, tmp_path: Path
) -> None:
    world.give_training()
    with closing(sqlite3.connect(tmp_path / "older.db")) as older:
        world.store.db.backup(older)
        assert world.told("get_activities")["activities"]["id"]
        world.withdraw()
        with closing(sqlite3.connect(database(world.directory))) as place:
            older.backup(place)
    answer = world.ask("get_activities")  # by what was given, it would be answered
    assert answer.is_error
    assert answer.text.startswith("store_put_back")
    assert answer.structured is None


@pytest.mark.promise("store.rollback")
def test_an_older_file_beside_the_newer_log_serves_nobody(
    world: World, tmp_path: Path
) -> None:
    """SQLite takes the two for one: what they make is refused, however it looks."""
    world.give_training()
    world.store.checkpoint()
    shutil.copy(database(world.directory), tmp_path / "older.db")
    world.withdraw()
    world.store.checkpoint()
    log(world.store)  # begins the log anew: what was withdrawn is not in it
    beside = database(world.directory).with_name("pierre.db-wal")
    newer = beside.read_bytes()
    world.close()
    shutil.copy(tmp_path / "older.db", database(world.directory))
    beside.write_bytes(newer)
    beside.chmod(0o600)
    with a_world(world.directory) as mixed:
        answer = mixed.ask("get_activities")
    assert answer.text.startswith("policy_tampered")


def test_a_store_whose_mark_is_gone_is_accepted(world: World) -> None:
    shutil.rmtree(marks_of(world.directory))
    with pytest.raises(StorePutBackError):
        log(world.store)
    with looking(settings_of(world.directory)) as found:
        assert found.noted is None
        found.accept(RESTORE)
    log(world.store)


def test_a_store_whose_log_was_changed_is_not_accepted(world: World) -> None:
    log(world.store)
    shutil.rmtree(marks_of(world.directory))
    edit(world.directory, "UPDATE audit SET entry = '{}' WHERE seq = 1")
    with pytest.raises(AuditTamperedError), looking(settings_of(world.directory)):
        pytest.fail("it was accepted")
