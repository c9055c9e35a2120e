"""What the person settles of privacy: levels of recipients, and places to hide.

Each change is one of the policy, with its line in the ledger; only the owner makes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pierre_mcp.errors import ActivityUnknownError, PrivacyZoneUnknownError
from pierre_mcp.late import Late
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy, PrivacyZone
from pierre_mcp.policy.circles import distance_m
from pierre_mcp.policy.levels import level_of
from pierre_mcp.services.consents import By
from pierre_mcp.store import locations, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent

if TYPE_CHECKING:
    from pierre_mcp.analytics import clusters
else:
    clusters = Late("pierre_mcp.analytics.clusters")

NEAR_M = 200.0
"""How near each other starts and ends are of one place, as a rule of thumb."""

LEAST = 5
"""How often a place is a start or an end, to be proposed."""

_OPENNESS = (Level.HIGH, Level.MEDIUM, Level.LOW)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place where tracks often start or end, and which no zone hides."""

    lat_deg: float
    lon_deg: float
    count: int


def lowers(policy: Policy, recipient: str, level: Level) -> bool:
    """Tell whether more would leave to a recipient at this level than now."""
    now = level_of(policy.of(recipient).level)
    return _OPENNESS.index(level) > _OPENNESS.index(now)


def choose(
    tx: Tx, grant: Grant, recipient: str, level: Level, *, by: By = "owner"
) -> Policy:
    """Set the level of a recipient, and return the policy; the caller records it.

    Raises:
        RuntimeError: The grant is not the owner's; or it would show more, and the grant
            is not one by which the owner lets more out.
    """
    _check_owner(grant)
    policy = policies.read(tx, grant).policy
    signature = grant.check_widens() if lowers(policy, recipient, level) else ""
    mine = policy.of(recipient).model_copy(update={"level": level})
    changed = policy.model_copy(
        update={
            "policy_epoch": policy.policy_epoch + 1,
            "recipients": {**policy.recipients, recipient: mine},
        }
    )
    policies.write(tx, grant, changed)
    entry = LedgerEntry(
        event=LedgerEvent.LEVEL,
        at=grant.here.now,
        recipient=recipient,
        by=by,
        level=level,
        signature=signature,
    )
    policies.enter(tx, grant, entry)
    return changed


def remove(tx: Tx, grant: Grant, which: str) -> PrivacyZone:
    """Take a zone back, named or by its number from 1, and return it.

    Raises:
        RuntimeError: The grant is not one by which the owner lets more out.
        PrivacyZoneUnknownError: There is none of this name or number, or several.
    """
    signature = grant.check_widens()
    policy = policies.read(tx, grant).policy
    gone = find(policy.zones, which)
    left = tuple(zone for zone in policy.zones if zone is not gone)
    changed = {"policy_epoch": policy.policy_epoch + 1, "zones": left}
    policies.write(tx, grant, policy.model_copy(update=changed))
    entry = LedgerEntry(
        event=LedgerEvent.ZONES,
        at=grant.here.now,
        by="owner",
        subject="removed 1",
        signature=signature,
    )
    policies.enter(tx, grant, entry)
    return gone


def find(zones: Sequence[PrivacyZone], which: str) -> PrivacyZone:
    """Return the zone of this name, or of this number from 1.

    Raises:
        PrivacyZoneUnknownError: There is none, or several of the name.
    """
    named = [zone for zone in zones if zone.name == which]
    is_number = which.isascii() and which.isdigit() and len(which) < 6
    if not named and is_number and 1 <= int(which) <= len(zones):
        named = [zones[int(which) - 1]]
    if len(named) != 1:
        raise PrivacyZoneUnknownError
    return named[0]


def start_of(tx: Tx, grant: Grant, activity_id: str) -> tuple[float, float]:
    """Return where an activity of the owner's starts, in degrees.

    Raises:
        ActivityUnknownError: There is none with this id that tells of places.
    """
    _check_owner(grant)
    paths = locations.paths(tx, grant, [activity_id])
    for _, path in paths:
        if path.lat_deg:
            return path.lat_deg[0], path.lon_deg[0]
    raise ActivityUnknownError


def proposals(tx: Tx, grant: Grant) -> list[Proposal]:
    """Return the places where tracks often start or end, most often first.

    At least 5 times within 200 m, and in no zone there is.

    Raises:
        RuntimeError: The grant is not the owner's.
    """
    _check_owner(grant)
    zones = policies.read(tx, grant).policy.zones
    # One path of each activity, however many recordings there are of it.
    paths = {of: path for of, path in locations.paths(tx, grant, None) if path.lat_deg}
    ends = [
        (path.lat_deg[i], path.lon_deg[i]) for path in paths.values() for i in (0, -1)
    ]
    found = clusters.clusters(ends, within_m=NEAR_M, least=LEAST)
    return [
        Proposal(*place, count)
        for place, count in found
        if not any(
            distance_m(*place, z.lat_deg, z.lon_deg) <= z.radius_m for z in zones
        )
    ]


def holds_places(grant: Grant) -> bool:
    """Tell whether a recipient may read places of any source."""
    return grant.reads_any(Category.LOCATION)


def _check_owner(grant: Grant) -> None:
    if not grant.owner:
        msg = "only the owner settles what is private"
        raise RuntimeError(msg)
