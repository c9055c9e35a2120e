"""TCX in, tracks out: one for each ``Activity``; laps give the totals.

Points without a position (indoors) are kept. A gap between two ``Track`` elements of
one lap is a pause. A course is no activity.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.gpx import pauses, sport_named
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.points import Points, instant, number
from pierre_mcp.formats.samples import Samples, moment
from pierre_mcp.model.track import Lap, Totals, Track

ROOT = "TrainingCenterDatabase"

_POINT = {
    ("LatitudeDegrees", "Position"): "lat_deg",
    ("LongitudeDegrees", "Position"): "lon_deg",
    ("AltitudeMeters", "Trackpoint"): "altitude_m",
    ("DistanceMeters", "Trackpoint"): "distance_m",
    ("Value", "HeartRateBpm"): "heart_rate_bpm",
    ("Cadence", "Trackpoint"): "cadence_rpm",
    ("RunCadence", "TPX"): "cadence_rpm",
    ("Watts", "TPX"): "power_w",
    ("Speed", "TPX"): "speed_m_s",
}
_LAP = {
    ("TotalTimeSeconds", "Lap"): "seconds",
    ("DistanceMeters", "Lap"): "metres",
    ("Calories", "Lap"): "calories",
}


@dataclass(slots=True)
class _Lap:
    """A lap as it is read."""

    start_s: float
    seconds: float | None = None
    metres: float | None = None
    calories: float | None = None


@dataclass(slots=True)
class _Activity:
    """An activity as it is read."""

    sport: str
    points: Points
    identity_s: float = math.nan
    notes: str | None = None
    laps: list[_Lap] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    tracks_in_lap: int = 0


class TcxSink:
    """Collects the activities of a TCX document."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._activity: _Activity | None = None
        self._in_point = False
        self._read: list[Track] = []
        self._course = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Sink``."""
        if name == "Activity":
            sport = attributes.get("Sport", "")
            self._activity = _Activity(sport, Points(self._limits))
        elif name == "Course":
            self._course = True
        elif self._activity is not None:
            self._start_inside(self._activity, name, attributes)

    def _start_inside(
        self, activity: _Activity, name: str, attributes: Mapping[str, str]
    ) -> None:
        if name == "Trackpoint":
            self._in_point = True
            activity.points.begin()
        elif name == "Lap":
            activity.tracks_in_lap = 0
            start_s, offset_s = instant(attributes.get("StartTime", ""))
            activity.laps.append(_Lap(start_s))
            if activity.points.utc_offset_s is None:
                activity.points.utc_offset_s = offset_s
        elif name == "Track":
            activity.tracks_in_lap += 1
            if activity.tracks_in_lap > 1 and activity.points:
                count = len(activity.points)
                activity.gaps.append((count - 1, count))

    def end(self, name: str, parent: str, text: str) -> None:
        """See ``Sink``."""
        activity = self._activity
        if activity is None:
            return
        if self._in_point:
            self._end_in_point(activity.points, name, parent, text)
        elif name == "Activity":
            self._finish(activity, broken=False)
        elif (name, parent) in _LAP and activity.laps:
            setattr(activity.laps[-1], _LAP[name, parent], number(text))
        elif name == "Notes" and parent == "Activity":
            activity.notes = text or None
        elif name == "Id" and parent == "Activity":
            activity.identity_s = instant(text)[0]

    def _end_in_point(self, points: Points, name: str, parent: str, text: str) -> None:
        column = _POINT.get((name, parent))
        if column is not None:
            points.value(column, text)
        elif name == "Time":
            points.time(text)
        elif name == "Trackpoint":
            self._in_point = False

    def _finish(self, activity: _Activity, *, broken: bool) -> None:
        self._activity = None
        if len(self._read) >= self._limits.tracks:
            raise UnreadableError(Reason.LIMITS)
        samples = activity.points.samples() if activity.points.timed() else None
        start_s = _start(activity, samples)
        if math.isnan(start_s):
            return
        self._read.append(_track(activity, samples, start_s, broken=broken))

    def tracks(self, *, broken: bool) -> list[Track]:
        """See ``Sink``."""
        if broken and self._activity and self._activity.points.timed():
            self._finish(self._activity, broken=True)
        if not self._read:
            raise UnreadableError(
                Reason.NOT_AN_ACTIVITY if self._course else Reason.NO_SAMPLES
            )
        return self._read


def _start(activity: _Activity, samples: Samples | None) -> float:
    """Return the first sample's time, else the first lap's, else the activity's."""
    if samples is not None:
        return float(samples.times_s[0])
    starts = [lap.start_s for lap in activity.laps if not math.isnan(lap.start_s)]
    return min(starts, default=activity.identity_s)


def _track(
    activity: _Activity, samples: Samples | None, start_s: float, *, broken: bool
) -> Track:
    samples = samples or activity.points.samples().within(slice(0))
    columns = samples.since(start_s)
    return Track(
        sport=sport_named(activity.sport),
        started_at=moment(start_s),
        utc_offset_s=activity.points.utc_offset_s,
        columns=columns,
        laps=_laps(activity.laps, start_s),
        pauses=pauses(activity.points, activity.gaps, start_s),
        totals=_totals(activity.laps),
        indoor="lat_deg" not in columns,
        description=activity.notes,
        repairs=(*samples.repairs, *(("truncated",) if broken else ())),
    )


def _laps(laps: list[_Lap], start_s: float) -> tuple[Lap, ...]:
    return tuple(
        Lap(max(lap.start_s - start_s, 0.0), lap.seconds, lap.metres)
        for lap in laps
        if lap.seconds is not None and not math.isnan(lap.start_s)
    )


def _totals(laps: list[_Lap]) -> Totals:
    return Totals(
        moving_s=_sum([lap.seconds for lap in laps]),
        distance_m=_sum([lap.metres for lap in laps]),
        calories_kcal=_sum([lap.calories for lap in laps]),
    )


def _sum(values: list[float | None]) -> float | None:
    """Return the sum where every lap has a value."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
