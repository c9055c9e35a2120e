"""What went wrong, how grave it is, and what was done about it, in the order it was.

Levels are the three of the guide: critical (1) is a breach of personal data or access
by somebody who must not have it; high (2) is behaviour that looks like it, or part of
the service gone; medium (3) is a limit reached, or settings that are not as they ought
to be.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

MOST_TEXT: Final = 2_000

Text = Annotated[str, Field(max_length=MOST_TEXT)]


class IncidentLevel(StrEnum):
    """How grave it is, gravest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"

    @property
    def number(self) -> int:
        """The guide's number of it, 1 to 3."""
        return list(IncidentLevel).index(self) + 1


class IncidentState(StrEnum):
    """How far its handling is."""

    OPEN = "open"
    CONTAINED = "contained"
    CLOSED = "closed"


class Duty(StrEnum):
    """Whether the supervisory authority is to be told (GDPR Art. 33(1))."""

    UNDECIDED = "undecided"
    NOTIFY = "notify"
    NONE = "none"


class EntryKind(StrEnum):
    """What an entry says was done."""

    OPENED = "opened"
    ASSESSED = "assessed"
    NOTE = "note"
    CONTAINED = "contained"
    TOLD = "told"
    CLOSED = "closed"


class Told(StrEnum):
    """Who is told of a breach: by GDPR Art. 33, and by Art. 34."""

    AUTHORITY = "authority"
    PEOPLE = "people"


class Containment(StrEnum):
    """What ends the harm."""

    WITHDRAW = "withdraw"
    BLOCK = "block"
    TOKENS = "tokens"
    KEYS = "keys"
    OTHERWISE = "otherwise"


class Entry(BaseModel):
    """One thing done about an incident. It is never changed, nor taken out.

    Attributes:
        at: UTC.
        subject: In fixed words and labels, as ``withdraw claude-desktop``.
        text: What the person wrote.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    at: datetime
    kind: EntryKind
    subject: str = ""
    text: Text = ""


class Incident(BaseModel):
    """One incident, sealed (times UTC).

    Attributes:
        what: What happened, as the person says.
        discovered_at: When the person became aware of it: the 72 hours run from here.
        from_at: Where the log is looked at from.
        to_at: And to; None while it goes on.
        recipients: Whom it concerns; empty where that is any, or nobody.
        duty: Whether the authority is to be told.
        why: Of the duty.
        told: Who was told of it, and when.
        alert: The id of the alert it was opened from.
        entries: Oldest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    level: IncidentLevel
    state: IncidentState = IncidentState.OPEN
    what: Text
    opened_at: datetime
    discovered_at: datetime
    from_at: datetime
    to_at: datetime | None = None
    recipients: tuple[str, ...] = ()
    duty: Duty = Duty.UNDECIDED
    why: Text = ""
    told: dict[Told, datetime] = {}
    alert: str = ""
    entries: tuple[Entry, ...] = ()

    def after(self, entry: Entry, **changed: object) -> "Incident":
        """Return the incident with one more entry, and what changed with it."""
        entries = (*self.entries, entry)
        return self.model_copy(update={**changed, "entries": entries})

    def of(self, kind: EntryKind) -> tuple[Entry, ...]:
        """Return the entries of one kind, oldest first."""
        return tuple(entry for entry in self.entries if entry.kind is kind)
