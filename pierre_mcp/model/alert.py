"""An alert: what looked like misuse, as it is kept and shown."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(max_length=64)]


class Reason(BaseModel):
    """A rule whose threshold was reached.

    Attributes:
        measure: What was counted, against ``limit``.
        words: In a sentence of our own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    rule: Short
    measure: int
    limit: int
    words: Annotated[str, Field(max_length=300)]


class Alert(BaseModel):
    """What was raised by one look through the log, sealed.

    Attributes:
        at: UTC.
        recipients: Whose calls; empty where it is not about a recipient's.
        score: 0 to 100, with what else was raised of them within a day.
        slowed: Whether they are slowed for it.
        first_seq: A row of the log that it is about.
        row: Where it stands in the log itself.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    at: datetime
    recipients: tuple[Short, ...]
    score: int
    reasons: tuple[Reason, ...]
    slowed: bool = False
    first_seq: int
    row: int

    @property
    def whose(self) -> str:
        """Whose calls, in words."""
        return " and ".join(self.recipients) or "this store"

    def words(self, command: str) -> str:
        """Return it in a sentence, with the command that shows more."""
        told = "; ".join(reason.words for reason in self.reasons)
        score = f"score {self.score}, slowed" if self.slowed else f"score {self.score}"
        return (
            f"suspicious activity of {self.whose} ({score}): {told}. "
            f"See: {command} security events"
        )
