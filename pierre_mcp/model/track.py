"""A track: what one activity in a file is, before anything is computed from it.

Both halves of reading share it: ``formats`` makes tracks out of bytes, ``analytics``
makes numbers out of tracks, and neither knows the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.category import Sport

Column = NDArray[np.float64]

TIME = "t_s"
COLUMNS = (
    TIME,
    "lat_deg",
    "lon_deg",
    "altitude_m",
    "distance_m",
    "speed_m_s",
    "heart_rate_bpm",
    "power_w",
    "cadence_rpm",
    "temperature_c",
)


@dataclass(frozen=True, slots=True)
class Lap:
    """One lap as the device cut it; distance is None where it did not say."""

    start_s: float
    duration_s: float
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A time the recording stood still, in seconds since the start, end excluded."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Totals:
    """What the file itself declares; None where it says nothing.

    Attributes:
        elapsed_s: First to last, pauses included.
        moving_s: The device's timer or moving time.
    """

    elapsed_s: float | None = None
    moving_s: float | None = None
    distance_m: float | None = None
    ascent_m: float | None = None
    descent_m: float | None = None
    calories_kcal: float | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One activity of one file.

    Attributes:
        started_at: UTC.
        utc_offset_s: Local time minus UTC as the file gives it; None where it does not.
        columns: ``t_s`` (seconds since the start, finite, never falling) and any other
            of ``COLUMNS``, each of shape (n,), NaN where missing. A column without a
            single value is left out. n is 0 where only totals were recorded.
        name: Untrusted text, as is ``description``.
        repairs: A fixed word for each thing that was mended while reading.
    """

    sport: Sport
    started_at: datetime
    utc_offset_s: int | None
    columns: Mapping[str, Column]
    laps: tuple[Lap, ...] = ()
    pauses: tuple[Pause, ...] = ()
    totals: Totals = field(default_factory=Totals)
    indoor: bool = False
    name: str | None = None
    description: str | None = None
    repairs: tuple[str, ...] = ()

    @property
    def samples(self) -> int:
        """How many samples every column has."""
        return len(self.columns[TIME])
