"""The outside file: an older copy put back serves nobody; a crash is no put-back."""

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    HighWaterUnreadableError,
    HighWaterUnwritableError,
    PierreError,
    StoreDamagedError,
    StorePutBackError,
    StoreReplacedError,
)
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.store import audit, audit_check, high_water, people
from pierre_mcp.store.database import Store
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.store.opening import open_store
from tests.store.hands import by_hand, child, edit, look
from tests.store.test_older import OLDER, put_back
from tests.stores import (
    NOW,
    a_grant,
    a_line,
    a_store,
    database,
    maintenance,
    marks_of,
    new_store,
    opening,
    owner_of,
)

KILLED_BEFORE_THE_MARK = """
import os, signal, sys
from pathlib import Path
from pierre_mcp.store import high_water
from tests.store.test_high_water import log
from tests.stores import new_store
store = new_store(Path(sys.argv[1]))
log(store)
high_water.HighWater.note = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
log(store)
"""


_ANOTHER = count()  # of two rows alike, at one instant, each could be the other


def log(store: Store, times: int = 1) -> int:
    """Append rows, one a unit; return the last one's number."""
    who, seq = owner_of(store), 0
    for _ in range(times):
        with store.writing() as tx:
            seq = audit.append(tx, a_line(str(next(_ANOTHER))), now=NOW, who=who)
    return seq


def rows(store: Store) -> int:
    with store.reading() as tx:
        return audit.tail(tx).seq


def file_of(directory: Path) -> Path:
    """The outside file of the one store there was."""
    [path] = marks_of(directory).iterdir()
    return path


def copied(directory: Path, to: Path) -> Path:
    """A copy of the database, with the log beside it if there is one."""
    to.mkdir()
    for path in directory.glob("pierre.db*"):
        shutil.copy(path, to / path.name)
    return to


def put_in(copy: Path, directory: Path) -> None:
    """Put a copy back as a person would: what was there is deleted."""
    for path in directory.glob("pierre.db*"):
        path.unlink()
    for path in copy.iterdir():
        shutil.copy(path, directory / path.name)
        (directory / path.name).chmod(0o600)


def test_every_row_is_noted_with_its_link(directory: Path) -> None:
    with a_store(directory) as store:
        log(store, 3)
        [last] = look(
            directory, "SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1"
        )
        lines = file_of(directory).read_text().splitlines()
        assert len(lines) == 4  # the first was made with the store
        assert lines[-1].split()[1:] == [str(last[0]), last[1].hex()]
        assert file_of(directory).stat().st_mode & 0o777 == 0o600
        assert store.noted() == (Mark(*last), Mark(*last))


def test_a_unit_rolled_back_is_not_noted(directory: Path) -> None:
    with a_store(directory) as store:
        log(store)
        before = file_of(directory).read_bytes()
        with suppress(ZeroDivisionError), store.writing() as tx:
            audit.append(tx, a_line(), now=NOW, who=people.owner(tx))
            raise ZeroDivisionError
        assert file_of(directory).read_bytes() == before


@pytest.mark.promise("store.rollback")
@pytest.mark.parametrize("in_use", [False, True], ids=["closed", "with its log"])
def test_an_older_copy_put_back_is_refused(
    directory: Path,
    tmp_path: Path,
    in_use: bool,  # noqa: FBT001 - a case
) -> None:
    store = new_store(directory)
    log(store)
    if not in_use:
        store.close()
    copy = copied(directory, tmp_path / "copy")
    assert (copy / "pierre.db-wal").exists() == in_use
    if not in_use:
        store = new_store(directory)
    log(store)
    store.close()
    put_in(copy, directory)
    for _ in range(2):
        with pytest.raises(StorePutBackError, match="restore --accept"):
            new_store(directory)


@pytest.mark.promise("store.rollback")
def test_an_older_copy_that_went_on_elsewhere_is_refused(
    directory: Path, tmp_path: Path
) -> None:
    with a_store(directory) as store:
        log(store)
    other = copied(directory, tmp_path / "other")
    shutil.copytree(marks_of(directory), marks_of(other))
    other.chmod(0o700)
    with a_store(other, own=True) as store:
        assert log(store, 3) == 4
    with a_store(directory) as store:
        assert log(store, 2) == 3
    put_in(other, directory)
    with pytest.raises(StorePutBackError):  # it has a row 3, and another one
        new_store(directory)


@pytest.mark.promise("store.rollback")
def test_of_two_copies_in_use_only_the_last_written_is_served(
    directory: Path, tmp_path: Path
) -> None:
    """As when the data directory was copied, and the setting changed back later."""
    with a_store(directory) as store:
        log(store)
    other = copied(directory, tmp_path / "other")
    other.chmod(0o700)
    at_other = replace(opening(other), high_water=marks_of(directory))
    store = open_store(at_other)
    log(store)
    with pytest.raises(StorePutBackError):
        new_store(directory)
    log(store)
    store.close()


