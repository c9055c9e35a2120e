"""What rows of the audit log have in common: by this they are sorted and counted."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pierre_mcp.model.audit import Event


class Facts(NamedTuple):
    """What rows of one kind have in common."""

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

    @property
    def is_preview(self) -> bool:
        """Whether the owner called, to see what an assistant would get."""
        return self.is_call and self.caller == "owner"

    @property
    def is_served(self) -> bool:
        """Whether an assistant called."""
        return self.is_call and self.caller != "owner"


def asker(caller: str, recipient: str) -> str:
    """Return who asked, in a word: an assistant, or the owner as one, or whoever."""
    if recipient and caller == "owner":
        return f"owner as {recipient}"
    return recipient or caller


def facts_of(entry: Mapping[str, Any]) -> Facts:
    """Return what a row as we write it has in common with others."""
    return Facts._make((*_WORDS(entry), tuple(entry["opened"])))


_WORDS: Final = itemgetter(*Facts._fields[:-1])
