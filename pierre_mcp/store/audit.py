"""The audit log: one chained, MACed row a call, appended in the caller's transaction.

::

    link_i = SHA-256(PAE("pierre/audit", link_{i-1}, entry_i))     checkable by anyone
    mac_i  = HMAC(K_epoch, link_i)                                 by the key's holder

``entry`` is the exact JSON text of a row and the one truth about it. Personal detail is
sealed beside the row behind a salted commitment that is part of the entry: destroying a
person's key leaves the chain whole.

K_epoch and the tail are sealed cells: each append opens them in its own transaction
and keeps no copy (DESIGN 8). The tail also holds the person's newest policy epoch, so
that hiding rows cannot make an older policy look current.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import starmap
from typing import Any, Final

from pydantic_core import from_json

from pierre_mcp.errors import AuditTamperedError, SealBrokenError
from pierre_mcp.keyring import chain
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import SYSTEM, Purpose, Ring, person_scope
from pierre_mcp.model.audit import Finding, FindingKind, Health, Line
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store.database import Tx
from pierre_mcp.store.high_water import Mark

ERASE: Final = "erase"
"""The action of a row before which details may be missing, once it is done."""

_FACTS: Final = tuple(field.name for field in fields(Line))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_STATE = "SELECT cell FROM audit_state WHERE name = ?"
_SET_STATE = "UPDATE audit_state SET kid = ?, cell = ? WHERE name = ?"
_ADD_STATE = "INSERT INTO audit_state (name, kid, cell) VALUES (?, ?, ?)"
_NEWEST = "SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1"
_APPEND = "INSERT INTO audit (seq, entry, link, mac) VALUES (?, ?, ?, ?)"
_DETAIL = "INSERT INTO audit_detail (seq, kid, cell) VALUES (?, ?, ?)"
# As a BLOB: text made invalid by hand could not even be read.
_ALL = """
    SELECT audit.seq, CAST(entry AS BLOB), link, mac, cell
      FROM audit LEFT JOIN audit_detail ON audit_detail.seq = audit.seq
     ORDER BY audit.seq
"""
_STRAY = """
    SELECT min(seq) FROM audit_detail WHERE seq NOT IN (SELECT seq FROM audit)
"""
# An entry is our own compact JSON, in which a quote within a word is escaped. As BLOB:
# text made invalid by hand has no length.
_DONE = """
    SELECT seq FROM audit
     WHERE instr(CAST(entry AS BLOB), CAST('"action":"' || ? || '"' AS BLOB))
       AND instr(CAST(entry AS BLOB), CAST('"outcome":"done"' AS BLOB))
     ORDER BY seq DESC
"""
_ROW = """
    SELECT seq, CAST(entry AS BLOB), link, mac, NULL,
           (SELECT link FROM audit before WHERE before.seq = audit.seq - 1)
      FROM audit WHERE seq = ?
"""
_RELEASED = """
    SELECT json_extract(entry, '$.recipient') AS recipient, count(*)
      FROM audit
     WHERE seq > ? AND CASE WHEN json_valid(entry)
                            THEN json_extract(entry, '$.outcome') = 'released'
                             AND json_extract(entry, '$.recipient') <> '' END
     GROUP BY recipient ORDER BY recipient
