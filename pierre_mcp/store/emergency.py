"""A key that others may know: marked, listed and replaced, all in one transaction.

What it sealed is listed (``listings``) and sealed again by ``rotation``, after. Here
is replaced what cannot wait: the log's state, the consent ledger's MACs, and the
digests by which files, gear, facts and corrections are known again, which only fold
on. Keys under which nothing is stored are destroyed at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pierre_mcp.keyring.cells import listed_as
from pierre_mcp.keyring.ring import SYSTEM, KeyInfo, KeyState, Purpose, person_scope
from pierre_mcp.model.audit import Event, Line, Outcome, Risk
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit, key_changes, listings, policies, rotation, sealed
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_changes import Use
from pierre_mcp.store.rotation import Replaced

ACTION: Final = "log signed anew"
"""Of the row with which the log is closed under its new keys."""

REPLACED: Final = (
    Purpose.SEAL,
    Purpose.AUDIT,
    Purpose.INDEX,
    Purpose.LEDGER,
    Purpose.PSEUDONYM,
    Purpose.TOKEN_MAC,
    Purpose.MANIFEST,
    Purpose.RECEIPT_SIGN,
    Purpose.CHECKPOINT_SIGN,
)
"""The purposes of the keys that an emergency replaces."""

_AT_ONCE: Final = frozenset(REPLACED) - {Purpose.SEAL, Purpose.INDEX}
_DIGESTED: Final = ("athlete", "gear", "corrections")
_PEOPLE: Final = "SELECT tenant, person FROM people"
_OF_RECORDINGS: Final = """
    SELECT rowid, digest FROM recordings WHERE tenant = ? AND person = ?
"""
_OF_TABLE: Final = """
    SELECT rowid, digest FROM {} WHERE tenant = ? AND person = ? AND kid = ?
