"""Single rows of the log, as they are checked: what stands there, and its detail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple

from pydantic_core import from_json

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring import chain
from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.audit import FindingKind
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit
from pierre_mcp.store.audit_state import Epoch
from pierre_mcp.store.database import Tx

# As a BLOB: text made invalid by hand could not even be read.
_ALL = """
    SELECT audit.seq, CAST(entry AS BLOB), link, mac, cell
      FROM audit LEFT JOIN audit_detail ON audit_detail.seq = audit.seq
     ORDER BY audit.seq
"""
_ROW = """
    SELECT seq, CAST(entry AS BLOB), link, mac, NULL,
           (SELECT link FROM audit before WHERE before.seq = audit.seq - 1)
      FROM audit WHERE seq = ?
"""


class Row(NamedTuple):
    """One row, as it stands in the file."""

    seq: int
    entry: bytes
    link: bytes
    mac: bytes
    detail: bytes | None

    def facts(self) -> dict[str, Any]:
        """Return what the entry says; nothing where it is no JSON object of ours."""
        try:
            found = from_json(self.entry)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def every(tx: Tx) -> Iterator[Row]:
    """Give every row there is, in the order of their numbers."""
    return starmap(Row, tx.execute(_ALL))


def misplaced(row: Row, expected: int, before: bytes) -> FindingKind | None:
    """Say what is wrong with a row's number or its link to the one before, if it is."""
    if row.seq != expected:
        return FindingKind.MISSING if row.seq > expected else FindingKind.INSERTED
    if len(row.link) != chain.LINK_BYTES:
        return FindingKind.EDITED
    if chain.link(before, row.entry) == row.link:
        return None
    ours = row.facts().get("seq") == row.seq
    return FindingKind.EDITED if ours else FindingKind.MOVED


@dataclass(frozen=True, slots=True)
class Details:
    """What is sealed beside the rows: whose it is, and below which row it may lack."""

    ring: Ring
    who: Identity | None
    lost_below: int

    def hold(self, row: Row, promised: str) -> bool:
        """Tell whether the detail beside a row is the one its entry promises.

        It may be missing from a row before one that says why.
        """
        if row.detail is None:
            return not promised or row.seq < self.lost_below
        if self.who is None:
            return False
        try:
            plain = self.ring.open(row.detail, audit.detail_place(self.who, row.seq))
        except SealBrokenError:
            return False
        salt, detail = plain[: chain.SALT_BYTES], plain[chain.SALT_BYTES :]
        return chain.commitment(salt, detail).hex() == promised


def lost_below(tx: Tx, maintenance: Maintenance, epoch: Epoch) -> int:
    """Return below which row details may be missing, by the rows that say why.

    A person was erased, and everything before that row is theirs; or they were pruned
    as their retention says, up to the row that this one tells.
    """
    erased = newest_true(tx, audit.done(tx, maintenance, audit.ERASE), epoch)
    pruned = newest_true(tx, audit.done(tx, maintenance, audit.PRUNE), epoch)
    if not pruned:
        return erased
    said = _row(tx, pruned).facts().get(audit.BELOW, 0)
    return max(erased, said if type(said) is int else 0)


def newest_true(tx: Tx, rows: Sequence[int], epoch: Epoch) -> int:
    """Return the newest of some rows that was written with the keys, 0 for none.

    Another says nothing, whatever stands in it. That the rows before the newest
    checkpoint are ours, the walk of the whole log shows.
    """
    return next((seq for seq in rows if _is_true(tx, seq, epoch)), 0)


def _is_true(tx: Tx, seq: int, epoch: Epoch) -> bool:
    *found, before = tx.one(_ROW, (seq,))
    row, covered = Row(*found), seq <= epoch.size
    if before is None and covered and seq == epoch.anchor + 1:
        return True  # what it was linked to was pruned
    if misplaced(row, seq, before or chain.FIRST_LINK) is not None:
        return False
    return covered or chain.mac_holds(epoch.key, row.link, row.mac)


def _row(tx: Tx, seq: int) -> Row:
    return Row(*tx.one(_ROW, (seq,))[:-1])
