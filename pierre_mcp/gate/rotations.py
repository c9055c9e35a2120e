"""Rotations let in, pumped and recorded; and the log emptied of what they overwrote."""

from collections.abc import Iterable

from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import pump_upkeep
from pierre_mcp.gate.lines import EMERGENCY, ROTATE
from pierre_mcp.model.caller import Call, Caller
from pierre_mcp.services.steps import Listener, Progress, UpkeepStep


def call_of(caller: Caller, session: str, *, emergency: bool = False) -> Call:
    """Return the call by which the owner, or the system, rotates."""
    return Call(caller, EMERGENCY if emergency else ROTATE, session)


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
    pump_upkeep(gate, call, steps, listen=listen)
    return gate.purge(call)
