"""What a level does to a value on its way out. Pure, and the same answer every time.

=======  ==============  ====================  ==================  ===========
level    identifiers     places                times               free text
=======  ==============  ====================  ==================  ===========
medium   pseudonyms,     0.01 degree grid,     local hour          cleaned
         per recipient   ends hidden
=======  ==============  ====================  ==================  ===========

Until a person can choose a level every recipient is at medium.
"""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pierre_mcp.model.policy import PrivacyZone

HIDDEN_M = 500.0
"""Hidden at either end of a track, in metres along it."""

GRID_DEG = 0.01
"""The grid that places are rounded to, in degrees: about 1.1 km north to south."""

MAX_ROUTE_POINTS = 50
_EARTH_M = 6_371_008.8
MAX_NAME = 200
MAX_DESCRIPTION = 2_000

# Cc controls, Cf formats (bidirectional marks, zero-width characters and the tag
# characters U+E0000-E007F), Cs surrogates, Co private use, Cn not assigned.
_HOSTILE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_LINE_ENDS = {"Zl", "Zp"}

# Letters and marks that show nothing, in which text can hide: joiners, fillers and
# variation selectors (Default_Ignorable_Code_Point), and the empty braille cell.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code)
    for span in (
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
    for code in span
)


@dataclass(frozen=True, slots=True)
class Track:
    """A path by column: metres from its start, degrees; every column as long."""

    along_m: Sequence[float]
    lat_deg: Sequence[float]
    lon_deg: Sequence[float]


def coarse_path(
    track: Track, zones: Sequence[PrivacyZone] = ()
) -> tuple[list[float], list[float]]:
    """Return latitudes and longitudes of a track as a recipient may see it.

    The first and last 500 m along it are removed, and what lies in a zone of the
    person's own or would be rounded into one; what is left lies on the 0.01 degree
    grid without repeats in a row, at most 50 points. A track of a kilometre or less
    has none.
    """
    if not track.along_m:
        return [], []
    start_m, end_m = track.along_m[0] + HIDDEN_M, track.along_m[-1] - HIDDEN_M
    if start_m >= end_m:
        return [], []
    cells = [
        (round(lat / GRID_DEG), round(lon / GRID_DEG))
        for m, lat, lon in zip(track.along_m, track.lat_deg, track.lon_deg, strict=True)
        if start_m <= m <= end_m and not _private(lat, lon, zones)
    ]
    cells = [c for c in cells if not _private(_degrees(c[0]), _degrees(c[1]), zones)]
    # Once more after thinning: a track to and fro may be left with one of its ends.
    kept = _without_repeats(_thin(_without_repeats(cells)))
    return [_degrees(lat) for lat, _ in kept], [_degrees(lon) for _, lon in kept]


def _private(lat_deg: float, lon_deg: float, zones: Sequence[PrivacyZone]) -> bool:
    """Tell whether a place is in a zone: great circle, haversine, mean Earth radius."""
    return any(
        _distance_m(lat_deg, lon_deg, z.lat_deg, z.lon_deg) <= z.radius_m for z in zones
    )


def _distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    half_lat = math.radians(lat_b - lat_a) / 2
    half_lon = math.radians(lon_b - lon_a) / 2
    across = math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b))
    chord = math.sin(half_lat) ** 2 + across * math.sin(half_lon) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, chord)))


def _degrees(cell: int) -> float:
    return round(cell * GRID_DEG, 2)


def _without_repeats(cells: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [cell for cell, _ in groupby(cells)]


def _thin(cells: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(cells) <= MAX_ROUTE_POINTS:
        return cells
    step = (len(cells) - 1) / (MAX_ROUTE_POINTS - 1)
    return [cells[round(i * step)] for i in range(MAX_ROUTE_POINTS)]


def local_hour(local: str) -> str:
    """Return a local time ``YYYY-MM-DDTHH:MM[:SS…]`` to the hour."""
    return f"{local[:13]}:00"


def clean(text: str, limit: int = MAX_NAME) -> str:
    """Return text from outside, safe to show: no control or invisible characters.

    Line ends and tabs become spaces, runs of spaces one; the text is in NFC, and cut
    to ``limit`` characters. Cleaning it again changes nothing.
    """
    seen = "".join(map(_seen, text))
    # NFC last: two characters may compose once the unseen one between them is gone.
    flat = " ".join(unicodedata.normalize("NFC", seen).split())
    return flat[:limit].rstrip()


def _seen(char: str) -> str:
    """Return what a character leaves: itself, a space, or nothing."""
    category = unicodedata.category(char)
    if char.isspace() or category in _LINE_ENDS:
        return " "
    return "" if category in _HOSTILE or char in _UNSEEN else char
