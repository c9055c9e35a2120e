"""Checkpoints of the log: taken in the transaction of the row that makes one due.

::

    the epoch's rows held against the sealed tail ─► root of all ─► signed note
      ─► key of the next epoch, in the place of this one's

They come after 256 rows or 15 minutes, when a server stops, and with each change of
keys. What a note speaks for is checked once more before it is signed: an entry that was
edited meanwhile is never vouched for. After the COMMIT the note is appended outside,
and the write-ahead log emptied, so that the old key is in neither file (DESIGN 8).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import starmap
from typing import Final

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring import chain, merkle, notes
from pierre_mcp.keyring.log_key import LogKey
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.keyring.ring import SYSTEM, Purpose
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import audit_state, key_changes, keys
from pierre_mcp.store.audit_state import Closing, Epoch, Tail
from pierre_mcp.store.database import Tx

SIGNS: Final = (SYSTEM, Purpose.CHECKPOINT_SIGN)
"""The key that signs notes; made with the first of them."""

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE = """
    SELECT CAST(entry AS BLOB), link, mac FROM audit WHERE seq > ? ORDER BY seq
"""
_ADD = "INSERT INTO checkpoints (number, size, note) VALUES (?, ?, ?)"
# As a BLOB: text made invalid by hand could not even be read.
_ALL = "SELECT number, size, CAST(note AS BLOB) FROM checkpoints ORDER BY number"
_NEWEST = """
    SELECT number, size, CAST(note AS BLOB)
      FROM checkpoints ORDER BY number DESC LIMIT 1
"""
_AFTER = """
    SELECT number, size, note FROM checkpoints
     WHERE number > ? ORDER BY number LIMIT ?
"""
_COVERING = """
    SELECT number, size, CAST(note AS BLOB)
      FROM checkpoints WHERE size >= ? ORDER BY size LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is kept in the store.

    Attributes:
        number: From 1; it closed epoch ``number - 1``.
        size: How many rows it speaks for.
        note: Signed; what ``notes.parsed`` reads.
    """

    number: int
    size: int
    note: str


def every(tx: Tx) -> Iterator[Kept]:
    """Give every checkpoint, oldest first."""
    return starmap(_kept, tx.execute(_ALL))


def newest(tx: Tx) -> Kept | None:
    """Return the newest checkpoint, if there is any."""
    found = tx.one(_NEWEST)
    return None if found is None else _kept(*found)


def after(tx: Tx, number: int, most: int) -> list[Kept]:
    """Return the checkpoints after one, oldest first, and ``most`` of them at most."""
    return [Kept(*found) for found in tx.execute(_AFTER, (number, most))]


def covering(tx: Tx, seq: int) -> Kept | None:
    """Return the first checkpoint that speaks for row ``seq``, if there is one yet."""
    found = tx.one(_COVERING, (seq,))
    return None if found is None else _kept(*found)


def close(tx: Tx, maintenance: Maintenance) -> Kept | None:
    """Take a checkpoint of the whole log as it stands, with no row of its own.

    Args:
        tx: A writing transaction.
        maintenance: From the gate.

    Returns:
        The newest checkpoint; None where the log has no row.

    Raises:
        AuditTamperedError: The log is not as we left it.
    """
    del maintenance
    last, epoch = audit_state.read_tail(tx), audit_state.read_epoch(tx)
    if last.epoch != epoch.number:
        raise AuditTamperedError
    audit_state.write_tail(tx, take(tx, last, epoch, Closing()))
    return newest(tx)


def take(tx: Tx, last: Tail, epoch: Epoch, how: Closing) -> Tail:
    """Close an epoch with a checkpoint of every row to the last, and begin the next.

    Where there is no row since the last checkpoint, nothing is done.

    Args:
        tx: A writing transaction.
        last: The newest row, already added.
        epoch: The one it is of.
        how: As the caller will have it closed.

    Returns:
        The tail to be sealed, which is of the next epoch.

    Raises:
        AuditTamperedError: A row since the last checkpoint is not as it was written.
    """
    if last.seq == epoch.size:
        return last
    leaves, macs = _held_against(tx, last, epoch)
    before = merkle.Range.from_bytes(epoch.size, epoch.hashes)
    grown = before.grown(leaves)
    at = _moment(last.at_us)
    key_changes.begin(tx, SIGNS, now=at)
    pruned = epoch.anchor if how.anchor is None else how.anchor
    note = notes.signed(
        tx.ring,
        Checkpoint(
            origin=notes.origin_of(keys.store_id(tx.db)),
            size=last.seq,
            root=grown.root(),
            epoch=epoch.number,
            at=at,
            link=last.link,
            macs=macs,
            previous=epoch.note,
            anchor=pruned,
            fresh=how.fresh,
        ),
    )
    number = epoch.number + 1
    tx.execute(_ADD, (number, last.seq, note))
    key = chain.new_epoch_key() if how.fresh else chain.next_epoch_key(epoch.key)
    audit_state.write_epoch(
        tx,
        Epoch(
            key,
            number,
            last.seq,
            pruned,
            last.link,
            notes.digest(note),
            bytes(grown),
        ),
    )
    tx.notes.append(note)
    return Tail(last.seq, last.link, last.at_us, last.policy_epoch, number)


def log_key(tx: Tx, maintenance: Maintenance) -> LogKey:
    """Take a checkpoint, and return what checks signatures and MACs from there on.

    A log without a row has none, and the first epoch's key.
    """
    close(tx, maintenance)
    key_changes.begin(tx, SIGNS, now=_moment(audit_state.read_tail(tx).at_us))
    epoch = audit_state.read_epoch(tx)
    vkey = notes.vkey(tx.ring, notes.origin_of(keys.store_id(tx.db)))
    return LogKey(vkey, epoch.number, epoch.key)


def waits(tx: Tx, maintenance: Maintenance, *, now: datetime) -> bool:
    """Tell whether rows have stood for 15 minutes with no checkpoint after them."""
    del maintenance
    last, epoch = audit_state.read_tail(tx), audit_state.read_epoch(tx)
    return epoch.ends_with(last, (now - _BEGINNING) // timedelta(microseconds=1))


def _moment(at_us: int) -> datetime:
    return _BEGINNING + timedelta(microseconds=at_us)


def _kept(number: int, size: int, note: bytes) -> Kept:
    return Kept(number, size, note.decode(errors="replace"))


def _held_against(tx: Tx, last: Tail, epoch: Epoch) -> tuple[list[bytes], bytes]:
    """Return the leaves of the epoch's rows and the digest of their MACs.

    Their links lead from the checkpoint before to the sealed tail, so they are the rows
    that were written; a MAC of theirs is checked for the last time.
    """
    leaves, macs, before = list[bytes](), hashlib.sha256(), epoch.link
    for entry, link, mac in tx.execute(_SINCE, (epoch.size,)):
        before = chain.link(before, entry)
        if before != link or not chain.mac_holds(epoch.key, link, mac):
            raise AuditTamperedError
        leaves.append(merkle.leaf(entry))
        macs.update(mac)
    if before != last.link or len(leaves) != last.seq - epoch.size:
        raise AuditTamperedError
    return leaves, macs.digest()
