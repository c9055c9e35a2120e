"""What somebody asked for by law, until when it is due, and what became of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=2_000)]


class Law(StrEnum):
    """By which law it was asked for."""

    GDPR = "gdpr"
    UK_GDPR = "uk-gdpr"
    CCPA = "ccpa"
    HIPAA = "hipaa"


class RequestKind(StrEnum):
    """What was asked for."""

    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    OPT_OUT = "opt-out"


class RequestOutcome(StrEnum):
    """What became of it."""

    DONE = "done"
    PARTLY = "partly"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Request(BaseModel):
    """One request, sealed (times UTC).

    Attributes:
        received_on: Local day.
        why_extended: What the person who asked is told of the delay.
        why: Of the outcome: what was not done, and why not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    kind: RequestKind
    law: Law
    received_on: date
    entered_at: datetime
    note: Text = ""
    extended_at: datetime | None = None
    why_extended: Text = ""
    closed_at: datetime | None = None
    outcome: RequestOutcome | None = None
    why: Text = ""

    @property
    def open(self) -> bool:
        """Whether it is still to be answered."""
        return self.outcome is None
