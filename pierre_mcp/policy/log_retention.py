"""How long the log is kept: its rows, and the details sealed beside them.

Six years are what HIPAA asks of such records (45 CFR 164.316(b)(2)(i)). A detail can
name what a person did, so it goes much earlier; the row that remains names nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LEAST_BY_HAND: Final = timedelta(days=30)
"""What stays in any case: attempts and limits are counted from newer rows."""

SLACK: Final = timedelta(days=1)
"""By itself the log is pruned once what is to go fills a day, not with each hour."""


@dataclass(frozen=True, slots=True)
class LogDays:
    """For how many days each is kept."""

    rows: int
    details: int


@dataclass(frozen=True, slots=True)
class Cut:
    """From when on each is kept, UTC: what is older goes."""

    rows: datetime
    details: datetime


def cut(days: LogDays, now: datetime) -> Cut:
    """Return from when on rows and details are kept; a row never without its detail."""
    rows = now - timedelta(days=days.rows)
    return Cut(rows, max(rows, now - timedelta(days=days.details)))
