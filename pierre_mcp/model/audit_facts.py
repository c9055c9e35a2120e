"""What rows of the audit log have in common: by this they are sorted and counted."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pierre_mcp.model.audit import Event

DAY_US: Final = 86_400_000_000


class Facts(NamedTuple):
    """What rows of one kind have in common.

    Attributes:
        day: Since 1970-01-01, UTC.
    """

    day: int
    event: str
    risk: str
    outcome: str
    door: str
    caller: str
    recipient: str
    action: str
    code: str
    opened: tuple[str, ...]

    @property
    def is_act(self) -> bool:
        """Whether the owner or the program itself did it.

        An assistant may call a tool by any words, those of an act among them.
        """
        return self.door != "mcp" and not self.recipient

    @property
    def is_call(self) -> bool:
        """Whether a tool was called, by an assistant or as one."""
        return bool(self.recipient) and self.event != Event.SESSION


def facts_of(entry: Mapping[str, Any]) -> Facts:
    """Return what a row has in common with others; a fact it lacks is empty."""
    get = entry.get
    return Facts(
        entry["at_us"] // DAY_US,
        str(get("event", "")),
        str(get("risk", "")),
        str(get("outcome", "")),
        str(get("door", "")),
        str(get("caller", "")),
        str(get("recipient", "")),
        str(get("action", "")),
        str(get("code", "")),
        tuple(map(str, get("opened") or ())),
    )
