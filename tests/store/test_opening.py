"""Opening a store: made whole once, or found as it was left, or refused untouched."""

import sqlite3
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    KeyringMissingError,
    KeyringTamperedError,
    MasterCommandError,
    MasterKeyError,
    MasterKeyMalformedError,
    MasterKeyMissingError,
    MasterKeyUnreadableError,
    MasterKeyWrongError,
    PierreError,
    StoreDamagedError,
    StoreForeignError,
    StoreNewerError,
    StorePermissionsError,
    StoreUnwritableError,
)
from pierre_mcp.keyring.master import LocalMaster, StoreNeed
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import keys, migrations, people
from pierre_mcp.store.database import Tx
from pierre_mcp.store.lock import Turnstile
from pierre_mcp.store.opening import open_store, remove_store
from tests.store.hands import by_hand, child, edit, go, line_of, look
from tests.stores import (
    MASTER,
    OTHER_MASTER,
    a_recording,
    a_store,
    database,
    opening,
    owner_grant,
    owner_of,
    put,
)

STARTER = """
import hashlib, sys
from pathlib import Path
from tests.stores import a_store
print("ready", flush=True)
sys.stdin.readline()
with a_store(Path(sys.argv[1]), own=True) as store, store.reading() as tx:
    rows = tx.execute("SELECT id, wrapped FROM keyring ORDER BY id").fetchall()
    rows += tx.execute("SELECT id, manifest FROM store").fetchall()
    rows += tx.execute("SELECT tenant, person FROM people").fetchall()
    print(len(rows), hashlib.sha256(repr(rows).encode()).hexdigest(), flush=True)
"""
KILLED_WHILE_MAKING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from pierre_mcp.store.opening import open_store
from tests.stores import opening
def found(tx, who):
    os.kill(os.getpid(), signal.SIGKILL)
