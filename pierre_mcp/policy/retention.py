"""How long data is kept, by category: from which day on, and what is left of a file.

A category that no number of days is set for is kept until it is deleted. Days are
local ones: what happened on a day is kept for so many days after it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from pierre_mcp.model.athlete import CATEGORY_OF
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import ActivityCell
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.streams import STREAMS

MOST_DAYS: Final = 36_500

_OF_PLACES: Final = (
    "ascent_m",
    "descent_m",
    "graded_speed_m_s",
    "normalized_graded_speed_m_s",
)
_FROM_POSITION: Final = "position"


def first_kept(days: int, today: date) -> str:
    """Return the first local day that is still kept, ``YYYY-MM-DD``."""
    ordinal = max(1, today.toordinal() - days)
    return str(date.fromordinal(ordinal))


def cutoffs(retention: Mapping[Category, int], today: date) -> dict[Category, str]:
    """Return the first day that is kept of each category that is not kept for ever."""
    return {of: first_kept(days, today) for of, days in retention.items()}


def kept(new: NewRecording, first_days: Mapping[Category, str]) -> NewRecording | None:
    """Return what is to be kept of a recording; None where it is too old itself."""
    gone = {of for of, first in first_days.items() if new.local_day < first}
    return None if Category.ACTIVITIES in gone else without(new, gone)


def without(new: NewRecording, gone: Collection[Category]) -> NewRecording:
    """Return a recording without some categories, and what was worked out from them."""
    if not gone:
        return new
    places = Category.LOCATION in gone
    return replace(
        new,
        activity=without_places(new.activity) if places else new.activity,
        heart_rate=None if Category.HEART_RATE in gone else new.heart_rate,
        power=None if Category.POWER in gone else new.power,
        location=None if places else new.location,
        notes=None if Category.NOTES in gone else new.notes,
        streams={n: c for n, c in new.streams.items() if STREAMS.get(n) not in gone},
        details={of: d for of, d in new.details.items() if of not in gone},
        athlete=tuple(f for f in new.athlete if CATEGORY_OF[f.kind] not in gone),
    )


def without_places(cell: ActivityCell) -> ActivityCell:
    """Return a summary without what altitude and position gave.

    That is the climb, the speeds on the level, and the name of the time zone where it
    was looked up by position; the offset itself stays, since the day hangs on it.
    """
    gone: dict[str, None] = dict.fromkeys(_OF_PLACES)
    if cell.zone_source == _FROM_POSITION:
        gone["zone"] = None
    return cell.model_copy(update=gone)
