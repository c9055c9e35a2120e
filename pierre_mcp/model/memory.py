"""What watching remembers of the calls: sealed, and bounded in size.

No name, place or value of the person is in it: digests, numbers and labels only.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


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
        named: The digest that stands for the person: other keys give another, and
            other digests of all else.
        seq: The newest row that was looked at.
        at_s: When, seconds since 1970.
        hours: For each local hour on how many days there was a call in it, and the
            last of these days (since 0001-01-01).
        days: On how many days there was any, and ``last_day`` the last of them.
    """

    named: str = ""
    seq: int = 0
    at_s: int = 0
    habits: dict[str, Habits] = {}
    hours: dict[int, tuple[int, int]] = {}
    days: int = 0
    last_day: int = 0
