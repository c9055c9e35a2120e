"""Checking the whole log: the first thing wrong with it, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap

from pydantic_core import from_json

from pierre_mcp.errors import AuditTamperedError, SealBrokenError
from pierre_mcp.keyring import chain
from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit, audit_state
from pierre_mcp.store.audit_state import Tail
from pierre_mcp.store.database import Tx

# As a BLOB: text made invalid by hand could not even be read.
_ALL = """
    SELECT audit.seq, CAST(entry AS BLOB), link, mac, cell
      FROM audit LEFT JOIN audit_detail ON audit_detail.seq = audit.seq
     ORDER BY audit.seq
"""
_STRAY = """
    SELECT min(seq) FROM audit_detail WHERE seq NOT IN (SELECT seq FROM audit)
"""
_ROW = """
    SELECT seq, CAST(entry AS BLOB), link, mac, NULL,
           (SELECT link FROM audit before WHERE before.seq = audit.seq - 1)
      FROM audit WHERE seq = ?
"""


def verify(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Finding | Health:
    """Walk the whole log and return the first thing wrong, or its health.

    A detail may be missing from a row that comes before one that says "erased".

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        who: Whose details the log has by now; None where that person was erased.
    """
    kept, epoch = _kept(tx), _epoch(tx)
    if epoch is None:  # then no MAC can be checked, from the first row on
        return Finding(1, FindingKind.EDITED)
    before, seq = chain.FIRST_LINK, 0
    erased = _erased_before(tx, audit.done(tx, maintenance, audit.ERASE), epoch)
    details = _Details(tx.ring, who, erased)
    for found in _walk(tx, details, kept, epoch):
        if isinstance(found, Finding):
            return found
        seq, before = found
    if kept is None or (seq, before) != (kept.seq, kept.link):
        return Finding(seq + 1, FindingKind.CUT)
    (stray,) = tx.one(_STRAY)
    return Health(seq) if stray is None else Finding(stray, FindingKind.INSERTED)


def _kept(tx: Tx) -> Tail | None:
    try:
        return audit_state.read_tail(tx)
    except AuditTamperedError:
        return None


def _epoch(tx: Tx) -> bytes | None:
    try:
        return audit_state.read_epoch(tx).key
    except AuditTamperedError:
        return None


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    entry: bytes
    link: bytes
    mac: bytes
    detail: bytes | None


def _walk(
    tx: Tx, details: "_Details", kept: Tail | None, epoch: bytes
) -> Iterator[Finding | tuple[int, bytes]]:
    before = chain.FIRST_LINK
    for expected, row in enumerate(starmap(_Row, tx.execute(_ALL)), 1):
        kind = _wrong_with(row, expected, before, epoch)
        if kept is not None and expected > kept.seq:
            kind = FindingKind.INSERTED
        if kind is None and not details.hold(row):
            kind = FindingKind.REDACTED
        if kind is not None:
            yield Finding(expected, kind)
            return
        before = row.link
        yield row.seq, before


def _wrong_with(
    row: _Row, expected: int, before: bytes, epoch: bytes
) -> FindingKind | None:
    if row.seq != expected:
        return FindingKind.MISSING if row.seq > expected else FindingKind.INSERTED
    if len(row.link) != chain.LINK_BYTES:
        return FindingKind.EDITED
    if not chain.mac_holds(epoch, row.link, row.mac):
        return FindingKind.EDITED
    if chain.link(before, row.entry) == row.link:
        return None
    return FindingKind.EDITED if _own_seq(row.entry) == row.seq else FindingKind.MOVED


def _own_seq(entry: bytes) -> int:
    try:
        return int(from_json(entry)["seq"])
    except (ValueError, KeyError, TypeError):
        return -1


def _erased_before(tx: Tx, rows: Sequence[int], epoch: bytes) -> int:
    """Return the newest row that truly says of an erasure, 0 for none.

    A row that was not written with the keys says nothing, whatever stands in it.
    """
    for seq in rows:
        *found, before = tx.one(_ROW, (seq,))
        row = _Row(*found)
        if _wrong_with(row, seq, before or chain.FIRST_LINK, epoch) is None:
            return seq
    return 0


@dataclass(frozen=True, slots=True)
class _Details:
    """What is sealed beside the rows: whose it is, and to where it was erased."""

    ring: Ring
    who: Identity | None
    erased_before: int

    def hold(self, row: _Row) -> bool:
        promised = str(from_json(row.entry).get("detail", ""))
        if row.detail is None:
            return not promised or row.seq < self.erased_before
        if self.who is None:
            return False
        try:
            plain = self.ring.open(row.detail, audit.detail_place(self.who, row.seq))
        except SealBrokenError:
            return False
        salt, detail = plain[: chain.SALT_BYTES], plain[chain.SALT_BYTES :]
        return chain.commitment(salt, detail).hex() == promised
