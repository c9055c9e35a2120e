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
from pierre_mcp.policy.privacy import GRID_DEG, HIDDEN_M

HELD_M = 1_000.0
"""For how long along the track one place is shown, in metres."""

HEIGHT_STEP_M = 10.0
_EARTH_M = 6_371_008.8
"""Mean radius R1 of WGS 84 (IUGG)."""

Circle = tuple[float, float, float]
"""A zone in which no place is shown: its centre in degrees, its radius in metres."""


def coarse(way: Way, circles: Sequence[Circle] = ()) -> Mapping[str, Column]:
    """Return places and heights by stream name, shape (n,), NaN where hidden.

    Hidden are the first and last 500 m along the track, what lies in a circle, and
    what the grid or the kilometre would move into one.
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
    lat, lon = _on_grid(way.lat_deg[held]), _on_grid(way.lon_deg[held])
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


def _on_grid(degrees: Column) -> Column:
    rounded: Column = np.round(np.rint(degrees / GRID_DEG) * GRID_DEG, 2)
    return rounded + 0.0  # no minus before a zero


def _within(lat_deg: Column, lon_deg: Column, circle: Circle) -> NDArray[np.bool_]:
    """Tell which places are within a circle: great circle, haversine."""
    centre_lat, centre_lon, radius_m = circle
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    half = np.sin((lat - np.radians(centre_lat)) / 2) ** 2
    across = np.cos(lat) * np.cos(np.radians(centre_lat))
    half += across * np.sin((lon - np.radians(centre_lon)) / 2) ** 2
    metres = 2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    inside: NDArray[np.bool_] = metres <= radius_m
    return inside
