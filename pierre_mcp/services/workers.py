"""The parent's side of parsing: a few workers, each trusted with one file at a time.

Workers are started by exec with an empty environment, hold no key and no database, and
live for up to 256 files. One that hangs, dies or answers nonsense is killed and
replaced, and its file has failed for ``limits``; the next file does not notice.

Everything here is synchronous: one thread waits on each worker.
"""

import contextlib
import io
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO, Protocol, Self, TypeVar, cast

from pierre_mcp.formats.archive import Member
from pierre_mcp.formats.faults import Reason
from pierre_mcp.formats.frames import BrokenFrameError, Frame, read_frame, write_frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.services.contents import MOST_BYTES, content_of, whole
from pierre_mcp.services.exported import Answered, answered
from pierre_mcp.services.parsed import Parsed, parsed_of
from pierre_mcp.services.sources import Source
from pierre_mcp.services.work import Job, Reader, Work

COMMAND = (sys.executable, "-I", "-m", "pierre_mcp.services.parser")
FILES_PER_WORKER = 256
CLOCK_S = 60.0

_AHEAD_PER_WORKER = 32
"""A TCX takes as long as 30 FIT, and must not leave the other workers idle."""
_AHEAD_SAMPLES = 400_000
"""Parsed and waiting for one before them: about 40 MB."""
_GATHER_S = 0.25
_MOST_SAMPLES = 60_000
_PLAIN = Work()
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""Threads of BLAS would take address space a worker does not have."""
_WINDOWS = {"SYSTEMROOT": r"C:\Windows"}


class Wanting(Protocol):
    """Something that a file may have to be read for."""

    @property
    def job(self) -> Job | None:
        """What to read; None where nothing is."""
        ...


W = TypeVar("W", bound=Wanting)
R = TypeVar("R")


class Parsers:
    """A pool of parser workers; a context manager that ends them.

    Args:
        workers: How many files are parsed at once.
        clock_s: How long one file may take, from job to last answer.
        command: What a worker is started as.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        clock_s: float = CLOCK_S,
        limits: Limits | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._limits = limits or Limits()
        self._slots: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        self._all = [_Slot(command, clock_s, self._limits) for _ in range(workers)]
        for slot in self._all:
            self._slots.put(slot)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="parser")

    def __enter__(self) -> Self:
        """Start nothing yet: a worker starts with its first file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill the workers; files not parsed yet are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.kill()
        self._threads.shutdown(wait=True)
        self.kill()

    def kill(self) -> None:
        """End every worker, from any thread: what is still to be parsed fails."""
        for slot in self._all:
            slot.kill()

    def parse(self, wanted: Iterable[W]) -> Iterator[tuple[W, Parsed]]:
        """Parse files on all workers; give them in the order they came."""
        for batch in self.batches(wanted, most=1):
            yield from batch

    def batches(
        self, wanted: Iterable[W], *, most: int
    ) -> Iterator[list[tuple[W, Parsed]]]:
        """Parse files as ``parse``, and give what is ready at about the same time.

        A batch has one file at least, ``most`` at most, samples of a few hours, and
        is closed a quarter of a second after its first. Files are taken a few ahead
        of what is asked for, never all at once. None raises: what is wrong with a
        file is in its ``Parsed``.
        """
        source = iter(wanted)
        waiting: deque[tuple[W, Future[Parsed]]] = deque()
        ahead = _AHEAD_PER_WORKER * len(self._all)

        def room() -> bool:
            held = (f.result() for _, f in waiting if f.done())
            return len(waiting) < ahead and sum(map(_samples, held)) < _AHEAD_SAMPLES

        def fill() -> bool:
            while room() and (one := next(source, None)) is not None:
                waiting.append((one, self._threads.submit(self._parse, one.job)))
            return bool(waiting)

        while fill():
            one, future = waiting.popleft()
            batch, samples = [(one, future.result())], _samples(future.result())
            by_s = time.monotonic() + _GATHER_S
            while len(batch) < most and samples < _MOST_SAMPLES and fill():
                one, future = waiting[0]
                try:
                    parsed = future.result(max(0.0, by_s - time.monotonic()))
                except TimeoutError:
                    break
                waiting.popleft()
                batch.append((one, parsed))
                samples += _samples(parsed)
            yield batch

    def answer(self, job: Job) -> Answered:
        """Have a listing or a table read; what is wrong with it is in the answer."""
        return self._threads.submit(self._answer, job).result()

    def content(self, job: Job) -> bytes | None:
        """Return a file's own bytes, or a member's; None where they cannot be had.

        A file on the disk is read here, and not looked into; a member by a worker.
        """
        return self._threads.submit(self._content, job).result()

    def _content(self, job: Job) -> bytes | None:
        return self._with_source(
            job,
            lambda slot, source: slot.content(source, job.work.chain),
            lambda _: None,
        )

    def _answer(self, job: Job) -> Answered:
        return self._with_source(
            job,
            lambda slot, source: slot.answer(source, job.work),
            lambda reason: Answered(broken=reason),
        )

    def _parse(self, job: Job | None) -> Parsed:
        if job is None:
            return Parsed(None)
        return self._with_source(
            job,
            lambda slot, source: slot.parse(source, job.work),
            lambda reason: Parsed(None, failed=reason),
        )

    def _with_source(
        self,
        job: Job,
        use: "Callable[[_Slot, Source], R]",
        without: Callable[[Reason], R],
    ) -> R:
        try:
            source = Source.open(job.path)
        except OSError:
            return without(Reason.NOT_A_FILE)
        with source.stream:
            archived = job.work.chain or job.work.reader is Reader.LISTING
            if source.size > self._limits.file_bytes and not archived:
                return without(Reason.TOO_LARGE)
            slot = self._slots.get()
            try:
                return use(slot, source)
            finally:
                self._slots.put(slot)


def _samples(parsed: Parsed) -> int:
    """Return how much a file weighs: its samples, and a hundred for each activity."""
    columns = (activity.columns for activity in parsed.activities)
    return sum(100 + len(next(iter(c.values()), ())) for c in columns)


class _Slot:
    """A place in the pool: one worker, started when needed and replaced when spent."""

    def __init__(self, command: Sequence[str], clock_s: float, limits: Limits) -> None:
        self._command = command
        self._limits = limits
        self._clock_s = clock_s
        # A worker started just as the pool closes must not be missed by the killing.
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def parse(self, source: Source, work: Work = _PLAIN) -> Parsed:
        """Have the file parsed; a worker that fails at it is not used again."""
        try:
            digest = None if work.chain else source.digest()
        except OSError:
            return Parsed(None, failed=Reason.NOT_A_FILE)
        parsed = self._asked(
            source, work, lambda frames: parsed_of(frames, digest, self._limits)
        )
        return parsed or Parsed(digest, failed=Reason.LIMITS)

    def answer(self, source: Source, work: Work) -> Answered:
        """Have a listing or a table read, likewise."""
        found = self._asked(source, work, lambda frames: answered(frames, self._limits))
        return found or Answered(broken=Reason.LIMITS)

    def content(self, source: Source, chain: tuple[Member, ...]) -> bytes | None:
        """Return the bytes of the file, or have those of its member read."""
        if (chain[-1].size if chain else source.size) > MOST_BYTES:
            return None
        if not chain:
            return whole(source.stream, source.size)
        work = Work(Reader.BYTES, chain)
        return self._asked(source, work, lambda frames: content_of(frames, chain[-1]))

    def _asked(
        self, source: Source, work: Work, take: Callable[[Callable[[], Frame]], R]
    ) -> R | None:
        try:
            worker = self._ready()
            found = worker.ask(source, work, take, clock_s=self._clock_s)
        except (ValueError, OSError):
            # Broken frames are a ValueError, and so is a reader closed by kill.
            self._end()
            return None
        if worker.files >= FILES_PER_WORKER:
            self._end()
        return found

    def _ready(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise OSError
            if self._worker is None:
                self._worker = _Worker(self._command)
            return self._worker

    def _end(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def kill(self) -> None:
        """End the worker, also under a thread that waits for it; start no other."""
        with self._lock:
            self._closed = True
        self._end()


class _Worker:
    """One running parser, and the way to it: a socket, or pipes on Windows."""

    def __init__(self, command: Sequence[str]) -> None:
        self.files = 0
        self._channel: socket.socket | None = None
        if hasattr(socket, "send_fds"):
            ours, theirs = socket.socketpair()
            with theirs, contextlib.ExitStack() as undo:
                undo.callback(ours.close)
                self._process = _started(command, theirs.fileno(), _ENVIRONMENT)
                undo.pop_all()
            self._channel = ours
            self._reader: BinaryIO = ours.makefile("rb")
        else:  # pragma: no cover - Windows
            self._process = _started(command, subprocess.PIPE, _ENVIRONMENT | _WINDOWS)
            self._reader = cast("BinaryIO", self._process.stdout)

    def ask(
        self,
        source: Source,
        work: Work,
        take: Callable[[Callable[[], Frame]], R],
        *,
        clock_s: float,
    ) -> R:
        """Send one job, and take its answer before the clock runs out.

        Raises:
            BrokenFrameError: The answer is not one, or was cut off.
            OSError: The worker died.
        """
        self.files += 1
        clock = threading.Timer(clock_s, self._hang_up)
        clock.daemon = True
        clock.start()
        try:
            self._send(source, work)
            return take(self._frame)
        finally:
            clock.cancel()

    def _frame(self) -> Frame:
        frame = read_frame(self._reader)
        if frame is None:
            raise BrokenFrameError
        return frame

    def _send(self, source: Source, work: Work) -> None:
        if self._channel is not None:
            job = io.BytesIO()
            write_frame(job, Frame(work.header()))
            socket.send_fds(self._channel, [job.getvalue()], [source.stream.fileno()])
            return
        pipe = cast("BinaryIO", self._process.stdin)  # pragma: no cover - Windows
        write_frame(
            pipe, Frame(work.header() | {"size": source.size})
        )  # pragma: no cover
        shutil.copyfileobj(source.stream, pipe)  # pragma: no cover
        pipe.flush()  # pragma: no cover

    def _hang_up(self) -> None:
        """End the worker, and the wait for it even if a child of it lives on."""
        self._process.kill()
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End the worker, and close the way to it."""
        self._hang_up()
        self._process.wait()
        self._reader.close()
        if self._channel is not None:
            self._channel.close()


def _started(
    command: Sequence[str], ends: int, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C in the terminal is the parent's to handle.
    return subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        stdin=ends,
        stdout=ends,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        close_fds=True,
        start_new_session=True,
    )
