"""What went to whom, as the log tells it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Answers that left for one recipient with one category of one source open.

    Attributes:
        source: Empty, like the category, where nothing of the person was open.
        answers: How many were released.
        first_at: UTC.
        last_at: UTC.
        first_epoch: Of the policy in force at the first of them, and at the last.
        levels: The privacy levels they left at, where the log has them.
    """

    recipient: str
    source: str
    category: str
    answers: int
    first_at: datetime
    last_at: datetime
    first_epoch: int
    last_epoch: int
    levels: tuple[str, ...]
