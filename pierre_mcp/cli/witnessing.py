"""Checkpoints told to who keeps them elsewhere, once a command has answered."""

import sys
import threading
from contextlib import suppress
from typing import Final

from pierre_mcp.cli.session import Session, ended
from pierre_mcp.clock import SystemClock
from pierre_mcp.errors import PierreError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.services import witnessing
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.wording import count

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


def witnessed(session: Session, gate: Gate) -> list[Check]:
    """Tell whether who keeps checkpoints has them; nothing where nobody does."""
    name, directory = "checkpoints elsewhere", session.settings.high_water_dir

    def look(tx: Tx, _: Maintenance) -> list[bool]:
        listed = witnessing.of_store(tx, directory).listed()
        return [one.failed_at is not None for one in listed]

    try:
        found = gate.peek(session.owner("doctor"), look)
    except PierreError as error:
        return [Check(name, Verdict.WARN, str(error))]
    if not any(found):
        words = f"{count(len(found), 'witness')} told of each"
        return [Check(name, Verdict.OK, words)] if found else []
    words = f"{sum(found)} of {count(len(found), 'witness')} not reached"
    fix = f"Look with: {session.settings.command} audit witness"
    return [Check(name, Verdict.WARN, words, fix)]