@pytest.mark.promise("store.rollback")
def test_a_store_from_elsewhere_is_refused(directory: Path, tmp_path: Path) -> None:
    with a_store(tmp_path / "other", own=True) as store:
        log(store)
    with a_store(directory) as store:
        log(store)
    put_in(copied(tmp_path / "other", tmp_path / "copy"), directory)
    with pytest.raises(StorePutBackError):
        new_store(directory)


@pytest.mark.promise("store.rollback")
def test_an_older_copy_without_a_mark_is_refused(directory: Path) -> None:
    with a_store(directory) as store:
        log(store)
    file_of(directory).unlink()
    with pytest.raises(StorePutBackError):
        new_store(directory)
    shutil.rmtree(marks_of(directory))
    with pytest.raises(StorePutBackError):
        new_store(directory)


def test_a_file_cut_short_by_hand_is_a_prefix_and_passes(
    directory: Path, tmp_path: Path
) -> None:
    """Known: who can also write there can do this, until the file is signed."""
    with a_store(directory) as store:
        log(store)
    copy, old = copied(directory, tmp_path / "copy"), file_of(directory).read_bytes()
    with a_store(directory) as store:
        log(store)
    put_in(copy, directory)
    file_of(directory).write_bytes(old)
    with a_store(directory) as store:
        assert log(store) == 2


@pytest.mark.parametrize(
    "end", [b"x", b"57a147f6 1", b"\0" * 3_000, b"\xff\n\n", b"\n1 2 3\n" * 300]
)
def test_what_a_crash_left_of_a_line_is_passed_over(
    directory: Path, end: bytes
) -> None:
    with a_store(directory) as store:
        log(store, 2)
        with file_of(directory).open("ab") as file:
            file.write(end)
        assert store.noted()[0] == store.noted()[1]
        log(store)
        assert store.noted()[0] == store.noted()[1]
    with a_store(directory) as store:
        assert rows(store) == 3


@pytest.mark.parametrize("content", [b"", b"nothing\n", b"x" * 5_000])
def test_a_file_without_a_mark_is_none(directory: Path, content: bytes) -> None:
    with a_store(directory):
        file_of(directory).write_bytes(content)
    with pytest.raises(StorePutBackError):
        new_store(directory)


def test_a_mark_of_another_store_does_not_count(directory: Path) -> None:
    with a_store(directory) as store:
        log(store)
        [(link,)] = look(directory, "SELECT link FROM audit")
    file_of(directory).write_text(f"another-store 1 {link.hex()}\n")
    with pytest.raises(StorePutBackError):
        new_store(directory)


def test_a_mark_of_no_row_is_only_the_first(directory: Path) -> None:
    with a_store(directory) as store:
        log(store)
        store_id = file_of(directory).stem
    file_of(directory).write_text(f"{store_id} 0 {'11' * 32}\n")
    with pytest.raises(StorePutBackError):
        new_store(directory)


def test_a_file_that_cannot_be_read_is_not_one_that_is_missing(directory: Path) -> None:
    with a_store(directory):
        path = file_of(directory)
    path.unlink()
    path.mkdir()
    with pytest.raises(HighWaterUnreadableError):
        new_store(directory)


@pytest.mark.promise("store.crash")
def test_a_kill_between_commit_and_mark_is_no_put_back(directory: Path) -> None:
    with child(KILLED_BEFORE_THE_MARK, directory) as process:
        assert process.wait() == -9
    with a_store(directory) as store:
        noted, newest = store.noted()
        assert noted is not None
        assert (noted.seq, newest.seq) == (1, 2)
        log(store)
        assert store.noted() == (Mark.newest(store.db),) * 2


def test_two_connections_in_turn_keep_one_file(directory: Path) -> None:
    with a_store(directory) as one, a_store(directory) as other:
        for _ in range(5):
            log(one)
            log(other)
        assert one.noted()[0] == Mark.newest(other.db)
        numbers = [
            line.split()[1] for line in file_of(directory).read_text().splitlines()
        ]
        assert numbers == [str(n) for n in range(11)]


