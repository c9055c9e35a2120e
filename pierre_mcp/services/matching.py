"""Recordings of one activity get one activity id: when they come, and when some go.

Which recordings belong together follows from what is held and from nothing else, so it
is the same in whatever order files came, and after one of them was taken back.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import uuid4

from pierre_mcp.model.category import Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import SealedRow
from pierre_mcp.policy.matching import Span, groups, same
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Reader, Wanted

_MICROS = 1_000_000


def join(tx: Tx, grant: Grant, new: Sequence[tuple[str, str]]) -> None:
    """Put recordings just written to the activities they are of.

    Args:
        tx: The transaction they were written in.
        grant: The owner's.
        new: Recording id and local day of each; those of one file.
    """
    ids = {recording for recording, _ in new}
    near = _spans(tx, grant, {day for _, day in new})
    for one in (span for span in near if span.recording in ids):
        found = {o.activity for o in near if o.recording not in ids and same(one, o)}
        if found:
            first, *others = sorted(found)
            recordings.regroup(tx, grant, [one.recording], first)
            for other in others:  # it is the link between two
                recordings.merge(tx, grant, other, first)
            near = _spans(tx, grant, {day for _, day in new})


def part(tx: Tx, grant: Grant, activities: Iterable[str]) -> None:
    """Part what only belonged together by a recording that is gone."""
    reader = Reader(tx, grant)
    for activity in sorted(activities):
        left = recordings.beside(tx, grant, activity, None)
        for group in groups([_span(reader, row) for row in left])[1:]:
            moved = [span.recording for span in group]
            recordings.regroup(tx, grant, moved, str(uuid4()))


def _spans(tx: Tx, grant: Grant, days: set[str]) -> list[Span]:
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
        activity["started_us"] / _MICROS,
        activity["elapsed_s"],
        activity.get("distance_m"),
    )
