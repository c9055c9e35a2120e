"""What is told of a row wherever rows are listed, and the moments of a period."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from pierre_mcp.model.audit_report import Cell, Period

COLUMNS: Final = (
    *("row", "at", "event", "risk", "outcome", "door", "caller", "recipient"),
    *("action", "code", "data"),
)

LISTED: Final = 100
"""Rows of a listing in a report; more would no longer be read."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moments(period: Period) -> tuple[datetime, datetime]:
    """Return the first moment of a period, and the first one after it, UTC."""
    after = period.last_on + timedelta(days=1)
    return (
        datetime.combine(period.first_on, time(), UTC),
        datetime.combine(after, time(), UTC),
    )


def row_cells(entry: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return what is listed of a row, by ``COLUMNS``."""
    named = (str(entry.get(name, "")) for name in COLUMNS[2:-1])
    at = _EPOCH + timedelta(microseconds=entry["at_us"])
    return (entry["seq"], at, *named, " ".join(map(str, entry.get("opened") or ())))
