"""What a correction makes of a recording, and what it was before. Pure.

Only what was corrected changes, and what is counted from it at reading (speed, the
local day). Laps, curves, histograms and streams stay as measured.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from pierre_mcp.model.category import Sport
from pierre_mcp.model.cells import ActivityCell, HeartRateCell, NotesCell, PowerCell
from pierre_mcp.model.correction import Correction, Part, Value
from pierre_mcp.model.recording import NewRecording, Recording

R = TypeVar("R", NewRecording, Recording)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OF_CELL: Final[Mapping[str, tuple[BaseModel, frozenset[Part]]]] = {
    "heart_rate": (
        HeartRateCell(mean_bpm=None, max_bpm=None),
        frozenset({Part.MEAN_HEART_RATE, Part.MAX_HEART_RATE}),
    ),
    "power": (
        PowerCell(mean_power_w=None, max_power_w=None),
        frozenset({Part.MEAN_POWER}),
    ),
    "notes": (NotesCell(), frozenset({Part.NAME, Part.DESCRIPTION})),
}
"""Each cell that may be missing, as it is with nothing in it, and its parts."""


def cell_of(part: Part) -> str | None:
    """Return which cell that may be missing holds a part; None: it is always there."""
    found = (cell for cell, (_, parts) in _OF_CELL.items() if part in parts)
    return next(found, None)


def values(one: NewRecording | Recording, titles: Mapping[str, str]) -> dict[Part, Any]:
    """Return what a recording says of each part; None is "not recorded".

    Args:
        one: As its owner sees it.
        titles: Of gear, by id.
    """
    found: dict[Part, Any] = {Part.SPORT: one.sport.value}
    for part in Part:
        cell = cell_of(part)
        if part not in {Part.SPORT, Part.GEAR}:
            held = one.activity if cell is None else getattr(one, cell)
            found[part] = getattr(held, part.value, None)
    found[Part.GEAR] = titles.get(one.activity.gear or "")
    return found


def corrected(one: R, correction: Correction, titles: Mapping[str, str]) -> R:
    """Return a recording with what was corrected of it."""
    return with_values(one, correction.now, titles)


def with_values(one: R, given: Mapping[Part, Value], titles: Mapping[str, str]) -> R:
    """Return a recording that says this instead; gear not in ``titles`` stays."""
    changed: dict[str, Any] = {}
    if Part.SPORT in given:
        changed["sport"] = Sport(str(given[Part.SPORT]))
    cell = _activity(one.activity, given, titles)
    for name, (empty, parts) in _OF_CELL.items():
        if parts & given.keys():
            changed[name] = _cell(getattr(one, name), empty, parts, given)
    if Part.START in given:
        changed["local_day"] = str(local_start(cell).date())
    return replace(one, activity=cell, **changed)


def local_start(cell: ActivityCell) -> datetime:
    """Return when an activity began, by the clock there; naive."""
    return _at(cell).replace(tzinfo=None) + timedelta(seconds=cell.utc_offset_s)


def started_us(cell: ActivityCell, local: datetime) -> int:
    """Return the instant of a local time where the activity was, microseconds."""
    if cell.zone is None:
        at = local.replace(tzinfo=UTC) - timedelta(seconds=cell.utc_offset_s)
    else:
        at = local.replace(tzinfo=ZoneInfo(cell.zone)).astimezone(UTC)
    return (at - _EPOCH) // timedelta(microseconds=1)


def _activity(
    cell: ActivityCell, given: Mapping[Part, Value], titles: Mapping[str, str]
) -> ActivityCell:
    apart = {Part.SPORT, Part.GEAR}
    changed: dict[str, Any] = {
        part.value: value
        for part, value in given.items()
        if cell_of(part) is None and part not in apart
    }
    if Part.GEAR in given:
        title = given[Part.GEAR]
        ids = [gear_id for gear_id, one in titles.items() if one == title]
        if title is None or ids:
            changed["gear"] = cell.gear if cell.gear in ids else min(ids, default=None)
    if Part.START in given and cell.zone is not None:
        at = _EPOCH + timedelta(microseconds=changed[Part.START.value])
        offset = at.astimezone(ZoneInfo(cell.zone)).utcoffset() or timedelta()
        changed["utc_offset_s"] = int(offset.total_seconds())
    return cell.model_copy(update=changed)


def _cell(
    cell: Any, empty: BaseModel, parts: frozenset[Part], given: Mapping[Part, Value]
) -> BaseModel | None:
    """Return a cell with what is given; None where nothing is left in it."""
    held = cell if isinstance(cell, BaseModel) else empty
    fields = {part.value: given[part] for part in parts & given.keys()}
    fresh = held.model_copy(update=fields)
    return None if fresh == empty else fresh


def _at(cell: ActivityCell) -> datetime:
    return _EPOCH + timedelta(microseconds=cell.started_us)
