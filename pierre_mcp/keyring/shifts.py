"""The secret shift of each privacy zone: drawn from a key once, and then kept in it.

::

    shift = shift_from(HMAC(K_person, label, latitude, longitude, radius))

So to add the same place again gives the same circle, and no rotation of keys draws it
anew once it is kept. A zone about a place that has one takes that one's: two circles
drawn for one home would together tell more than each.
"""

from collections.abc import Sequence

from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.policy.circles import distance_m, shift_from

_LABEL = "zone-shift/1"


def settled(
    ring: Ring, scope: str, zones: Sequence[PrivacyZone]
) -> tuple[PrivacyZone, ...]:
    """Return the zones, each with a shift; one that it has stays.

    Args:
        ring: Holds the person's index key.
        scope: The person, as ``ring.person_scope`` gives it.
        zones: In the order in which they were added.
    """
    done: list[PrivacyZone] = []
    for zone in zones:
        shift = zone.shift_m or _of_neighbour(zone, done) or _drawn(ring, scope, zone)
        done.append(zone.model_copy(update={"shift_m": shift}))
    return tuple(done)


def _of_neighbour(
    zone: PrivacyZone, others: Sequence[PrivacyZone]
) -> tuple[float, float] | None:
    """Return the shift of a zone about the same place, to this one's measure."""
    for other in others:
        apart = distance_m(zone.lat_deg, zone.lon_deg, other.lat_deg, other.lon_deg)
        if other.shift_m is not None and apart <= max(zone.radius_m, other.radius_m):
            east_m, north_m = other.shift_m
            scale = zone.radius_m / other.radius_m
            return round(east_m * scale, 1), round(north_m * scale, 1)
    return None


def _drawn(ring: Ring, scope: str, zone: PrivacyZone) -> tuple[float, float]:
    place = (zone.lat_deg, zone.lon_deg, zone.radius_m)
    secret = ring.digest(scope, _LABEL, *(str(of).encode() for of in place))
    return shift_from(secret, zone.radius_m)