open_store(replace(opening(Path(sys.argv[1])), found=found))
"""
KILLED_WITH_A_LOG = """
import os, signal, sys
from pathlib import Path
from tests.stores import a_recording, new_store, owner_grant, put
store = new_store(Path(sys.argv[1]))
put(store, owner_grant(store), *(a_recording(part=i) for i in range(50)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def everything(directory: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in directory.iterdir()
        if not path.name.endswith(".lock")
    }


def refused(directory: Path, error: type[PierreError]) -> PierreError:
    """The error by which a store is refused, after which every byte is as it was."""
    before = everything(directory)
    with pytest.raises(error) as caught:
        open_store(opening(directory))
    assert everything(directory) == before
    return caught.value


@pytest.mark.promise("keys.dek-generated")
def test_processes_that_start_first_at_once_make_one_store(directory: Path) -> None:
    with ExitStack() as stack:
        starters = [stack.enter_context(child(STARTER, directory)) for _ in range(4)]
        for starter in starters:
            assert line_of(starter) == "ready"
        for starter in starters:
            go(starter)
        said = {line_of(starter) for starter in starters}
    assert len(said) == 1
    assert said.pop().startswith("11 ")  # nine keys, one store, one person


@pytest.mark.promise("keys.dek-generated")
def test_no_key_is_stored_unwrapped(directory: Path) -> None:
    with a_store(directory) as store, store.reading() as tx:
        deks = [tx.ring._deks[info.id] for info in tx.ring.infos()]
    held = b"".join(everything(directory).values())
    assert len(deks) == len(set(deks)) == 9
    assert not any(dek in held for dek in deks)


def test_a_store_is_found_again_as_it_was_left(directory: Path) -> None:
    with a_store(directory) as store:
        who = owner_of(store)
    with a_store(directory) as store, store.reading() as tx:
        assert people.owner(tx) == who
        assert people.profile(tx, who).zone == "Europe/Zurich"
        assert not people.is_demo(tx)


@pytest.mark.promise("store.crash")
def test_a_store_killed_while_it_is_made_is_made_by_the_next(directory: Path) -> None:
    with child(KILLED_WHILE_MAKING, directory) as process:
        assert process.wait() == -9
    assert database(directory).exists()
    with a_store(directory) as store:
        assert owner_of(store).person


def test_a_store_whose_making_failed_is_made_by_the_next(directory: Path) -> None:
    def found(_: Tx, __: Identity) -> None:
        raise StoreUnwritableError

    with pytest.raises(StoreUnwritableError):
        open_store(replace(opening(directory), found=found))
    assert look(directory, "SELECT * FROM sqlite_master") == []
    with a_store(directory) as store:
        assert owner_of(store).person


@pytest.mark.promise("store.crash")
def test_what_a_crash_left_in_the_log_is_read(directory: Path) -> None:
    with child(KILLED_WITH_A_LOG, directory) as process:
        assert process.wait() == -9
    assert database(directory).with_name("pierre.db-wal").stat().st_size > 0
    with a_store(directory) as store:
        with store.reading() as tx:
            assert tx.one("SELECT count(*) FROM recordings") == (50,)
        put(store, owner_grant(store), a_recording(part=99))


@pytest.mark.promise("store.crash")
def test_a_torn_log_loses_only_what_was_not_committed(directory: Path) -> None:
    with child(KILLED_WITH_A_LOG, directory) as process:
        assert process.wait() == -9
    log = database(directory).with_name("pierre.db-wal")
    with log.open("ab") as file:
        file.write(log.read_bytes()[32 : 32 + 4_096])
    with a_store(directory) as store, store.reading() as tx:
        assert tx.one("SELECT count(*) FROM recordings") == (50,)


@pytest.mark.promise("keys.no-overwrite")
def test_another_master_key_is_named_and_makes_nothing(directory: Path) -> None:
    with a_store(directory):
        pass
    before = everything(directory)
    with pytest.raises(MasterKeyWrongError) as caught:
        open_store(opening(directory, master=OTHER_MASTER))
    assert caught.value.needed_id == MASTER.id.hex()
    assert everything(directory) == before


@pytest.mark.promise("keys.no-overwrite")
def test_a_master_key_not_given_is_named_and_none_is_made(directory: Path) -> None:
    asked = []

    def none(need: StoreNeed) -> tuple[LocalMaster, ...]:
        asked.append(need)
        raise MasterKeyMissingError

    with a_store(directory):
        pass
    with pytest.raises(MasterKeyMissingError, match=MASTER.id.hex()):
        open_store(replace(opening(directory), masters=none))
    assert [(n.is_new, n.mek_ids) for n in asked] == [(False, frozenset({MASTER.id}))]


@pytest.mark.promise("keys.no-overwrite")
@pytest.mark.parametrize(
    "fault", [MasterKeyMalformedError, MasterKeyUnreadableError, MasterCommandError]
)
def test_a_master_key_that_cannot_be_had_is_named(
    directory: Path, fault: type[MasterKeyError]
) -> None:
    """Each way has its own sentence, and each names the public id it needs."""

    def unread(_: StoreNeed) -> tuple[LocalMaster, ...]:
        raise fault

    with pytest.raises(fault) as caught:
        open_store(replace(opening(directory), masters=unread))
    assert str(caught.value) == str(fault()), "a new store needs none in particular"
    with a_store(directory):
        pass
    before = everything(directory)
    with pytest.raises(fault, match=f"public id {MASTER.id.hex()}") as caught:
        open_store(replace(opening(directory), masters=unread))
    assert caught.value.exit_status == 78
    assert str(caught.value).endswith(fault.remedy)
    assert everything(directory) == before


def test_the_id_of_a_new_store_is_told_before_it_is_made(directory: Path) -> None:
    """It is the salt of a passphrase."""
    asked: list[StoreNeed] = []

    def masters(need: StoreNeed) -> tuple[LocalMaster, ...]:
        asked.append(need)
        return (MASTER,)

    for _ in range(2):
        store = open_store(replace(opening(directory), masters=masters))
        assert keys.store_id(store.db) == asked[0].store_id
        store.close()
    assert asked[0].is_new
    assert asked[1] == StoreNeed(asked[0].store_id, mek_ids=frozenset({MASTER.id}))


def test_others_write_while_the_master_key_is_asked_for(directory: Path) -> None:
    """It may wait for a person, or ten seconds for a command."""

    def slowly(_: StoreNeed) -> tuple[LocalMaster, ...]:
        with Turnstile(directory).hold(0):
            return (MASTER,)

    for _ in range(2):
        open_store(replace(opening(directory), masters=slowly)).close()


@pytest.mark.promise("keys.dek-generated")
def test_another_makes_the_store_while_the_master_key_is_asked_for(
    directory: Path,
) -> None:
    asked: list[StoreNeed] = []

    def late(need: StoreNeed) -> tuple[LocalMaster, ...]:
        if not asked:
            open_store(opening(directory)).close()
        asked.append(need)
        return (MASTER,)

    open_store(replace(opening(directory), masters=late)).close()
    assert [need.is_new for need in asked] == [True, False]
    assert asked[0].store_id != asked[1].store_id


@pytest.mark.promise("keys.no-overwrite")
def test_an_emptied_keyring_is_missing_and_never_a_first_start(directory: Path) -> None:
    with a_store(directory):
        pass
    edit(directory, "DELETE FROM keyring")
    refused(directory, KeyringMissingError)
    assert look(directory, "SELECT count(*) FROM keyring") == [(0,)]


@pytest.mark.promise("keys.authentic")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE keyring SET state = 'decrypt_only' WHERE id = 1",
        "UPDATE keyring SET purpose = 'nonsense' WHERE id = 1",
        "UPDATE keyring SET version = -1 WHERE id = 1",
        "UPDATE keyring SET scope = 'system' || scope WHERE id = 3",
        "UPDATE keyring SET wrapped = randomblob(length(wrapped)) WHERE id = 4",
        "UPDATE keyring SET commitment = randomblob(32) WHERE id = 4",
        "DELETE FROM keyring WHERE id = 8",
        "UPDATE store SET generation = generation + 1",
        "UPDATE store SET generation = -1",
        "UPDATE store SET manifest = randomblob(32)",
        "UPDATE store SET id = 'demo-' || id",
    ],
)
def test_a_keyring_changed_without_the_keys_is_refused(
    directory: Path, sql: str
) -> None:
    with a_store(directory):
        pass
    assert edit(directory, sql) == 1
    refused(directory, KeyringTamperedError)


