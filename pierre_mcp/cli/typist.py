"""Playing the person at a terminal: a command on a pseudo-terminal, and its challenge.

This is what the challenge does not stop (it proves a terminal, not a human), used
openly: the demo says that it plays the person, on a store that is made up.
"""

import os
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

CHALLENGE: Final = re.compile(r"Type these words[^:]*: (.+?)\r?\n")
WITHIN_S: Final = 15.0
END_WITHIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Sitting:
    """A command as it went on the terminal.

    Attributes:
        shown: Everything that stood on the screen, what was typed included.
    """

    status: int
    shown: str


def can_open_terminal() -> bool:
    """Tell whether this system has pseudo-terminals; Windows has none of this kind."""
    return hasattr(os, "openpty")


def sit(command: Sequence[str], environment: Mapping[str, str]) -> Sitting:
    """Run a command on a terminal of its own and type the words it asks for."""
    ours, theirs = os.openpty()
    # openpty and a new process, never forkpty: threads of ours may hold locks.
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        shown = _typed(ours)
        status = _ended(process, END_WITHIN_S)
    finally:
        os.close(ours)
        _ended(process, 0)
    return Sitting(status, shown.replace("\r\n", "\n"))


def _ended(process: subprocess.Popen[bytes], within_s: float) -> int:
    """Wait for the end, make it come where it does not, and return the status."""
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _typed(terminal: int) -> str:
    """Read to the end, and answer the challenge once it stands there whole."""
    shown, answered, until_s = b"", False, time.monotonic() + WITHIN_S
    while part := _read(terminal, until_s):
        shown += part
        asked = CHALLENGE.search(shown.decode(errors="replace"))
        if asked and not answered:
            answered = True
            os.write(terminal, f"{asked[1]}\n".encode())
    return shown.decode(errors="replace")


def _read(terminal: int, until_s: float) -> bytes:
    """Return what is there; nothing at the end, or when the time is over."""
    left_s = max(0.0, until_s - time.monotonic())
    if not select.select([terminal], [], [], left_s)[0]:
        return b""
    try:
        return os.read(terminal, 4_096)
    except OSError:  # Linux tells the end of a terminal as an error
        return b""
