"""The turnstile: the one lock that every writer takes, of any process, in turn.

::

    take `next` ─► take `hold` ─► release `next` ─► the unit ─► release `hold`

Who waits for `hold` stands in `next`, so a writer that has just let go of `hold` cannot
take it again before them: a bulk import never overtakes a person's call (DESIGN.md 4).

flock cannot time out. What cannot be had at once is therefore waited for by a thread
that may be left behind: it is a daemon, and lets go at once of what it gets too late.
Each turn opens the two files anew, so a turn abandoned there is nobody else's concern,
and one turnstile serves any number of threads.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pierre_mcp.errors import LockTimeoutError, StoreUnwritableError
from pierre_mcp.platform import FileLock

NEXT_NAME: Final = "next.lock"
HOLD_NAME: Final = "hold.lock"


class Turnstile:
    """The write lock of the store in ``directory``.

    Args:
        directory: Holds the two lock files; made by the store, private.
    """

    __slots__ = ("_files", "_given_up", "_holders", "_mutex", "_waiting")

    def __init__(self, directory: Path) -> None:
        # As texts, made once: each turn opens both.
        self._files = str(directory / NEXT_NAME), str(directory / HOLD_NAME)
        self._holders: set[int] = set()
        self._waiting: set[threading.Event] = set()
        self._mutex = threading.Lock()
        self._given_up = False

    def __repr__(self) -> str:
        return "<Turnstile>"

    @contextmanager
    def hold(self, deadline_s: float, *, closing: bool = False) -> Iterator[None]:
        """Hold the lock for the body.

        Args:
            deadline_s: Seconds from now to wait at most; 0 takes it only if free.
            closing: Wait even after ``give_up``: closing the last connection
                checkpoints, and so takes the lock too.

        Raises:
            LockTimeoutError: The deadline passed, or ``give_up`` was called.
            StoreUnwritableError: The lock files cannot be made or locked.
            RuntimeError: This thread holds it already, and would wait for itself.
        """
        me = threading.get_ident()
        if me in self._holders:
            msg = "this thread holds the store's lock already"
            raise RuntimeError(msg)
        turn = self._take(deadline_s, closing=closing)
        self._holders.add(me)
        try:
            yield
        finally:
            self._holders.discard(me)
            turn.release()

    def give_up(self) -> None:
        """End every wait, now and from now on: the process is going.

        The lock can still be taken where it is free, and by whoever is ``closing``.
        """
        with self._mutex:
            self._given_up = True
            for settled in self._waiting:
                settled.set()

    def _take(self, deadline_s: float, *, closing: bool) -> "_Turn":
        ends_at = time.monotonic() + deadline_s
        turn = _Turn(*self._files)
        try:
            if not turn.at_once():
                self._wait(turn, ends_at, closing=closing)
        except BaseException:
            # Not only our own errors: Control-C must not leave the lock held.
            turn.abandon()
            raise
        return turn

    def _wait(self, turn: "_Turn", ends_at: float, *, closing: bool) -> None:
        settled = threading.Event()
        with self._mutex:
            if self._given_up and not closing:
                raise LockTimeoutError
            if not closing:
                self._waiting.add(settled)
        try:
            turn.wait(ends_at - time.monotonic(), settled)
        finally:
            with self._mutex:
                self._waiting.discard(settled)


class _Turn:
    """One passage: the two locks, and who must let go of them.

    Before the thread starts the caller owns both. From then on the thread does, until
    under ``_mutex`` it hands them over (``_got``), lets go because its caller has gone
    (``_abandoned``), or fails; so exactly one of the two lets go, whatever the order.
    """

    __slots__ = (
        "_abandoned",
        "_failed",
        "_got",
        "_hold",
        "_is_next",
        "_mutex",
        "_next",
        "_threaded",
    )

    def __init__(self, next_file: str, hold_file: str) -> None:
        self._mutex = threading.Lock()
        self._is_next = self._got = False
        self._threaded = self._abandoned = self._failed = False
        try:
            self._next = FileLock(next_file)
        except OSError:
            raise StoreUnwritableError from None
        try:
            self._hold = FileLock(hold_file)
        except OSError:
            self._next.close()
            raise StoreUnwritableError from None

    def at_once(self) -> bool:
        """Pass without waiting, if nobody holds and nobody is next."""
        try:
            # In this order even here: taking `hold` alone would overtake who is next.
            self._is_next = self._next.try_acquire()
            self._got = self._is_next and self._hold.try_acquire()
        except OSError:
            raise StoreUnwritableError from None
        if self._got:
            self._next.close()
        return self._got

    def wait(self, seconds: float, settled: threading.Event) -> None:
        """Pass within ``seconds``, or give up as soon as it is ``settled``.

        Who was next after ``at_once`` still is.
        """
        if seconds > 0:
            self._threaded = True
            threading.Thread(
                target=self._queue, args=(settled,), name="turnstile", daemon=True
            ).start()
            _wait_for(settled, seconds)
        if self._failed:
            raise StoreUnwritableError
        if not self._got:
            raise LockTimeoutError

    def abandon(self) -> None:
        """Leave. What is ours is let go now; what the thread gets later, by it."""
        with self._mutex:
            self._abandoned = True
            if self._got or not self._threaded:
                self._close()

    def release(self) -> None:
        """Let go of `hold`, at the end of the unit."""
        self._hold.close()

    def _queue(self, settled: threading.Event) -> None:
        """Stand in line: the body of the thread."""
        try:
            if not self._is_next:
                self._next.acquire()
            # A caller gone by now: those behind need not wait for `hold` after us.
            if not self._abandoned:
                self._hold.acquire()
        except OSError:
            self._failed = True
        with self._mutex:
            if self._abandoned or self._failed:
                self._close()
            else:
                self._next.close()
                self._got = True
        settled.set()

    def _close(self) -> None:
        self._next.close()
        self._hold.close()


def _wait_for(event: threading.Event, seconds: float) -> bool:
    """Wait, in one place that a test can interrupt."""
    return event.wait(seconds)
