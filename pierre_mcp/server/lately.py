"""What was given of late, told on a server's standard error: at its start, and after.

For the person, who sees it in the client's log; it is never part of an answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pierre_mcp.errors import PierreError
from pierre_mcp.late import Late

if TYPE_CHECKING:  # not needed to greet a client
    from pierre_mcp.services import consents
    from pierre_mcp.services.consents import Given
else:
    consents = Late("pierre_mcp.services.consents")

FIRST_S: Final = 1.0
"""The client's greeting comes first."""

AGAIN_S: Final = 1_800.0

log = logging.getLogger(__name__)


class Lately:
    """Tells of what is given while the process lives, within the hour.

    Args:
        given: Returns what was given in the last days with no consent lock on.
        command: How the person calls this program.
        first_s: When to look first; a session that is shorter looks as it ends.
        again_s: How often to look.
    """

    def __init__(
        self,
        given: Callable[[], "Awaitable[tuple[Given, ...]]"],
        command: str,
        *,
        first_s: float = FIRST_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._given = given
        self._command = command
        self._first_s = first_s
        self._again_s = again_s
        self._leaving = asyncio.Event()
        self._told_to: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look soon, and then now and again."""
        self._task = asyncio.create_task(self._watch())

    def leave(self) -> None:
        """Look no more: the process is ending."""
        self._leaving.set()

    async def close(self) -> None:
        """Wait for the look in hand."""
        self.leave()
        if self._task is not None:
            await self._task

    async def _watch(self) -> None:
        await self._left_within(self._first_s)
        await self._look()
        while not await self._left_within(self._again_s):
            await self._look()

    async def _left_within(self, pause_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), pause_s)
        return self._leaving.is_set()

    async def _look(self) -> None:
        try:
            given = await self._given()
        except (PierreError, OSError) as error:  # what is asked later is refused
            log.warning("consents were not looked at: %s", type(error).__name__)
            return
        told_to = self._told_to
        fresh = [one for one in given if told_to is None or one.at > told_to]
        if fresh:
            self._told_to = fresh[-1].at
            log.warning("%s", consents.lately_words(fresh, self._command))
