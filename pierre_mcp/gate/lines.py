"""What the record says of a call: in digests and fixed words, naming nobody."""

from dataclasses import dataclass, field
from typing import Any

from pierre_mcp.errors import (
    CancelledCallError,
    InvalidError,
    NotFoundError,
    PierreError,
    RefusedError,
)
from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Event, Line, Outcome, Risk
from pierre_mcp.model.caller import (
    Call,
    Caller,
    Job,
    Owner,
    Recipient,
    System,
    weighed_as,
)
from pierre_mcp.model.fields import Level
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Pair
from pierre_mcp.store import audit

_GRAVE = {"policy_tampered", "audit_tampered", "seal_broken", "keyring_tampered"}
RESTORE = "restore"
"""Of a store that was put back: it is accepted, its keys replaced."""

_GRAVE_ACTIONS = {RESTORE, "export"}
_MOST_ACTION = 64
SESSION = ("start", "initialize", "stop")
"""Actions by which a process and its client come and go."""

EXPIRE = "consent expire"
"""Done by the system: what has run out is entered in the ledger."""

CHECKPOINT = "checkpoint"
"""Taken by the system, and never recorded: it says nothing that rows do not."""

ROTATE, EMERGENCY = "keys rotate", "keys emergency"
REWRAP, REWRAP_COMPROMISED = "keys rewrap", "keys rewrap compromised"
_OF_KEYS = {
    ROTATE: Risk.MEDIUM,
    EMERGENCY: Risk.HIGH,
    REWRAP: Risk.MEDIUM,
    REWRAP_COMPROMISED: Risk.HIGH,
}
"""Actions that replace keys; the grave ones, because one may be known to others."""

_OUTCOMES = (
    (CancelledCallError, Outcome.CANCELLED),
    (RefusedError, Outcome.REFUSED),
    (InvalidError, Outcome.INVALID),
    (NotFoundError, Outcome.INVALID),
)


@dataclass(slots=True)
class Facts:
    """What is learnt of a call on its way through the gate.

    Attributes:
        arguments: Canonical JSON; only a keyed digest of it is plain in the log.
        answer: The bytes that leave; likewise.
        detail: Sealed beside the row.
    """

    arguments: bytes = b""
    answer: bytes = b""
    code: str = ""
    opened: frozenset[Pair] = frozenset()
    detail: dict[str, Any] = field(default_factory=dict)

    def released(
        self, answer: Answer, opened: frozenset[Pair], level: Level | None = None
    ) -> None:
        """Note what is about to leave, what was open to it, and at which level.

        A row that tells no level left at medium: to tell it takes a sealed cell, and
        nearly every row would.
        """
        self.answer = answer.structured or answer.text.encode()
        self.opened = opened
        if level not in {None, Level.MEDIUM}:
            self.detail["level"] = level


def ended(error: BaseException) -> tuple[Outcome, str]:
    """Return how a call ended that raised ``error``, and the code to record."""
    if isinstance(error, PierreError):
        kinds = (outcome for kind, outcome in _OUTCOMES if isinstance(error, kind))
        return next(kinds, Outcome.FAILED), error.code
    if isinstance(error, Exception):
        return Outcome.FAILED, PierreError.code
    # Ctrl-C, or told to end: the person's doing, and no fault.
    return Outcome.CANCELLED, CancelledCallError.code


def line_of(
    call: Call,
    outcome: Outcome,
    facts: Facts,
    ring: Ring,
    who: Identity | None,
    *,
    policy_epoch: int | None,
) -> Line:
    """Return the line for a call that came to ``outcome``."""
    event, risk = _graded(call.caller, call.action, outcome, facts.code)
    return Line(
        event=event,
        risk=risk,
        outcome=outcome,
        door=_door(call.caller),
        action=call.action[:_MOST_ACTION],
        caller=type(call.caller).__name__.lower(),
        session=call.session,
        recipient=weighed_as(call.caller) or "",
        code=facts.code,
        policy_epoch=policy_epoch,
        opened=tuple(
            sorted(f"{source}:{category}" for source, category in facts.opened)
        ),
        arguments=_digest(ring, who, "arguments", facts.arguments),
        answer=_digest(ring, who, "answer", facts.answer),
        size=len(facts.answer),
    )


def ends_epoch(line: Line) -> bool:
    """Tell whether a checkpoint is taken with a line: a stop, or keys were changed."""
    changes = line.event is Event.KEY_ROTATION or line.action == RESTORE
    return line.outcome is Outcome.STOPPED or (line.outcome is Outcome.DONE and changes)


def _graded(
    caller: Caller, action: str, outcome: Outcome, code: str
) -> tuple[Event, Risk]:
    if code in _GRAVE:
        return Event.UNAUTHORISED_ACCESS, Risk.HIGH
    if outcome is Outcome.REFUSED:
        return Event.UNAUTHORISED_ACCESS, Risk.MEDIUM
    if action in SESSION:
        return Event.SESSION, Risk.LOW
    if action in _OF_KEYS:
        return Event.KEY_ROTATION, _OF_KEYS[action]
    if isinstance(caller, Recipient | Job):
        return Event.DATA_ACCESS, Risk.LOW
    risk = Risk.HIGH if action in _GRAVE_ACTIONS else Risk.MEDIUM
    return Event.ADMINISTRATIVE_ACTION, risk


def _door(caller: Caller) -> str:
    match caller:
        case Recipient():
            return "mcp"
        case Owner():
            return "cli"
        case Job(behalf):
            return _door(behalf)
        case System():
            return "system"


def _digest(ring: Ring, who: Identity | None, what: str, content: bytes) -> str:
    return audit.digest(ring, who, what, content) if who and content else ""
