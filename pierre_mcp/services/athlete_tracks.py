"""The synthetic athlete's tracks: a session in, what a watch would have recorded out.

Effort comes first; the path, the hills on it, speed, heart rate and power follow from
it, so that they agree with each other. One sample every 5 s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from types import MappingProxyType
from typing import Final

import numpy as np

from pierre_mcp.model.category import Sport
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column, Lap, Pause, Totals, Track
from pierre_mcp.services.athlete_plan import Kind, Session

STEP_S: Final = 5.0

_REST_BPM, _THRESHOLD_BPM, _MOST_BPM = 48.0, 172.0, 187.0
_THRESHOLD_W = 252.0
_LAG_S = 35.0
_METRES_A_DEGREE = 111_195.0
_ROUTE_STREAM, _TRACK_STREAM = 2, 3
_ROUTES = 5
_PATH_POINTS = 480


@dataclass(frozen=True, slots=True)
class _Home:
    """Where paths start, and the made-up ground around it.

    Attributes:
        inland: The way the ground rises: east and north, unit length.
        base_m: Its height here.
        rise_m: How far it rises above that in the end.
        within_m: The distance inland by which most of it has risen.
        wave_m: The height of the waves it comes in.
    """

    lat_deg: float
    lon_deg: float
    inland: tuple[float, float]
    base_m: float
    rise_m: float
    within_m: float
    wave_m: float


# A spot on the left shore of Lake Zurich where no house stands, and a trailhead.
_LAKE = _Home(47.2893, 8.5741, (-0.8, -0.6), 412, 300, 6_500, 11)
_HILLS = _Home(47.0412, 9.0287, (-0.3, -0.954), 870, 1_250, 4_200, 6)


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a sport is done.

    Attributes:
        speed_m_s: On the flat at easy effort.
        slowing: How fast speed falls with the gradient.
        effort: At ease, as a part of the threshold.
        cadence_rpm: Turns, or strides of one leg, or strokes.
    """

    speed_m_s: float
    slowing: float
    effort: float
    cadence_rpm: float


_MANNERS: Mapping[Sport, _Manner] = MappingProxyType(
    {
        Sport.RUNNING: _Manner(2.95, 3.0, 0.70, 84),
        Sport.CYCLING: _Manner(7.6, 6.0, 0.66, 86),
        Sport.SWIMMING: _Manner(0.82, 0.0, 0.62, 27),
        Sport.WALKING: _Manner(1.42, 2.0, 0.36, 56),
        Sport.HIKING: _Manner(1.12, 2.6, 0.52, 52),
        Sport.STRENGTH: _Manner(0.0, 0.0, 0.42, 0),
    }
)
_TO_GO_HARDER = MappingProxyType(
    {Kind.EASY: 1.0, Kind.LONG: 1.03, Kind.TEMPO: 1.28, Kind.INTERVALS: 1.5}
)


def track_of(seed: int, session: Session) -> Track:
    """Return the track of a session: the same for the same seed and session."""
    rng = np.random.default_rng([seed, _TRACK_STREAM, session.index])
    blocks = _blocks(session)
    effort = _effort(rng, session, blocks)
    time_s: Column = np.arange(len(effort), dtype=np.float64) * STEP_S
    columns, grade = _ground(rng, session, effort)
    columns |= _body(rng, session, effort, grade)
    pause = _pause(rng, session, time_s)
    if pause is not None:
        time_s += (time_s > pause.start_s) * (pause.end_s - pause.start_s)
    return Track(
        sport=session.sport,
        started_at=session.starts_at.astimezone(UTC),
        utc_offset_s=None,
        columns={TIME: time_s, **columns},
        laps=_laps(blocks, time_s, columns.get("distance_m")),
        pauses=() if pause is None else (pause,),
        totals=Totals(calories_kcal=round(float(effort.sum()) * STEP_S / 60 * 14)),
        indoor=session.indoor,
        name=session.name,
        description=session.description,
    )


