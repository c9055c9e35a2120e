"""Opening recordings for a list: the cells of many rows, a column at a time.

What a grant may not read is never opened, and stands as MISSING.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import compress
from typing import Any, NamedTuple

from pydantic import MISSING
from pydantic_core import from_json

from pierre_mcp.keyring.cells import column_piece, rows_pieces
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import Cell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import NUMBERS, numbers_of
from pierre_mcp.model.recording import CELLS, Row, SealedRow
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import CELL_COLUMNS


class _Listed(NamedTuple):
    """One of the cells of a ``SealedRow``: what it holds, and its seal is bound to."""

    category: Category
    kind: type[Cell]
    piece: bytes


_LISTED = tuple(
    _Listed(category, CELLS[category], column_piece(column))
    for category, column in zip(CELLS, CELL_COLUMNS, strict=True)
    if category is not Category.LOCATION
)
"""In the order of their columns."""


# As ``Row._make`` does, which is a call in Python for each.
_row = partial(tuple.__new__, Row)


class Reader:
    """Opens the rows of one answer; what may be opened is settled once a source."""

    __slots__ = ("_grant", "_ring")

    def __init__(self, tx: Tx, grant: Grant) -> None:
        self._ring = tx.ring
        self._grant = grant

    def open(self, row: SealedRow) -> Row:
        """Open the cells of a row that the grant may read.

        Raises:
            SealBrokenError: One was altered or moved.
        """
        return self.open_each([row])[0]

    def open_each(self, rows: Sequence[SealedRow]) -> list[Row]:
        """Open the cells of rows that the grant may read, in the rows' order.

        A column at a time: what the cells of one share is looked up once.

        Raises:
            SealBrokenError: One was altered or moved.
        """
        if not rows:
            return []
        columns = zip(*rows, strict=True)
        ids, activities, sources, origins, sports, days, *sealed = columns
        who = self._grant.tenant, self._grant.person
        places = rows_pieces(who, zip(ids, sources, origins, days, strict=True))
        blanks = {source: self._blank(source) for source in set(sources)}
        blank = [blanks[source] for source in sources]
        opened = [
            self._opened(cell, cells, places, unopened)
            for cell, cells, unopened in zip(
                _LISTED, sealed, zip(*blank, strict=True), strict=True
            )
        ]
        together = zip(activities, sources, sports, days, *opened, strict=True)
        return list(map(_row, together))

    def _opened(
        self,
        cell: _Listed,
        cells: Sequence[bytes | None],
        places: Sequence[bytes],
        unopened: Sequence[Any],
    ) -> Sequence[Any]:
        """Open one cell of each row, where there is one and it may be read."""
        if all(cells) and not any(unopened):
            return self._told(cell, cells, places)
        pairs = zip(cells, unopened, strict=True)
        there = [sealed is not None and blank is None for sealed, blank in pairs]
        told = iter(self._told(cell, compress(cells, there), compress(places, there)))
        return [
            next(told) if is_there else blank
            for is_there, blank in zip(there, unopened, strict=True)
        ]

    def _told(
        self, cell: _Listed, sealed: Iterable[Any], places: Iterable[bytes]
    ) -> Sequence[Any]:
        plains = self._ring.open_column(cell.piece, list(sealed), places)
        if cell.kind in NUMBERS:
            return numbers_of(cell.kind, plains)
        return [from_json(plain) for plain in plains]

    def _blank(self, source: str) -> tuple[Any, ...]:
        """Return what stands for each cell unopened: MISSING where it may not be."""
        return tuple(
            None if self._grant.reads(source, cell.category) else MISSING
            for cell in _LISTED
        )
