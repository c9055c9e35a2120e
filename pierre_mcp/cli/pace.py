"""Long work on a terminal: a bar while it goes, and Ctrl-C between two steps."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from pierre_mcp.cli.session import err
from pierre_mcp.services.steps import Listener, Progress

T = TypeVar("T")


class Brake:
    """Ctrl-C between two steps: one that is being written is written to its end."""

    def __init__(self) -> None:
        self._busy = True
        self._pressed = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def between(self, steps: Iterator[T]) -> Iterator[T]:
        """Give the steps; while one is out it is not interrupted.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, now or while a step was out.
        """
        while True:
            self._release()
            step = next(steps, None)
            self._busy = True
            if step is None:
                return
            yield step

    def _release(self) -> None:
        self._busy = False  # first: what is pressed from here on is heard at once
        if self._pressed:
            self._busy = True
            raise KeyboardInterrupt

    def _press(self, number: int, frame: object) -> None:
        del number, frame
        if not self._busy:
            self._busy = True  # until all is noted down
            raise KeyboardInterrupt
        self._pressed = True


@contextmanager
def listening(word: str) -> Iterator[Listener]:
    """Give a listener that draws a bar on stderr, where that is a terminal.

    Args:
        word: What is done before it hears anything.
    """
    with progress_bar() as bar:
        task = bar.add_task(word, total=None)

        def listen(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                description=progress.word,
            )

        yield listen


def progress_bar() -> Bar:
    """Return a bar on stderr; none where nobody watches."""
    console = err()
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.is_dumb_terminal,
    )
