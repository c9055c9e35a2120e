"""Until when the authority is to be told of a breach of personal data.

Without undue delay and, where feasible, within 72 hours after whoever answers for the
data became aware of it, unless a risk to anybody is unlikely (GDPR and UK GDPR, Art.
33(1)). Aware is whoever is reasonably certain that personal data was compromised
(EDPB Guidelines 9/2022, II.A.2), so an alert alone starts nothing: a person says when.

The hours are counted from that moment to the minute. By Regulation (EEC, Euratom)
No 1182/71, Art. 3(1) and (5), the hour in which it happens does not count and two
working days must lie within; so this is never later than the law, and may be earlier.
While nobody has said that there is no duty, the clock runs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pierre_mcp.model.incident import Duty, Incident, Told

NOTICE_TERM: Final = timedelta(hours=72)


class ClockState(StrEnum):
    """How the 72 hours stand."""

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    LATE = "late"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NoticeClock:
    """The 72 hours of one incident.

    Attributes:
        due_at: UTC; their end.
        left: To the end; negative once it has passed, and by how much where it was
            told late.
    """

    due_at: datetime
    state: ClockState
    left: timedelta

    @property
    def runs(self) -> bool:
        """Whether somebody is still to be told, or it is to be said that nobody is."""
        return self.state in {ClockState.RUNNING, ClockState.OVERDUE}


def notice_clock(incident: Incident, now: datetime) -> NoticeClock:
    """Return how the 72 hours of an incident stand."""
    due_at = incident.discovered_at + NOTICE_TERM
    told_at = incident.told.get(Told.AUTHORITY)
    left = due_at - (told_at or now)
    in_time = left >= timedelta()
    if told_at is not None:
        state = ClockState.MET if in_time else ClockState.LATE
    elif incident.duty is Duty.NONE:
        state = ClockState.NONE
    else:
        state = ClockState.RUNNING if in_time else ClockState.OVERDUE
    return NoticeClock(due_at, state, left)
