"""Progress of one call, to the client's own token.

It only grows, comes at most ten times a second, is silent where no token was given,
and never follows the reply. The last step is left to the reply itself: a client
that gets both at once may take them in the wrong order.
"""

import asyncio
import math
import re
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

MIN_INTERVAL_S = 0.1
_FIXED_WORDS = re.compile(r"[a-z][a-z ]{0,39}")

Send: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None]]


class Progress:
    """Takes reports from any thread, and sends on those that may go.

    Args:
        send: Sends one notification; None where the client gave no token.
        loop: The loop that ``send`` belongs to.
    """

    def __init__(
        self,
        send: Send | None,
        loop: AbstractEventLoop,
        ticks_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._loop = loop
        self._ticks_s = ticks_s
        self._turn = threading.Lock()
        self._done = -math.inf
        self._sent_at_s = -math.inf
        self._sending: asyncio.Future[None] | None = None

    def report(
        self, done: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report so much done; from any thread, and without waiting.

        Args:
            done: So much of ``total``; what has not grown is not sent.
            total: What ``done`` grows to; None while unknown.
            message: Fixed words in lower case; anything else is left out, since
                progress leaves before a call is recorded.
        """
        if self._send is not None and self._may_go(done, total):
            words = message if message and _FIXED_WORDS.fullmatch(message) else None
            with suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self._go, done, total, words)

    def close(self) -> None:
        """Send nothing more. Called on the loop, before the reply."""
        self._send = None

    def _may_go(self, done: float, total: float | None) -> bool:
        if not math.isfinite(done) or (total is not None and not done < total):
            return False
        with self._turn:
            now_s = self._ticks_s()
            if done <= self._done or now_s - self._sent_at_s < MIN_INTERVAL_S:
                return False
            self._done, self._sent_at_s = done, now_s
            return True

    def _go(self, done: float, total: float | None, words: str | None) -> None:
        # One at a time: a client that does not read gets fewer, not a queue.
        if self._send is None or (self._sending and not self._sending.done()):
            return
        finite = total if total is not None and math.isfinite(total) else None
        self._sending = asyncio.ensure_future(self._send(done, finite, words))
        self._sending.add_done_callback(_forget)


def _forget(sent: asyncio.Future[None]) -> None:
    """Take a failed notification's error, so that the loop does not print it."""
    if not sent.cancelled():
        sent.exception()
