"""Tracks made of columns, and bins made of histograms."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.bins import Bins, Scale, bins_from
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import HeartRateDetail, Histogram
from pierre_mcp.model.packed_details import columns, pack
from pierre_mcp.model.track import Lap, Pause, Track

STARTED_AT = datetime(2024, 5, 4, 6, 30, tzinfo=UTC)

Values = Sequence[float] | NDArray[np.float64]


def a_track(
    columns: Mapping[str, Values],
    *,
    sport: Sport = Sport.RUNNING,
    pauses: Sequence[tuple[float, float]] = (),
    laps: Sequence[tuple[float, float]] = (),
    indoor: bool = False,
) -> Track:
    return Track(
        sport,
        STARTED_AT,
        None,
        {name: np.array(values, dtype=float) for name, values in columns.items()},
        pauses=tuple(Pause(*pause) for pause in pauses),
        laps=tuple(Lap(*lap) for lap in laps),
        indoor=indoor,
    )


def bins_of(histograms: Sequence[Histogram | None], scale: Scale) -> Bins:
    """The bins of activities with these histograms, as they are stored and read."""
    packed = [
        None if one is None else pack(HeartRateDetail(bpm=one)) for one in histograms
    ]
    return bins_from(columns(packed), scale)
