"""Where samples were, as a recipient may see it: coarse, row by row.

A list of places without a time is coarse on the grid alone (``privacy.coarse_path``).
Beside a clock or a distance it is not: the row where the cell changes tells when a
grid line was crossed, two crossings tell the heading, and on a straight road the start
is found to some metres, however much of it is hidden. So a row shows the place of the
last whole kilometre, counted from where the track begins to show, and no crossing is
known better than that. Nothing of it depends on the part or the number of rows that
was asked for: to ask again tells nothing new.

A height is hidden where its place is, and is to 10 m.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.streams import Way
from pierre_mcp.model.track import Column
from pierre_mcp.policy.circles import METRES_A_DEGREE, Circle
from pierre_mcp.policy.privacy import FINE_DECIMALS, GRID_DEG, HIDDEN_M

HELD_M = 1_000.0
"""For how long along the track one place is shown, in metres."""

HEIGHT_STEP_M = 10.0
_EARTH_M = 6_371_008.8
"""Mean radius R1 of WGS 84 (IUGG)."""


def coarse(way: Way, circles: Sequence[Circle] = ()) -> Mapping[str, Column]:
    """Return places and heights by stream name, shape (n,), NaN where hidden.

    Hidden are the first and last 500 m along the track, what lies in a circle, and
    what the grid or the kilometre would move into one. A track that touches a circle is
    shown moved by its shift.
    """
    placed = np.isfinite(way.lat_deg) & np.isfinite(way.lon_deg)
    # Of a ride on the spot there is a height and no place.
    known = np.flatnonzero(placed if placed.any() else np.isfinite(way.along_m))
    seen = {
        name: np.full(len(way.along_m), np.nan)
        for name in ("lat_deg", "lon_deg", "altitude_m")
    }
    if not known.size:
        return seen
    along = way.along_m[known]
    begin, end = along[0] + HIDDEN_M, along[-1] - HIDDEN_M
    marks = begin + np.floor((along - begin) / HELD_M) * HELD_M
    held = known[np.searchsorted(along, marks)]
    lat, lon = _moved(way, held, circles)
    lat, lon = _on_grid(lat), _on_grid(lon)
    open_ = (along >= begin) & (along <= end)
    for circle in circles:
        open_ &= ~_within(way.lat_deg[known], way.lon_deg[known], circle)
        open_ &= ~_within(way.lat_deg[held], way.lon_deg[held], circle)
        open_ &= ~_within(lat, lon, circle)
    shown = known[open_]
    seen["lat_deg"][shown], seen["lon_deg"][shown] = lat[open_], lon[open_]
    heights = np.rint(way.altitude_m[shown] / HEIGHT_STEP_M) * HEIGHT_STEP_M
    seen["altitude_m"][shown] = heights + 0.0
    return seen


def fine(way: Way, circles: Sequence[Circle] = ()) -> Mapping[str, Column]:
    """Return places to 0.0001 degree and heights as recorded, by stream name.

    Those of a track that touches a circle are coarse.
    """
    if _touched(way, circles) is not None:
        return coarse(way, circles)
    return {
        "lat_deg": np.round(way.lat_deg, FINE_DECIMALS) + 0.0,
        "lon_deg": np.round(way.lon_deg, FINE_DECIMALS) + 0.0,
        "altitude_m": way.altitude_m,
    }


def _touched(way: Way, circles: Sequence[Circle]) -> Circle | None:
    """Return what ``circles.touched`` does, of many samples at once."""
    placed = np.isfinite(way.lat_deg) & np.isfinite(way.lon_deg)
    lat, lon = way.lat_deg[placed], way.lon_deg[placed]
    found = [c for c in circles if lat.size and _crosses(lat, lon, c)]
    return max(found, key=lambda circle: circle.radius_m, default=None)


def _crosses(lat: Column, lon: Column, circle: Circle) -> bool:
    """Tell whether a path comes into a circle, on a plane around it."""
    a_degree_m = METRES_A_DEGREE * np.cos(np.radians(circle.lat_deg))
    east = ((lon - circle.lon_deg + 180) % 360 - 180) * a_degree_m
    at = east + 1j * (lat - circle.lat_deg) * METRES_A_DEGREE
    begin, leg = at[:-1], np.diff(at)
    squared = np.maximum(np.abs(leg) ** 2, 1e-9)
    along = np.clip(-(begin * leg.conj()).real / squared, 0, 1)
    nearest = np.append(np.abs(begin + along * leg), np.abs(at[-1]))
    return bool(nearest.min() <= circle.radius_m)


def _moved(
    way: Way, rows: NDArray[np.intp], circles: Sequence[Circle]
) -> tuple[Column, Column]:
    """Return the places of these rows, as they are shown before the grid."""
    lat, lon = way.lat_deg[rows], way.lon_deg[rows]
    circle = _touched(way, circles)
    if circle is None:
        return lat, lon
    a_degree_m = METRES_A_DEGREE * np.maximum(0.01, np.cos(np.radians(lat)))
    lon = (lon + circle.east_m / a_degree_m + 180) % 360 - 180
    return np.clip(lat + circle.north_m / METRES_A_DEGREE, -90, 90), lon


def _on_grid(degrees: Column) -> Column:
    rounded: Column = np.round(np.rint(degrees / GRID_DEG) * GRID_DEG, 2)
    return rounded + 0.0  # no minus before a zero


def _within(lat_deg: Column, lon_deg: Column, circle: Circle) -> NDArray[np.bool_]:
    """Tell which places are within a circle: great circle, haversine."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    half = np.sin((lat - np.radians(circle.lat_deg)) / 2) ** 2
    across = np.cos(lat) * np.cos(np.radians(circle.lat_deg))
    half += across * np.sin((lon - np.radians(circle.lon_deg)) / 2) ** 2
    metres = 2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    inside: NDArray[np.bool_] = metres <= circle.radius_m
    return inside
