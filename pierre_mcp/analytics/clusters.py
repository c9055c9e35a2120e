"""Places that many points lie near: where somebody often starts or ends."""

from collections.abc import Sequence

import numpy as np

METRES_A_DEGREE = 111_195.08
"""Of latitude, by the mean Earth radius R1 of WGS 84 (IUGG)."""

_MOST = 20

Place = tuple[float, float]


def clusters(
    places: Sequence[Place], *, within_m: float, least: int
) -> list[tuple[Place, int]]:
    """Return the middle of each crowd of places, and how many it is of, most first.

    A crowd is what lies within ``within_m`` of its middle; each place is of one at
    most. The densest square of that side, with those around it, is where one is looked
    for, again and again, until there is none of ``least``; at most 20 are found.

    Args:
        places: Latitude and longitude, degrees.
        within_m: Metres.
        least: Places in a crowd.
    """
    left = np.array(places, dtype=float).reshape(-1, 2)
    found: list[tuple[Place, int]] = []
    while len(left) >= least and len(found) < _MOST:
        middle = _densest(left, within_m)
        for _ in range(3):  # the middle of a square moves to that of its crowd
            near = _metres(left, middle) <= within_m
            middle = left[near].mean(axis=0) if near.any() else middle
        near = _metres(left, middle) <= within_m
        if near.sum() < least:
            break
        found.append(((float(middle[0]), float(middle[1])), int(near.sum())))
        left = left[~near]
    return sorted(found, key=lambda one: -one[1])


def _densest(places: np.ndarray, within_m: float) -> np.ndarray:
    """Return the middle of the places in the square that has most of them."""
    lat_step = within_m / METRES_A_DEGREE
    lon_step = lat_step / np.maximum(0.01, np.cos(np.radians(places[:, 0])))
    squares = np.floor(
        places / np.stack([np.full_like(lon_step, lat_step), lon_step], 1)
    )
    _, which, counts = np.unique(
        squares, axis=0, return_inverse=True, return_counts=True
    )
    middle: np.ndarray = places[which.reshape(-1) == counts.argmax()].mean(axis=0)
    return middle


def _metres(places: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return how far places lie from one, on a plane around it."""
    lat = (places[:, 0] - middle[0]) * METRES_A_DEGREE
    narrow = np.cos(np.radians(middle[0])) * METRES_A_DEGREE
    lon = ((places[:, 1] - middle[1] + 180) % 360 - 180) * narrow
    apart: np.ndarray = np.hypot(lat, lon)
    return apart
