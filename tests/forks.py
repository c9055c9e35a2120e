"""Processes of the program that begin as a fork of one which has imported it.

Such a process is one as any other: its own id, session, descriptors, environment and
working directory, any signal, and the interpreter's whole end. What it leaves out is
the interpreter's start and the imports, which took most of the time of most tests;
tests of those start ``PROGRAM``.
"""

import contextlib
import ctypes
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import connection, get_context
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, TypeAlias

from coverage import Coverage

from pierre_mcp.__main__ import main
from tests import measuring

PIPE = subprocess.PIPE
PROGRAM = (sys.executable, "-m", "pierre_mcp")
TOY = (sys.executable, str(Path(__file__).with_name("server") / "toy.py"))

Main: TypeAlias = Callable[[Sequence[str]], None]

_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.forkable"])
# Starting one asks after all the others, and only one may hear how one has ended.
_ONE_AT_A_TIME = threading.Lock()


def toy(words: Sequence[str]) -> None:
    """Be the toy server of the wire tests."""
    sys.argv = [TOY[1], *words]
    runpy.run_path(TOY[1], run_name="__main__")


class Fork:
    """One such process, with what these tests use of ``subprocess.Popen``.

    Args:
        words: The arguments of ``main``.
        stdin, stdout, stderr: A descriptor, ``PIPE``, ``DEVNULL``, or None for ours.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        main: Main = main,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        start_new_session: bool = False,
        **ends: Any,
    ) -> None:
        # Of one command the first: measuring it takes longer than most commands do.
        measured = measuring.is_on() and measuring.first((main, *words[:2]))
        with contextlib.ExitStack() as theirs:
            self.stdin, *fds = _end(ends.get("stdin"), 0, theirs)
            self.stdout, *more = _end(ends.get("stdout"), 1, theirs)
            self.stderr, *most = _end(ends.get("stderr"), 2, theirs)
            changed = dict(os.environ if env is None else env)
            changed = changed if measured else measuring.taken_out(changed)
            self._process = _SERVER.Process(
                target=_begin,
                args=(_Ends([*fds, *more, *most]), main, list(words)),
                kwargs={
                    "env": changed,
                    "cwd": str(cwd or Path.cwd()),
                    "session": start_new_session,
                    "measured": measured,
                },
                daemon=True,  # what a failed test leaves behind ends with the tests
            )
            with _ONE_AT_A_TIME, measuring.as_at_first():
                self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        """Return the exit status, or minus the signal; None while it runs."""
        with _ONE_AT_A_TIME:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        connection.wait([self._process.sentinel], timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(PROGRAM, timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(
        self, said: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Say it, read both outputs to their ends, and wait for the process."""
        with ThreadPoolExecutor(3) as pool:
            pool.submit(_say, self.stdin, said)
            out, err = (pool.submit(_hear, end) for end in (self.stdout, self.stderr))
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            return out.result(), err.result()


class _Ends:
    """Descriptors on their way to another process."""

    def __init__(self, fds: Sequence[int]) -> None:
        self._fds = fds

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, ([DupFd(fd) for fd in self._fds],)


def _end(given: Any, fd: int, theirs: contextlib.ExitStack) -> tuple[Any, int]:
    """Return our end of a pipe, where it is to be one, and theirs of whatever it is."""
    if given == PIPE:
        reader, writer = os.pipe()
        other = reader if fd == 0 else writer
        theirs.callback(os.close, other)
        return os.fdopen(*((writer, "wb") if fd == 0 else (reader, "rb"))), other
    if given == subprocess.DEVNULL:
        other = os.open(os.devnull, os.O_RDWR)
        theirs.callback(os.close, other)
        return None, other
    if given is None:
        return None, fd
    return None, given if isinstance(given, int) else given.fileno()


def _say(end: Any, said: bytes | None) -> None:
    if end is not None:
        with contextlib.suppress(BrokenPipeError), end:
            end.write(said or b"")


def _hear(end: Any) -> bytes:
    if end is None:
        return b""
    with end:
        heard: bytes = end.read()
    return heard


def _begin(  # noqa: PLR0913 - what a process begins with
    ends: Sequence[Any],
    main: Main,
    words: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    session: bool,
    measured: bool,
) -> None:
    """Become the process that was asked for; never return."""
    coverage = Coverage.current()
    if coverage is not None and not measured:
        coverage.stop()
        coverage._auto_save = False
    for fd, end in enumerate(ends):
        taken = end.detach()
        os.dup2(taken, fd)
        os.close(taken)
    if session:
        os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    status: Any = 0
    try:
        main(words)
    except SystemExit as end:
        status = end.code or 0
    # The end of an interpreter, threads and buffers and all; ours would skip it.
    ctypes.pythonapi.Py_Exit(status)
