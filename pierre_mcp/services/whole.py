"""One activity whole: its recordings folded, and what its sensors tell by second.

Clocks of two recordings differ, so the streams are those of one recording of it: the
one that may tell most. Numbers and details are those of the fold, as everywhere.
"""

from dataclasses import dataclass
from typing import Final

from pierre_mcp.analytics import ground, sensed
from pierre_mcp.analytics.sensed import Sensed
from pierre_mcp.analytics.stored import track_of
from pierre_mcp.errors import ActivityUnknownError
from pierre_mcp.model.category import Category
from pierre_mcp.model.details import ActivityDetail
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Recording
from pierre_mcp.policy.folding import fold_whole
from pierre_mcp.services import streams
from pierre_mcp.store.activity import details_of, recordings_of
from pierre_mcp.store.database import Tx

_STREAMS: Final = (
    *("heart_rate_bpm", "power_w", "distance_m"),
    *("speed_m_s", "altitude_m"),
)


@dataclass(frozen=True, slots=True)
class Whole:
    """One activity as its reader may see it.

    Attributes:
        recording: The fold of its recordings.
        detail: Pieces of the recording that speaks for it; lengths of a pool, say.
        sensed: Its sensors by second; None where only totals were recorded.
    """

    recording: Recording
    detail: ActivityDetail
    sensed: Sensed | None


def whole(tx: Tx, grant: Grant, activity_id: str) -> Whole:
    """Read one activity with its streams.

    Raises:
        ActivityUnknownError: There is none with this id that may be read.
        SealBrokenError: A cell was altered or moved.
        StoreDamagedError: A stream is not what we packed.
    """
    found = {one.id: one for one in recordings_of(tx, grant, activity_id)}
    if not found:
        raise ActivityUnknownError
    folded = fold_whole(list(found.values()))
    detail = _detail(tx, grant, folded)
    recorded = streams.fullest(tx, grant, activity_id, _STREAMS)
    if recorded is None:
        return Whole(folded, detail, None)
    one = found[recorded.recording]
    own = detail if one.id == folded.id else _detail(tx, grant, one)
    # Of two recordings that differ about the sport, the preferred one is right.
    track = track_of(folded.sport, one.activity, recorded.columns, own)
    return Whole(folded, detail, sensed.sensed(track, ground.along_m(track)))


def _detail(tx: Tx, grant: Grant, one: Recording) -> ActivityDetail:
    """Return its pieces; of version 1, which kept none, nothing."""
    found = details_of(tx, grant, one).get(Category.ACTIVITIES)
    return found if isinstance(found, ActivityDetail) else ActivityDetail()
