"""An attacker who looks for a home, from what a recipient is shown of many tracks.

Idealised against us: straight roads through the home, out and back, each from the very
door; exact odometers; only GPS noise of 5 m. Whoever sees the tracks knows all that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.streams import Way
from pierre_mcp.policy import places
from pierre_mcp.policy.circles import (
    METRES_A_DEGREE,
    Circle,
    circle_of,
    shift_from,
)
from pierre_mcp.policy.places import coarse, fine

ZONE_M = 400.0
NOISE_M = 5.0
_STEP_M = 25.0

Points = NDArray[np.float64]
Shown = Callable[[Way, Sequence[Circle]], Mapping[str, Points]]


@dataclass(frozen=True)
class Home:
    """A home and the zone around it; metres east and north are from the home."""

    lat: float
    lon: float
    zone: PrivacyZone

    def degrees(self, metres: Points) -> tuple[Points, Points]:
        narrow = METRES_A_DEGREE * np.cos(np.radians(self.lat))
        lat = self.lat + metres[:, 1] / METRES_A_DEGREE
        return lat, self.lon + metres[:, 0] / narrow

    def metres(self, lat: Points, lon: Points) -> Points:
        narrow = METRES_A_DEGREE * np.cos(np.radians(self.lat))
        north = (lat - self.lat) * METRES_A_DEGREE
        return np.stack([(lon - self.lon) * narrow, north], axis=1)


def a_home(seed: int, *, shifted: bool = True) -> Home:
    """A home somewhere on the grid, and its zone with a shift or on its very middle."""
    random = np.random.default_rng(seed)
    lat, lon = 47 + random.random() / 10, 8 + random.random() / 10
    secret = random.bytes(16)
    shift = shift_from(secret, ZONE_M) if shifted else (0.0, 0.0)
    zone = PrivacyZone(lat_deg=lat, lon_deg=lon, radius_m=ZONE_M, shift_m=shift)
    return Home(lat, lon, zone)


def tracks(home: Home, count: int, *, roads: int, seed: int) -> list[Way]:
    """Tracks out and back on some of these roads, each of its own length."""
    random = np.random.default_rng(seed)
    bearings = random.random(roads) * 2 * np.pi
    return [
        _out_and_back(home, bearing, reach_m, random)
        for bearing, reach_m in zip(
            random.choice(bearings, count), 3_000 + 6_000 * random.random(count),
            strict=True,
        )
    ]  # fmt: skip


def _out_and_back(
    home: Home, bearing: float, reach_m: float, random: np.random.Generator
) -> Way:
    along = np.arange(0, 2 * reach_m, _STEP_M)
    away = np.minimum(along, 2 * reach_m - along)
    straight = away[:, None] * np.array([np.sin(bearing), np.cos(bearing)])
    noisy = straight + random.normal(0, NOISE_M, straight.shape)
    return Way(along, *home.degrees(noisy), 400 + away / 50)


def in_open(way: Way, circles: Sequence[Circle]) -> Mapping[str, Points]:
    """What a filter would show that only cuts out the zone: what the attack is for."""
    hidden = np.zeros(len(way.along_m), dtype=bool)
    for circle in circles:
        on_zone = Circle(circle.lat_deg, circle.lon_deg, ZONE_M)
        hidden |= places._within(way.lat_deg, way.lon_deg, on_zone)
    return {
        "lat_deg": np.where(hidden, np.nan, way.lat_deg),
        "lon_deg": np.where(hidden, np.nan, way.lon_deg),
    }


LEVELS: Mapping[str, Shown] = {"medium": coarse, "low": fine}


def errors(home: Home, ways: Sequence[Way], shown: Shown) -> tuple[float, float]:
    """How far off the home each attack ends, in metres.

    Returns:
        By a circle through where tracks come into sight and go out of it; and by each
        track's line, led back by the distance that the recipient is told as well.
    """
    circles = [circle_of(home.zone)]
    seen = [(way, shown(way, circles)) for way in ways]
    ends, starts = [], []
    for way, told in seen:
        there = np.flatnonzero(np.isfinite(told["lat_deg"]))
        if there.size:
            at = home.metres(told["lat_deg"][there], told["lon_deg"][there])
            ends += [at[0], at[-1]]
            starts.append(_led_back(way.along_m, there, at))
    by_circle = _centre(np.array(ends))
    by_totals = np.mean(starts, axis=0)
    return float(np.hypot(*by_circle)), float(np.hypot(*by_totals))


def _led_back(along_m: Points, there: NDArray[np.intp], at: Points) -> Points:
    """Fit the way out and the way back by distance from door to door; mean of both."""
    whole = along_m[-1] + _STEP_M
    away = np.minimum(along_m[there], whole - along_m[there])
    line = np.stack([np.ones_like(away), away], axis=1)
    found, *_ = np.linalg.lstsq(line, at, rcond=None)
    start: Points = found[0]
    return start


def _centre(ends: Points) -> Points:
    """Fit a circle (Kåsa 1976): its centre."""
    line = np.column_stack([2 * ends, np.ones(len(ends))])
    found, *_ = np.linalg.lstsq(line, (ends**2).sum(axis=1), rcond=None)
    centre: Points = found[:2]
    return centre


def medians(
    count: int,
    shown: Shown,
    *,
    homes: int,
    roads: int,
    shifted: bool = True,
) -> tuple[float, float]:
    """The median error of each attack over many homes."""
    found = [
        errors(home, tracks(home, count, roads=roads, seed=1_000 + seed), shown)
        for seed in range(homes)
        for home in [a_home(seed, shifted=shifted)]
    ]
    by_circle, by_totals = np.median(np.array(found), axis=0).tolist()
    return by_circle, by_totals
