import ctypes
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from pierre_mcp.errors import StorePermissionsError
from pierre_mcp.platform import (
    FileLock,
    check_private_dir,
    check_private_file,
    create_private_file,
    harden,
    has_terminal,
    is_own_dir,
    make_private_dir,
    write_private_file,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and flock")

HARDENED = """
import ctypes, os, resource, sys
from pierre_mcp.platform import harden
harden()
print(oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_CORE))
if sys.platform == "linux":
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A umask that hides nothing, so that modes are seen as they were asked for."""
    before = os.umask(0)
    yield
    os.umask(before)


@posix_only
def test_hardened() -> None:
    """In a process of its own: none of it can be undone."""
    done = subprocess.run(
        [sys.executable, "-c", HARDENED],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    umask_and_core, *dumpable = done.stdout.splitlines()
    assert umask_and_core == "0o77 (0, 0)"
    assert dumpable == (["0"] if sys.platform == "linux" else [])


@posix_only
@pytest.mark.usefixtures("open_umask")
def test_a_private_dir_is_made_closed_with_its_parents(tmp_path: Path) -> None:
    make_private_dir(tmp_path / "a" / "b")
    make_private_dir(tmp_path / "a" / "b")
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


@posix_only
@pytest.mark.parametrize("bits", [0o750, 0o705, 0o770, 0o701, 0o710])
def test_an_open_dir_is_refused(tmp_path: Path, bits: int) -> None:
    tmp_path.chmod(bits)
    with pytest.raises(StorePermissionsError):
        check_private_dir(tmp_path)
    with pytest.raises(StorePermissionsError):
        make_private_dir(tmp_path)


@posix_only
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o602, 0o620])
def test_an_open_file_is_refused(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "store.db"
    path.touch()
    path.chmod(bits)
    with pytest.raises(StorePermissionsError):
        check_private_file(path)


@posix_only
def test_another_users_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    create_private_file(path).close()
    check_private_file(path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(StorePermissionsError):
        check_private_file(path)


def test_a_file_is_no_directory_and_the_reverse(tmp_path: Path) -> None:
    with pytest.raises(StorePermissionsError):
        check_private_file(tmp_path)
    path = tmp_path / "file"
    create_private_file(path).close()
    with pytest.raises(StorePermissionsError):
        check_private_dir(path)


def test_what_is_missing_is_not_open(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_private_file(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        check_private_dir(tmp_path / "none")


@posix_only
@pytest.mark.usefixtures("open_umask")
def test_a_new_file_is_closed_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    with create_private_file(path) as file:
        file.write(b"first")
    assert mode(path) == 0o600
    with pytest.raises(FileExistsError):
        create_private_file(path)
    assert path.read_bytes() == b"first"


@posix_only
def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "backup").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        create_private_file(tmp_path / "backup")
    with pytest.raises(FileExistsError):
        write_private_file(tmp_path / "backup", b"x")
    assert not (tmp_path / "elsewhere").exists()


@posix_only
@pytest.mark.usefixtures("open_umask")
def test_a_written_file_is_whole_closed_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private_file(path, b"first")
    with pytest.raises(FileExistsError):
        write_private_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path], "the draft is gone"


@posix_only
def test_one_terminal_for_question_and_answer() -> None:
    ours, theirs = os.openpty()
    other, others = os.openpty()
    pipe_in, pipe_out = os.pipe()
    try:
        assert has_terminal(theirs, theirs)
        assert not has_terminal(theirs, others), "two terminals"
        assert not has_terminal(pipe_in, theirs), "the answer from a pipe"
        assert not has_terminal(theirs, pipe_out), "the question to a pipe"
    finally:
        for fd in (ours, theirs, other, others, pipe_in, pipe_out):
            os.close(fd)


@posix_only
@pytest.mark.usefixtures("open_umask")
def test_one_holder_at_a_time(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert mode(tmp_path / "lock") == 0o600
    assert one.try_acquire()
    assert not two.try_acquire()
    one.close()
    one.close()
    assert two.try_acquire()
    two.close()


def test_a_waiter_gets_the_lock_when_it_is_let_go(tmp_path: Path) -> None:
    got: list[float] = []

    def wait() -> None:
        with FileLock(tmp_path / "lock"):
            got.append(time.monotonic())

    with FileLock(tmp_path / "lock"):
        waiter = Thread(target=wait)
        waiter.start()
        waiter.join(0.05)
        assert waiter.is_alive()
        let_go_at = time.monotonic()
    waiter.join(10)
    assert got[0] >= let_go_at


@posix_only
def test_a_program_we_start_does_not_hold_our_lock(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as lock:
        assert not os.get_inheritable(lock._fd)


@posix_only
def test_no_prctl_is_no_reason_not_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(_name: object) -> None:
        raise OSError

    before = os.umask(0)
    try:
        monkeypatch.setattr(ctypes, "CDLL", no_library)
        monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
        harden()
        assert os.umask(before) == 0o077
    finally:
        os.umask(before)


def test_a_directory_of_our_own_that_only_we_write_to(tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    for mode, own in ((0o700, True), (0o755, True), (0o775, False), (0o757, False)):
        made.chmod(mode)
        assert is_own_dir(made) == own, oct(mode)
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    for name in ("link", "file", "missing", "nul\0"):
        assert not is_own_dir(tmp_path / name)
