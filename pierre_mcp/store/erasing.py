"""Erasing a person: all of it in the one transaction that the caller commits.

::

    the row that says so ─► every row under the person's keys, and every row that names
    the person ─► tombstone and signed receipt ─► the keys

The row comes first, while there is a key to name the person by; the keys go last, since
no key in use can be destroyed. A row is the person's by the key it is sealed under, so
a table that is sealed is erased by being listed in ``sealed.TABLES``; what is plain
goes with what it belongs to.

The store stays, with its log, for whoever begins anew in it.
"""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from pierre_mcp.keyring.ring import (
    KeyInfo,
    person_scope,
    tenant_scope,
)
from pierre_mcp.model.audit import Event, Line, Outcome, Risk
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.profile import Profile
from pierre_mcp.store import (
    audit,
    key_changes,
    keys,
    people,
    policies,
    receipts,
    sealed,
)
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.tombstones import Tombstones, Word, tombstone_of

_SAMPLES_A_TABLE: Final = 32
_SAMPLE_BYTES: Final = 16
_CHUNK_BYTES: Final = 2**20
_GONE = "SELECT tombstone FROM erasures"
_OTHERS = "SELECT 1 FROM people WHERE tenant = ? AND person <> ? LIMIT 1"
_WRAPPED = "SELECT substr(wrapped, 3, 16) FROM keyring WHERE id = ?"
_ADD = "INSERT INTO erasures (tombstone, erased_us, receipt) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an erasure takes, and what it cannot reach.

    Attributes:
        rows: Of each table that has any.
        keys: Those that are destroyed with it.
        answers: Released to each recipient, who may hold them still.
        backups: Made by this program, as far as the log knows.
    """

    rows: dict[str, int]
    keys: tuple[KeyInfo, ...]
    answers: dict[str, int]
    backups: int


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure, as it was committed.

    Attributes:
        samples: Bytes that were in the file and nowhere else: the beginnings of cells
            and of wrapped keys.
        receipt: Signed; what it says is in ``receipts``.
    """

    tombstone: bytes
    samples: tuple[bytes, ...]
    receipt: str


def outlook(tx: Tx, maintenance: Maintenance, who: Identity) -> Outlook:
    """Return what an erasure of this person would take; it changes nothing."""
    gone = _keys(tx, who)
    rows = {table.name: _count(tx, table, who, gone) for table in sealed.TABLES}
    return Outlook(
        rows={name: count for name, count in rows.items() if count},
        keys=gone,
        answers=audit.released_to(tx, maintenance),
        backups=len(audit.done(tx, maintenance, "backup")),
    )


def erase_person(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity,
    *,
    session: str,
    now: datetime,
    beside: receipts.Beside = receipts.Beside(),  # noqa: B008 - frozen
) -> Erased:
    """Erase a person, record it, and destroy the keys; the caller commits.

    Args:
        tx: A writing transaction.
        maintenance: From the gate.
        who: Whom.
        session: Of the process that does it, for the log.
        now: Noted as the time.
        beside: What the machine holds beside the store, for the receipt.

    Raises:
        AuditTamperedError: The log does not end as we left it, and takes no row.
    """
    taken = outlook(tx, maintenance, who)
    row = audit.append(tx, _line(session), now=now, who=who)
    samples = _samples(tx, taken.keys)
    tx.execute("PRAGMA defer_foreign_keys = ON")  # checked at the commit, in any order
    # The ledger lets its rows go once their person's is gone.
    for table in sorted(sealed.TABLES, key=lambda table: table.name != "people"):
        _delete(tx, table, who, taken.keys)
    key_changes.begin(tx, receipts.USE, now=now)
    tombstone = tombstone_of(keys.store_id(tx.db), who)
    receipt = receipts.made(
        tx,
        receipts.Facts(
            tombstone=tombstone,
            at=now,
            row=row,
            rows=taken.rows,
            keys=taken.keys,
            answers=taken.answers,
            backups=taken.backups,
            beside=beside,
        ),
    )
    tx.execute(_ADD, (tombstone, audit.micros(now), receipt))
    key_changes.destroy(tx, maintenance, [key.id for key in taken.keys], now=now)
    return Erased(tombstone, samples, receipt)


def replay(
    tx: Tx,
    maintenance: Maintenance,
    tombstones: Collection[bytes],
    *,
    session: str,
    now: datetime,
) -> Erased | None:
    """Erase again whom an older copy brought back; None where there is nobody.

    Args:
        tx: A writing transaction on the copy.
        maintenance: From the gate.
        tombstones: Of those who were erased since, from ``Tombstones.erased``.
        session: As for ``erase_person``.
        now: Likewise.
    """
    who = people.whose(tx)
    if who is None or tombstone_of(keys.store_id(tx.db), who) not in tombstones:
        return None
    return erase_person(tx, maintenance, who, session=session, now=now)


def begin_anew(
    tx: Tx, maintenance: Maintenance, profile: Profile, *, now: datetime
) -> Identity:
    """Make a new owner in a store whose owner was erased: new ids, new keys.

    The policy begins at the log's own epoch, which never falls.
    """
    who = Identity(str(uuid4()), str(uuid4()))
    key_changes.renew(tx, maintenance, keys.uses_of(who), now=now)
    people.add(tx, who, profile)
    policies.create(tx, who, Policy(policy_epoch=audit.tail(tx).policy_epoch))
    return who


