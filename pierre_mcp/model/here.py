"""What is true around a call: the moment, the person's settings, our own name."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.profile import Profile


class Here(NamedTuple):
    """The circumstances of one call.

    Attributes:
        now: UTC; never earlier than the newest line of the log.
        profile: The person's settings.
        command: How the person calls this program, profile included.
        version: Of this program.
        zones: Where places are private.
        readers: Gives the tools that the ``training`` bundle gives by now.
        notice: The version of the notice upon which consent counts.
    """

    now: datetime
    profile: Profile
    command: str
    version: str
    zones: tuple[PrivacyZone, ...] = ()
    readers: Callable[[], tuple[str, ...]] = tuple
    notice: int = 1

    @property
    def today(self) -> date:
        """The day it is in the person's home zone."""
        return self.now.astimezone(ZoneInfo(self.profile.zone)).date()