def _blocks(session: Session) -> list[tuple[int, float]]:
    """Return how many samples at which effort, in order; one block is one lap."""
    easy = _MANNERS[session.sport].effort
    hard = easy * _TO_GO_HARDER[session.kind]
    whole = round(session.minutes * 60 / STEP_S)
    if session.kind is Kind.TEMPO:
        return [
            (whole // 5, easy),
            (whole - 2 * (whole // 5), hard),
            (whole // 5, easy),
        ]
    if session.kind is Kind.INTERVALS:
        warm, repeat, float_ = whole // 4, 48, 24
        repeats = max(1, (whole - 2 * warm) // (repeat + float_))
        sets = [(repeat, hard), (float_, easy * 0.85)] * repeats
        return [(warm, easy), *sets, (warm, easy)]
    return [(whole, hard)]


def _effort(
    rng: np.random.Generator, session: Session, blocks: list[tuple[int, float]]
) -> Column:
    """Return effort at each sample as a part of the threshold, shape (n,)."""
    planned = np.repeat([e for _, e in blocks], [n for n, _ in blocks])
    if session.sport is Sport.STRENGTH:
        # Sets and breaks, about two minutes each.
        planned = planned * (1 + 0.3 * np.sin(np.arange(len(planned)) / 4))
    return np.clip(planned * (1 + _drift(rng, len(planned), 24) * 0.04), 0.1, 1.3)


def _drift(rng: np.random.Generator, count: int, every: int) -> Column:
    """Return smooth noise of about unit size, shape (count,)."""
    knots = np.arange(0, count + every, every)
    return np.interp(np.arange(count), knots, rng.standard_normal(len(knots)))


def _ground(
    rng: np.random.Generator, session: Session, effort: Column
) -> tuple[dict[str, Column], Column]:
    """Return what a recorder learns of the ground, and the gradient at each sample."""
    manner, flat = _MANNERS[session.sport], np.zeros(len(effort))
    if session.sport is Sport.STRENGTH:
        return {}, flat
    speed = manner.speed_m_s * session.form * (effort / manner.effort) ** 0.55
    speed *= 1 + _drift(rng, len(effort), 12) * 0.03
    if session.indoor:
        return {"distance_m": _distance_m(speed), "speed_m_s": speed}, flat
    route = int(rng.integers(_ROUTES))
    # The gradient as at even speed; then the speed that these hills allow.
    even = _distance_m(speed)
    grade = _grade(even, _height_m(session.sport, *_path(session.sport, route, even)))
    speed *= np.exp(-manner.slowing * np.clip(grade, -0.12, 0.2))
    distance = _distance_m(speed)
    lat, lon, height = _placed(rng, session.sport, route, distance)
    columns = {
        "lat_deg": lat,
        "lon_deg": lon,
        "altitude_m": height,
        "distance_m": distance,
        "speed_m_s": speed,
        "temperature_c": _temperature_c(rng, session, len(effort)),
    }
    return columns, grade


def _distance_m(speed_m_s: Column) -> Column:
    return np.concatenate([[0.0], np.cumsum(speed_m_s[:-1] * STEP_S)])


def _grade(distance_m: Column, height_m: Column) -> Column:
    rise, run = np.diff(height_m), np.maximum(np.diff(distance_m), 0.5)
    return np.append(rise / run, 0.0)


def _path(sport: Sport, route: int, distance_m: Column) -> tuple[Column, Column]:
    """Return a loop from home, as long as the way: metres east and north of it."""
    east, north = _loop(_home(sport), route)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))])
    scale = distance_m[-1] / along[-1]
    at = distance_m / scale
    return np.interp(at, along, east) * scale, np.interp(at, along, north) * scale


def _loop(home: _Home, route: int) -> tuple[Column, Column]:
    """Return a closed curve through 0, 0 of which all lies inland: lakes stay dry."""
    rng = np.random.default_rng([_ROUTE_STREAM, route])
    angle = np.linspace(0, 2 * np.pi, _PATH_POINTS, endpoint=False)
    radius = np.ones(_PATH_POINTS)
    for waves in (2, 3, 5, 9):
        radius += 0.28 / waves * np.cos(waves * angle + rng.uniform(0, 2 * np.pi))
    east, north = radius * np.cos(angle), radius * np.sin(angle)
    first = int(np.argmin(east * home.inland[0] + north * home.inland[1]))
    order = np.roll(np.arange(_PATH_POINTS), -first)
    order = np.append(order, first)[:: 1 if route % 2 else -1]
    return east[order] - east[first], north[order] - north[first]


def _home(sport: Sport) -> _Home:
    return _HILLS if sport is Sport.HIKING else _LAKE


def _height_m(sport: Sport, east_m: Column, north_m: Column) -> Column:
    """Return the height of made-up ground: it rises inland, in waves."""
    home = _home(sport)
    inland = np.maximum(east_m * home.inland[0] + north_m * home.inland[1], 0)
    waves = home.wave_m * np.sin(east_m / 610) * np.cos(north_m / 540)
    risen = home.rise_m * (1 - np.exp(-inland / home.within_m))
    height: Column = home.base_m + risen + waves
    return height


def _placed(
    rng: np.random.Generator, sport: Sport, route: int, distance_m: Column
) -> tuple[Column, Column, Column]:
    """Return latitude, longitude and height, as unsure as a receiver is."""
    x, y = _path(sport, route, distance_m)
    home, count = _home(sport), len(distance_m)
    height = _height_m(sport, x, y) + _drift(rng, count, 10) * 0.5
    lat = home.lat_deg + (y + _drift(rng, count, 6) * 2) / _METRES_A_DEGREE
    shrunk = _METRES_A_DEGREE * np.cos(np.radians(home.lat_deg))
    lon = home.lon_deg + (x + _drift(rng, count, 6) * 2) / shrunk
    return lat, lon, height


def _temperature_c(rng: np.random.Generator, session: Session, count: int) -> Column:
    season = np.cos((session.starts_at.timetuple().tm_yday - 200) / 365 * 2 * np.pi)
    mean_c = 10 + 11 * season + rng.normal(0, 3)
    shade: Column = np.rint(mean_c + _drift(rng, count, 240) * 0.7)
    return shade


def _body(
    rng: np.random.Generator, session: Session, effort: Column, grade: Column
) -> dict[str, Column]:
    """Return what straps and meters record; now and then one was left at home."""
    worn, metered = rng.random() > 0.04, rng.random() > 0.08 or session.indoor
    riding = session.sport is Sport.CYCLING
    # Nobody pedals down a steep hill.
    pedalling = np.where((grade < -0.035) & riding, 0.0, 1.0)
    columns = {}
    if worn:
        columns["heart_rate_bpm"] = _heart_rate_bpm(rng, effort, grade)
    if riding and metered:
        columns["power_w"] = _power_w(rng, session, effort, grade) * pedalling
    turns = _MANNERS[session.sport].cadence_rpm
    if turns:
        turning = np.rint(turns * (1 + _drift(rng, len(effort), 8) * 0.03))
        columns["cadence_rpm"] = turning * pedalling
    return columns


def _heart_rate_bpm(rng: np.random.Generator, effort: Column, grade: Column) -> Column:
    """Return heart rate: it lags behind effort, climbs on hills, and drifts upward."""
    load = effort + 0.7 * np.clip(grade, -0.05, 0.12)
    load = load * (1 + 0.05 * np.arange(len(load)) / 1_440)
    target = _REST_BPM + (_THRESHOLD_BPM - _REST_BPM) * load
    fading = np.exp(-np.arange(60) * STEP_S / _LAG_S)
    padded = np.concatenate([np.linspace(72, target[0], 60), target])
    lagged = np.convolve(padded, fading / fading.sum())[60 : 60 + len(target)]
    noisy = lagged + _drift(rng, len(target), 4) * 1.2
    bpm: Column = np.rint(np.clip(noisy, _REST_BPM, _MOST_BPM))
    if rng.random() < 0.08:
        lost = int(rng.integers(0, max(1, len(bpm) - 60)))
        bpm[lost : lost + 40] = np.nan
    return bpm


def _power_w(
    rng: np.random.Generator, session: Session, effort: Column, grade: Column
) -> Column:
    """Return power as a meter shows it, more of it uphill."""
    harder = 1 + 2.5 * np.clip(grade, -0.1, 0.12)
    watts = _THRESHOLD_W * session.form * effort * harder
    watts = watts * (1 + rng.standard_normal(len(effort)) * 0.09)
    shown: Column = np.rint(np.clip(watts, 0, 900))
    return shown


def _pause(rng: np.random.Generator, session: Session, time_s: Column) -> Pause | None:
    """Return the coffee stop of a long way, half-way round."""
    if session.minutes < 110:
        return None
    start_s = float(time_s[len(time_s) // 2])
    return Pause(start_s, start_s + float(rng.integers(8, 25)) * 60)


def _laps(
    blocks: list[tuple[int, float]], time_s: Column, distance_m: Column | None
) -> tuple[Lap, ...]:
    """Return one lap a block, where there is more than one."""
    if len(blocks) < 2:
        return ()
    ends = np.cumsum([n for n, _ in blocks])
    ends[-1] -= 1
    starts = np.concatenate([[0], ends[:-1]])
    return tuple(
        Lap(
            float(time_s[a]),
            float(time_s[b] - time_s[a]),
            None if distance_m is None else float(distance_m[b] - distance_m[a]),
        )
        for a, b in zip(starts, ends, strict=True)
    )
