"""What a track comes to: the sealed cells of its recording, computed once at import.

Everything here is free of thresholds: nothing depends on a person's zones or maximum,
so a summary never has to be computed again because those changed. What a file declares
wins over what its samples say, and a number outside its cell's bounds is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pierre_mcp.analytics import curves, details, ground, pieces
from pierre_mcp.analytics.held import Held, Sums, hold
from pierre_mcp.analytics.motion import HIGHEST_SPEED_M_S, MOVING_M_S
from pierre_mcp.analytics.sensed import HIGHEST_M, LOWEST_M, Sensed, sensed
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import (
    ActivityCell,
    Cell,
    HeartRateCell,
    LocationCell,
    Metres,
    NotesCell,
    PowerCell,
    Rpm,
    Seconds,
    SpeedMS,
)
from pierre_mcp.model.details import ActivityDetail, Detail, Details
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column, Track

HIGHEST_RPM = 300.0

_LATEST_US = 7_258_118_400_000_000
"""2200-01-01: no reader lets a later time through."""
_MOST_SECONDS = 10_000_000.0
_LONGEST_POOL_M = 1_000.0
_MOST_CALORIES = 100_000.0
_MOST_KJ = 100_000_000.0
NOTHING: Mapping[str, float | None] = MappingProxyType({})
_NAME_CHARS, _DESCRIPTION_CHARS = 1_000, 20_000


class ActivityFacts(Cell):
    """An ``ActivityCell`` before its time zone is known; fields as described there."""

    started_us: Annotated[int, Field(ge=0, le=_LATEST_US)]
    elapsed_s: Seconds
    moving_s: Seconds | None = None
    distance_m: Metres | None = None
    ascent_m: Metres | None = None
    descent_m: Metres | None = None
    max_speed_m_s: SpeedMS | None = None
    mean_cadence_rpm: Rpm | None = None
    calories_kcal: Annotated[float, Field(ge=0, le=100_000)] | None = None
    indoor: bool = False
    event_part: Annotated[int, Field(ge=1, le=1_000)] | None = None
    graded_speed_m_s: SpeedMS | None = None
    normalized_graded_speed_m_s: SpeedMS | None = None

    def at(self, *, utc_offset_s: int, zone: str | None, source: str) -> ActivityCell:
        """Return the cell, now that the time zone is known."""
        facts = {name: getattr(self, name) for name in type(self).model_fields}
        return ActivityCell(
            utc_offset_s=utc_offset_s, zone=zone, zone_source=source, **facts
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """One value for each category of data; None where nothing of it was recorded.

    Attributes:
        details: Of activities always, of heart rate and power where there is a cell.
    """

    activity: ActivityFacts
    heart_rate: HeartRateCell | None
    power: PowerCell | None
    location: LocationCell | None
    notes: NotesCell | None
    details: Details


def summarise(track: Track) -> Summary:
    """Compute every cell and every detail of a recording from one track."""
    along = ground.along_m(track)
    cut = ActivityDetail(
        laps=pieces.laps(track),
        splits=pieces.splits(track.columns[TIME], along),
        pauses=pieces.pauses(track),
        lengths=pieces.lengths(track),
        pool_length_m=_bounded(track.pool_length_m, _LONGEST_POOL_M),
    )
    told = sensed(track, along)
    if told is None:
        only = {Category.ACTIVITIES: cut}
        return Summary(_facts(track, along), None, None, None, _notes(track), only)
    clock, heart, watts = told.clock, told.heart, told.power
    moved = details.moved(cut, told.motion)
    found: dict[Category, Detail] = {Category.ACTIVITIES: moved}
    heart_cell, power_cell = None, None
    if heart:
        heart_cell = _heart_rate(heart)
        seconds = heart.by_second(clock)
        found[Category.HEART_RATE] = details.heart_rate(heart, seconds, cut)
    if watts and watts.total > 0:  # a meter at zero throughout measured nothing
        seconds = watts.by_second(clock)
        found[Category.POWER] = details.power(watts, seconds, cut)
        power_cell = _power(watts, seconds)
    return Summary(
        _facts(track, along, _measured(track, told)),
        heart_cell,
        power_cell,
        ground.path(track, along),
        _notes(track),
        found,
    )


def _facts(
    track: Track, along: Column | None, measured: Mapping[str, float | None] = NOTHING
) -> ActivityFacts:
    up_m, down_m = _climb(track)
    return ActivityFacts(
        started_us=round(track.started_at.timestamp() * 1_000_000),
        elapsed_s=_elapsed_s(track),
        moving_s=_moving_s(track, along),
        distance_m=_distance_m(track, along),
        ascent_m=up_m,
        descent_m=down_m,
        max_speed_m_s=_max(_between(track, "speed_m_s", 0, HIGHEST_SPEED_M_S)),
        calories_kcal=_bounded(track.totals.calories_kcal, _MOST_CALORIES),
        indoor=track.indoor,
        event_part=track.event_part,
        **measured,
    )


def _elapsed_s(track: Track) -> float:
    """Return the file's own time, else from the start to the last sample."""
    declared = _bounded(track.totals.elapsed_s, _MOST_SECONDS)
    time_s = track.columns[TIME]
    if declared:
        return declared
    if time_s.size:
        return min(float(time_s[-1]), _MOST_SECONDS)
    return _bounded(track.totals.moving_s, _MOST_SECONDS) or 0.0


