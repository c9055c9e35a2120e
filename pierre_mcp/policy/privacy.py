"""Paths made coarse, and text made safe. Pure, and the same answer every time.

Which level asks for what of these is said in ``levels``.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from pierre_mcp.policy.circles import Circle, touched

HIDDEN_M = 500.0
"""Hidden at either end of a track, in metres along it."""

GRID_DEG = 0.01
"""The grid that places are rounded to, in degrees: about 1.1 km north to south."""

FINE_DECIMALS = 4
"""Of degrees at ``low``: about 11 m north to south."""

MAX_ROUTE_POINTS = 50
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


Pair = TypeVar("Pair", tuple[int, int], tuple[float, float])


@dataclass(frozen=True, slots=True)
class Track:
    """A path by column: metres from its start, degrees; every column as long."""

    along_m: Sequence[float]
    lat_deg: Sequence[float]
    lon_deg: Sequence[float]


def coarse_path(
    track: Track, circles: Sequence[Circle] = ()
) -> tuple[list[float], list[float]]:
    """Return latitudes and longitudes of a track on the grid.

    The first and last 500 m along it are removed, and what lies in a circle or would be
    rounded into one; a track that touches one is moved by its shift. What is left lies
    on the 0.01 degree grid without repeats in a row, at most 50 points. A track of a
    kilometre or less has none.
    """
    if not track.along_m:
        return [], []
    start_m, end_m = track.along_m[0] + HIDDEN_M, track.along_m[-1] - HIDDEN_M
    if start_m >= end_m:
        return [], []
    shift = touched(track.lat_deg, track.lon_deg, circles)
    places = [
        (lat, lon) if shift is None else shift.moved(lat, lon)
        for m, lat, lon in zip(track.along_m, track.lat_deg, track.lon_deg, strict=True)
        if start_m <= m <= end_m and not _private(lat, lon, circles)
    ]
    cells = [(round(lat / GRID_DEG), round(lon / GRID_DEG)) for lat, lon in places]
    cells = [c for c in cells if not _private(_degrees(c[0]), _degrees(c[1]), circles)]
    # Once more after thinning: a track to and fro may be left with one of its ends.
    kept = _without_repeats(_thin(_without_repeats(cells)))
    return [_degrees(lat) for lat, _ in kept], [_degrees(lon) for _, lon in kept]


def fine_path(
    track: Track, circles: Sequence[Circle] = ()
) -> tuple[list[float], list[float]]:
    """Return latitudes and longitudes to 0.0001 degree, at most 50 points.

    A track that touches a circle is on the grid, as ``coarse_path`` gives it.
    """
    if touched(track.lat_deg, track.lon_deg, circles) is not None:
        return coarse_path(track, circles)
    pairs = zip(track.lat_deg, track.lon_deg, strict=True)
    kept = _thin([(fine(lat), fine(lon)) for lat, lon in pairs])
    return [lat for lat, _ in kept], [lon for _, lon in kept]


def fine(degrees: float) -> float:
    """Return degrees to 0.0001; no zero is -0.0."""
    return round(degrees, FINE_DECIMALS) + 0.0


def _private(lat_deg: float, lon_deg: float, circles: Sequence[Circle]) -> bool:
    return any(circle.has(lat_deg, lon_deg) for circle in circles)


def _degrees(cell: int) -> float:
    return round(cell * GRID_DEG, 2)


def _without_repeats(cells: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [cell for cell, _ in groupby(cells)]


def _thin(cells: list[Pair]) -> list[Pair]:
    if len(cells) <= MAX_ROUTE_POINTS:
        return cells
    step = (len(cells) - 1) / (MAX_ROUTE_POINTS - 1)
    return [cells[round(i * step)] for i in range(MAX_ROUTE_POINTS)]


def clean(text: str, limit: int = MAX_NAME) -> str:
    """Return text from outside, safe to show: no control or invisible characters.

    Line ends and tabs become spaces, runs of spaces one; the text is in NFC, and cut
    to ``limit`` characters. Cleaning it again changes nothing.
    """
    if text.isascii() and text.isprintable():  # most are: nothing in them can hide
        return " ".join(text.split())[:limit].rstrip()
    seen = "".join(map(_seen, text))
    # NFC last: two characters may compose once the unseen one between them is gone.
    flat = " ".join(unicodedata.normalize("NFC", seen).split())
    return flat[:limit].rstrip()


def visible(text: str) -> str:
    r"""Return text of the log as it may be written anywhere, with nothing lost.

    What shows nothing or moves the cursor stands as an escape, like ``\u202e``, and a
    backslash twice, so that no two texts are written alike.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_written, text))


def _written(char: str) -> str:
    if char == "\\":
        return "\\\\"
    category = unicodedata.category(char)
    if category in _HOSTILE or category in _LINE_ENDS or char in _UNSEEN:
        code = ord(char)
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def _seen(char: str) -> str:
    """Return what a character leaves: itself, a space, or nothing."""
    category = unicodedata.category(char)
    if char.isspace() or category in _LINE_ENDS:
        return " "
    return "" if category in _HOSTILE or char in _UNSEEN else char
