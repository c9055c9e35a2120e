"""The streams of one activity: those of one recording of it, never mixed.

The clocks of two recordings differ, and so do their first samples: a column of one does
not stand beside a column of the other. The first recording in order of preference
speaks that has anything of what was asked for and its reader may open; where numbers
are computed from several streams, the one that has most of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pierre_mcp.analytics.ground import along_of, positions_of
from pierre_mcp.analytics.sensed import HIGHEST_BPM, HIGHEST_W, LOWEST_BPM
from pierre_mcp.errors import ActivityUnknownError, StoreDamagedError
from pierre_mcp.formats.columns import DamagedColumnError, unpack
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.streams import STREAMS, Way
from pierre_mcp.model.track import Column
from pierre_mcp.policy.folding import preference
from pierre_mcp.store import streams
from pierre_mcp.store.database import Tx
from pierre_mcp.store.streams import Kept

USUAL = (
    "heart_rate_bpm", "power_w", "speed_m_s", "cadence_rpm", "altitude_m",
    "distance_m", "temperature_c",
)  # fmt: skip
"""What is given unasked, the first four there are; a position has to be asked for."""

_USUAL_COUNT = 4
_PLAUSIBLE = {"heart_rate_bpm": (LOWEST_BPM, HIGHEST_BPM), "power_w": (0.0, HIGHEST_W)}
_POSITION = ("lat_deg", "lon_deg")
_PLACING = (*_POSITION, "distance_m")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one recording has of what was asked for.

    Attributes:
        time_s: Seconds since its first sample, never falling, shape (n,).
        columns: What was recorded and may be read, in the order asked, shape (n,) each.
        lacking: What may be read and was not recorded.
        way: Where each sample was, if any column tells of places.
    """

    source: str
    time_s: Column
    columns: Mapping[str, Column]
    lacking: tuple[str, ...]
    way: Way | None


def measured(
    tx: Tx, grant: Grant, activity_id: str, asked: Sequence[str] | None
) -> Measured:
    """Read these streams of an activity; by default the most useful ones there are.

    Raises:
        ActivityUnknownError: There is no such activity that may be read.
        SealBrokenError: A stream was altered or moved.
        StoreDamagedError: One is not what we packed, or not as long as the others.
    """
    found = streams.of_activity(tx, grant, activity_id)
    if not found:
        raise ActivityUnknownError
    kept = _speaker(found, asked or USUAL)
    if asked is None:
        asked = [name for name in USUAL if name in kept.names][:_USUAL_COUNT]
    names = [n for n in asked if streams.may_open(grant, kept.where.source, n)]
    there = [name for name in names if name in kept.names and TIME in kept.names]
    placing = _PLACING if _tells_places(there) else ()
    opened = _opened(tx, grant, kept, {*there, *placing})
    there = [name for name in there if _is_measured(name, opened)]
    return Measured(
        source=kept.where.source,
        time_s=opened.get(TIME, np.empty(0)),
        columns={name: opened[name] for name in there},
        lacking=tuple(name for name in names if name not in there),
        way=_way(opened) if _tells_places(there) else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """Streams of one recording as they were recorded, every column of shape (n,).

    Attributes:
        recording: Its id.
    """

    recording: str
    columns: Mapping[str, Column]


def fullest(
    tx: Tx, grant: Grant, activity_id: str, wanted: Collection[str]
) -> Recorded | None:
    """Read streams of the recording that may tell most of these; None where none does.

    Of several that tell as much, the preferred one; positions are only opened where
    there is no distance.

    Raises:
        SealBrokenError: A stream was altered or moved.
        StoreDamagedError: One is not what we packed, or not as long as the others.
    """
    found = _ordered(streams.of_activity(tx, grant, activity_id))
    timed = [kept for kept in found if TIME in kept.names]
    if not timed:
        return None
    best = max(timed, key=lambda kept: len(kept.names & set(wanted)))
    placing = () if "distance_m" in best.names else _POSITION
    return Recorded(best.id, _opened(tx, grant, best, {*wanted, *placing}))


def _is_measured(name: str, opened: dict[str, Column]) -> bool:
    """Take out what no sensor measured, as summaries do; tell whether any is left.

    A strap that lost its contact writes a heart rate of 0, and null is not zero.
    """
    low, high = _PLAUSIBLE.get(name, (-np.inf, np.inf))
    column = opened[name]
    opened[name] = np.where((column >= low) & (column <= high), column, np.nan)
    return name == TIME or bool(np.isfinite(opened[name]).any())


def _speaker(found: Sequence[Kept], wanted: Sequence[str]) -> Kept:
    """Return the first that has any of the wanted, else any at all, else the first."""
    ordered = _ordered(found)
    with_any = [kept for kept in ordered if kept.names]
    with_wanted = [kept for kept in with_any if kept.names & set(wanted)]
    return (*with_wanted, *with_any, *ordered)[0]


def _ordered(found: Sequence[Kept]) -> list[Kept]:
    return sorted(found, key=lambda k: (preference(k.where.source), k.day, k.id))


def _opened(
    tx: Tx, grant: Grant, kept: Kept, names: Collection[str]
) -> dict[str, Column]:
    """Open the time and these streams of a recording, as far as it has them."""
    packed = streams.packed(tx, grant, kept, {TIME, *names} & kept.names)
    try:
        opened = {name: unpack(blob) for name, blob in packed.items()}
    except DamagedColumnError:
        raise StoreDamagedError from None
    if len({len(column) for column in opened.values()}) > 1:
        raise StoreDamagedError
    return opened


def _tells_places(names: Sequence[str]) -> bool:
    return any(STREAMS[name] is Category.LOCATION for name in names)


def _way(opened: Mapping[str, Column]) -> Way:
    nowhere = np.full(len(opened[TIME]), np.nan)
    along = along_of(opened)
    placed = positions_of(opened)
    lat, lon = (opened.get(name, nowhere) for name in _POSITION)
    return Way(
        # Without a distance nothing tells how far its ends reach: all of it is hidden.
        along_m=np.zeros_like(nowhere) if along is None else along,
        lat_deg=np.where(placed, lat, np.nan),
        lon_deg=np.where(placed, lon, np.nan),
        altitude_m=opened.get("altitude_m", nowhere),
    )
