"""A whole history by column: the recordings of a range, opened a batch at a time.

For totals, which open thousands of cells and look at a few numbers of each. As in
``recordings``, the grant decides which rows there are and which cells are opened.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.keyring.cells import column_piece, rows_pieces
from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import ActivityCell
from pierre_mcp.model.details import DETAILS
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import fixed_parts
from pierre_mcp.model.recording import CELLS
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import (
    Wanted,
    barred,
    column_of,
    detail_column,
    readable,
)

# A batch stays in the processor's cache, and a cancelled call ends after one.
_BATCH = 256

_CELLS = """
    SELECT id, activity_id, source, origin, sport, local_day,
           iif(?, activities, NULL), iif(?, heart_rate, NULL), iif(?, power, NULL)
"""
_DETAILS = """,
           iif(?, (SELECT cell FROM details
                    WHERE recording = id AND category = 'activities'), NULL),
           iif(?, (SELECT cell FROM details
                    WHERE recording = id AND category = 'heart_rate'), NULL),
           iif(?, (SELECT cell FROM details
                    WHERE recording = id AND category = 'power'), NULL)
"""
_RANGE = """
      FROM recordings
     WHERE tenant = ? AND person = ?
       AND source IN (SELECT value FROM json_each(?))
       AND local_day BETWEEN ? AND ?
       AND origin NOT IN (SELECT value FROM json_each(?))
"""
_PLAIN, _DETAILED = _CELLS + _RANGE, _CELLS + _DETAILS + _RANGE
_PIECES = {category: column_piece(column_of(category)) for category in CELLS}
_DETAIL_PIECES = {c: column_piece(detail_column(c)) for c in DETAILS}


@dataclass(frozen=True, slots=True)
class Batch:
    """Some recordings by column, in no order.

    Attributes:
        opened: Each activities cell, opened; of what was not asked for there is none
            here and below.
        summary: The fixed part of each activities cell, as ``packed`` lays it out.
        heart_rate: Of those heart rate cells only that there are and may be read.
        power: Of the power cells likewise.
        has_heart_rate: Of each recording, whether ``heart_rate`` has its cell, or would
            have if it were opened: where details of it were asked for.
        has_power: Likewise.
        details: Of each category that was asked for the packed details, opened; None
            where there is none or it may not be read.
    """

    id: Sequence[str]
    activity_id: Sequence[str]
    source: Sequence[str]
    sport: Sequence[str]
    day: Sequence[str]
    opened: Sequence[bytes]
    summary: NDArray[np.void]
    heart_rate: NDArray[np.void]
    power: NDArray[np.void]
    has_heart_rate: NDArray[np.bool_]
    has_power: NDArray[np.bool_]
    details: Mapping[Category, Sequence[bytes | None]]


def batches(
    tx: Tx,
    grant: Grant,
    wanted: Wanted,
    details: Collection[Category] = (),
    *,
    numbers: Collection[Category] = frozenset(DETAILS),
) -> Iterator[Batch]:
    """Give the recordings of these sources and days; ``wanted.sport`` is not looked at.

    Of one activity some recordings may say another sport, and only the preferred one
    counts: that is for the reader to decide.

    Args:
        tx: A snapshot.
        grant: Decides what is opened.
        wanted: Which sources and days.
        details: The categories whose details are opened too.
        numbers: The categories whose cells are opened; of all that have details if left
            out.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    sources = readable(tx, grant, wanted.sources)
    allowed = {c: _with(grant, sources, c) for c in DETAILS if c in details}
    hearts, powers = (
        _with(grant, sources, c) if c in numbers or c in details else frozenset()
        for c in (Category.HEART_RATE, Category.POWER)
    )
    opens = [Category.ACTIVITIES in numbers, hearts, powers]
    if allowed:
        opens += [allowed.get(c) for c in DETAILS]
    who = (grant.tenant, grant.person)
    span = (json.dumps(sources), wanted.from_day, wanted.to_day, barred(grant))
    statement = _DETAILED if allowed else _PLAIN
    found = tx.execute(statement, (*map(bool, opens), *who, *span))
    while rows := found.fetchmany(_BATCH):
        ids, of, source, origin, sport, day, own, heart, power, *kept = zip(
            *rows, strict=True
        )
        beside = rows_pieces(who, zip(ids, source, origin, day, strict=True))
        seen_heart = _only(heart, source, hearts)
        seen_power = _only(power, source, powers)
        opened = _those(tx.ring, _PIECES[Category.ACTIVITIES], own, beside)
        told_heart = seen_heart if Category.HEART_RATE in numbers else ()
        told_power = seen_power if Category.POWER in numbers else ()
        yield Batch(
            ids, of, source, sport, day, opened,
            fixed_parts(ActivityCell, opened),
            _opened(tx.ring, Category.HEART_RATE, told_heart, beside),
            _opened(tx.ring, Category.POWER, told_power, beside),
            _there(seen_heart),
            _there(seen_power),
            {
                category: _details(
                    tx.ring, category, _only(cells, source, allowed[category]), beside
                )
                for category, cells in zip(DETAILS, kept, strict=bool(allowed))
                if category in allowed
            },
        )  # fmt: skip


def may_read(tx: Tx, grant: Grant, wanted: Wanted, category: Category) -> bool:
    """Tell whether a category may be read of any source that would be scanned."""
    sources = readable(tx, grant, wanted.sources)
    return grant.owner or bool(_with(grant, sources, category))


def _with(grant: Grant, sources: Sequence[str], category: Category) -> frozenset[str]:
    return frozenset(s for s in sources if grant.reads(s, category))


def _only(
    cells: Sequence[bytes | None], source: Sequence[str], allowed: frozenset[str]
) -> Sequence[bytes | None]:
    if allowed.issuperset(source):
        return cells
    return [
        cell if one in allowed else None
        for cell, one in zip(cells, source, strict=True)
    ]


def _opened(
    ring: Ring,
    category: Category,
    cells: Sequence[bytes | None],
    beside: Sequence[bytes],
) -> NDArray[np.void]:
    """Return the fixed parts of the cells there are."""
    opened = _those(ring, _PIECES[category], cells, beside)
    return fixed_parts(CELLS[category], opened)


def _details(
    ring: Ring,
    category: Category,
    cells: Sequence[bytes | None],
    beside: Sequence[bytes],
) -> Sequence[bytes | None]:
    """Return the details opened, each in its place."""
    opened = iter(_those(ring, _DETAIL_PIECES[category], cells, beside))
    return [None if cell is None else next(opened) for cell in cells]


def _those(
    ring: Ring, column: bytes, cells: Sequence[bytes | None], beside: Sequence[bytes]
) -> Sequence[bytes]:
    """Open the cells there are, without the others."""
    there = [cell for cell in cells if cell is not None]
    if len(there) < len(beside):
        pairs = zip(cells, beside, strict=bool(cells))
        beside = [row for cell, row in pairs if cell is not None]
    return ring.open_column(column, there, beside)


def _there(cells: Sequence[bytes | None]) -> NDArray[np.bool_]:
    return np.array([cell is not None for cell in cells])
