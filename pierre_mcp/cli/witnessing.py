"""Checkpoints told to who keeps them elsewhere, once a command has answered."""

import sys
import threading
from contextlib import suppress
from typing import Final

from pierre_mcp.cli.session import ended
from pierre_mcp.clock import SystemClock
from pierre_mcp.errors import PierreError

WITHIN_S: Final = 5.0
"""How long one may take, seconds; all of them have twice that."""


def tell_witnesses() -> None:
    """Tell them what they lack; what cannot be told now, the next process tells.

    On a thread that the end of the process does not wait for: a disk may hang.
    """
    session = ended()
    if session is None or not session.unwitnessed:
        return
    lacking, told = session.unwitnessed[-1], list[bool]()
    session.unwitnessed.clear()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()

    def tell() -> None:
        with suppress(PierreError, OSError):
            told.append(not lacking.tell(SystemClock().now(), within_s=WITHIN_S))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    with suppress(KeyboardInterrupt):
        teller.join(2 * WITHIN_S)
    if told != [True]:
        sys.stderr.write(
            "Not all who keep checkpoints of the log could be told the newest. See: "
            f"{session.settings.command} audit witness\n"
        )
