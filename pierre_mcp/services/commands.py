"""A command of the person's own that is told something: no shell, and not for long.

It is a list of words, started as it stands. What it is told stands on its standard
input, and that is then at its end; what it says is thrown away unread, so it cannot
flood us. When its seconds are over it is killed, with all that it started. It inherits
our environment without our settings.
"""

import subprocess
import threading
from collections.abc import Sequence
from typing import Final

from pierre_mcp.platform import end_with_children
from pierre_mcp.settings import environment_for_others

WITHIN_S: Final = 10.0
_ENDS_WITHIN_S: Final = 1.0


class Command:
    """One command, for all threads of a process.

    Args:
        words: The program and its arguments.
        within_s: How long one telling may take, seconds.
    """

    def __init__(self, words: Sequence[str], *, within_s: float = WITHIN_S) -> None:
        self._words = list(words)
        self._within_s = within_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def tell(self, content: bytes) -> bool:
        """Tell it something; return whether it ended well, and in time."""
        process = self._started()
        if process is None:
            return False
        with process:
            try:
                process.communicate(content, timeout=self._within_s)
            except BaseException as error:
                end_with_children(process.pid)
                process.wait(_ENDS_WITHIN_S)
                if isinstance(error, OSError | subprocess.TimeoutExpired):
                    return False
                raise
        return process.returncode == 0

    def end(self) -> None:
        """Let go what runs, and tell nothing more: the process ends."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is not None and process.poll() is None:
            end_with_children(process.pid)

    def _started(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if self._ended:
                return None
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the person's own, and no shell
                    self._words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment_for_others(),
                    start_new_session=True,  # so that what it starts ends with it
                )
            except (OSError, ValueError):
                return None
            return self._process


class Commands:
    """Commands told one thing each, for somebody who may have to leave meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Command] = set()
        self._ended = False

    def told(
        self, words: Sequence[str], content: bytes, *, within_s: float = WITHIN_S
    ) -> bool:
        """Tell a command something once; return whether it ended well, and in time."""
        command = Command(words, within_s=within_s)
        with self._lock:
            if self._ended:
                return False
            self._running.add(command)
        try:
            return command.tell(content)
        finally:
            with self._lock:
                self._running.discard(command)

    def end(self) -> None:
        """Let go what runs, and start nothing more: the process ends."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for command in running:
            command.end()
