"""The audit log: one chained, MACed row a call, appended in the caller's transaction.

::

    link_i = SHA-256(PAE("pierre/audit", link_{i-1}, entry_i))     checkable by anyone
    mac_i  = HMAC(K_epoch, link_i)                                 by the key's holder

``entry`` is the exact JSON text of a row and the one truth about it. Personal detail is
sealed beside the row behind a salted commitment that is part of the entry: destroying a
person's key leaves the chain whole.

K_epoch and the tail are sealed cells: each append opens them in its own transaction
and keeps no copy (DESIGN 8). The append with which a checkpoint is due takes it. The
tail also holds the person's newest policy epoch, so that hiding rows cannot make an
older policy look current.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import from_json, to_json

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring import chain
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Purpose, Ring, person_scope
from pierre_mcp.late import Late
from pierre_mcp.model.audit import Line
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit_state
from pierre_mcp.store.audit_state import Closing, Tail
from pierre_mcp.store.database import Tx
from pierre_mcp.store.high_water import Mark

if TYPE_CHECKING:  # many a session takes none
    from pierre_mcp.store import checkpoints
else:
    checkpoints = Late("pierre_mcp.store.checkpoints")

ERASE: Final = "erase"
"""The action of a row before which details may be missing, once it is done."""

PRUNE: Final = "audit prune"
"""The action of a row with which old rows and details went; it tells ``BELOW``."""

BELOW: Final = "below"
"""Of an entry that prunes: rows before this one have no detail any more."""

_VERSION: Final = 2
"""Of an entry: 1 tells no epoch, and was written before there were checkpoints."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)

# The sealed tail, beside the newest row if there is one.
_END = """
    SELECT cell, seq, link
      FROM audit_state LEFT JOIN audit ON seq = (SELECT max(seq) FROM audit)
     WHERE name = 'tail'
"""
_APPEND = "INSERT INTO audit (seq, entry, link, mac) VALUES (?, ?, ?, ?)"
_DETAIL = "INSERT INTO audit_detail (seq, kid, cell) VALUES (?, ?, ?)"
# An entry is our own compact JSON, in which a quote within a word is escaped. As BLOB:
# text made invalid by hand has no length.
_DONE = """
    SELECT seq FROM audit
     WHERE instr(CAST(entry AS BLOB), CAST('"action":"' || ? || '"' AS BLOB))
       AND instr(CAST(entry AS BLOB), CAST('"outcome":"done"' AS BLOB))
     ORDER BY seq DESC
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


class _Within(NamedTuple):
    """What a row tells besides its line: where in the log it stands."""

    seq: int
    at_us: int
    who: str
    epoch: int
    policy_epoch: int
    detail: str
    below: int


def begin(tx: Tx) -> None:
    """Make the epoch key and an empty tail, in the step that creates the store."""
    audit_state.begin(tx)


def tail(tx: Tx) -> Tail:
    """Return the sealed tail, after holding it against the newest row.

    Raises:
        AuditTamperedError: Rows were cut, added or replaced at the end.
    """
    cell, seq, link = tx.one(_END) or (None, None, None)
    kept = audit_state.open_tail(tx, cell)
    newest = (0, chain.FIRST_LINK) if seq is None else (seq, link)
    if newest != (kept.seq, kept.link):
        raise AuditTamperedError
    return kept


def append(  # noqa: PLR0913 - all that a row is made of
    tx: Tx,
    line: Line,
    *,
    now: datetime,
    who: Grant | Identity | None,
    detail: Any = None,
    after: Tail | None = None,
    close: Closing | None = None,
    below: int = 0,
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
        close: Take a checkpoint with it in this way, due or not.
        below: The row says that those before this one have lost their details.

    Raises:
        AuditTamperedError: The log does not end as we left it.
    """
    last, epoch = after or tail(tx), audit_state.read_epoch(tx)
    if last.epoch != epoch.number:  # one of the two cells is an older one
        raise AuditTamperedError
    seq, at_us = last.seq + 1, max(last.at_us, micros(now))
    # It never falls: a policy cell put back by hand cannot become the newest again.
    policy_epoch = max(last.policy_epoch, line.policy_epoch or 0)
    sealed, commitment = _detail(tx, who, seq, detail)
    name = "" if who is None else name_of(tx.ring, who)
    number = epoch.number
    text = _entry(
        line, _Within(seq, at_us, name, number, policy_epoch, commitment, below)
    )
    link = chain.link(last.link, text)
    mac = chain.mac(epoch.key, link)
    tx.execute(_APPEND, (seq, text.decode(), link, mac))
    if sealed is not None:
        tx.execute(_DETAIL, (seq, *sealed))
    since_us = last.since_us or at_us
    now_last = Tail(seq, link, at_us, policy_epoch, number, since_us)
    if close is not None or epoch.ends_with(now_last, at_us):
        now_last = checkpoints.take(tx, now_last, epoch, close or Closing())
    audit_state.write_tail(tx, now_last)
    tx.logged = Mark(seq, link)
    return seq


def name_of(ring: Ring, who: Grant | Identity) -> str:
    """Return the keyed digest that stands for a person in the log, hex."""
    return ring.name(person_scope(who.tenant, who.person), "who/1").hex()[:32]


def digest(ring: Ring, who: Grant | Identity, what: str, content: bytes) -> str:
    """Return the keyed digest of arguments or an answer, hex."""
    scope = person_scope(who.tenant, who.person)
    return ring.mac(scope, Purpose.INDEX, f"{what}/1", content).hex()[:32]


def detail_place(who: Grant | Identity, seq: int) -> Place:
    """Return where the detail of a row is sealed."""
    return Place("audit.detail/1", who.tenant, who.person, str(seq))


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


def micros(moment: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z."""
    return (moment - _EPOCH) // _US


def _entry(line: Line, within: _Within) -> bytes:
    """Return the JSON of a row: compact, its keys in order, in printable ASCII.

    It is made of our own words, labels, ids and digests, which have no other letters.
    Enumerations go in as plain texts, which are written at once.
    """
    facts = {
        "action": line.action,
        "answer": line.answer,
        "arguments": line.arguments,
        "at_us": within.at_us,
        BELOW: within.below,
        "caller": line.caller,
        "code": line.code,
        "detail": within.detail,
        "door": line.door,
        "epoch": within.epoch,
        "event": str(line.event),
        "opened": line.opened,
        "outcome": str(line.outcome),
        "policy_epoch": within.policy_epoch,
        "recipient": line.recipient,
        "risk": str(line.risk),
        "seq": within.seq,
        "session": line.session,
        "size": line.size,
        "v": _VERSION,
        "weeks": line.weeks,
        "who": within.who,
    }
    if not within.below:
        del facts[BELOW]
    return to_json(facts)


def _detail(
    tx: Tx, who: Grant | Identity | None, seq: int, detail: Any
) -> tuple[tuple[int, bytes] | None, str]:
    if detail is None or who is None:
        return None, ""
    salt = chain.new_salt()
    plain = json.dumps(detail, sort_keys=True, separators=(",", ":")).encode()
    scope = person_scope(who.tenant, who.person)
    sealed = tx.ring.seal(salt + plain, detail_place(who, seq), scope)
    return sealed, chain.commitment(salt, plain).hex()
