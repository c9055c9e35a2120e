"""What watching keeps, sealed by name, and the rows of the log that it looks at.

``memory`` is what is remembered, ``thresholds`` what the person set, and ``hold/LABEL``
how a recipient is held back. All are the person's, and go with the person. If a cell is
taken away by hand, the next look learns again from the log, which it cannot be taken
out of unseen.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pydantic_core import from_json

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit
from pierre_mcp.store.database import Tx

MEMORY: Final = "memory"
THRESHOLDS: Final = "thresholds"
HOLD: Final = "hold/"
LOOKED_BACK: Final = 5_000
"""Rows to learn from where nothing is remembered."""

_CELL = "SELECT cell FROM monitor WHERE tenant = ? AND person = ? AND name = ?"
_PUT = """
    INSERT INTO monitor (tenant, person, name, kid, cell) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (tenant, person, name)
        DO UPDATE SET kid = excluded.kid, cell = excluded.cell
"""
_DROP = "DELETE FROM monitor WHERE tenant = ? AND person = ? AND name = ?"
_NAMED = """
    SELECT name, cell FROM monitor
     WHERE tenant = ? AND person = ? AND substr(name, 1, length(?)) = ? ORDER BY name
"""
_NEWEST = "SELECT coalesce(max(seq), 0) FROM audit"
_AFTER = "SELECT CAST(entry AS BLOB) FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"
# One statement, since it is asked at every call of a recipient: how it is held back,
# the thresholds, and the row so far back that only a busy minute reaches it.
_PACE = """
    SELECT (SELECT cell FROM monitor WHERE tenant = ?1 AND person = ?2 AND name = ?3),
           (SELECT cell FROM monitor WHERE tenant = ?1 AND person = ?2 AND name = ?4),
           (SELECT CAST(entry AS BLOB) FROM audit
             WHERE seq = (SELECT max(seq) FROM audit) + 1 - ?5)
"""
_BACKWARD = "SELECT CAST(entry AS BLOB) FROM audit ORDER BY seq DESC"
_DAYS = "SELECT DISTINCT local_day FROM recordings WHERE tenant = ? AND person = ?"


def read(tx: Tx, who: Identity | Grant, name: str) -> bytes | None:
    """Return what is kept under a name, opened; None where nothing is.

    Raises:
        SealBrokenError: It was altered or moved.
    """
    row = tx.one(_CELL, (who.tenant, who.person, name))
    return None if row is None else opened(tx, who, name, row[0])


def opened(tx: Tx, who: Identity | Grant, name: str, cell: bytes) -> bytes:
    """Open a cell that ``pace`` gave.

    Raises:
        SealBrokenError: It was altered or moved.
    """
    return tx.ring.open(cell, _place(who, name))


def put(tx: Tx, who: Identity | Grant, name: str, plain: bytes) -> None:
    """Keep something under a name, in place of what was there."""
    scope = person_scope(who.tenant, who.person)
    kid, cell = tx.ring.seal(plain, _place(who, name), scope)
    tx.execute(_PUT, (who.tenant, who.person, name, kid, cell))


def drop(tx: Tx, who: Identity | Grant, name: str) -> None:
    """Keep nothing under a name any more."""
    tx.execute(_DROP, (who.tenant, who.person, name))


def holds(tx: Tx, who: Identity | Grant) -> dict[str, bytes]:
    """Return every hold there is, opened, by its recipient.

    Raises:
        SealBrokenError: One was altered or moved.
    """
    rows = tx.execute(_NAMED, (who.tenant, who.person, HOLD, HOLD))
    return {n.removeprefix(HOLD): opened(tx, who, n, cell) for n, cell in rows}


def newest(tx: Tx) -> int:
    """Return the number of the newest row of the log; 0 where there is none."""
    (seq,) = tx.one(_NEWEST)
    return int(seq)


def pace(
    tx: Tx, who: Identity, recipient: str, back: int
) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Return a recipient's hold and the thresholds, sealed, and one row of the log.

    Args:
        tx: Any transaction.
        who: The person.
        recipient: Who asks.
        back: Which row, counted back from the newest as 1.
    """
    names = (HOLD + recipient, THRESHOLDS)
    hold, chosen, entry = tx.one(_PACE, (who.tenant, who.person, *names, back))
    return hold, chosen, entry


def since(tx: Tx, at_us: int) -> Iterator[dict[str, Any]]:
    """Give the entries that are younger than a moment, newest first.

    Raises:
        AuditTamperedError: One is not JSON, which we never wrote.
    """
    for (entry,) in tx.execute(_BACKWARD):
        row = _parsed(entry)
        if row["at_us"] <= at_us:
            return
        yield row


def rows_after(
    tx: Tx, maintenance: Maintenance, who: Identity, seq: int, most: int
) -> tuple[int, Sequence[dict[str, Any]]]:
    """Return the number of the last row looked at, and the person's entries up to it.

    Raises:
        AuditTamperedError: One is not JSON, which we never wrote.
    """
    del maintenance
    name = audit.name_of(tx.ring, who)
    found: list[dict[str, Any]] = []
    for (entry,) in tx.execute(_AFTER, (seq, most)):
        row = _parsed(entry)
        seq = row["seq"]
        if row["who"] == name:  # others are of somebody who was erased
            found.append(row)
    return seq, found


def days_held(tx: Tx, maintenance: Maintenance, who: Identity) -> list[str]:
    """Return the local days on which the person has any recording."""
    del maintenance
    return [day for (day,) in tx.execute(_DAYS, (who.tenant, who.person))]


def _parsed(entry: bytes) -> dict[str, Any]:
    try:
        row: dict[str, Any] = from_json(entry)
    except ValueError:
        raise AuditTamperedError from None
    return row


def _place(who: Identity | Grant, name: str) -> Place:
    return Place("monitor.cell/1", who.tenant, who.person, name)
