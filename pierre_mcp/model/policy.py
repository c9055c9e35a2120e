"""A person's policy: what is consented to, by whom, until when. One value, sealed.

The gate decides from this alone. ``policy_epoch`` grows by one with every change and
stands in every audit row of the person, so that an older cell pasted back is seen.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.scope import Scope


class Held(BaseModel):
    """One scope as given: in force from ``given_at`` to before ``expires_at`` (UTC).

    Attributes:
        notice: The version of the notice that was shown; one in force before notices
            had versions was given upon the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    given_at: datetime
    expires_at: datetime | None
    ledger_id: str
    notice: int = 1

    def in_force(self, now: datetime) -> bool:
        """Tell whether it counts at ``now``; it ends at its expiry to the instant."""
        begun = self.given_at <= now
        return begun and (self.expires_at is None or now < self.expires_at)


class RecipientPolicy(BaseModel):
    """What one recipient may have. ``level`` is None until the person chooses."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    level: Level | None = None
    scopes: dict[Scope, Held] = {}

    def __hash__(self) -> int:
        # What weighs it keeps its verdicts by it, and a dictionary has no hash. Equal
        # ones hold as many scopes; those that differ are told apart by being unequal.
        return len(self.scopes)

    def in_force(self, now: datetime) -> dict[Scope, Held]:
        """Return the scopes that count at ``now``."""
        return {s: h for s, h in self.scopes.items() if h.in_force(now)}


class PrivacyZone(BaseModel):
    """A circle in which no place leaves for anybody: degrees WGS 84, metres.

    Attributes:
        name: What the person calls it; shown to nobody else.
        shift_m: How far east and north of it the circle lies that is really hidden:
            secret, drawn once, and kept for ever. None in zones of earlier versions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    lat_deg: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon_deg: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_m: Annotated[float, Field(gt=0, le=20_000, allow_inf_nan=False)]
    name: Annotated[str, Field(max_length=40)] = ""
    shift_m: tuple[float, float] | None = None

    @property
    def circle(self) -> tuple[float, float, float]:
        """What makes it the same zone: where it is, and how wide."""
        return self.lat_deg, self.lon_deg, self.radius_m


class Policy(BaseModel):
    """Everything the gate decides from, for one person.

    Attributes:
        blocks: What the person objects to: a processing scope, or ``share``: any.
        lock: The consent lock: its public key, and the private one under a passphrase.
        retention: After how many days what is of a category is deleted.
        clock_base_us: The wall clock minus the boot clock, microseconds, as last
            confirmed on a terminal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    policy_epoch: int = 0
    recipients: dict[str, RecipientPolicy] = {}
    zones: tuple[PrivacyZone, ...] = ()
    blocks: list[str] = []
    lock: str | None = None
    retention: dict[Category, Annotated[int, Field(gt=0)]] = {}
    clock_base_us: int | None = None

    def of(self, recipient: str) -> RecipientPolicy:
        """Return what ``recipient`` holds; nothing, if it is unknown."""
        found = self.recipients.get(recipient)
        return RecipientPolicy() if found is None else found

    def changed(self, recipient: str, scopes: dict[Scope, Held]) -> "Policy":
        """Return the next policy, in which ``recipient`` holds exactly ``scopes``."""
        updated = self.of(recipient).model_copy(update={"scopes": scopes})
        return self.model_copy(
            update={
                "policy_epoch": self.policy_epoch + 1,
                "recipients": {**self.recipients, recipient: updated},
            }
        )

    def with_zones(self, zones: Iterable[PrivacyZone]) -> "Policy":
        """Return the next policy, in which these are private too; itself if they were.

        The same circle twice is one, and keeps its name and its shift.
        """
        known = {zone.circle: zone for zone in self.zones}
        for zone in zones:
            known.setdefault(zone.circle, zone)
        every = tuple(known.values())
        if every == self.zones:
            return self
        return self.model_copy(
            update={"policy_epoch": self.policy_epoch + 1, "zones": every}
        )
