"""Activities, day by day: the recordings of each, folded at reading.

The recordings of one activity lie within one local day of each other, since devices
and platforms may disagree about the day. So a day is whole once the next older one has
been read, and a range is read with one day more at each end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Row, SealedRow
from pierre_mcp.policy.folding import fold, preference
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import FIRST_DAY, LAST_DAY, Wanted
from pierre_mcp.store.rows import Reader

_A_DAY = timedelta(days=1)


def newest(
    tx: Tx, grant: Grant, wanted: Wanted, *, at_once: int = 64
) -> Iterator[list[Row]]:
    """Give the activities of some whole days together, newest days first.

    Args:
        tx: Any transaction.
        grant: What it may not read adds nothing.
        wanted: Which.
        at_once: Of about so many the recordings are opened together; what is not taken
            beyond them is not opened.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    reader = Reader(tx, grant)
    found = recordings.newest(tx, grant, replace(
        wanted, from_day=day_before(wanted.from_day), to_day=day_after(wanted.to_day)
    ))  # fmt: skip
    for together in _by_days(found, at_once):
        first, last = wanted.from_day, wanted.to_day
        whole = [rows for rows in together if first <= rows[0].day <= last]
        if wanted.sport is not None:
            whole = [_every(tx, grant, wanted, rows[0].activity_id) for rows in whole]
            whole = [rows for rows in whole if rows[0].sport == wanted.sport]
        opened = reader.open_each([row for rows in whole for row in rows])
        alone = len(opened) == len(whole)
        yield opened if alone else _folded(opened, map(len, whole))


def _every(tx: Tx, grant: Grant, wanted: Wanted, activity_id: str) -> list[SealedRow]:
    """Return every recording of an activity.

    Only where a sport was asked for may some not have been found.
    """
    return _ordered(recordings.beside(tx, grant, activity_id, wanted.sources))


def _folded(opened: Iterable[Row], counts: Iterable[int]) -> list[Row]:
    """Fold so many recordings of each activity."""
    rest = iter(opened)
    return [fold(list(islice(rest, count))) for count in counts]


def _by_days(
    found: Iterable[SealedRow], at_once: int
) -> Iterator[list[list[SealedRow]]]:
    """Group recordings by activity, and give those of some whole days together."""
    open_: dict[str, list[SealedRow]] = {}
    last, older = "", 0
    for row in found:
        if row.day != last:
            if older >= at_once:
                # The day that ends here may go on in the next; those before it cannot.
                whole, open_ = _parted(open_, last)
                yield whole
            last, older = row.day, len(open_)
        open_.setdefault(row.activity_id, []).append(row)
    yield _parted(open_, "")[0]


def _parted(
    found: dict[str, list[SealedRow]], day: str
) -> tuple[list[list[SealedRow]], dict[str, list[SealedRow]]]:
    """Part the activities after a day from the others."""
    ordered = {one: _ordered(rows) for one, rows in found.items()}
    after = [rows for rows in ordered.values() if rows[0].day > day]
    return after, {n: rows for n, rows in ordered.items() if rows[0].day <= day}


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
