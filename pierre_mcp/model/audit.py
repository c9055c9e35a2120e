"""One line of the audit log, before it is chained."""

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a call. ``released`` is not ``delivered``: we cannot know that."""

    RELEASED = "released"
    PREVIEW = "preview"
    REFUSED = "refused"
    INVALID = "invalid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"
    STARTED = "started"
    STOPPED = "stopped"


class Event(StrEnum):
    """The security event a line is; the ten of the guide, and a process's own life."""

    LOGIN_SUCCESS = "login_success"
    LOGIN_FAILURE = "login_failure"
    TOKEN_GENERATED = "token_generated"  # noqa: S105 - an event, not a password
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - likewise
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    UNAUTHORISED_ACCESS = "unauthorised_access"
    DATA_ACCESS = "data_access"
    ADMINISTRATIVE_ACTION = "administrative_action"
    KEY_ROTATION = "key_rotation"
    SUSPICIOUS_ACTIVITY = "suspicious_activity"
    SESSION = "session"


class Risk(StrEnum):
    """How grave an event is by itself."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What happened, in words and digests that name nobody.

    Attributes:
        door: ``mcp``, ``cli`` or ``system``.
        action: The tool's name, or what the owner did.
        caller: Which of the four callers.
        recipient: Label of the recipient, or empty.
        code: Of the refusal or failure, or empty.
        policy_epoch: The one this unit made; None stands for the log's own.
        opened: The (source, category) pairs that were open to it.
        arguments: Keyed digest of the arguments, hex, or empty.
        answer: Keyed digest of the bytes that left, hex, or empty.
        size: Of the answer, bytes.
        session: The process that served it.
        weeks: Which weeks the answer told of, activity by activity, as
            ``gate.lines.weeks_told`` writes them; the file shows the calendar anyway.
    """

    event: Event
    risk: Risk
    outcome: Outcome
    door: str
    action: str
    caller: str
    session: str
    recipient: str = ""
    code: str = ""
    policy_epoch: int | None = None
    opened: tuple[str, ...] = ()
    arguments: str = ""
    answer: str = ""
    size: int = 0
    weeks: str = ""


class FindingKind(StrEnum):
    """What an audit check can find."""

    EDITED = "edited"
    MISSING = "missing"
    MOVED = "moved"
    INSERTED = "inserted"
    CUT = "cut"
    FORKED = "forked"
    EPOCH = "wrong epoch"
    REDACTED = "redacted without record"
    LEDGER = "consent ledger edited"
    RESTORED = "restored older copy"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong with the log, and where.

    Attributes:
        seq: The row; the first that it may be, where no more can be known.
        last_seq: The last that it may be: the next checkpoint's.
    """

    seq: int
    kind: FindingKind
    last_seq: int | None = None

    @property
    def where(self) -> str:
        """In words: at a row, or between two checkpoints."""
        if self.last_seq in {None, self.seq}:
            return f"row {self.seq}"
        return f"rows {self.seq} to {self.last_seq}"


@dataclass(frozen=True, slots=True)
class Health:
    """A log with nothing wrong, and how far that was seen.

    Attributes:
        rows: How many there are, with those that were pruned.
        checkpoints: How many the rows were held against.
        pruned: How many of the first rows are gone, as a checkpoint says.
        maced_from: The first row whose MAC was checked; the keys of those before are
            gone. 0 where there is none.
    """

    rows: int
    checkpoints: int = 0
    pruned: int = 0
    maced_from: int = field(default=0, compare=False)
