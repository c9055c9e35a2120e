"""What differs by operating system: modes, memory, locks, clocks and the terminal.

Every call that exists on one system and not on another is here, so that the rest of the
program has no branches on the platform. On Windows modes mean nothing and the profile's
access list holds instead (DESIGN.md 4): the checks there let everything pass.
"""

import contextlib
import ctypes
import getpass
import os
import secrets
import shutil
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

from pierre_mcp.errors import StorePermissionsError

if sys.platform == "win32":  # pragma: no cover - not run here
    import msvcrt
else:
    import fcntl
    import resource

PRIVATE_UMASK: Final = 0o077
_PRIVATE_FILE = 0o600
_PRIVATE_DIR = 0o700
_OTHERS = 0o077
_OTHERS_WRITE = 0o022
_PR_SET_DUMPABLE = 4  # prctl(2)


def harden() -> None:
    """Close this process to others; call it before any secret is read.

    New files are ours alone, memory is never written out as a core, and on Linux
    ``/proc/self`` (with the environment the key may stand in) is closed to other
    programs of the same user.
    """
    os.umask(PRIVATE_UMASK)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A C library without prctl is no reason not to start: nothing is lost but this.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def check_private_dir(path: Path) -> None:
    """Let pass a directory that is ours and closed to everybody else.

    Raises:
        StorePermissionsError: It is not, or is no directory.
        FileNotFoundError: There is none.
    """
    _check_private(path.stat(), stat.S_IFDIR)


def check_private_file(path: Path) -> None:
    """Let pass a regular file that is ours and closed to everybody else.

    Raises:
        StorePermissionsError: It is not, or is no regular file.
        FileNotFoundError: There is none.
    """
    _check_private(path.stat(), stat.S_IFREG)


def is_own_dir(path: Path) -> bool:
    """Tell whether a path is a directory of ours, no link, that only we can write to.

    Others may read it: what is in it is not ours to keep, only to trust.
    """
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    if sys.platform == "win32":
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE


def make_private_dir(path: Path) -> None:
    """Make a directory 0700, and those above it that are missing, or check it.

    Raises:
        StorePermissionsError: It was there, and is open to others or not ours.
    """
    # Each parent in turn: `parents=True` would give the parents the umask's mode.
    if not path.parent.exists():
        make_private_dir(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=_PRIVATE_DIR)
    check_private_dir(path)


def create_private_file(path: Path) -> BinaryIO:
    """Create a file 0600 and open it for writing.

    Raises:
        FileExistsError: Something has the name already, be it a dangling link.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, _PRIVATE_FILE), "wb")


def write_private_file(path: Path, content: bytes) -> None:
    """Make a new file 0600 that appears whole, is on the disk, and replaces nothing.

    Raises:
        FileExistsError: Another has made it, then or just now; theirs is untouched.
    """
    with new_private_file(path) as file:
        file.write(content)


@contextlib.contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Give a new file 0600 to write, which has its name once the body is done.

    It then is on the disk, and has replaced nothing; of one that is not done, nothing
    is left.

    Raises:
        FileExistsError: Another has made it, then or just now; theirs is untouched.
    """
    draft = _draft_of(path)
    try:
        with create_private_file(draft) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _name_without_replacing(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_dir(path.parent)


@contextlib.contextmanager
def new_private_dir(path: Path) -> Iterator[Path]:
    """Give a new folder 0700 to fill, which has its name once the body is done.

    Raises:
        FileExistsError: There is something of that name.
    """
    draft = _draft_of(path)
    try:
        draft.mkdir(mode=_PRIVATE_DIR)
        yield draft
        if os.path.lexists(path):
            raise FileExistsError
        draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync_dir(path.parent)


def append_private_file(path: Path, content: bytes) -> None:
    """Append to a file, made 0600 if there is none; on the disk when this returns.

    What a crash cut short before is ended first, so that it spoils no later line.

    Raises:
        StorePermissionsError: The file is not ours alone.
        OSError: It cannot be written.
    """
    new = not path.exists()
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, _PRIVATE_FILE), "a+b", buffering=0) as file:
        check_private_file(path)
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            content = content if file.read(1) == b"\n" else b"\n" + content
        file.write(content)
        os.fsync(file.fileno())
    if new:
        _sync_dir(path.parent)


def replace_private_file(path: Path, content: bytes) -> None:
    """Give a file new content, 0600, in one step: whole, and on the disk."""
    draft = _draft_of(path)
    try:
        with create_private_file(draft) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_dir(path.parent)


def sync_file(path: Path) -> None:
    """Put a file that others wrote, and its name, on the disk."""
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    _sync_dir(path.parent)


def has_terminal(stdin_fd: int = 0, stderr_fd: int = 2) -> bool:
    """Tell whether a challenge can be put: asked on stderr, answered on stdin.

    Both must be one terminal: of two, one may be another program's.
    """
    if not (os.isatty(stdin_fd) and os.isatty(stderr_fd)):
        return False
    return os.fstat(stdin_fd).st_rdev == os.fstat(stderr_fd).st_rdev


class FileLock:
    """An exclusive lock on one file, between processes and between instances in one.

    The file is made if missing and never removed: whoever removed it could leave two
    holders. A process that dies lets go, since the lock is the descriptor's. One
    instance locks once at a time; it may be handed from thread to thread.

    Raises:
        OSError: The file cannot be made or opened.
    """

    __slots__ = ("_fd",)

    def __init__(self, path: Path | str) -> None:
        # Not inherited by programs we start (PEP 446), which would hold it on.
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE_FILE)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    if sys.platform == "win32":  # pragma: no cover - not run here

        def try_acquire(self) -> bool:
            """Take the lock if it is free; tell whether it was."""
            try:
                msvcrt.locking(self._fd, msvcrt.LK_NBLCK, 1)
            except OSError:
                return False
            return True

        def acquire(self) -> None:
            """Wait for the lock, however long."""
            # LK_LOCK gives up after ten tries a second apart: too coarse, and too soon.
            while not self.try_acquire():
                time.sleep(0.002)

    else:

        def try_acquire(self) -> bool:
            """Take the lock if it is free; tell whether it was."""
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        def acquire(self) -> None:
            """Wait for the lock, however long; flock knows no deadline."""
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    def close(self) -> None:
        """Let go of the lock, held or not; the instance is spent."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _check_private(found: os.stat_result, kind: int) -> None:
    if stat.S_IFMT(found.st_mode) != kind:
        raise StorePermissionsError
    if sys.platform != "win32" and (
        found.st_uid != os.geteuid() or found.st_mode & _OTHERS
    ):
        raise StorePermissionsError


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def _name_without_replacing(draft: Path, path: Path) -> None:
    """Give a finished file its name, in one step that fails where the name is taken."""
    if sys.platform == "win32":  # pragma: no cover - not run here
        draft.rename(path)
    else:
        # rename(2) would replace; link(2) cannot.
        os.link(draft, path)


def _sync_dir(path: Path) -> None:
    """Put a new name itself on the disk."""
    if sys.platform != "win32":
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def end_with_children(pid: int) -> None:
    """Kill a process that leads a session of its own, and all that is in it.

    It may have ended; on Windows only itself is killed.
    """
    with contextlib.suppress(OSError):
        if sys.platform == "win32":  # pragma: no cover - not run here
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)


def ask_unseen(question: str) -> str:
    """Ask on the terminal, with what is typed not shown."""
    return getpass.getpass(question, stream=sys.stderr)
