"""Erasing a person, from the note outside the store to the sweep of its files.

::

    "ordered" outside ─► one transaction ─► "erased" outside ─► sweep ─► "cleaned"

Killed anywhere between, the next opening of the store goes on from the last word
(``store.erasing.finish``).
"""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pierre_mcp.errors import HighWaterUnwritableError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.locking import Sign
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import erasing, keys
from pierre_mcp.store.database import Tx
from pierre_mcp.store.erasing import Erased
from pierre_mcp.store.outside_locks import OutsideLock
from pierre_mcp.store.receipts import Beside
from pierre_mcp.store.tombstones import Tombstones, Word, tombstone_of


def erase(
    gate: Gate,
    call: Call,
    outside: Path,
    *,
    beside: Beside,
    sign: Sign | None = None,
) -> Erased:
    """Erase the store's person, for good.

    Args:
        gate: Of the store.
        call: The owner's.
        outside: The directory in which it is noted, outside the store's own.
        beside: What the machine holds beside the store, for the receipt.
        sign: Signs for it, where the consent lock is on.

    Raises:
        ConsentLockedError: It is on, and this is not signed under it.
        PersonErasedError: It was done before.
        StoreUnwritableError: It cannot be noted, or the disk is full; nothing is
            erased then.
    """
    ordered: list[tuple[Tombstones, bytes, OutsideLock]] = []

    def work(tx: Tx, leave: Maintenance, who: Identity, now: datetime) -> Erased:
        store_id = keys.store_id(tx.db)
        notes, tombstone = Tombstones(outside, store_id), tombstone_of(store_id, who)
        notes.note(tombstone, Word.ORDERED)
        ordered.append((notes, tombstone, OutsideLock(outside, store_id, who)))
        return erasing.erase_person(
            tx, leave, who, session=call.session, now=now, beside=beside
        )

    try:
        done = gate.erase(call, work, sign=sign)
    except BaseException:
        # If it did commit, the next opening says so.
        for notes, tombstone, _ in ordered:
            notes.note(tombstone, Word.KEPT)
        raise
    for notes, tombstone, lock in ordered:
        notes.note(tombstone, Word.ERASED)
        with suppress(HighWaterUnwritableError):  # it names nobody, and opens nothing
            lock.forget()
    return done
