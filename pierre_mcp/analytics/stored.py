"""A stored recording as a track again, so that a new formula can summarise it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from pierre_mcp.model.category import Sport
from pierre_mcp.model.cells import ActivityCell, Pieces
from pierre_mcp.model.details import ActivityDetail, Lengths
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column, Lap, Length, Pause, Totals, Track

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def track_of(
    sport: Sport,
    activity: ActivityCell,
    columns: Mapping[str, Column],
    detail: ActivityDetail | None = None,
) -> Track:
    """Return the track to ``summarise`` again; the file is not needed.

    Elapsed and moving time, distance, climb and calories count as declared, so they
    stay as they were, whether the file or its samples told them. Not in it are name and
    description, whose cell stays as it is, and what no store keeps: values are within
    half a step of the file's, and of version 1, which kept no pauses, only those show
    in which no sample was written (the rules for gaps leave them out).

    Args:
        sport: As stored, plain.
        activity: Its cell, of any version.
        columns: Its streams unpacked; empty where only totals were recorded.
        detail: Its detail; None with a cell of version 1, whose laps are used.
    """
    laps = (detail.laps if detail else activity.laps) or Pieces()
    pauses = detail.pauses if detail else None
    return Track(
        sport=sport,
        started_at=_EPOCH + timedelta(microseconds=activity.started_us),
        utc_offset_s=activity.utc_offset_s,
        columns={TIME: np.empty(0)} | dict(columns),
        laps=tuple(map(Lap, laps.start_s, laps.duration_s, laps.distance_m)),
        pauses=tuple(map(Pause, pauses.start_s, pauses.end_s)) if pauses else (),
        totals=Totals(
            elapsed_s=activity.elapsed_s,
            moving_s=activity.moving_s,
            distance_m=activity.distance_m,
            ascent_m=activity.ascent_m,
            descent_m=activity.descent_m,
            calories_kcal=activity.calories_kcal,
        ),
        indoor=activity.indoor,
        event_part=activity.event_part,
        lengths=_lengths(detail.lengths) if detail and detail.lengths else (),
        pool_length_m=detail.pool_length_m if detail else None,
    )


def _lengths(of: Lengths) -> tuple[Length, ...]:
    columns = (of.start_s, of.duration_s, of.strokes, of.stroke, of.active)
    return tuple(map(Length, *columns))