"""
_LAST = """
    SELECT seq, CAST(entry AS BLOB)
      FROM (SELECT seq, entry FROM audit ORDER BY seq DESC LIMIT ?)
     ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest row, as last appended.

    Attributes:
        at_us: Its time, microseconds since 1970, UTC.
        policy_epoch: Of the newest row that has one.
    """

    seq: int = 0
    link: bytes = chain.FIRST_LINK
    at_us: int = 0
    policy_epoch: int = 0


def begin(tx: Tx) -> None:
    """Make the epoch key and an empty tail, in the step that creates the store."""
    _seal_state(tx, _ADD_STATE, "epoch", chain.new_epoch_key())
    _seal_state(tx, _ADD_STATE, "tail", _as_bytes(Tail()))


def tail(tx: Tx) -> Tail:
    """Return the sealed tail, after holding it against the newest row.

    Raises:
        AuditTamperedError: Rows were cut, added or replaced at the end.
    """
    kept = _from_bytes(_open_state(tx, "tail"))
    newest = tx.one(_NEWEST) or (0, chain.FIRST_LINK)
    if (newest[0], bytes(newest[1])) != (kept.seq, kept.link):
        raise AuditTamperedError
    return kept


def append(
    tx: Tx,
    line: Line,
    *,
    now: datetime,
    who: Grant | Identity | None,
    detail: Any = None,
    after: Tail | None = None,
) -> int:
    """Chain one row to the log and return its number.

    Args:
        tx: The transaction whose commit is the moment of release.
        line: What happened.
        now: Wall time; the row takes the later of it and the last row's.
        who: The person concerned: named by a keyed digest only. None where there is
            none any more, and then no key for a digest or a detail either.
        detail: Personal detail, JSON-able; sealed beside the row.
        after: What ``tail`` gave in this same writing transaction, if it was asked.

    Raises:
        AuditTamperedError: The log does not end as we left it.
    """
    last = after or tail(tx)
    seq, at_us = last.seq + 1, max(last.at_us, micros(now))
    # It never falls: a policy cell put back by hand cannot become the newest again.
    epoch = max(last.policy_epoch, line.policy_epoch or 0)
    line = replace(line, policy_epoch=epoch)
    sealed, commitment = _detail(tx, who, seq, detail)
    name = "" if who is None else name_of(tx.ring, who)
    text = _entry(line, seq=seq, at_us=at_us, who=name, of=commitment)
    link = chain.link(last.link, text.encode())
    mac = chain.mac(_open_state(tx, "epoch"), link)
    tx.execute(_APPEND, (seq, text, link, mac))
    if sealed is not None:
        tx.execute(_DETAIL, (seq, *sealed))
    _seal_state(tx, _SET_STATE, "tail", _as_bytes(Tail(seq, link, at_us, epoch)))
    tx.logged = Mark(seq, link)
    return seq


def name_of(ring: Ring, who: Grant | Identity) -> str:
    """Return the keyed digest that stands for a person in the log, hex."""
    scope = person_scope(who.tenant, who.person)
    return ring.mac(scope, Purpose.INDEX, "who/1").hex()[:32]


def digest(ring: Ring, who: Grant | Identity, what: str, content: bytes) -> str:
    """Return the keyed digest of arguments or an answer, hex."""
    scope = person_scope(who.tenant, who.person)
    return ring.mac(scope, Purpose.INDEX, f"{what}/1", content).hex()[:32]


def last(tx: Tx, maintenance: Maintenance, count: int) -> list[dict[str, Any]]:
    """Return the newest rows, oldest first; they name nobody.

    Raises:
        AuditTamperedError: One is not JSON, which we never wrote.
    """
    del maintenance
    try:
        return [
            {**from_json(entry), "seq": seq}
            for seq, entry in tx.execute(_LAST, (count,))
        ]
    except (ValueError, TypeError):
        raise AuditTamperedError from None


def released_to(tx: Tx, maintenance: Maintenance) -> dict[str, int]:
    """Return how many answers left for each recipient since anybody was erased."""
    last = max(done(tx, maintenance, ERASE), default=0)
    return dict(tx.execute(_RELEASED, (last,)).fetchall())


def done(tx: Tx, maintenance: Maintenance, action: str) -> list[int]:
    """Return the rows that say ``action`` was done, newest first."""
    del maintenance
    return [seq for (seq,) in tx.execute(_DONE, (action,))]


def last_done(tx: Tx, maintenance: Maintenance, action: str) -> datetime | None:
    """Return when something was last done to its end, UTC; None if it never was."""
    for seq in done(tx, maintenance, action):
        (entry,) = tx.one("SELECT entry FROM audit WHERE seq = ?", (seq,))
        return _EPOCH + timedelta(microseconds=from_json(entry)["at_us"])
    return None


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
    erased = _erased_before(tx, done(tx, maintenance, ERASE), epoch)
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
        return _from_bytes(_open_state(tx, "tail"))
    except AuditTamperedError:
        return None


def _epoch(tx: Tx) -> bytes | None:
    try:
        return _open_state(tx, "epoch")
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
            plain = self.ring.open(row.detail, _detail_place(self.who, row.seq))
        except SealBrokenError:
            return False
        salt, detail = plain[: chain.SALT_BYTES], plain[chain.SALT_BYTES :]
        return chain.commitment(salt, detail).hex() == promised


def _entry(line: Line, *, seq: int, at_us: int, who: str, of: str) -> str:
    facts = {name: getattr(line, name) for name in _FACTS}
    facts |= {"seq": seq, "at_us": at_us, "who": who, "detail": of, "v": 1}
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def _detail(
    tx: Tx, who: Grant | Identity | None, seq: int, detail: Any
) -> tuple[tuple[int, bytes] | None, str]:
    if detail is None or who is None:
        return None, ""
    salt = chain.new_salt()
    plain = json.dumps(detail, sort_keys=True, separators=(",", ":")).encode()
    scope = person_scope(who.tenant, who.person)
    sealed = tx.ring.seal(salt + plain, _detail_place(who, seq), scope)
    return sealed, chain.commitment(salt, plain).hex()


def _detail_place(who: Grant | Identity, seq: int) -> Place:
    return Place("audit.detail/1", who.tenant, who.person, str(seq))


def _open_state(tx: Tx, name: str) -> bytes:
    row = tx.one(_STATE, (name,))
    if row is None:
        raise AuditTamperedError
    try:
        return tx.ring.open(row[0], _state_place(name))
    except SealBrokenError:
        raise AuditTamperedError from None


def _seal_state(tx: Tx, sql: str, name: str, plain: bytes) -> None:
    kid, cell = tx.ring.seal(plain, _state_place(name), SYSTEM, Purpose.AUDIT)
    values = (name, kid, cell) if sql is _ADD_STATE else (kid, cell, name)
    tx.execute(sql, values)


def _state_place(name: str) -> Place:
    return Place(f"audit.{name}/1", "", "", name)


def _as_bytes(tail: Tail) -> bytes:
    numbers = (tail.seq, tail.at_us, tail.policy_epoch)
    return b"".join(n.to_bytes(8) for n in numbers) + tail.link


def _from_bytes(plain: bytes) -> Tail:
    seq, at_us, epoch = (int.from_bytes(plain[i : i + 8]) for i in (0, 8, 16))
    return Tail(seq, plain[24:], at_us, epoch)


def micros(moment: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
