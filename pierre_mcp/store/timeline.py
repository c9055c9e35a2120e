"""What the log tells of a span of time, row by row; the caller has verified it.

The time of a row is never before that of the row before it, so the span is found by
halving. Of a person who was erased before nothing is told.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import from_json

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.store import audit
from pierre_mcp.store.database import Tx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENDS: Final = "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM audit"
_ONE: Final = "SELECT CAST(entry AS BLOB) FROM audit WHERE seq = ?"
_BETWEEN: Final = """
    SELECT CAST(entry AS BLOB) FROM audit WHERE seq >= ? AND seq < ? ORDER BY seq
"""


def between(
    tx: Tx, maintenance: Maintenance, start: datetime, end: datetime | None
) -> Iterator[dict[str, Any]]:
    """Give the rows from ``start`` to before ``end`` (UTC) or the last, oldest first.

    The first of them is the row before, where there is one: what came to be is seen
    beside what was.
    """
    erased = max(audit.done(tx, maintenance, audit.ERASE), default=0)
    first, last = tx.one(_ENDS)
    first = max(first, erased + 1)
    begin = _first_at(tx, audit.micros(start), first, last + 1)
    beyond = last + 1
    if end is not None:
        beyond = _first_at(tx, audit.micros(end), begin, beyond)
    rows = tx.execute(_BETWEEN, (max(first, begin - 1), beyond))
    return (from_json(entry) for (entry,) in rows)


def time_of(tx: Tx, grant: Grant, seq: int) -> datetime | None:
    """Return when a row was written, UTC; None where there is none any more.

    Raises:
        AuditTamperedError: It is not JSON, which we never wrote.
    """
    grant.check()
    found = tx.one(_ONE, (seq,))
    if found is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=from_json(found[0])["at_us"])
    except (ValueError, TypeError, KeyError):
        raise AuditTamperedError from None


def _first_at(tx: Tx, at_us: int, low: int, high: int) -> int:
    """Return the first row of a time or later, among ``low`` to before ``high``."""
    while low < high:
        middle = (low + high) // 2
        (entry,) = tx.one(_ONE, (middle,))
        if from_json(entry)["at_us"] < at_us:
            low = middle + 1
        else:
            high = middle
    return low
