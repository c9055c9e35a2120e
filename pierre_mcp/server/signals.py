"""SIGTERM and Ctrl-C, from the first moment of a server to its last.

Python loses a Ctrl-C in two places: one that falls into an import may be raised where
nothing can be raised, and a loop whose waiting it does not end sleeps on. So it is
remembered from the first, and the loop is woken by a descriptor.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

Hear = Callable[[int], object]


class Signals:
    """Tells whoever listens last that the process was asked to end.

    Attributes:
        status: The exit status by the signal that came first; None before.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self._hear: Hear | None = None

    def remember(self) -> None:
        """Take Ctrl-C before there is a loop: it is raised, and known later too."""
        with suppress(ValueError):  # only the main thread may say what a signal does
            signal.signal(signal.SIGINT, self._interrupt)

    @contextmanager
    def cancelling(self) -> Iterator[None]:
        """Cancel the task we are in, as long as nobody within listens himself."""
        task = asyncio.current_task()
        with self.told_to(lambda _: task.cancel() if task else None):
            yield

    @contextmanager
    def told_to(self, hear: Hear) -> Iterator[None]:
        """Tell ``hear`` the exit status, on the loop; within it, nobody else."""
        outer, self._hear = self._hear, hear
        taken = self._take() if outer is None else []
        if outer is None and self.status is not None:
            hear(self.status)
        try:
            yield
        finally:
            self._hear = outer
            for number in taken:
                asyncio.get_running_loop().remove_signal_handler(number)

    def _take(self) -> list[int]:
        loop, taken = asyncio.get_running_loop(), list[int]()
        # Where the platform's loop or thread cannot, Python's own handlers stay.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._came, 128 + number)
                taken.append(number)
        return taken

    def _came(self, status: int) -> None:
        self.status = self.status or status
        if self._hear is not None:
            self._hear(status)

    def _interrupt(self, number: int, _: object) -> NoReturn:
        self.status = 128 + number
        raise KeyboardInterrupt
