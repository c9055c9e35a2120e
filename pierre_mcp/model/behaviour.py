"""What watching sees of a call, and what it finds: digests, numbers and labels only."""

from dataclasses import dataclass
from typing import Final

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