"""
_FOLD: Final = "UPDATE {} SET digest = ? WHERE rowid = ?"
_ALL: Final = -1
_VERSION: Final = "PRAGMA data_version"


@dataclass(frozen=True, slots=True)
class Listed:
    """What some keys had sealed, as one snapshot found it.

    Attributes:
        version: By which another connection's commit since then is told.
        cells: Of each key, what stands for its cells.
    """

    version: int
    cells: dict[int, list[bytes]]

    def current(self, tx: Tx) -> bool:
        """Tell whether nobody else wrote anything since."""
        (version,) = tx.one(_VERSION)
        return bool(version == self.version)


def listed(tx: Tx, maintenance: Maintenance, kind: str | None) -> Listed:
    """List every cell under the keys of one kind of scope, or of all, that seal."""
    (version,) = tx.one(_VERSION)
    tables = [t for t in sealed.TABLES if t.purpose is Purpose.SEAL]
    return Listed(
        int(version),
        {
            info.id: [
                listed_as(cell, place)
                for table in tables
                for row in sealed.under(tx, maintenance, table, info.id, most=_ALL)
                for _, place, cell in row.cells
            ]
            for info in _unmarked(tx, kind)
        },
    )


def replace(
    tx: Tx,
    maintenance: Maintenance,
    found: Listed,
    kind: str | None,
    *,
    session: str,
    now: datetime,
) -> Replaced:
    """Mark every key of one kind of scope, or of all, and make those that follow.

    The key of a consent ledger that was changed from outside stays as it is: under a
    new one it would look whole.

    Args:
        tx: A writing transaction.
        maintenance: From the gate.
        found: As ``listed`` gave it, and still current.
        kind: ``"system"``, ``"tenant"`` or ``"person"``; None for every scope.
        session: Of the process that does it, for the log.
        now: Noted as the time.
    """
    marked = _unmarked(tx, kind)
    people = [Identity(*row) for row in tx.execute(_PEOPLE)]
    ledgers = {who: policies.lines(tx, maintenance, who) for who in people}
    broken = {_scope(who) for who, lines in ledgers.items() if lines is None}
    uses = _uses(tx, maintenance, kind, broken)
    tables = [t for t in sealed.TABLES if t.name in _DIGESTED or _is_state(t)]
    rows = [(table, rotation.opened(tx, maintenance, table)) for table in tables]
    old = {tx.ring.active(*use): use for use in uses}

    made = key_changes.renew(tx, maintenance, uses, now=now, old=KeyState.COMPROMISED)
    earlier = [info.id for info in marked if info.id not in old]
    key_changes.compromise(tx, maintenance, earlier, now=now)
    for info in marked:
        listings.add(tx.db, tx.ring, info, found.cells[info.id])
    for table, held in rows:
        rotation.put(tx, table, _of(held, uses))
    for who, lines in ledgers.items():
        if lines is not None and (_scope(who), Purpose.LEDGER) in uses:
            policies.mac_again(tx, maintenance, who, lines)
        if (_scope(who), Purpose.INDEX) in uses:
            _fold(tx, who)
    gone = [key_id for key_id, (_, purpose) in old.items() if purpose in _AT_ONCE]
    key_changes.destroy(tx, maintenance, gone, now=now)
    if any(_is_of_log(use) for use in uses):
        _close_log(tx, session, now)
    return Replaced(len(made), len(gone))


def _is_of_log(use: Use) -> bool:
    scope, purpose = use
    return scope == SYSTEM and purpose in {Purpose.AUDIT, Purpose.CHECKPOINT_SIGN}


def _close_log(tx: Tx, session: str, now: datetime) -> None:
    """Sign the log under its new key; the epoch's key is drawn anew.

    Whoever knew the old one could lead it on. The newest note holds the hash of the one
    before, so under the new signature all of them stand, and need the old key no more.
    """
    line = Line(
        event=Event.KEY_ROTATION,
        risk=Risk.HIGH,
        outcome=Outcome.DONE,
        door="system",
        action=ACTION,
        caller="system",
        session=session,
    )
    audit.append(tx, line, now=now, who=None, close=Closing(fresh=True))


def _unmarked(tx: Tx, kind: str | None) -> list[KeyInfo]:
    """Return the keys that seal, or did, and are not marked yet."""
    return [
        info
        for info in tx.ring.infos()
        if info.purpose is Purpose.SEAL
        and info.state is not KeyState.COMPROMISED
        and kind in {None, rotation.kind_of(info.scope)}
    ]


def _uses(
    tx: Tx, maintenance: Maintenance, kind: str | None, broken: Iterable[str]
) -> list[Use]:
    kept = {(scope, Purpose.LEDGER) for scope in broken}
    every = rotation.in_use(tx, maintenance, REPLACED, kind)
    return [use for use in every if use not in kept]


def _of(
    held: Sequence[rotation.OpenedRow], uses: Sequence[Use]
) -> list[rotation.OpenedRow]:
    return [one for one in held if (one.key.scope, one.key.purpose) in uses]


def _fold(tx: Tx, who: Identity) -> None:
    """Lead every stored digest of a person on by the index key now in use.

    A row that does not open is left as it is, under its key, and known no more.
    """
    scope = _scope(who)
    of, mine = (who.tenant, who.person), (tx.ring.active(scope, Purpose.SEAL),)
    _fold_table(tx, scope, "recordings", tx.execute(_OF_RECORDINGS, of))
    for table in _DIGESTED:
        _fold_table(tx, scope, table, tx.execute(_OF_TABLE.format(table), of + mine))


def _fold_table(tx: Tx, scope: str, table: str, found: Iterable[Any]) -> None:
    for rowid, digest in list(found):
        folded = tx.ring.fold(scope, bytes(digest))
        tx.execute(_FOLD.format(table), (folded, rowid))


def _is_state(table: sealed.Table) -> bool:
    return table.purpose is Purpose.AUDIT


def _scope(who: Identity) -> str:
    return person_scope(who.tenant, who.person)
