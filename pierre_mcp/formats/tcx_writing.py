"""Tracks out, as TCX: what other programs, and our own reader, take in.

The schema (TrainingCenterDatabase version 2) knows two sports and ``Other``. Where it
has no word the sport's own is written, which readers that look for words understand,
ours among them. One lap carries the totals; a pause begins a new ``Track`` in it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from math import inf
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from pierre_mcp.formats.csv_writing import decimals
from pierre_mcp.model.category import Sport
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column, Pause

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/'
    'TrainingCenterDatabase/v2">\n<Activities>\n'
)
_TAIL: Final = "</Activities>\n</TrainingCenterDatabase>\n"
_TPX: Final = (
    '<Extensions><TPX xmlns="http://www.garmin.com/xmlschemas/ActivityExtension/v2">'
)
_SPORTS: Final = {Sport.RUNNING: "Running", Sport.CYCLING: "Biking"}
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_CALORIES: Final = 65_535
_MOST_CADENCE: Final = 254
_POINTS: Final = 2_000
_NONE: Final = np.empty(0)
_ELEMENTS: Final = (
    ("lat_deg", "LatitudeDegrees"),
    ("lon_deg", "LongitudeDegrees"),
    ("altitude_m", "AltitudeMeters"),
    ("distance_m", "DistanceMeters"),
    ("heart_rate_bpm", "Value"),
    ("cadence_rpm", "Cadence"),
    ("speed_m_s", "Speed"),
    ("power_w", "Watts"),
)
"""The streams that the schema has a place for, and the element each is in."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is written of one recording.

    Attributes:
        started_at: UTC.
        utc_offset_s: Local time minus UTC.
        seconds: Its moving time, else its whole time.
        columns: Streams of shape (n,) each, with ``t_s``; none: totals alone.
    """

    sport: Sport
    started_at: datetime
    utc_offset_s: int
    seconds: float
    distance_m: float | None
    calories_kcal: float | None
    notes: str
    columns: Mapping[str, Column]
    pauses: tuple[Pause, ...] = ()


def tcx(one: Written) -> Iterator[str]:
    """Give the document, piece by piece."""
    local = timezone(timedelta(seconds=one.utc_offset_s))
    start = one.started_at.astimezone(local).isoformat(timespec="milliseconds")
    sport = _SPORTS.get(one.sport, one.sport.value.capitalize())
    yield f"{_HEAD}<Activity Sport={quoteattr(sport)}>\n"
    yield f"<Id>{_utc(one.started_at)}</Id>\n"
    yield f"<Lap StartTime={quoteattr(start)}>\n"
    yield f"<TotalTimeSeconds>{one.seconds:.3f}</TotalTimeSeconds>\n"
    if one.distance_m is not None:
        yield f"<DistanceMeters>{one.distance_m:.2f}</DistanceMeters>\n"
    if one.calories_kcal is not None:
        yield f"<Calories>{min(one.calories_kcal, _MOST_CALORIES):.0f}</Calories>\n"
    yield "<Intensity>Active</Intensity>\n<TriggerMethod>Manual</TriggerMethod>\n"
    yield from _tracks(one)
    yield "</Lap>\n"
    if one.notes:
        yield f"<Notes>{escape(_NO_XML.sub('', one.notes))}</Notes>\n"
    yield f"</Activity>\n{_TAIL}"


def _tracks(one: Written) -> Iterator[str]:
    time_s = one.columns.get(TIME)
    if time_s is None or not time_s.size:
        return
    at = np.searchsorted(time_s, [pause.end_s for pause in one.pauses]).tolist()
    for first, last in pairwise(sorted({0, *at, len(time_s)})):
        yield "<Track>\n"
        for start in range(first, last, _POINTS):
            rows = slice(start, min(start + _POINTS, last))
            yield "".join(_points(one, rows))
        yield "</Track>\n"


def _points(one: Written, rows: slice) -> Iterator[str]:
    """Give samples, what each has in the order that the schema asks for."""
    moments = one.columns[TIME][rows].tolist()
    texts = [
        _elements(name, element, one.columns.get(name, _NONE)[rows], len(moments))
        for name, element in _ELEMENTS
    ]
    for seconds, of in zip(moments, zip(*texts, strict=True), strict=True):
        lat, lon, high, along, bpm, cadence, speed, watts = of
        text = f"<Time>{_utc(one.started_at + timedelta(seconds=seconds))}</Time>"
        if lat and lon:
            text += f"<Position>{lat}{lon}</Position>"
        text += high + along
        if bpm:
            text += f"<HeartRateBpm>{bpm}</HeartRateBpm>"
        text += cadence
        if speed or watts:
            text += f"{_TPX}{speed}{watts}</TPX></Extensions>"
        yield f"<Trackpoint>{text}</Trackpoint>\n"


def _elements(name: str, element: str, column: Column, count: int) -> list[str]:
    """Return an element for each sample, empty where it has no value."""
    if not column.size:
        return [""] * count
    form = f"<{element}>%.{decimals(name)}f</{element}>"
    most = _MOST_CADENCE if element == "Cadence" else inf
    return [form % value if value <= most else "" for value in column.tolist()]


def _utc(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
