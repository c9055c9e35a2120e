"""Activities, day by day: the recordings of each, folded at reading.

The recordings of one activity lie within one local day of each other, since devices
and platforms may disagree about the day. So a day is whole once the next older one has
been read, and a range is read with one day more at each end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Row, SealedRow
from pierre_mcp.policy.folding import fold, preference
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import FIRST_DAY, LAST_DAY, Reader, Wanted

_A_DAY = timedelta(days=1)


def newest(tx: Tx, grant: Grant, wanted: Wanted) -> Iterator[list[Row]]:
    """Give the activities of each local day, newest day first, as they are taken.

    What is not given is not opened.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    reader = Reader(tx, grant)
    found = recordings.newest(tx, grant, replace(
        wanted, from_day=day_before(wanted.from_day), to_day=day_after(wanted.to_day)
    ))  # fmt: skip
    for day, together in _by_day(found):
        if not wanted.from_day <= day <= wanted.to_day:
            continue
        whole = [_whole(tx, grant, wanted, rows) for rows in together]
        yield [fold([reader.open(row) for row in rows]) for rows in whole if rows]


def _whole(
    tx: Tx, grant: Grant, wanted: Wanted, found: list[SealedRow]
) -> list[SealedRow]:
    """Return every recording of an activity; none if its sport is not the one wanted.

    Only where a sport was asked for may some not have been found.
    """
    if wanted.sport is None:
        return found
    one = found[0].activity_id
    rows = _ordered(recordings.beside(tx, grant, one, wanted.sources))
    return rows if rows[0].sport == wanted.sport else []


def _by_day(found: Iterable[SealedRow]) -> Iterator[tuple[str, list[list[SealedRow]]]]:
    """Group recordings by activity, and activities by the day of the preferred one."""
    open_: dict[str, list[SealedRow]] = {}
    carried: list[list[SealedRow]] = []
    last = ""
    for day, rows in groupby(found, attrgetter("day")):
        fresh: dict[str, list[SealedRow]] = {}
        for row in rows:
            known = open_.get(row.activity_id)
            (fresh.setdefault(row.activity_id, []) if known is None else known).append(
                row
            )
        whole = carried + [_ordered(rows) for rows in open_.values()]
        carried = [rows for rows in whole if rows[0].day != last]
        if last:
            yield last, [rows for rows in whole if rows[0].day == last]
        open_, last = fresh, day
    if last:
        yield last, carried + [_ordered(rows) for rows in open_.values()]


def _ordered(rows: list[SealedRow]) -> list[SealedRow]:
    if len(rows) > 1:
        rows.sort(key=lambda row: (preference(row.source), row.day, row.id))
    return rows


def day_before(day: str) -> str:
    """Return the day before; the first there is has none."""
    return day if day == FIRST_DAY else str(date.fromisoformat(day) - _A_DAY)


def day_after(day: str) -> str:
    """Return the day after; the last there is has none."""
    return day if day == LAST_DAY else str(date.fromisoformat(day) + _A_DAY)