def test_a_long_file_is_cut_to_its_last_line(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(high_water, "MOST_BYTES", 500)
    with a_store(directory) as one, a_store(directory) as other:
        for _ in range(10):
            log(one)
            log(other)
        assert one.noted()[0] == Mark.newest(other.db)
        assert file_of(directory).stat().st_size <= 500
        assert file_of(directory).stat().st_mode & 0o777 == 0o600
    with a_store(directory) as store:
        assert rows(store) == 20


class Vanishing(HighWater):
    """An outside file that is gone between the check and the note."""

    def check(self, db: sqlite3.Connection) -> None:
        self._path.unlink(missing_ok=True)
        del db


def test_a_mark_that_cannot_be_noted_loses_no_answer_and_is_said_once(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_store(directory) as store:
        store._outside = Vanishing(marks_of(directory), store._outside.store_id)
        assert log(store, 3) == 3
        assert rows(store) == 3
    [said] = [record.message for record in caplog.records]
    assert said.startswith("the high-water mark")


def test_a_store_whose_mark_cannot_be_made_is_not_made(directory: Path) -> None:
    marks_of(directory).parent.mkdir(mode=0o700)
    marks_of(directory).write_text("in the way")
    for _ in range(2):
        with pytest.raises(PierreError):
            new_store(directory, own=True)
        assert look(directory, "SELECT * FROM sqlite_master") == []
    marks_of(directory).unlink()
    marks_of(directory).mkdir(mode=0o700)
    with a_store(directory) as store:
        assert log(store) == 1


def test_a_directory_that_cannot_be_made_is_said_so(directory: Path) -> None:
    under = directory.with_name("file")
    under.write_text("")
    with pytest.raises(HighWaterUnwritableError):
        open_store(replace(opening(directory), high_water=under / "marks" / "more"))


def test_a_store_id_that_is_a_path_is_none(directory: Path) -> None:
    with a_store(directory):
        pass
    edit(directory, "UPDATE store SET id = '../../somewhere'")
    with pytest.raises(StoreDamagedError):
        new_store(directory)


@pytest.mark.promise("store.rollback")
def test_the_first_start_of_this_version_makes_the_mark_and_only_that(
    directory: Path,
) -> None:
    put_back(OLDER / "version-2.db.gz", directory)
    with a_store(directory) as store:
        log(store)
    database(directory).unlink()
    directory.rename(directory.with_name("gone"))
    put_back(OLDER / "version-2.db.gz", directory)
    for _ in range(2):
        with pytest.raises(StorePutBackError):
            new_store(directory)


def test_a_log_cut_by_hand_is_told_from_an_older_copy(directory: Path) -> None:
    with a_store(directory) as store:
        log(store, 3)
    with by_hand(directory) as db:
        db.execute("DELETE FROM audit WHERE seq = 3")
    with a_store(directory) as store:  # opens, so that audit verify can tell
        with store.reading() as tx:
            found = audit_check.verify(tx, maintenance(), people.owner(tx))
        assert found == Finding(3, FindingKind.CUT)


# --- a store that is open


@pytest.mark.promise("store.rollback")
def test_a_file_put_in_place_of_one_in_use_ends_who_has_it_open(
    directory: Path, tmp_path: Path
) -> None:
    with a_store(directory) as store:
        log(store)
        copied(directory, tmp_path / "copy")
        (tmp_path / "copy" / "pierre.db").rename(database(directory))
        with pytest.raises(StoreReplacedError), store.reading():
            pytest.fail("it was read")
        with pytest.raises(StoreReplacedError), store.writing():
            pytest.fail("it was written")


@pytest.mark.promise("store.rollback")
def test_a_file_deleted_under_one_in_use_ends_who_has_it_open(directory: Path) -> None:
    with a_store(directory) as store:
        database(directory).unlink()
        with pytest.raises(StoreReplacedError), store.reading():
            pytest.fail("it was read")


def older_content(tmp_path: Path, store: Store) -> Path:
    """A copy as of now, after which the store goes on."""
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path)) as copy:
        store.db.backup(copy)
    log(store)
    return path


@pytest.mark.promise("store.rollback")
def test_older_content_put_into_an_open_store_takes_no_row(
    directory: Path, tmp_path: Path
) -> None:
    """As the ``.restore`` of the sqlite3 shell does."""
    with a_store(directory) as store:
        log(store)
        older = older_content(tmp_path, store)
        with (
            closing(sqlite3.connect(older)) as copy,
            closing(sqlite3.connect(database(directory))) as db,
        ):
            copy.backup(db)
        with pytest.raises(StorePutBackError):
            log(store)
        assert rows(store) == 1
        with pytest.raises(StorePutBackError):
            new_store(directory)


@pytest.mark.promise("store.rollback")
def test_a_store_put_back_is_opened_to_look_at_and_takes_no_row(
    directory: Path, tmp_path: Path
) -> None:
    with a_store(directory) as store:
        log(store)
    copy = copied(directory, tmp_path / "copy")
    with a_store(directory) as store:
        log(store)
    put_in(copy, directory)
    store = open_store(replace(opening(directory), put_back_too=True))
    try:
        assert rows(store) == 1
        with pytest.raises(StorePutBackError):
            log(store)
        with store.accepting() as tx:
            audit.append(tx, a_line(), now=NOW, who=a_grant(people.owner(tx)))
        assert log(store) == 3
    finally:
        store.close()
    with a_store(directory) as store:
        assert rows(store) == 3
