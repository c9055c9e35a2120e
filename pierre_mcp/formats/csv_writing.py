"""Tables out: RFC 4180 in UTF-8, in which no text is taken for a formula.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, some also with
their full-width forms, or with a tab or another control character before one; such text
gets a single quote before it (OWASP ASVS 5.0, 1.2.10). Numbers are no text, and stay as
they are, signs included.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from pierre_mcp.formats.columns import STEPS
from pierre_mcp.model.track import Column

_ACTIVE: Final = (*"=+-@\t\r\n\0", *"\uff1d\uff0b\uff0d\uff20")
_QUOTE: Final = "'"
_ROWS: Final = 4_096


def safe(value: Any) -> Any:
    """Return a value for one cell: text that no spreadsheet runs, numbers untouched."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_ACTIVE):
        return _QUOTE + value
    return value


def line(values: Iterable[Any]) -> str:
    """Return one row with its line end."""
    row = io.StringIO()
    csv.writer(row).writerow([safe(value) for value in values])
    return row.getvalue()


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Give a table row by row, the header first; what a row lacks is empty."""
    yield line(columns)
    for row in rows:
        yield line(row.get(name) for name in columns)


def streams(columns: Mapping[str, Column]) -> Iterator[str]:
    """Give streams as a table, some thousand rows at a time; a gap is an empty cell.

    Args:
        columns: By name, of shape (n,) each; written to the step they are kept in.
    """
    yield line(columns)
    count = max((len(column) for column in columns.values()), default=0)
    for start in range(0, count, _ROWS):
        shown = [
            _written(column[start : start + _ROWS], decimals(name))
            for name, column in columns.items()
        ]
        yield "".join(f"{','.join(row)}\r\n" for row in zip(*shown, strict=True))


def decimals(name: str) -> int:
    """Return to how many decimal places a stream is written."""
    return max(0, -int(np.floor(np.log10(STEPS[name]))))


def _written(column: Column, places: int) -> list[str]:
    pattern = f"%.{places}f"
    return ["" if v != v else pattern % v for v in column.tolist()]  # noqa: PLR0124 - NaN
