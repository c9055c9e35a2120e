"""Rows of the audit log as they are read: in order, from a moment on, or one whole.

An entry names nobody. What is sealed beside a row is opened for its owner alone. Time
is found by halving, since it never falls from one row to the next (``audit.append``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic_core import from_json

from pierre_mcp.errors import AuditTamperedError, SealBrokenError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.chain import SALT_BYTES
from pierre_mcp.model.audit_facts import Facts
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.store import audit
from pierre_mcp.store.database import Tx

Entry = dict[str, Any]
"""The facts of one row, by name; ``seq`` is the row's own number."""

_NAMES: Final = {*Facts._fields, "at_us", "policy_epoch", "session", "size"}
"""What every row has had since the first version."""

_END_US: Final = 253_402_300_800_000_000
"""The year 10000, microseconds since 1970."""

_BOUNDS: Final = "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM audit"
# As a BLOB: text made invalid by hand could not even be read.
_FORWARD: Final = """
    SELECT seq, CAST(entry AS BLOB) FROM audit
     WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
_BACKWARD: Final = """
    SELECT seq, CAST(entry AS BLOB) FROM audit
     WHERE seq BETWEEN ? AND ? ORDER BY seq DESC
"""
_WHOLE: Final = """
    SELECT CAST(entry AS BLOB), link, mac, cell
      FROM audit LEFT JOIN audit_detail ON audit_detail.seq = audit.seq
     WHERE audit.seq = ?
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One row as it lies in the store.

    Attributes:
        link: Hex; anyone can compute it from the row and the one before.
        mac: Hex; only the key's holder can.
        detail: Sealed; None where the row has none.
    """

    entry: Entry
    link: str
    mac: str
    detail: bytes | None


def span(
    tx: Tx,
    maintenance: Maintenance,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
) -> range:
    """Return the numbers of the rows of a time, oldest first.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        since: The first moment; the log's first row where None.
        until: The moment after the last; the log's newest row where None.
        before: Only rows before this one, whatever their time; no later one is read.

    Raises:
        AuditTamperedError: A row that was read for its time has none.
    """
    del maintenance
    first, last = tx.one(_BOUNDS)
    stop = last + 1 if before is None else min(last + 1, before)
    start = first if since is None else _at(tx, audit.micros(since), first, stop)
    if until is not None:
        stop = _at(tx, audit.micros(until), start, stop)
    return range(start, max(start, stop))


def entries(
    tx: Tx, maintenance: Maintenance, rows: range, *, newest_first: bool = False
) -> Iterator[Entry]:
    """Give the entries of rows, in order.

    Raises:
        AuditTamperedError: One is not as we write them.
    """
    del maintenance
    sql = _BACKWARD if newest_first else _FORWARD
    for seq, entry in tx.execute(sql, (rows.start, rows.stop - 1)):
        yield _entry(seq, entry)


def stored(tx: Tx, maintenance: Maintenance, seq: int) -> Stored | None:
    """Return one row whole; None where there is none.

    Raises:
        AuditTamperedError: It is not as we write them.
    """
    del maintenance
    found = tx.one(_WHOLE, (seq,))
    if found is None:
        return None
    entry, link, mac, cell = found
    return Stored(_entry(seq, entry), _hex(link), _hex(mac), cell)


def detail(tx: Tx, grant: Grant, seq: int, cell: bytes) -> Any:
    """Return what is sealed beside a row, opened; None where it cannot be.

    Whether it should have been is for the log's own check to tell.
    """
    grant.check()
    if not grant.owner:
        msg = "a row's detail is its owner's"
        raise RuntimeError(msg)
    place = Place("audit.detail/1", grant.tenant, grant.person, str(seq))
    try:
        return from_json(tx.ring.open(cell, place)[SALT_BYTES:])
    except (SealBrokenError, ValueError):
        return None


def _at(tx: Tx, at_us: int, first: int, stop: int) -> int:
    """Return the first row at or after a moment; ``stop`` where all are before it."""
    while first < stop:
        middle = (first + stop) // 2
        # What is missing was removed by hand: the next one there is stands for it.
        found = tx.one(f"{_FORWARD} LIMIT 1", (middle, stop - 1))
        if found is not None and _entry(*found)["at_us"] < at_us:
            first = found[0] + 1
        else:
            stop = middle
    return first


def _entry(seq: int, text: object) -> Entry:
    try:
        entry = from_json(text)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise AuditTamperedError from None
    if not isinstance(entry, dict) or not entry.keys() >= _NAMES:
        raise AuditTamperedError
    at_us, opened = entry["at_us"], entry["opened"]
    if not isinstance(opened, list) or not isinstance(at_us, int):
        raise AuditTamperedError
    if not 0 <= at_us < _END_US:  # else it is no time, and could not even be shown
        raise AuditTamperedError
    entry["seq"] = seq
    return entry


def _hex(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else ""
