"""What watching remembers of the calls, and what it found: sealed, and bounded in size.

No name, place or value of the person is in it: digests, numbers and labels only.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

TOGETHER: Final = "*"
"""Stands for all recipients taken together; no label has an asterisk."""

STORE: Final = ""
"""Stands for the store itself, whoever called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One row of the log, by what the rules look at.

    Attributes:
        at_s: Seconds since 1970, UTC.
        caller: Which of the four callers; previews are the owner's.
        asked: Keyed digest of the arguments, hex, or empty.
        may_hold: The categories that were open to it.
        weeks: Which weeks it told of, activity by activity; see ``week_of``.
    """

    seq: int
    at_s: int
    caller: str = "recipient"
    recipient: str = ""
    action: str = ""
    event: str = ""
    outcome: str = ""
    code: str = ""
    session: str = ""
    asked: str = ""
    may_hold: frozenset[str] = frozenset()
    weeks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A threshold that was reached.

    Attributes:
        recipients: Whose calls; more than one where only together they reached it.
        measure: What was counted.
        score: 0 to 100.
        seq: The row with which it was reached at its highest.
        after_names: Places, read in the session in which names and notes were.
    """

    rule: str
    recipients: tuple[str, ...]
    measure: int
    limit: int
    score: int
    seq: int
    at_s: int
    after_names: bool = False


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Raised(_Kept):
    """What was raised of a rule last: it is not raised again for the same."""

    measure: int
    score: int
    at_s: int


class Habits(_Kept):
    """What is remembered of one recipient, of all together, or of the store.

    Attributes:
        counted: For each rule what was counted and when last (seconds since 1970),
            oldest first; what is out of its window is dropped.
        clients: Digests of the names its clients gave themselves, newest last.
        greetings: How many sessions gave one.
        names_read_in: The last session in which names and notes were open.
    """

    last_s: int = 0
    counted: dict[str, dict[str, int]] = {}
    raised: dict[str, Raised] = {}
    clients: list[str] = []
    greetings: int = 0
    names_read_in: Annotated[str, Field(max_length=64)] = ""


class Memory(_Kept):
    """All that is remembered.

    Attributes:
        seq: The newest row that was looked at.
        at_s: When, seconds since 1970.
        hours: For each local hour on how many days there was a call in it, and the
            last of these days (since 0001-01-01).
        days: On how many days there was any, and ``last_day`` the last of them.
    """

    seq: int = 0
    at_s: int = 0
    habits: dict[str, Habits] = {}
    hours: dict[int, tuple[int, int]] = {}
    days: int = 0
    last_day: int = 0
