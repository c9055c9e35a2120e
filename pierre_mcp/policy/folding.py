"""One activity from several recordings: who speaks for it, and what the others add.

An activity is the fold, at reading, of the recordings its reader may open (DESIGN 4).
The first in a fixed order of preference gives its day, time and sport; the others fill
in what it did not record. Nothing of a recording that may not be read adds anything,
not even its existence, and one taken back leaves the others as if it had never been.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import MISSING

from pierre_mcp.model.recording import Row

_ORDER = ("self", "files", "garmin", "strava", "apple")
"""A correction by the person wins; then what is nearest to the device."""

_RANK = {source: rank for rank, source in enumerate(_ORDER)}


def preference(source: str) -> tuple[int, str]:
    """Return the key by which recordings are put in order, the preferred one first."""
    return _RANK.get(source, len(_ORDER)), source


def fold(rows: Sequence[Row]) -> Row:
    """Return one activity's recordings as one row.

    Args:
        rows: At least one, all of one activity, in order of preference.
    """
    first = rows[0]
    if len(rows) == 1:
        return first
    summary: dict[str, Any] = {}
    for row in reversed(rows):
        summary |= {k: v for k, v in row.activities.items() if v is not None}
    return first._replace(
        activities=summary,
        heart_rate=_first([row.heart_rate for row in rows]),
        power=_first([row.power for row in rows]),
        notes=_first([row.notes for row in rows]),
    )


def _first(cells: Sequence[Any]) -> Any:
    """Return the first cell there is, else None where any may be read, else MISSING."""
    readable = [cell for cell in cells if cell is not MISSING]
    return next((c for c in readable if c is not None), None) if readable else MISSING
