"""Recordings of one activity get one activity id: when they come, and when some go.

Which recordings belong together follows from what is held and from nothing else, so it
is the same in whatever order files came, and after one of them was taken back.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import isnan
from uuid import uuid4

from pierre_mcp.model.category import Sport
from pierre_mcp.model.cells import ActivityCell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import index_of
from pierre_mcp.model.recording import SealedRow
from pierre_mcp.policy.matching import Span, groups
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Sealed, Wanted
from pierre_mcp.store.rows import Reader

_MICROS = 1_000_000
_STARTED_US = index_of(ActivityCell, "started_us")
_ELAPSED_S = index_of(ActivityCell, "elapsed_s")
_DISTANCE_M = index_of(ActivityCell, "distance_m")


def join(tx: Tx, grant: Grant, new: Sequence[Sealed]) -> None:
    """Put recordings just written to the activities they are of.

    Args:
        tx: The transaction they were written in.
        grant: What it may not read stays apart until ``settle``.
        new: The recordings; an older activity keeps its id.
    """
    fresh = {one.activity_id for one in new}
    for group in groups(_near(tx, grant, {one.day for one in new})):
        found = {span.activity for span in group}
        first, *others = sorted(found, key=lambda one: (one in fresh, one))
        for other in others:
            recordings.merge(tx, grant, other, first)


def changes(tx: Tx, grant: Grant) -> list[tuple[list[str], str]]:
    """Return what ``settle`` has to do: recordings, and the activity they go to."""
    reader = Reader(tx, grant)
    every = [_span(reader, row) for row in recordings.newest(tx, grant, Wanted())]
    taken: set[str] = set()
    found = []
    for group in groups(every):
        free = {span.activity for span in group} - taken
        activity = min(free) if free else str(uuid4())
        taken.add(activity)
        moved = [span.recording for span in group if span.activity != activity]
        if moved:
            found.append((moved, activity))
    return found


def settle(tx: Tx, grant: Grant, found: Iterable[tuple[Sequence[str], str]]) -> None:
    """Do the changes: what an assistant imported may not have been held to all."""
    for moved, activity in found:
        recordings.regroup(tx, grant, moved, activity)


def part(tx: Tx, grant: Grant, activities: Iterable[str]) -> None:
    """Part what only belonged together by a recording that is gone."""
    reader = Reader(tx, grant)
    for activity in sorted(activities):
        left = recordings.beside(tx, grant, activity, None)
        for group in groups([_span(reader, row) for row in left])[1:]:
            moved = [span.recording for span in group]
            recordings.regroup(tx, grant, moved, str(uuid4()))


def around(tx: Tx, grant: Grant, activity: str, days: set[str]) -> None:
    """Part and join what a change of one activity parts and joins; it keeps its id.

    Args:
        tx: The transaction in which it was changed.
        grant: The owner's.
        activity: Its id.
        days: The local days on which its recordings were, and those on which they are.
    """
    part(tx, grant, [activity])
    for group in groups(_near(tx, grant, days)):
        found = {span.activity for span in group}
        first, *others = sorted(found, key=lambda one: (one != activity, one))
        for other in others:
            recordings.merge(tx, grant, other, first)


def _near(tx: Tx, grant: Grant, days: set[str]) -> list[Span]:
    """Return what lies within one local day either side: devices may disagree."""
    reader, found = Reader(tx, grant), {}
    for day in days:
        at, a_day = date.fromisoformat(day), timedelta(days=1)
        wanted = Wanted(from_day=str(at - a_day), to_day=str(at + a_day))
        for row in recordings.newest(tx, grant, wanted):
            found[row.id] = row
    return [_span(reader, row) for row in found.values()]


def _span(reader: Reader, row: SealedRow) -> Span:
    activity = reader.open(row).activities
    return Span(
        row.id,
        row.activity_id,
        Sport(row.sport),
        activity[_STARTED_US] / _MICROS,
        activity[_ELAPSED_S],
        None if isnan(activity[_DISTANCE_M]) else activity[_DISTANCE_M],
    )
