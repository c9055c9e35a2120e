"""Rows of the log looked at: the newest that say something, or one of them whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from pierre_mcp.model.audit_report import Period
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.auditing.rows import moments
from pierre_mcp.store import audit_reading
from pierre_mcp.store.audit_reading import Entry, Stored
from pierre_mcp.store.database import Tx


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows are to say.

    Attributes:
        period: Their days; all of them where None.
        facts: What each is to be, by its name in the entry.
        category: What was open to the answer, of any source; None for any.
    """

    period: Period | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None

    def fits(self, entry: Entry) -> bool:
        """Tell whether a row says all of it."""
        if any(entry.get(name) != value for name, value in self.facts.items()):
            return False
        if self.category is None:
            return True
        opened = map(str, entry.get("opened") or ())
        return any(pair.partition(":")[2] == self.category for pair in opened)


@dataclass(frozen=True, slots=True)
class Found:
    """Rows found, oldest first, and whether there are older ones."""

    rows: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """One row, and what is sealed beside it once its owner had it opened."""

    stored: Stored
    detail: Any = None


def found(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity | None,
    *,
    wanted: Wanted,
    most: int,
) -> Found:
    """Return the newest rows that say what is wanted.

    Raises:
        AuditTamperedError: A row on the way is not as we write them.
    """
    del who
    since, until = moments(wanted.period) if wanted.period else (None, None)
    rows = audit_reading.span(tx, maintenance, since=since, until=until)
    entries = audit_reading.entries(tx, maintenance, rows, newest_first=True)
    newest = list(islice(filter(wanted.fits, entries), most + 1))
    return Found(tuple(reversed(newest[:most])), more=len(newest) > most)


def whole(
    tx: Tx, maintenance: Maintenance, who: Identity | None, *, seq: int
) -> Whole | None:
    """Return one row as it lies in the store; None where there is none.

    Raises:
        AuditTamperedError: It is not as we write them.
    """
    del who
    row = audit_reading.stored(tx, maintenance, seq)
    return None if row is None else Whole(row)


def opened(tx: Tx, grant: Grant, *, row: Whole) -> Whole:
    """Return a row with what is sealed beside it, opened for its owner."""
    cell = row.stored.detail
    if cell is None:
        return row
    detail = audit_reading.detail(tx, grant, row.stored.entry["seq"], cell)
    return replace(row, detail=detail)
