"""The small tables of a Strava export: shoes, bikes and privacy zones.

Columns are found by position, as in ``activities.csv``; their headers are in the
account's language.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.strava_export import table
from pierre_mcp.formats.streams import Readable

Kind = Literal["shoes", "bike"]

_METRES: Final = {
    "": 1.0,
    "m": 1.0,
    "km": 1_000.0,
    "mi": 1_609.344,
    "ft": 0.3048,
}
_LEAST_RADIUS_M, _MOST_RADIUS_M = 50.0, 20_000.0
_FEW: Final = 5.0
"""A bare radius up to this is no number of metres: zones begin at 200 m."""

_RADIUS = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([a-z]*)", re.IGNORECASE)
_PLACE = re.compile(r"[-+]?\d{1,3}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class ExportedGear:
    """One row of ``shoes.csv`` or ``bikes.csv``; what is empty is not known."""

    kind: Kind
    name: str
    brand: str
    model: str


@dataclass(frozen=True, slots=True)
class ExportedZone:
    """One row of ``privacy_zones.csv``: degrees WGS 84, radius in metres."""

    lat_deg: float
    lon_deg: float
    radius_m: float


def gear(stream: Readable, kind: Kind, limits: Limits) -> Iterator[ExportedGear]:
    """Give the pieces of gear of a table: columns name, brand, model.

    Raises:
        UnreadableError: It is too large or its quotes do not match.
    """
    rows = table(stream, limits)
    next(rows, None)
    for row in rows:
        name, brand, model = (cell.strip() for cell in [*row, "", "", ""][:3])
        if name or brand or model:
            yield ExportedGear(kind, name, brand, model)


def zones(stream: Readable, limits: Limits) -> Iterator[ExportedZone | None]:
    """Give the zones of a table (address, radius, position); None for one unread.

    The address is not kept. A radius is taken as metres unless it says otherwise or is
    too small to be; then the larger unit, a mile, errs on the side of hiding.

    Raises:
        UnreadableError: It is too large or its quotes do not match.
    """
    rows = table(stream, limits)
    next(rows, None)
    for row in rows:
        _, radius, *place = [*row, "", ""]
        yield _zone(radius, place)


def _zone(radius: str, place: list[str]) -> ExportedZone | None:
    metres = _radius_m(radius)
    numbers = [float(n) for n in _PLACE.findall(" ".join(place))]
    if metres is None or len(numbers) != 2:
        return None
    lat, lon = numbers
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return ExportedZone(lat, lon, metres)


def _radius_m(text: str) -> float | None:
    found = _RADIUS.fullmatch(text.strip())
    if found is None or found[2].lower() not in _METRES:
        return None
    number, unit = float(found[1].replace(",", ".")), found[2].lower()
    if not unit and number <= _FEW:
        unit = "mi"
    metres = number * _METRES[unit]
    if not math.isfinite(metres) or not 0 < metres <= _MOST_RADIUS_M:
        return None
    return max(metres, _LEAST_RADIUS_M)
