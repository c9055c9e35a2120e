"""What the record says of a call: in digests and fixed words, naming nobody."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
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

RESTORE = "restore"
"""Of a store that was put back: it is accepted, its keys replaced."""

_GRAVE_ACTIONS = {
    "audit key",
    "consent unlock",
    "erase",
    "export",
    "keys reveal",
    RESTORE,
    "security lift",
    "security thresholds set",
}
_LOOKS = {
    "audit prove",
    "audit report",
    "audit search",
    "audit tail",
    "audit verify",
    "compliance",
    "consent expire",
    "consent history",
    "consent lately",
    "consent receipt",
    "consent refused",
    "disclosures",
    "doctor",
    "doctor deep",
    "doctor production",
    "erase receipts",
    "imports",
    "incident report",
    "incident timeline",
    "keys status",
    "privacy zone propose",
    "requests",
    "security alerts",
    "security events",
    "security scan",
    "security thresholds",
}
_LOOK_WORDS = (" list", " preview", " settings", " show")
"""Acts that change nothing, or only write down what time has ended."""

_MOST_ACTION = 64
ALERT = "security alert"
"""Done by the system: something looked like misuse; the detail says what."""

WATCH = "security scan"
"""Looks through the log for misuse; it leaves a row only of what it raises."""

LIMIT = "calls refused"
"""What counts the refusals beyond a limit that no row of their own counts."""

TOKEN = "consent token"  # noqa: S105 - an action, not a password
_OF_CODES = {
    **dict.fromkeys(
        ("policy_tampered", "audit_tampered", "seal_broken", "keyring_tampered"),
        (Event.UNAUTHORISED_ACCESS, Risk.HIGH),
    ),
    "rate_limited": (Event.RATE_LIMIT_EXCEEDED, Risk.MEDIUM),
    "lock_waits": (Event.RATE_LIMIT_EXCEEDED, Risk.MEDIUM),
    "token_expired": (Event.TOKEN_EXPIRED, Risk.LOW),
}
"""Refusals and failures that are more than a consent that lacks."""

SESSION = ("start", "initialize", "stop")
"""Actions by which a process and its client come and go."""

EXPIRE = "consent expire"
"""Done by the system: what has run out is entered in the ledger."""

CHECKPOINT = "checkpoint"
"""Taken by the system, and never recorded: it says nothing that rows do not."""

ROTATE, EMERGENCY = "keys rotate", "keys emergency"
REWRAP, REWRAP_COMPROMISED = "keys rewrap", "keys rewrap compromised"
_OF_ACTIONS = {
    **dict.fromkeys(SESSION, (Event.SESSION, Risk.LOW)),
    ROTATE: (Event.KEY_ROTATION, Risk.MEDIUM),
    EMERGENCY: (Event.KEY_ROTATION, Risk.HIGH),
    REWRAP: (Event.KEY_ROTATION, Risk.MEDIUM),
    REWRAP_COMPROMISED: (Event.KEY_ROTATION, Risk.HIGH),
    ALERT: (Event.SUSPICIOUS_ACTIVITY, Risk.HIGH),
    TOKEN: (Event.TOKEN_GENERATED, Risk.MEDIUM),
}
"""Actions that are events of their own; of keys the grave ones are those where one may
be known to others."""

_LET_OUT = {Outcome.RELEASED, Outcome.PREVIEW}

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
    weeks: str = ""
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
        if level is not None:
            self.weeks = weeks_told(answer.days)
        if level is not None and level is not Level.MEDIUM:
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
        opened=tuple(sorted(map(":".join, facts.opened))),
        arguments=_digest(ring, who, "arguments", facts.arguments),
        answer=_digest(ring, who, "answer", facts.answer),
        size=len(facts.answer),
        weeks=facts.weeks,
    )


def ends_epoch(line: Line) -> bool:
    """Tell whether a checkpoint is taken with a line: a stop, or keys were changed."""
    changes = line.event is Event.KEY_ROTATION or line.action == RESTORE
    return line.outcome is Outcome.STOPPED or (line.outcome is Outcome.DONE and changes)


def weeks_told(days: Sequence[str]) -> str:
    """Return the weeks of local days, as numbers and runs of them, in order.

    Weeks are counted from 0001-01-01, Monday to Sunday: ``105710-105713 105762``.
    """
    if not days:
        return ""
    weeks = sorted(set(map(_week_of, days)))
    runs: list[list[int]] = []
    for week in weeks:
        if runs and runs[-1][-1] == week - 1:
            runs[-1][1:] = [week]
        else:
            runs.append([week])
    return " ".join("-".join(map(str, run)) for run in runs)


@lru_cache(maxsize=4096)  # the days of ten years: nearly each answer tells the same
def _week_of(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - 1) // 7


def _graded(
    caller: Caller, action: str, outcome: Outcome, code: str
) -> tuple[Event, Risk]:
    if code in _OF_CODES:
        return _OF_CODES[code]
    if outcome is Outcome.REFUSED:
        return Event.UNAUTHORISED_ACCESS, Risk.MEDIUM
    if action in _OF_ACTIONS:
        return _OF_ACTIONS[action]
    if outcome in _LET_OUT or _is_recipients(caller):
        return Event.DATA_ACCESS, Risk.LOW
    return Event.ADMINISTRATIVE_ACTION, _risk_of(action)


def _is_recipients(caller: Caller) -> bool:
    asker = caller.behalf if isinstance(caller, Job) else caller
    return isinstance(asker, Recipient)


def _risk_of(action: str) -> Risk:
    if action in _GRAVE_ACTIONS:
        return Risk.HIGH
    looks = action in _LOOKS or action.endswith(_LOOK_WORDS)
    return Risk.LOW if looks else Risk.MEDIUM


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
