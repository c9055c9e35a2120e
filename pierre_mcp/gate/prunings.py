"""Pruning the log, when it is due: by the owner, or by a server itself."""

from contextlib import suppress

from pierre_mcp.clock import Clock
from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.locking import Sign
from pierre_mcp.gate.steadiness import is_steady
from pierre_mcp.model.caller import Call
from pierre_mcp.policy.log_retention import SLACK, LogDays, cut
from pierre_mcp.store import pruning
from pierre_mcp.store.audit import PRUNE
from pierre_mcp.store.pruning import Pruning

__all__ = ["PRUNE", "by_itself", "carry_through", "waits"]


def carry_through(
    gate: Gate, call: Call, job: Pruning, *, sign: Sign | None = None
) -> bool:
    """Prune; tell whether the store's files are free of what went.

    Raises:
        AuditTamperedError: The log does not hold, and nothing of it is to go.
        CancelledCallError: The job was told to end first.
        ConsentLockedError: The lock is on, and this is not signed under it.
    """
    gate.prune(call, job, sign=sign)
    return not job.done.any or gate.purge(call)


def by_itself(clock: Clock, days: LogDays) -> Pruning:
    """Return the pruning of what is older than it is kept."""
    return Pruning(cut(days, clock.now()))


def waits(gate: Gate, call: Call, clock: Clock, days: LogDays) -> bool:
    """Tell whether a day's worth is older than it is kept.

    Under a clock that was moved nothing is: nobody knows how old it is then.
    """
    if not is_steady(clock):
        return False
    old = cut(days, clock.now() - SLACK)
    with suppress(AuditTamperedError):  # whoever checks the log says more of it
        return gate.waits(call, lambda tx, m: pruning.due(tx, m, old).any)
    return False
