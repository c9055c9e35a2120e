"""Rotations let in, pumped and recorded; and the log emptied of what they overwrote.

A rotation waits where a key in use is due, or where one that retired is not destroyed.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from pierre_mcp.clock import Clock
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import pump_upkeep
from pierre_mcp.gate.lines import ROTATE
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.rotation import Replacing, Rotation, due
from pierre_mcp.services.steps import Listener, Progress, UpkeepStep
from pierre_mcp.store import key_changes, key_status
from pierre_mcp.store.database import Store, Tx

_MOST_PAUSE_S: Final = 0.05


def carry_through(
    gate: Gate,
    call: Call,
    steps: Iterable[tuple[UpkeepStep, Progress]],
    *,
    listen: Listener,
) -> bool:
    """Rotate to the end; tell whether the write-ahead log was emptied after it.

    Until it is, what the destroyed keys sealed, and their wraps, are still in it. A
    reader that stays long is in the way; the next close or rotation empties it.

    Raises:
        CancelledCallError: The job was told to end; the next one goes on.
        KeyboardInterrupt: The person stopped it; likewise.
    """
    if call.action == ROTATE:
        listen = _unhurried(listen)
    pump_upkeep(gate, call, steps, listen=listen)
    return gate.purge(call)


def _unhurried(listen: Listener) -> Listener:
    """Pause half as long as each step took: what is asked meanwhile comes first."""
    ended_s = [time.monotonic()]

    def listening(progress: Progress) -> None:
        listen(progress)
        time.sleep(min(_MOST_PAUSE_S, (time.monotonic() - ended_s[0]) / 2))
        ended_s[0] = time.monotonic()

    return listening


def by_itself(clock: Clock, max_age: timedelta) -> Rotation:
    """Return a rotation of the keys that are due, or the rest of an earlier one."""
    return Rotation(clock, Replacing(clock, due(clock, max_age)))


def waits(store: Store, clock: Clock, max_age: timedelta) -> bool:
    """Tell whether a rotation is due, by age or by seals, or is to be finished."""
    with store.reading() as tx:
        return key_status.waits(tx, now=clock.now(), max_age=max_age)


def rewrap(gate: Gate, call: Call, clock: Clock) -> tuple[int, bool]:
    """Wrap every key under the master key set as primary.

    Returns:
        How many were under another, and whether the write-ahead log was emptied after.

    Raises:
        MasterKeyRetiredError: That one has retired.
    """

    def work(tx: Tx, maintenance: Maintenance, _: Identity | None) -> int:
        to = tx.keys.masters[0]
        return key_changes.rewrap(tx, maintenance, to, now=clock.now())

    return gate.keep(call, work), gate.purge(call)
