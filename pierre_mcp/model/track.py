"""A track: what one activity in a file is, before anything is computed from it.

Both halves of reading share it: ``formats`` makes tracks out of bytes, ``analytics``
makes numbers out of tracks, and neither knows the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.athlete import Fact
from pierre_mcp.model.category import Sport
from pierre_mcp.model.stream_names import TIME

Column = NDArray[np.float64]


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
class Length:
    """One length of a pool.

    Attributes:
        strokes: Arm strokes counted; None where the device counted none.
        stroke: How it was swum, as a fixed word (``freestyle``); None where unknown.
        active: It was swum; else it is a rest at the wall.
    """

    start_s: float
    duration_s: float
    strokes: int | None = None
    stroke: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """What recorded a track, as far as it says.

    Attributes:
        manufacturer: A fixed word, else the maker's number as text.
        product: The maker's own number for it, as text; None where it gives none.
    """

    manufacturer: str
    product: str | None = None


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
        lengths: Of a pool swim, rests at the wall included, in order of time.
        pool_length_m: None where the file does not say.
        event_part: Its place, from 1, among the tracks of one event, a triathlon say:
            these follow one another in the file's list, transitions included. None
            where the track is the whole of it.
        beats_s: Times between heart beats in order, as measured and uncorrected,
            shape (n,), all positive; n is 0 where none were recorded.
        athlete: What the file tells of the athlete, each kind at most once.
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
    lengths: tuple[Length, ...] = ()
    pool_length_m: float | None = None
    event_part: int | None = None
    beats_s: Column = field(default_factory=lambda: np.empty(0))
    device: Device | None = None
    athlete: tuple[Fact, ...] = ()

    @property
    def samples(self) -> int:
        """How many samples every column has."""
        return len(self.columns[TIME])
