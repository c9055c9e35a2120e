"""One activity from several recordings: who speaks for it, and what the others add.

An activity is the fold, at reading, of the recordings its reader may open (DESIGN 4).
The first in a fixed order of preference gives its day, time and sport; the others fill
in what it did not record. Nothing of a recording that may not be read adds anything,
not even its existence, and one taken back leaves the others as if it had never been.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

from pydantic import MISSING

from pierre_mcp.model.packed import Fixed
from pierre_mcp.model.recording import Recording, Row

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
    return first._replace(
        activities=_filled([row.activities for row in rows]),
        heart_rate=_first([row.heart_rate for row in rows]),
        power=_first([row.power for row in rows]),
        notes=_first([row.notes for row in rows]),
    )


def _filled(found: Sequence[Fixed]) -> Fixed:
    """Return the first one's numbers; where it has none, the next one's that has."""
    return tuple(
        next((value for value in column if value == value), nan)  # noqa: PLR0124 - NaN is not recorded
        for column in zip(*found, strict=True)
    )


def fold_whole(recordings: Sequence[Recording]) -> Recording:
    """Return one activity's recordings as one; likewise, with every cell a model."""
    ordered = sorted(
        recordings, key=lambda r: (preference(r.where.source), r.local_day, r.id)
    )
    first = ordered[0]
    if len(ordered) == 1:
        return first
    lacking = {name for name, value in first.activity if value is None}
    filled: dict[str, Any] = {}
    for other in reversed(ordered[1:]):
        cell = other.activity
        filled |= {n: v for n, v in cell if n in lacking and v is not None}
    return replace(
        first,
        activity=first.activity.model_copy(update=filled),
        heart_rate=_first([r.heart_rate for r in ordered]),
        power=_first([r.power for r in ordered]),
        location=_first([r.location for r in ordered]),
        notes=_first([r.notes for r in ordered]),
    )


def _first(cells: Sequence[Any]) -> Any:
    """Return the first cell there is, else None where any may be read, else MISSING."""
    readable = [cell for cell in cells if cell is not MISSING]
    return next((c for c in readable if c is not None), None) if readable else MISSING
