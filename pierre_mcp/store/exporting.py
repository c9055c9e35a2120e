"""Everything held about the person, as its owner exports it: read, never changed.

What has a module of its own is read by that; here is what only an export asks for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import from_json

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.operation import Operation
from pierre_mcp.store import audit_reading
from pierre_mcp.store.audit import ERASE
from pierre_mcp.store.database import Tx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RECORDINGS = """
    SELECT r.id, r.activity_id, r.import_id,
           (SELECT f.id FROM recordings f JOIN originals o ON o.recording = f.id
             WHERE f.tenant = r.tenant AND f.person = r.person
               AND f.digest = r.digest AND f.part = 0 AND o.seq = 0)
      FROM recordings r
     WHERE r.tenant = ? AND r.person = ?
     ORDER BY r.local_day, r.activity_id, r.id
"""
# Rows before an erasure are about somebody else, who is gone.
_ACCESSES = """
    SELECT a.seq, a.entry, d.cell
      FROM audit a LEFT JOIN audit_detail d ON d.seq = a.seq
     WHERE a.seq > ? ORDER BY a.seq LIMIT ?
"""
_ROWS = "SELECT count(*) FROM audit WHERE seq > ?"
_ERASED = """
    SELECT coalesce(max(seq), 0) FROM audit
     WHERE instr(entry, '"action":"' || ? || '"') AND instr(entry, '"outcome":"done"')
"""
_OPERATIONS = """
    SELECT id, state, cell FROM operations WHERE tenant = ? AND person = ? ORDER BY seq
"""
_NOTICES = "SELECT version, language, body FROM notices ORDER BY version, language"
_KEPT_OF_ENTRY: Final = (
    *("door", "caller", "recipient", "action", "outcome", "code", "event", "risk"),
    *("opened", "size", "weeks", "session", "policy_epoch"),
)
"""Of an entry all but digests: these say nothing to the person, and are not for copies
outside the store."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording, by what an export is ordered by.

    Attributes:
        original: The recording that its file is kept with as it came, itself or
            another of the same file; None where it is not kept.
    """

    id: str
    activity: str
    import_id: str
    original: str | None


def recordings(tx: Tx, grant: Grant) -> list[Listed]:
    """Return every recording, by day and then activity."""
    _check_owner(grant)
    rows = tx.execute(_RECORDINGS, (grant.tenant, grant.person))
    return [Listed(*row) for row in rows]


def accesses(
    tx: Tx, grant: Grant, *, after: int, most: int
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give rows of the log about the person with their details opened, in order.

    Args:
        tx: A snapshot.
        grant: The owner's.
        after: The row to begin after.
        most: How many at most.

    Raises:
        AuditTamperedError: An entry is not JSON, which we never wrote.
    """
    _check_owner(grant)
    (erased,) = tx.one(_ERASED, (ERASE,))
    for seq, text, cell in tx.execute(_ACCESSES, (max(after, erased), most)):
        try:
            entry = from_json(text)
            told = {name: entry.get(name) for name in _KEPT_OF_ENTRY}
            at = _EPOCH + timedelta(microseconds=entry["at_us"])
        except (ValueError, KeyError, TypeError):
            raise AuditTamperedError from None
        detail = None if cell is None else audit_reading.detail(tx, grant, seq, cell)
        yield seq, {"row": seq, "at": at, **told, "detail": detail}


def rows(tx: Tx, grant: Grant) -> int:
    """Return how many rows of the log ``accesses`` gives."""
    _check_owner(grant)
    (erased,) = tx.one(_ERASED, (ERASE,))
    (count,) = tx.one(_ROWS, (erased,))
    return int(count)


def operations(tx: Tx, grant: Grant) -> list[Mapping[str, Any]]:
    """Return the long work that assistants asked for, oldest first."""
    _check_owner(grant)
    who = (grant.tenant, grant.person)
    return [
        {
            "state": state,
            **Operation.model_validate_json(
                tx.ring.open(cell, Place("operations.cell/1", *who, row_id))
            ).model_dump(mode="json", exclude={"checkpoint"}),
        }
        for row_id, state, cell in tx.execute(_OPERATIONS, who)
    ]


def notices(tx: Tx, grant: Grant) -> list[Mapping[str, Any]]:
    """Return the notices that consents were given upon, word for word."""
    _check_owner(grant)
    names = ("version", "language", "text")
    return [dict(zip(names, row, strict=True)) for row in tx.execute(_NOTICES)]


def _check_owner(grant: Grant) -> None:
    grant.check()
    if not grant.owner:
        msg = "what is held is exported for its owner"
        raise RuntimeError(msg)
