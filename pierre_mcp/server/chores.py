"""The chores of a server: keys that are due are replaced, expired data is deleted."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pierre_mcp.clock import Clock
from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.lines import ROTATE
from pierre_mcp.late import Late
from pierre_mcp.model.caller import Call, System
from pierre_mcp.policy.log_retention import LogDays
from pierre_mcp.server.upkeep import Chore, Next
from pierre_mcp.services.steps import Listener, silent
from pierre_mcp.settings import Settings
from pierre_mcp.store.database import Store

if TYPE_CHECKING:  # most sessions need none of it
    from pierre_mcp.gate import prunings, retentions, rotations
    from pierre_mcp.services.expunging import Expunging
    from pierre_mcp.services.rotation import Rotation
    from pierre_mcp.store.pruning import Pruning
else:
    prunings = Late("pierre_mcp.gate.prunings")
    retentions = Late("pierre_mcp.gate.retentions")
    rotations = Late("pierre_mcp.gate.rotations")

GateOn = Callable[[Store], Gate]
Look = Callable[[Callable[[Store], bool]], Awaitable[bool]]
"""Asks something of the store that the server has open, on its thread."""

log = logging.getLogger(__name__)


def all_of(
    look: Look, gate_on: GateOn, clock: Clock, *, session: str, settings: Settings
) -> list[Chore]:
    """Return every chore, in the order in which they are looked for."""
    max_age = timedelta(days=settings.key_max_age_days)
    days = LogDays(settings.audit_days, settings.audit_detail_days)
    has = (look, gate_on, clock)
    return [
        rotating(*has, session=session, max_age=max_age, lock=settings.rotation_lock),
        expiring(*has, session=session, lock=settings.retention_lock),
        pruning(*has, session=session, days=days, lock=settings.pruning_lock),
    ]


def rotating(  # noqa: PLR0913 - what a server has at hand
    look: Look,
    gate_on: GateOn,
    clock: Clock,
    *,
    session: str,
    max_age: timedelta,
    lock: Path,
    listen: Listener = silent,
) -> Chore:
    """Return the chore of replacing keys that are old or have sealed much."""

    def carry(store: Store, job: "Rotation") -> Next:
        call = Call(System(), ROTATE, session)
        rotations.carry_through(gate_on(store), call, job.steps(), listen=listen)
        log.warning(
            "encryption keys were replaced by themselves: %d made, %d destroyed, "
            "%d rows sealed again, %d not readable",
            job.made,
            job.destroyed,
            job.resealed,
            job.broken,
        )
        if job.resumed:
            return Next.AGAIN
        return Next.NEVER if job.broken else Next.LATER

    return Chore(
        waits=lambda: look(lambda store: rotations.waits(store, clock, max_age)),
        job=lambda: rotations.by_itself(clock, max_age),
        carry=carry,
        lock=lock,
        failed="keys were not replaced",
    )


def expiring(
    look: Look, gate_on: GateOn, clock: Clock, *, session: str, lock: Path
) -> Chore:
    """Return the chore of deleting what is older than the person has it kept."""

    def call() -> Call:
        return Call(System(), retentions.RETENTION, session)

    def carry(store: Store, job: "Expunging") -> Next:
        retentions.carry_through(gate_on(store), call(), job, listen=silent)
        log.warning(
            "data older than it is kept was deleted by itself: from %d places, "
            "%d not readable",
            job.counts.total(),
            job.broken,
        )
        return Next.NEVER if job.broken else Next.LATER

    return Chore(
        waits=lambda: look(
            lambda store: retentions.waits(gate_on(store), call(), clock)
        ),
        job=lambda: retentions.by_itself(clock),
        carry=carry,
        lock=lock,
        failed="expired data was not deleted",
    )


def pruning(
    look: Look,
    gate_on: GateOn,
    clock: Clock,
    *,
    session: str,
    days: LogDays,
    lock: Path,
) -> Chore:
    """Return the chore of pruning the log."""

    def call() -> Call:
        return Call(System(), prunings.PRUNE, session)

    def carry(store: Store, job: "Pruning") -> Next:
        try:
            prunings.carry_through(gate_on(store), call(), job)
        except AuditTamperedError:
            log.warning("the audit log does not hold, so nothing of it was pruned")
            return Next.NEVER  # each try would add its row
        log.warning(
            "the audit log was pruned by itself: %d rows, %d details",
            job.done.rows,
            job.done.details,
        )
        return Next.LATER

    return Chore(
        waits=lambda: look(
            lambda store: prunings.waits(gate_on(store), call(), clock, days)
        ),
        job=lambda: prunings.by_itself(clock, days),
        carry=carry,
        lock=lock,
        failed="the audit log was not pruned",
    )