def finish(store: Store, outside: Path, *, tries: int = 1) -> bool:
    """Bring the notes outside up to what the store says, and sweep what is not swept.

    Returns:
        Whether nothing is left to do; a reader of another process can keep the log.

    Raises:
        StoreError: The store or the notes cannot be written now.
    """
    with store.reading() as tx:
        store_id = keys.store_id(tx.db)
        gone = [bytes(tombstone) for (tombstone,) in tx.execute(_GONE)]
    notes = Tombstones(outside, store_id)
    words = notes.words()
    if Word.ORDERED in words.values():
        _settle(store, notes)
    for tombstone in gone:
        if words.get(tombstone) not in {Word.ERASED, Word.CLEANED}:
            notes.note(tombstone, Word.ERASED)
    unswept = [one for one in gone if words.get(one) is not Word.CLEANED]
    swept = not unswept or store.sweep(tries)
    for tombstone in unswept if swept else ():
        notes.note(tombstone, Word.CLEANED)
    return swept


def beside(database: Path) -> receipts.Beside:
    """Return what there is beside a store: of other profiles, and copies of itself."""
    stores = database.parent.parent.glob(f"*/{database.name}")
    return receipts.Beside(
        profiles=sum(store != database for store in stores),
        copies=sum(1 for _ in database.parent.glob(f"{database.name}.*")),
    )


def left_in(database: Path, samples: Collection[bytes]) -> int:
    """Return how many samples are still found in a store's files.

    Only for a process that has the store closed: closing a file that SQLite has open
    here would drop its locks.
    """
    left = set(samples)
    for name in (database.name, f"{database.name}-wal"):
        with suppress(FileNotFoundError), database.with_name(name).open("rb") as file:
            before = b""
            while chunk := file.read(_CHUNK_BYTES):
                piece = before + chunk
                left -= {one for one in left if one in piece}
                before = piece[-_SAMPLE_BYTES:]
    return len(set(samples)) - len(left)


def _settle(store: Store, notes: Tombstones) -> None:
    """Note that who was to be erased is still there, where the order did not commit.

    Under the lock: an order is noted by whoever holds it, until the commit.
    """
    with store.writing() as tx:
        who = people.whose(tx)
        if who is not None:
            here = tombstone_of(keys.store_id(tx.db), who)
            if notes.words().get(here) is Word.ORDERED:
                notes.note(here, Word.KEPT)


def _line(session: str) -> Line:
    # Only its person, on a terminal, has an erasure done.
    return Line(
        event=Event.ADMINISTRATIVE_ACTION,
        risk=Risk.HIGH,
        outcome=Outcome.DONE,
        door="cli",
        action=audit.ERASE,
        caller="owner",
        session=session,
    )


def _keys(tx: Tx, who: Identity) -> tuple[KeyInfo, ...]:
    """Return every key there is of the person, and of a tenant nobody is left in."""
    scopes = {person_scope(who.tenant, who.person)}
    if tx.one(_OTHERS, (who.tenant, who.person)) is None:
        scopes.add(tenant_scope(who.tenant))
    return tuple(info for info in tx.ring.infos() if info.scope in scopes)


def _count(
    tx: Tx, table: sealed.Table, who: Identity, gone: Collection[KeyInfo]
) -> int:
    where, values = _where(table, who, gone)
    (count,) = tx.one(f"SELECT count(*) FROM {table.name} t WHERE {where}", values)  # noqa: S608 - our own words
    return int(count)


def _delete(
    tx: Tx, table: sealed.Table, who: Identity, gone: Collection[KeyInfo]
) -> None:
    where, values = _where(table, who, gone)
    tx.execute(f"DELETE FROM {table.name} AS t WHERE {where}", values)  # noqa: S608 - likewise


def _where(
    table: sealed.Table, who: Identity, gone: Collection[KeyInfo]
) -> tuple[str, tuple[object, ...]]:
    ids = json.dumps([key.id for key in gone])
    under = "t.kid IN (SELECT value FROM json_each(?))"
    if table.whose != sealed.OF_ROW:
        return under, (ids,)
    # Also a row of the person's that somebody put under another key by hand.
    named = "(t.tenant = ? AND t.person = ?)"
    return f"{under} OR {named}", (ids, who.tenant, who.person)


def _samples(tx: Tx, gone: Collection[KeyInfo]) -> tuple[bytes, ...]:
    """Return pieces of what goes: 16 random bytes each, so found nowhere by chance."""
    ids = json.dumps([key.id for key in gone])
    found = [tx.one(_WRAPPED, (key.id,))[0] for key in gone]
    for table in sealed.TABLES:
        column = table.cells[0][0]
        sql = (
            f"SELECT substr({column}, 7, 16) FROM {table.name}"  # noqa: S608 - likewise
            " WHERE kid IN (SELECT value FROM json_each(?)) LIMIT ?"
        )
        found += [cell for (cell,) in tx.execute(sql, (ids, _SAMPLES_A_TABLE))]
    return tuple(map(bytes, found))
