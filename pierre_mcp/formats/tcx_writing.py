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
from math import isnan, nan
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
_EXTENSION: Final = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
_SPORTS: Final = {Sport.RUNNING: "Running", Sport.CYCLING: "Biking"}
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_CALORIES: Final = 65_535
_MOST_CADENCE: Final = 254
_POINTS: Final = 2_000
_WRITTEN: Final = {
    name: f".{decimals(name)}f"
    for name in (
        *(TIME, "lat_deg", "lon_deg", "altitude_m", "distance_m", "heart_rate_bpm"),
        *("cadence_rpm", "speed_m_s", "power_w"),
    )
}
"""The streams that the schema has a place for, and how each is written."""


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
            names = [name for name in _WRITTEN if name in one.columns]
            values = (one.columns[name][rows].tolist() for name in names)
            yield "".join(
                _point(one.started_at, dict(zip(names, point, strict=True)))
                for point in zip(*values, strict=True)
            )
        yield "</Track>\n"


def _point(start: datetime, of: Mapping[str, float]) -> str:
    """Return one sample, what it has in the order that the schema asks for."""
    text = f"<Time>{_utc(start + timedelta(seconds=of[TIME]))}</Time>"
    places = _element("LatitudeDegrees", "lat_deg", of)
    places += _element("LongitudeDegrees", "lon_deg", of)
    text += f"<Position>{places}</Position>" if places else ""
    text += _element("AltitudeMeters", "altitude_m", of)
    text += _element("DistanceMeters", "distance_m", of)
    beats = _element("Value", "heart_rate_bpm", of)
    text += f"<HeartRateBpm>{beats}</HeartRateBpm>" if beats else ""
    if of.get("cadence_rpm", nan) <= _MOST_CADENCE:
        text += _element("Cadence", "cadence_rpm", of)
    more = _element("Speed", "speed_m_s", of) + _element("Watts", "power_w", of)
    if more:
        text += f'<Extensions><TPX xmlns="{_EXTENSION}">{more}</TPX></Extensions>'
    return f"<Trackpoint>{text}</Trackpoint>\n"


def _element(element: str, name: str, of: Mapping[str, float]) -> str:
    value = of.get(name, nan)
    return "" if isnan(value) else f"<{element}>{value:{_WRITTEN[name]}}</{element}>"


def _utc(at: datetime) -> str:
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
