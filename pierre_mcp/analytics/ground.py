"""Ground covered: distance along a track, climbing, and the path itself."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.cells import MAX_PATH, LocationCell
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column, Track

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of WGS 84 (IUGG)."""
CLIMB_STEP_M = 3.0
LONGEST_M = 100_000_000.0


def haversine_m(lat_deg: Column, lon_deg: Column) -> Column:
    """Return the great-circle distance between consecutive points, shape (n - 1,).

    Source:
        Sinnott (1984), Virtues of the haversine, Sky and Telescope 68(2):159.
    """
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    half = np.sin(np.diff(lat) / 2) ** 2
    half += np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
    metres: Column = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return metres


def positions(track: Track) -> NDArray[np.bool_]:
    """Tell which samples have a position, shape (n,).

    Exactly 0, 0 is what devices write that have none.
    """
    return positions_of(track.columns)


def positions_of(columns: Mapping[str, Column]) -> NDArray[np.bool_]:
    """Tell which samples of these columns have a position; see ``positions``."""
    lat, lon = columns.get("lat_deg"), columns.get("lon_deg")
    if lat is None or lon is None:
        return np.zeros(len(columns[TIME]), dtype=np.bool_)
    known: NDArray[np.bool_] = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    known &= (lat != 0) | (lon != 0)
    return known


def along_m(track: Track) -> Column | None:
    """Return the distance since the first sample at each sample, shape (n,).

    It is the recorded distance; else the sum of great circles between positions. It
    never falls, and is interpolated over time where it is missing. None where neither
    is recorded.
    """
    return along_of(track.columns)


def along_of(columns: Mapping[str, Column]) -> Column | None:
    """Return the distance at each sample of these columns; see ``along_m``."""
    time_s = columns[TIME]
    recorded = columns.get("distance_m", np.empty(0))
    known = np.flatnonzero((recorded >= 0) & (recorded <= LONGEST_M))
    if known.size > 1:
        metres = np.maximum.accumulate(recorded[known])
    else:
        known = np.flatnonzero(positions_of(columns))
        if known.size < 2:
            return None
        steps = haversine_m(columns["lat_deg"][known], columns["lon_deg"][known])
        metres = np.concatenate([[0.0], np.cumsum(steps)])
    filled: Column = np.interp(time_s, time_s[known], metres)
    # Between times that are next to no time apart the slope is beyond any number.
    filled = np.fmin(np.fmax(filled, metres[0]), metres[-1])
    filled[known] = metres  # samples of one instant keep their own
    along: Column = np.maximum.accumulate(filled) - filled[0]
    return along


def climb_m(altitude_m: Column) -> tuple[float, float]:
    """Return metres up and down, by steps of at least 3 m.

    A change counts once it is 3 m from the last height that counted, so that the noise
    of a barometer, which stays below that, does not.
    """
    known = altitude_m[~np.isnan(altitude_m)]
    if not known.size:
        return 0.0, 0.0
    # What stays level takes no step, and is most of what a barometer writes.
    heights = known[np.diff(known, prepend=np.inf) != 0].tolist()
    up = down = 0.0
    held = heights[0]
    above, below = held + CLIMB_STEP_M, held - CLIMB_STEP_M
    for height in heights:
        if below < height < above:
            continue
        up += max(height - held, 0.0)
        down += max(held - height, 0.0)
        held = height
        above, below = held + CLIMB_STEP_M, held - CLIMB_STEP_M
    return up, down


def path(track: Track, metres: Column | None) -> LocationCell | None:
    """Return at most 200 points, evenly by distance, the first and last among them."""
    known = np.flatnonzero(positions(track))
    if metres is None:
        metres = np.zeros(track.samples)  # one position at most, nothing between
    if not known.size or metres[-1] > LONGEST_M:
        return None
    own = metres[known]
    targets = np.linspace(own[0], own[-1], MAX_PATH)
    chosen = known
    if known.size > MAX_PATH:
        near = np.searchsorted(own, targets)
        near[0], near[-1] = 0, known.size - 1
        chosen = known[np.unique(np.minimum(near, known.size - 1))]
    return LocationCell(
        along_m=np.round(metres[chosen], 1).tolist(),
        lat_deg=np.round(track.columns["lat_deg"][chosen], 7).tolist(),
        lon_deg=np.round(track.columns["lon_deg"][chosen], 7).tolist(),
    )