def test_a_store_without_its_own_row_is_damaged(directory: Path) -> None:
    with a_store(directory):
        pass
    edit(directory, "DELETE FROM store")
    refused(directory, StoreDamagedError)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_programs_database_is_left_alone(directory: Path, mode: str) -> None:
    directory.mkdir(mode=0o700)
    with closing(sqlite3.connect(database(directory))) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
        db.execute("CREATE TABLE theirs (a)")
    database(directory).chmod(0o600)
    refused(directory, StoreForeignError)


def test_a_newer_store_is_left_alone(directory: Path) -> None:
    with a_store(directory):
        pass
    edit(directory, f"PRAGMA user_version = {migrations.VERSION + 1}")
    refused(directory, StoreNewerError)


@pytest.mark.parametrize("version", [0, -1])
def test_a_store_of_no_version_is_not_made_again(directory: Path, version: int) -> None:
    with a_store(directory):
        pass
    edit(directory, f"PRAGMA user_version = {version}")
    refused(directory, StoreDamagedError)


def test_what_is_no_database_is_damaged(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    database(directory).write_bytes(b"not a database" * 1_000)
    database(directory).chmod(0o600)
    refused(directory, StoreDamagedError)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("", 0o750), ("", 0o701), ("pierre.db", 0o640), ("pierre.db-wal", 0o604)],
)
def test_what_others_could_read_is_refused(
    directory: Path, name: str, mode: int
) -> None:
    with a_store(directory):
        (directory / name).chmod(mode)
        with pytest.raises(StorePermissionsError):
            open_store(opening(directory))
        (directory / name).chmod(0o600 if name else 0o700)
    with a_store(directory):
        pass


def test_what_cannot_be_made_is_said_in_our_own_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnwritableError):
        open_store(opening(tmp_path / "file" / "store"))


def test_a_dangling_link_is_not_written_through(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    database(directory).symlink_to(directory / "elsewhere")
    with pytest.raises(StoreUnwritableError):
        open_store(opening(directory))
    assert not (directory / "elsewhere").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER recordings_seals_active",
        "DROP INDEX keyring_one_active",
        "CREATE TRIGGER mine AFTER INSERT ON audit BEGIN SELECT 1; END",
        "CREATE TABLE mine (a)",
        "ALTER TABLE recordings ADD COLUMN mine TEXT",
    ],
)
def test_a_schema_changed_by_hand_is_refused(directory: Path, sql: str) -> None:
    with a_store(directory):
        pass
    with closing(sqlite3.connect(database(directory))) as db:
        db.execute(sql)
    refused(directory, StoreDamagedError)


def test_a_demo_store_is_marked_for_ever(directory: Path) -> None:
    with a_store(directory, demo=True) as store, store.reading() as tx:
        assert people.is_demo(tx)
        assert keys.store_id(store.db).startswith("demo-")
    with a_store(directory) as store, store.reading() as tx:
        assert people.is_demo(tx)


def test_two_owners_are_not_one(directory: Path) -> None:
    with a_store(directory):
        pass
    with by_hand(directory) as db:
        db.execute("INSERT INTO people SELECT 'x', 'y', kid, profile FROM people")
    with (
        a_store(directory) as store,
        store.reading() as tx,
        pytest.raises(StoreDamagedError),
    ):
        people.owner(tx)


def test_a_removed_store_is_gone(directory: Path) -> None:
    with a_store(directory):
        pass
    remove_store(directory)
    assert not directory.exists()
