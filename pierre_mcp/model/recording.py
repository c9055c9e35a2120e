"""A recording: one activity as one file tells it; an activity is one or more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pydantic import MISSING

from pierre_mcp.model.athlete import Fact
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import (
    ActivityCell,
    Cell,
    HeartRateCell,
    LocationCell,
    NotesCell,
    PowerCell,
)
from pierre_mcp.model.details import Details
from pierre_mcp.model.packed import Fixed

FORMULA = 2
"""Version of the rules by which stored summaries are computed.

1: the first release. Laps and splits lie in the cells, there are no details, means are
over samples that stand for 30 s at most. 2: details, normalized power, graded speed;
every value holds by the rules of ``analytics.held``. A job brings older ones up.
"""

CELLS: Mapping[Category, type[Cell]] = {
    Category.ACTIVITIES: ActivityCell,
    Category.HEART_RATE: HeartRateCell,
    Category.POWER: PowerCell,
    Category.LOCATION: LocationCell,
    Category.NOTES: NotesCell,
}
"""The cells of a recording, in the order of their columns."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a recording is from.

    Attributes:
        source: What consent names: ``strava``, ``garmin``, ``files``, ``self``.
        origin: How it came: ``file``, ``strava_export``, ``demo``.
    """

    source: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecording:
    """A recording about to be sealed.

    Attributes:
        local_day: ``YYYY-MM-DD`` where it happened, set once.
        part: Which activity of the file it is, from 0.
        streams: Packed columns by stream name.
        activity_id: The activity it joins; None begins a new one.
        details: By category; of activities, and of what else has one and a cell.
        athlete: What was told of the athlete with it, noted apart from it.
    """

    where: Where
    sport: Sport
    local_day: str
    part: int
    activity: ActivityCell
    heart_rate: HeartRateCell | None = None
    power: PowerCell | None = None
    location: LocationCell | None = None
    notes: NotesCell | None = None
    streams: Mapping[str, bytes] = field(default_factory=dict)
    activity_id: str | None = None
    details: Details = field(default_factory=dict)
    athlete: tuple[Fact, ...] = ()


HeartRateSeen: TypeAlias = HeartRateCell | MISSING | None
PowerSeen: TypeAlias = PowerCell | MISSING | None
LocationSeen: TypeAlias = LocationCell | MISSING | None
NotesSeen: TypeAlias = NotesCell | MISSING | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording as its reader may see it.

    A cell is MISSING where its category is not granted for this source, None where
    nothing was recorded.

    Attributes:
        formula: The version of the rules its cells were computed by.
    """

    id: str
    activity_id: str
    where: Where
    sport: Sport
    local_day: str
    formula: int
    activity: ActivityCell
    heart_rate: HeartRateSeen
    power: PowerSeen
    location: LocationSeen
    notes: NotesSeen


class SealedRow(NamedTuple):
    """A recording as stored, its cells unopened: what is plain decides what to open."""

    id: str
    activity_id: str
    source: str
    origin: str
    sport: str
    day: str
    activities: bytes
    heart_rate: bytes | None
    power: bytes | None
    notes: bytes | None


class Row(NamedTuple):
    """A recording as lists read it: no model is made of its cells.

    A cell is MISSING or None as in ``Recording``; the mapping of notes lacks what is at
    its default.
    """

    activity_id: str
    source: str
    sport: str
    day: str
    activities: Fixed
    heart_rate: Fixed | MISSING | None
    power: Fixed | MISSING | None
    notes: Mapping[str, Any] | MISSING | None