def _moving_s(track: Track, along: Column | None) -> float | None:
    """Return the device's timer, else the time spent at 0.5 m/s or more.

    Speed is that between two samples by distance, else the one recorded; pauses are
    excluded. None where neither tells. Of a pool swim it is the time of the lengths
    swum: the timer runs on through rests at the wall.
    """
    if (swum := _swum_s(track, along)) is not None:
        return swum
    declared = _bounded(track.totals.moving_s, _MOST_SECONDS)
    if declared:
        return declared
    time_s, speed = track.columns[TIME], track.columns.get("speed_m_s")
    passed = pieces.intervals_s(time_s, track.pauses)
    if along is not None:
        going = np.diff(along) >= MOVING_M_S * passed
    elif speed is not None:
        going = speed[:-1] >= MOVING_M_S
    else:
        return None
    return min(float(passed[going].sum()), _MOST_SECONDS)


def _swum_s(track: Track, along: Column | None) -> float | None:
    """Return the time of the lengths swum; None where they are not all the distance.

    Drills that a device adds by distance alone are no lengths, and take time too.
    """
    swum = [length.duration_s for length in track.lengths if length.active]
    pool_m, distance_m = track.pool_length_m, _distance_m(track, along)
    if not swum or pool_m is None or distance_m is None:
        return None
    whole = abs(len(swum) * pool_m - distance_m) < pool_m
    return _bounded(sum(swum), _MOST_SECONDS) if whole else None


def _distance_m(track: Track, along: Column | None) -> float | None:
    """Return the file's total, else the last recorded distance, else great circles."""
    declared = _bounded(track.totals.distance_m, ground.LONGEST_M)
    if declared or along is None:
        return declared
    return _bounded(float(along[-1]), ground.LONGEST_M)


def _climb(track: Track) -> tuple[float | None, float | None]:
    """Return ascent and descent: the file's, else of the altitude by 3 m steps."""
    up = _bounded(track.totals.ascent_m, ground.LONGEST_M)
    down = _bounded(track.totals.descent_m, ground.LONGEST_M)
    altitude = _between(track, "altitude_m", LOWEST_M, HIGHEST_M)
    if altitude is not None and (up is None or down is None):
        steps = ground.climb_m(altitude)
        up = steps[0] if up is None else up
        down = steps[1] if down is None else down
    return _bounded(up, ground.LONGEST_M), _bounded(down, ground.LONGEST_M)


def _measured(track: Track, of: Sensed) -> dict[str, float | None]:
    """Return what the activity's cell says of cadence and of graded speed."""
    cadence = hold(of.clock, track.columns.get("cadence_rpm"), 0, HIGHEST_RPM)
    told = {"mean_cadence_rpm": _mean_turning(cadence)}
    if not of.graded:
        return told
    graded = of.graded_m_s
    known = np.isfinite(graded)
    moving = graded[known & (of.speed_m_s >= MOVING_M_S)]
    told["graded_speed_m_s"] = float(moving.mean()) if moving.size else None
    told["normalized_graded_speed_m_s"] = curves.normalized(graded[known])
    return told


def _mean_turning(cadence: Held | None) -> float | None:
    """Return the mean while turning; under one a minute it is coasting."""
    if cadence is None:
        return None
    turning = cadence.values >= 1
    turned = Held(
        cadence.at_s[turning], cadence.values[turning], cadence.for_s[turning]
    )
    return turned.mean if turned.measured_s else None


def _heart_rate(held: Held) -> HeartRateCell:
    """Summarise heart rate; outside 25 to 250, zero included, it was not measured."""
    return HeartRateCell(
        mean_bpm=held.mean,
        max_bpm=held.highest,
        measured_s=_bounded(held.measured_s, _MOST_SECONDS),
    )


def _power(held: Held, seconds: Sums) -> PowerCell:
    """Summarise power: zeros count; over 3,000 W is a fault of the meter."""
    return PowerCell(
        mean_power_w=held.mean,
        max_power_w=held.highest,
        normalized_power_w=curves.normalized(seconds.means),
        work_kj=_bounded(held.total / 1_000, _MOST_KJ),
        measured_s=_bounded(held.measured_s, _MOST_SECONDS),
    )


def _notes(track: Track) -> NotesCell | None:
    name = (track.name or "")[:_NAME_CHARS] or None
    description = (track.description or "")[:_DESCRIPTION_CHARS] or None
    if name is None and description is None:
        return None
    return NotesCell(name=name, description=description)


def _between(track: Track, name: str, low: float, high: float) -> Column | None:
    """Return a column with what lies outside made NaN; None where nothing is left."""
    values = track.columns.get(name)
    if values is None:
        return None
    inside: NDArray[np.bool_] = (values >= low) & (values <= high)
    return np.where(inside, values, np.nan) if inside.any() else None


def _max(values: Column | None) -> float | None:
    return None if values is None else float(np.nanmax(values))


def _bounded(value: float | None, most: float) -> float | None:
    return value if value is not None and 0 <= value <= most else None
