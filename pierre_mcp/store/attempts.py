"""How often something was tried of late: the audit log as memory of every process."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic_core import from_json

from pierre_mcp.model.audit import Outcome
from pierre_mcp.store import audit
from pierre_mcp.store.database import Tx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BACKWARD = "SELECT CAST(entry AS BLOB) FROM audit WHERE seq > ? ORDER BY seq DESC"


def attempts(
    tx: Tx, action: str, *, since: datetime, after: int = 0
) -> list[tuple[datetime, Outcome]]:
    """Return when an action was recorded (UTC) and with which outcome, newest first.

    Args:
        tx: A snapshot, or the step that is about to add another.
        action: Exactly.
        since: UTC; rows before it are not looked at.
        after: The row after which to look.
    """
    found, since_us = [], audit.micros(since)
    for (entry,) in tx.execute(_BACKWARD, (after,)):
        row = from_json(entry)
        if row["at_us"] < since_us:
            break
        if row["action"] == action:
            at = _EPOCH + timedelta(microseconds=row["at_us"])
            found.append((at, Outcome(row["outcome"])))
    return found
