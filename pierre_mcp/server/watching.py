"""A server's own watch: soon after calls it looks through the log, and tells of it.

Never within a call. What was raised is told on standard error, for the person, who sees
it in the client's log, and to the command that the operator names, on a thread of its
own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from pierre_mcp.errors import AlertCommandMalformedError, PierreError
from pierre_mcp.gate.watching import Watched
from pierre_mcp.late import Late

if TYPE_CHECKING:  # most sessions raise nothing
    from pierre_mcp.services import alerting
    from pierre_mcp.services.alerting import AlertCommand
    from pierre_mcp.store.alerts import ListedAlert
else:
    alerting = Late("pierre_mcp.services.alerting")

T = TypeVar("T")

AFTER_S: Final = 3.0
"""How long after a call the log is looked through, and how often at most."""

LAST_LOOK_S: Final = 0.5
"""How long the last look may wait for the store, and the command goes on."""

log = logging.getLogger(__name__)


class Watch:
    """Looks through the log as long as the process lives.

    Args:
        look: Looks, and returns what it raised.
        words: Says an alert in a sentence.
        command: The operator's, as it was set; empty where none is.
        after_s: How long after a call.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Watched]],
        words: Callable[["ListedAlert"], str],
        *,
        command: str = "",
        after_s: float = AFTER_S,
    ) -> None:
        self._look = look
        self._words = words
        self._text = command
        self._after_s = after_s
        self._command: AlertCommand | None = None
        self._telling: asyncio.Task[None] | None = None
        self._untold: list[ListedAlert] = []
        self._stirred = asyncio.Event()
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look some seconds from now, and after each call."""
        self._task = asyncio.create_task(self._watch())

    def stir(self) -> None:
        """Hear that a call was made."""
        self._stirred.set()

    def leave(self) -> None:
        """Look once more where calls were made since, and no more: the process ends."""
        self._leaving.set()

    async def close(self, give_up: Callable[[], None]) -> None:
        """Wait for the last look; let go of the command.

        Args:
            give_up: Ends every wait for the store's lock: others hold it, and we go.
        """
        self.leave()
        if self._task is not None:
            _, late = await asyncio.wait([self._task], timeout=LAST_LOOK_S)
            if late:
                give_up()
            await self._task
        if self._telling is not None:
            await asyncio.wait([self._telling], timeout=LAST_LOOK_S)
            if self._command is not None:
                self._command.end()
            await self._telling

    async def _watch(self) -> None:
        due = True  # what an earlier process left
        while not await self._left_within(self._after_s):
            if due or self._stirred.is_set():
                self._stirred.clear()
                due = False
                await self._looked()
            else:
                await self._stirred_or_leaving()
        if self._stirred.is_set():
            await self._looked()

    async def _looked(self) -> None:
        more = True
        while more:
            try:
                found = await self._look()
            except (PierreError, OSError) as error:  # its text may hold data
                log.warning("calls were not watched: %s", type(error).__name__)
                return
            self._raised(found.raised)
            more = found.more

    def _raised(self, raised: Sequence["ListedAlert"]) -> None:
        for one in raised:
            log.warning("%s", self._words(one))
        if raised and self._text:
            self._untold += raised
            if self._telling is None or self._telling.done():
                self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        try:
            self._command = self._command or alerting.AlertCommand(self._text)
        except AlertCommandMalformedError as error:
            log.warning("%s", error)
            self._text = ""
            return
        while self._untold:
            one = self._untold.pop(0)
            if not await asyncio.to_thread(self._command.tell_alert, one):
                log.warning("the alert command did not take alert %d", one.number)

    async def _stirred_or_leaving(self) -> None:
        waits = [
            asyncio.create_task(self._stirred.wait()),
            asyncio.create_task(self._leaving.wait()),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one

    async def _left_within(self, pause_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), pause_s)
        return self._leaving.is_set()


class Pace:
    """Lets the calls of a recipient that is slowed in one by one, with a pause."""

    def __init__(self) -> None:
        self._one_by_one = asyncio.Lock()
        self._leaving = asyncio.Event()

    async def through(
        self,
        pause_s: Callable[[], float],
        *,
        go: Callable[[], Awaitable[T]],
        drop: Callable[[], Awaitable[T]],
    ) -> T:
        """Take a call through when its turn has come.

        Args:
            pause_s: How long a call has to wait, as of now.
            go: Takes it to the gate.
            drop: Has it recorded as cancelled: its caller has gone while it waited, or
                the process ends.
        """
        try:
            its_turn = await self.wait(pause_s)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await drop()
            raise
        return await (go() if its_turn else drop())

    async def wait(self, pause_s: Callable[[], float]) -> bool:
        """Wait for this call's turn; no time at all unless the recipient is slowed.

        Returns:
            Whether it came; who waits while the process ends is not let in.
        """
        if pause_s() <= 0:
            return True
        async with self._one_by_one:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), pause_s())
        return not self._leaving.is_set()

    def leave(self) -> None:
        """Let nobody wait any more: the process is ending."""
        self._leaving.set()
