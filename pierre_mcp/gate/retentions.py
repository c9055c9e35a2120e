"""Deleting, let in, pumped and recorded; and the file written anew without it."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Final

from pierre_mcp.clock import Clock
from pierre_mcp.errors import StoreUnwritableError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import pump_upkeep
from pierre_mcp.gate.steadiness import is_steady
from pierre_mcp.model.caller import Call, System
from pierre_mcp.services import retention
from pierre_mcp.services.expunging import Expunging
from pierre_mcp.services.steps import Listener, Progress, UpkeepStep

Steps = Iterator[tuple[UpkeepStep, Progress]]

RETENTION: Final = "retention"
"""The action under which data is deleted because it is older than it is kept."""


def carry_through(
    gate: Gate,
    call: Call,
    job: Expunging,
    *,
    listen: Listener,
    between: Callable[[Steps], Steps] = iter,
) -> bool:
    """Delete to the end; tell whether the store's files are free of it.

    The row that ends it, however it ends, says how much of each category went. Where
    pages were merged a piece of what was in them can outlive its deletion: the person's
    own deletions have the whole file written anew, which holds the store for seconds,
    and those by themselves do not.

    Args:
        gate: Of the store.
        call: Who has it done.
        job: What.
        listen: Hears how far it is.
        between: May end the steps between two of them.

    Raises:
        CancelledCallError: The job was told to end; the next one goes on.
        KeyboardInterrupt: The person stopped it; likewise.
    """
    with closing(job.steps()) as steps:
        pump_upkeep(gate, call, between(steps), listen=listen, counted=job.counts)
    if not job.counts:
        return True
    if isinstance(call.caller, System):
        return gate.purge(call)
    with suppress(StoreUnwritableError):  # no room to write the file anew beside it
        return gate.sweep(call)
    return gate.purge(call)


def by_itself(clock: Clock) -> Expunging:
    """Return the deletion of what is older than the person has it kept."""
    return Expunging(retention.expired(clock.now()))


def waits(gate: Gate, call: Call, clock: Clock) -> bool:
    """Tell whether anything is older than the person has it kept.

    Under a clock that was moved nothing is: nobody knows how old it is then.
    """
    if not is_steady(clock):
        return False
    return gate.waits(call, lambda tx, m: retention.waits(tx, m, clock.now()))
