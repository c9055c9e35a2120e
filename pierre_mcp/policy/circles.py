"""Circles in which no place is shown, and why they do not lie where the zone does.

Whoever sees where many tracks begin and end to show can fit a circle to it, and its
centre was the home that the zone is to hide: with a fixed centre it is found to some
metres (Hassan et al., USENIX Security 2018). So each zone has a secret shift, drawn
once and kept: one drawn anew each time would average out.

* The circle's centre is the zone's, shifted. Its radius is 1.6 of the zone's, so that
  all of the zone lies in it: a shift is 0.3 to 0.6 of the zone's radius.
* A track that touches a circle is shown moved as a whole by the same shift. Distances
  and times leave exactly, and lead back along any road to where it began; all that can
  be learnt from them is then the moved place, however many tracks there are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pierre_mcp.model.policy import PrivacyZone

REACH: Final = 1.6
"""The radius of what is hidden, in radii of the zone."""

LEAST, MOST = 0.3, 0.6
"""How far a circle is shifted, in radii of the zone."""

METRES_A_DEGREE: Final = 111_195.08
"""Of latitude, by the mean Earth radius R1 of WGS 84 (IUGG)."""

_EARTH_M: Final = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Circle:
    """What is hidden around a zone: its centre in degrees, its radius in metres.

    Attributes:
        east_m: How far it lies from the zone, and by how much what touches it is moved.
        north_m: Likewise.
    """

    lat_deg: float
    lon_deg: float
    radius_m: float
    east_m: float = 0.0
    north_m: float = 0.0

    def has(self, lat_deg: float, lon_deg: float) -> bool:
        """Tell whether a place is within: great circle, haversine."""
        return distance_m(lat_deg, lon_deg, self.lat_deg, self.lon_deg) <= self.radius_m

    def moved(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Return a place moved by the shift, in degrees."""
        return shifted(lat_deg, lon_deg, self.east_m, self.north_m)


def circle_of(zone: PrivacyZone) -> Circle:
    """Return what is hidden around a zone; one without a shift lies on its zone."""
    if zone.shift_m is None:
        return Circle(zone.lat_deg, zone.lon_deg, zone.radius_m)
    east_m, north_m = zone.shift_m
    lat, lon = shifted(zone.lat_deg, zone.lon_deg, east_m, north_m)
    return Circle(lat, lon, REACH * zone.radius_m, east_m, north_m)


def shift_from(secret: bytes, radius_m: float) -> tuple[float, float]:
    """Return the shift that 16 secret bytes stand for: metres east and north.

    Every place of the ring from 0.3 to 0.6 radii is as likely.
    """
    along, around = (
        int.from_bytes(part, "big") / 2**64 for part in (secret[:8], secret[8:16])
    )
    metres = radius_m * math.sqrt(LEAST**2 + along * (MOST**2 - LEAST**2))
    angle = 2 * math.pi * around
    return round(metres * math.sin(angle), 1), round(metres * math.cos(angle), 1)


def shifted(
    lat_deg: float, lon_deg: float, east_m: float, north_m: float
) -> tuple[float, float]:
    """Return a place moved by metres: plane, and so no further than some kilometres."""
    lat = max(-90.0, min(90.0, lat_deg + north_m / METRES_A_DEGREE))
    a_degree_m = METRES_A_DEGREE * max(0.01, math.cos(math.radians(lat_deg)))
    return lat, (lon_deg + east_m / a_degree_m + 180) % 360 - 180


def touched(
    lat_deg: Sequence[float], lon_deg: Sequence[float], circles: Sequence[Circle]
) -> Circle | None:
    """Return the widest circle that a path crosses, the first of several; or None.

    Between two points it is taken as straight, so a path of few points that leads
    through a circle touches it too.
    """
    found = [circle for circle in circles if _crosses(lat_deg, lon_deg, circle)]
    return max(found, key=lambda circle: circle.radius_m, default=None)


def _crosses(
    lat_deg: Sequence[float], lon_deg: Sequence[float], circle: Circle
) -> bool:
    """Tell so on a plane around the circle; most paths stay far off, north or south."""
    reach_deg = circle.radius_m / METRES_A_DEGREE
    if not lat_deg or not (
        min(lat_deg) - reach_deg <= circle.lat_deg <= max(lat_deg) + reach_deg
    ):
        return False
    a_degree_m = METRES_A_DEGREE * math.cos(math.radians(circle.lat_deg))
    before: tuple[float, float] | None = None
    for lat, lon in zip(lat_deg, lon_deg, strict=True):
        east = ((lon - circle.lon_deg + 180) % 360 - 180) * a_degree_m
        here = (east, (lat - circle.lat_deg) * METRES_A_DEGREE)
        if _from_origin_m(before or here, here) <= circle.radius_m:
            return True
        before = here
    return False


def _from_origin_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return how near the line from one point to another comes to the origin."""
    x, y = b[0] - a[0], b[1] - a[1]
    length = x * x + y * y
    at = 0.0 if length == 0 else max(0.0, min(1.0, -(a[0] * x + a[1] * y) / length))
    return math.hypot(a[0] + at * x, a[1] + at * y)


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great circle between two places: haversine, mean Earth radius."""
    half_lat = math.radians(lat_b - lat_a) / 2
    half_lon = math.radians(lon_b - lon_a) / 2
    across = math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b))
    chord = math.sin(half_lat) ** 2 + across * math.sin(half_lon) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, chord)))
