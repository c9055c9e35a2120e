"""GPX in, tracks out: one for each ``trk``; a gap between segments is a pause.

Routes and tracks without times are no activities. Extensions are matched by local
name, whoever's schema they are from.
"""

from collections.abc import Mapping

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.points import Points
from pierre_mcp.formats.samples import moment
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Pause, Track

ROOT = "gpx"

_VALUES = {
    "ele": "altitude_m",
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "cad": "cadence_rpm",
    "cadence": "cadence_rpm",
    "atemp": "temperature_c",
    "temp": "temperature_c",
    "power": "power_w",
    "PowerInWatts": "power_w",
    "speed": "speed_m_s",
    "distance": "distance_m",
}
_TEXTS = {"name": "name", "desc": "description", "type": "type"}

_SPORTS = (
    ("treadmill", Sport.RUNNING),
    ("run", Sport.RUNNING),
    ("cycl", Sport.CYCLING),
    ("bik", Sport.CYCLING),
    ("ride", Sport.CYCLING),
    ("swim", Sport.SWIMMING),
    ("hik", Sport.HIKING),
    ("walk", Sport.WALKING),
    ("row", Sport.ROWING),
    ("kayak", Sport.PADDLING),
    ("paddl", Sport.PADDLING),
    ("canoe", Sport.PADDLING),
    ("ski", Sport.SKIING),
    ("snowboard", Sport.SKIING),
    ("skat", Sport.SKATING),
    ("strength", Sport.STRENGTH),
    ("weight", Sport.STRENGTH),
    ("yoga", Sport.YOGA),
    ("transition", Sport.TRANSITION),
)
_STRAVA_NUMBERS = {"1": Sport.CYCLING, "4": Sport.HIKING, "9": Sport.RUNNING}
"""Strava's older exports write the type as a number; these are the ones seen."""


def sport_named(text: str) -> Sport:
    """Return the sport that a free word means."""
    word = text.strip().lower()
    if word in _STRAVA_NUMBERS:
        return _STRAVA_NUMBERS[word]
    return next((sport for part, sport in _SPORTS if part in word), Sport.OTHER)


class GpxSink:
    """Collects the tracks of a GPX document."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._points: Points | None = None
        self._texts: dict[str, str] = {}
        self._gaps: list[tuple[int, int]] = []
        self._in_point = False
        self._read: list[Track] = []
        self._seen: set[str] = set()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See ``Sink``."""
        if name == "trkpt":
            self._begin_point(attributes)
        elif name == "trk":
            self._points, self._texts, self._gaps = Points(self._limits), {}, []
        elif name == "trkseg" and self._points:
            self._gaps.append((len(self._points) - 1, len(self._points)))
        elif name == "rtept":
            self._seen.add(name)

    def _begin_point(self, attributes: Mapping[str, str]) -> None:
        if self._points is None:
            return
        self._in_point = True
        self._seen.add("trkpt")
        self._points.begin()
        self._points.value("lat_deg", attributes.get("lat", ""))
        self._points.value("lon_deg", attributes.get("lon", ""))

    def end(self, name: str, parent: str, text: str) -> None:
        """See ``Sink``."""
        points = self._points
        if points is None:
            return
        if self._in_point:
            if name == "time" and parent == "trkpt":
                points.time(text)
            elif name in _VALUES:
                points.value(_VALUES[name], text)
            elif name == "trkpt":
                self._in_point = False
        elif name == "trk":
            self._finish(points, broken=False)
        elif name in _TEXTS and parent == "trk" and text:
            self._texts[_TEXTS[name]] = text

    def _finish(self, points: Points, *, broken: bool) -> None:
        self._points = None
        if points.timed():
            if len(self._read) >= self._limits.tracks:
                raise UnreadableError(Reason.LIMITS)
            self._read.append(self._track(points, broken=broken))

    def _track(self, points: Points, *, broken: bool) -> Track:
        samples = points.samples()
        start_s = float(samples.times_s[0])
        columns = samples.since(start_s)
        return Track(
            sport=sport_named(self._texts.get("type", "")),
            started_at=moment(start_s),
            utc_offset_s=points.utc_offset_s,
            columns=columns,
            pauses=pauses(points, self._gaps, start_s),
            indoor="lat_deg" not in columns,
            name=self._texts.get("name"),
            description=self._texts.get("description"),
            repairs=(*samples.repairs, *(("truncated",) if broken else ())),
        )

    def tracks(self, *, broken: bool) -> list[Track]:
        """See ``Sink``."""
        if broken and self._points:
            self._finish(self._points, broken=True)
        if not self._read:
            raise UnreadableError(Reason.NO_TIMES if self._seen else Reason.NO_SAMPLES)
        return self._read


def pauses(
    points: Points, gaps: list[tuple[int, int]], start_s: float
) -> tuple[Pause, ...]:
    """Return the time between two points for each gap, where any passed."""
    times, count = points.times_s, len(points)
    ends = ((times[a], times[b]) for a, b in gaps if b < count)
    return tuple(
        Pause(before - start_s, after - start_s)
        for before, after in ends
        if start_s <= before < after
    )
