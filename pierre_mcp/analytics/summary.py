"""What a track comes to: the sealed cells of its recording, computed once at import.

Everything here is free of thresholds: nothing depends on a person's zones or maximum,
so a summary never has to be computed again because those changed. What a file declares
wins over what its samples say, and a number outside its cell's bounds is left out.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pierre_mcp.analytics import ground, pieces
from pierre_mcp.model.cells import (
    ActivityCell,
    Cell,
    HeartRateCell,
    LocationCell,
    Metres,
    NotesCell,
    Pieces,
    PowerCell,
    Rpm,
    Seconds,
    SpeedMS,
)
from pierre_mcp.model.track import TIME, Column, Track

LOWEST_BPM, HIGHEST_BPM = 25.0, 250.0
HIGHEST_W = 3_000.0
HIGHEST_RPM = 300.0
HIGHEST_SPEED_M_S = 100.0
STANDING_M_S = 0.5

_LATEST_US = 7_258_118_400_000_000
"""2200-01-01: no reader lets a later time through."""
_MOST_SECONDS = 10_000_000.0
_MOST_CALORIES = 100_000.0
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
    laps: Pieces = Pieces()
    splits: Pieces = Pieces()

    def at(self, *, utc_offset_s: int, zone: str | None, source: str) -> ActivityCell:
        """Return the cell, now that the time zone is known."""
        facts = {name: getattr(self, name) for name in type(self).model_fields}
        return ActivityCell(
            utc_offset_s=utc_offset_s, zone=zone, zone_source=source, **facts
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """One value for each category of data; None where nothing of it was recorded."""

    activity: ActivityFacts
    heart_rate: HeartRateCell | None
    power: PowerCell | None
    location: LocationCell | None
    notes: NotesCell | None


def summarise(track: Track) -> Summary:
    """Compute every cell of a recording from one track."""
    along = ground.along_m(track)
    weights = pieces.weights_s(track)
    laps = pieces.laps(track)
    splits = pieces.splits(track.columns[TIME], along)
    up_m, down_m = _climb(track)
    activity = ActivityFacts(
        started_us=round(track.started_at.timestamp() * 1_000_000),
        elapsed_s=_elapsed_s(track),
        moving_s=_moving_s(track, along),
        distance_m=_distance_m(track, along),
        ascent_m=up_m,
        descent_m=down_m,
        max_speed_m_s=_max(_between(track, "speed_m_s", 0, HIGHEST_SPEED_M_S)),
        mean_cadence_rpm=_mean_cadence(track, weights),
        calories_kcal=_bounded(track.totals.calories_kcal, _MOST_CALORIES),
        indoor=track.indoor,
        laps=laps,
        splits=splits,
    )
    return Summary(
        activity,
        _heart_rate(track, weights, laps, splits),
        _power(track, weights, laps, splits),
        ground.path(track, along),
        _notes(track),
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
    excluded. None where neither tells.
    """
    declared = _bounded(track.totals.moving_s, _MOST_SECONDS)
    if declared:
        return declared
    time_s, speed = track.columns[TIME], track.columns.get("speed_m_s")
    passed = pieces.intervals_s(time_s, track.pauses)
    if along is not None:
        going = np.diff(along) >= STANDING_M_S * passed
    elif speed is not None:
        going = speed[:-1] >= STANDING_M_S
    else:
        return None
    return min(float(passed[going].sum()), _MOST_SECONDS)


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
    altitude = _between(track, "altitude_m", -1_000, 100_000)
    if altitude is not None and (up is None or down is None):
        steps = ground.climb_m(altitude)
        up = steps[0] if up is None else up
        down = steps[1] if down is None else down
    return _bounded(up, ground.LONGEST_M), _bounded(down, ground.LONGEST_M)


def _mean_cadence(track: Track, weights: Column) -> float | None:
    """Return the mean while turning: zeros, which are coasting, do not count."""
    cadence = _between(track, "cadence_rpm", 1, HIGHEST_RPM)
    return None if cadence is None else pieces.mean(cadence, weights)


def _heart_rate(
    track: Track, weights: Column, laps: Pieces, splits: Pieces
) -> HeartRateCell | None:
    """Summarise heart rate; outside 25 to 250, zero included, it was not measured."""
    values = _between(track, "heart_rate_bpm", LOWEST_BPM, HIGHEST_BPM)
    if values is None:
        return None
    time_s = track.columns[TIME]
    return HeartRateCell(
        mean_bpm=pieces.mean(values, weights),
        max_bpm=_max(values),
        lap_mean_bpm=pieces.means(values, weights, time_s, laps),
        split_mean_bpm=pieces.means(values, weights, time_s, splits),
    )


def _power(
    track: Track, weights: Column, laps: Pieces, splits: Pieces
) -> PowerCell | None:
    """Summarise power: zeros count; over 3,000 W is a fault of the meter."""
    values = _between(track, "power_w", 0, HIGHEST_W)
    if values is None:
        return None
    time_s = track.columns[TIME]
    return PowerCell(
        mean_power_w=pieces.mean(values, weights),
        max_power_w=_max(values),
        lap_mean_power_w=pieces.means(values, weights, time_s, laps),
        split_mean_power_w=pieces.means(values, weights, time_s, splits),
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
