"""Pruning the log: what is old goes, and what goes is signed for.

::

    the whole log holds ─► range of what goes, held to its checkpoint ─► anchor
      ─► details, rows ─► a row that says so ─► a checkpoint that names the anchor

All but the first in one transaction. Rows go only up to a checkpoint, whose root the
kept range leads to: so the tree goes on as it was, and proofs of later rows and checks
against older checkpoints go on to hold. Details go also of rows that stay, up to the
number that the row says; a detail missing beyond it is a finding.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime

from pierre_mcp.errors import (
    AuditTamperedError,
    CancelledCallError,
    NoteMalformedError,
)
from pierre_mcp.keyring import merkle, notes
from pierre_mcp.model.audit import Finding, Line
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy.log_retention import Cut
from pierre_mcp.store import audit, audit_check, audit_rows, audit_state, checkpoints
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Tx

_AT = "SELECT size, note FROM checkpoints WHERE number = ?"
_OF_SIZE = "SELECT note FROM checkpoints WHERE size = ?"
_DETAILS = "SELECT count(*) FROM audit_detail WHERE seq < ?"
_ENTRIES = """
    SELECT CAST(entry AS BLOB) FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
_ANCHOR = "SELECT hashes FROM anchors WHERE size = ?"
_ADD_ANCHOR = "INSERT INTO anchors (size, hashes) VALUES (?, ?)"
_DROP_DETAILS = "DELETE FROM audit_detail WHERE seq < ?"
_DROP_ROWS = "DELETE FROM audit WHERE seq <= ?"


@dataclass(frozen=True, slots=True)
class Due:
    """What is to go, or has gone.

    Attributes:
        size: The rows up to this number, which a checkpoint has; 0 for none.
        below: Of rows before this one the details.
        rows: How many rows that are.
        details: How many details.
    """

    size: int = 0
    below: int = 0
    rows: int = 0
    details: int = 0

    @property
    def any(self) -> bool:
        """Whether it is anything at all."""
        return bool(self.rows or self.details)


def due(tx: Tx, maintenance: Maintenance, cut: Cut) -> Due:
    """Return what is older than it is kept, as far as checkpoints tell times.

    Raises:
        AuditTamperedError: A checkpoint is not as we wrote it.
    """
    del maintenance
    anchor = audit_state.read_epoch(tx).anchor
    newest = checkpoints.newest(tx)
    count = 0 if newest is None else newest.number
    # The newest rows stay however old they are: what is noted outside is one of them.
    size = max(anchor, _size_before(tx, count - 1, cut.rows))
    below = max(size, _size_before(tx, count, cut.details)) + 1
    (details,) = tx.one(_DETAILS, (below,))
    return Due(size, below, size - anchor, details)


class Pruning:
    """One pruning, looked at in a snapshot and done in one transaction.

    Args:
        cut: From when on what is kept.

    Attributes:
        done: What went, once it has.
    """

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._note: str | None = None
        self._ended = False
        self.done = Due()

    def end(self) -> None:
        """Not to begin what is not begun; from any thread."""
        self._ended = True

    def prepare(self, tx: Tx, maintenance: Maintenance, who: Identity | None) -> bool:
        """Check the whole log, which nobody can once it is gone; tell whether to go on.

        Raises:
            AuditTamperedError: Something is wrong with it, and it is not to be hidden.
        """
        found = due(tx, maintenance, self._cut)
        if not found.any:
            return False
        if isinstance(audit_check.verify(tx, maintenance, who), Finding):
            raise AuditTamperedError
        (self._note,) = tx.one(_OF_SIZE, (found.size,)) or (None,)
        return True

    def write(
        self,
        tx: Tx,
        maintenance: Maintenance,
        line: Line,
        who: Identity | None,
        *,
        now: datetime,
    ) -> None:
        """Prune, and add the row that says so with a checkpoint that signs it.

        Raises:
            AuditTamperedError: The log was changed since it was checked.
            CancelledCallError: It was told to end first.
        """
        if self._ended:
            raise CancelledCallError
        found, epoch = due(tx, maintenance, self._cut), audit_state.read_epoch(tx)
        if not found.any:  # another process was first
            return
        if found.rows:
            kept = self._range(tx, epoch.anchor, found.size)
            tx.execute(_ADD_ANCHOR, (found.size, bytes(kept)))
        lost = audit_rows.lost_below(tx, maintenance, epoch)
        tx.execute(_DROP_DETAILS, (found.below,))
        tx.execute(_DROP_ROWS, (found.size,))
        audit.append(
            tx,
            line,
            now=now,
            who=who,
            below=max(found.below, lost),
            close=Closing(anchor=found.size),
        )
        self.done = found

    def _range(self, tx: Tx, anchor: int, size: int) -> merkle.Range:
        """Return the range of what goes, which has the root that was signed."""
        (note,) = tx.one(_OF_SIZE, (size,)) or (None,)
        if note is None or note != self._note:
            raise AuditTamperedError
        (hashes,) = tx.one(_ANCHOR, (anchor,)) or (b"",)
        rows = tx.execute(_ENTRIES, (anchor + 1, size))
        before = merkle.Range.from_bytes(anchor, bytes(hashes))
        kept = before.grown(merkle.leaf(entry) for (entry,) in rows)
        if (kept.size, kept.root()) != (size, notes.parsed(note).root):
            raise AuditTamperedError
        return kept


def _size_before(tx: Tx, count: int, moment: datetime) -> int:
    """Return how many rows the last one before a moment has; 0 where there is none.

    Of the first ``count`` checkpoints. Found by halving: their times never fall.
    """
    older = bisect_left(
        range(1, count + 1), moment, key=lambda number: _checkpoint(tx, number).at
    )
    return _checkpoint(tx, older).size if older else 0


def _checkpoint(tx: Tx, number: int) -> notes.Checkpoint:
    found = tx.one(_AT, (number,))
    try:
        said = None if found is None else notes.parsed(found[1])
    except (NoteMalformedError, TypeError):
        said = None
    if said is None or said.size != found[0]:
        raise AuditTamperedError
    return said
