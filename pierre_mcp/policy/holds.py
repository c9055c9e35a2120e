"""A recipient that is held back: slowed, or refused for a time that grows.

Pure decisions; ``gate/limits.py`` keeps them.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from pydantic_core import from_json

DAY_S: Final = 86_400.0
WINDOW_S: Final = 60.0
FIRST_BLOCK_S: Final = 60.0
LONGEST_BLOCK_S: Final = DAY_S
CALLS_A_MINUTE: Final = 240
SLOW_S: Final = 5
"""Defaults; ``policy.rules`` publishes them with the others."""

COUNTED_EVERY_S: Final = 60.0
"""Refusals beyond the limit are counted in one row of so long."""


@dataclass(frozen=True, slots=True)
class Hold:
    """How one recipient is held back; times in seconds since 1970, UTC.

    Attributes:
        slowed_until_s: Until then its calls are let in one by one, with a pause.
        refused_until_s: Until then they are refused.
        strikes: How often in a row, each within a day of the one before, it called
            beyond the limit.
        struck_s: When last.
    """

    slowed_until_s: float = 0.0
    refused_until_s: float = 0.0
    strikes: int = 0
    struck_s: float = 0.0

    def slows(self, now_s: float) -> bool:
        """Tell whether the recipient is slowed."""
        return now_s < self.slowed_until_s

    def refuses(self, now_s: float) -> bool:
        """Tell whether the recipient is refused."""
        return now_s < self.refused_until_s

    def struck(self, now_s: float) -> "Hold":
        """Return the hold after it called beyond the limit: each time twice as long."""
        again = self.strikes > 0 and now_s - self.struck_s < DAY_S
        strikes = self.strikes + 1 if again else 1
        lasts_s = min(LONGEST_BLOCK_S, FIRST_BLOCK_S * 2.0 ** min(strikes - 1, 30))
        return replace(
            self, refused_until_s=now_s + lasts_s, strikes=strikes, struck_s=now_s
        )

    def slowed(self, now_s: float) -> "Hold":
        """Return the hold with the recipient slowed for a day from now."""
        return replace(self, slowed_until_s=max(self.slowed_until_s, now_s + DAY_S))

    def as_bytes(self) -> bytes:
        """Return it as it is sealed."""
        return json.dumps(asdict(self)).encode()


def hold_of(plain: bytes | None) -> Hold:
    """Return the hold that was sealed; where there is none, one that holds nobody."""
    return Hold() if plain is None else Hold(**from_json(plain))


def beyond(
    newest_first: Iterable[dict[str, Any]], recipient: str, now_s: float, most: int
) -> bool:
    """Tell whether a recipient has made as many calls within a minute as are let in.

    Args:
        newest_first: Entries of the log; those older than a minute count nothing.
        recipient: Whose.
        now_s: Seconds since 1970, UTC.
        most: How many are let in.
    """
    since_us = (now_s - WINDOW_S) * 1e6
    calls = sum(
        row["at_us"] > since_us
        and row["recipient"] == recipient
        and row["caller"] == "recipient"
        for row in newest_first
    )
    return int(calls) >= most
