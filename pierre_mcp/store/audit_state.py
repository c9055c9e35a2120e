"""What the log keeps of its own end, sealed: its tail, and the epoch it is in.

Each append opens both cells in its own transaction and keeps no copy (DESIGN 8)::

    tail     | 8: row | 8: time | 8: policy epoch | 32: link | 8: epoch | 8: since |
    epoch    | 32: key | 8: number | 8: size | 8: anchor | 32: link
             | 32: SHA-256 of the note | n * 32: range of ``size`` leaves |

A tail without its last numbers and an epoch that is a key alone are those of a store
made before there were checkpoints: it is in epoch 0.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

from pierre_mcp.errors import AuditTamperedError, SealBrokenError
from pierre_mcp.keyring import chain
from pierre_mcp.keyring.cells import Place, column_piece, row_pieces
from pierre_mcp.keyring.ring import Purpose
from pierre_mcp.store.database import Tx

EVERY_ROWS: Final = 256
EVERY_US: Final = 15 * 60 * 1_000_000
"""Rows, and microseconds, from one checkpoint to the next at most."""

_STATE = "SELECT cell FROM audit_state WHERE name = ?"
_SET_STATE = "UPDATE audit_state SET kid = ?, cell = ? WHERE name = ?"
# Of the same key as before, as nearly always: the index of keys then stays as it is.
_SET_CELL = "UPDATE audit_state SET cell = ? WHERE name = ? AND kid = ?"
_ADD_STATE = "INSERT INTO audit_state (name, kid, cell) VALUES (?, ?, ?)"

_TAIL: Final = struct.Struct(">3Q32s2Q")
_EPOCH: Final = struct.Struct(">32s3Q32s32s")
_PLACES: Final = {
    name: (column_piece(f"audit.{name}/1"), row_pieces(Place("", "", "", name)))
    for name in ("tail", "epoch")
}
"""Where the two are sealed, encoded once: each append opens both and seals one."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest row, as last appended.

    Attributes:
        at_us: Its time, microseconds since 1970, UTC.
        policy_epoch: Of the newest row that has one.
        epoch: The number of the one that the next row is of.
        since_us: Time of the first row that no checkpoint speaks for; 0 for none.
    """

    seq: int = 0
    link: bytes = chain.FIRST_LINK
    at_us: int = 0
    policy_epoch: int = 0
    epoch: int = 0
    since_us: int = 0

    def __bytes__(self) -> bytes:
        """Return what is sealed."""
        numbers, end = (self.seq, self.at_us, self.policy_epoch), self.since_us
        return _TAIL.pack(*numbers, self.link, self.epoch, end)

    @classmethod
    def from_bytes(cls, plain: bytes) -> "Tail":
        """Return the tail that was sealed."""
        whole = plain.ljust(_TAIL.size, b"\0")  # an old one lacks the last two
        seq, at_us, policy_epoch, link, epoch, since_us = _TAIL.unpack(whole)
        return cls(seq, link, at_us, policy_epoch, epoch, since_us)


@dataclass(frozen=True, slots=True)
class Epoch:
    """What the newest rows are MACed under, and the checkpoint before them.

    Attributes:
        key: Moves forward at each checkpoint, and cannot be led back.
        number: How many checkpoints there are; an epoch lies between two.
        size: How many rows the newest checkpoint speaks for.
        anchor: How many of the first rows were pruned.
        link: Of row ``size``.
        note: SHA-256 of the newest checkpoint's note.
        hashes: Of the range of ``size`` leaves, joined.
    """

    key: bytes = field(repr=False)
    number: int = 0
    size: int = 0
    anchor: int = 0
    link: bytes = chain.FIRST_LINK
    note: bytes = bytes(32)
    hashes: bytes = b""

    def ends_with(self, last: Tail, now_us: int) -> bool:
        """Tell whether a checkpoint is due after row ``last``: by rows, or by time."""
        rows = last.seq - self.size
        return rows >= EVERY_ROWS or (rows > 0 and now_us - last.since_us >= EVERY_US)

    def __bytes__(self) -> bytes:
        """Return what is sealed."""
        numbers, links = (self.number, self.size, self.anchor), (self.link, self.note)
        return _EPOCH.pack(self.key, *numbers, *links) + self.hashes

    @classmethod
    def from_bytes(cls, plain: bytes) -> "Epoch":
        """Return the epoch that was sealed."""
        if len(plain) == chain.EPOCH_KEY_BYTES:
            return cls(plain)
        key, number, size, anchor, link, note = _EPOCH.unpack_from(plain)
        return cls(key, number, size, anchor, link, note, plain[_EPOCH.size :])


@dataclass(frozen=True, slots=True)
class Closing:
    """How an epoch is closed.

    Attributes:
        anchor: How many of the first rows are pruned with it; None for as before.
        fresh: Draw the next epoch's key anew: this one's may be known to others.
    """

    anchor: int | None = None
    fresh: bool = False


def begin(tx: Tx) -> None:
    """Make the first epoch and an empty tail, in the step that creates the store."""
    _add(tx, "epoch", bytes(Epoch(chain.new_epoch_key())))
    _add(tx, "tail", bytes(Tail()))


def read_tail(tx: Tx) -> Tail:
    """Return the sealed tail.

    Raises:
        AuditTamperedError: It is gone, or does not open.
    """
    return open_tail(tx, _cell(tx, "tail"))


def open_tail(tx: Tx, cell: bytes | None) -> Tail:
    """Return the tail of a cell that was read already, with what stands beside it.

    Raises:
        AuditTamperedError: As for ``read_tail``.
    """
    return Tail.from_bytes(_open(tx, "tail", cell))


def write_tail(tx: Tx, tail: Tail) -> None:
    """Seal the tail in the place of the one before."""
    _write(tx, "tail", bytes(tail))


def read_epoch(tx: Tx) -> Epoch:
    """Return the epoch that the newest rows are of.

    Raises:
        AuditTamperedError: It is gone, or does not open.
    """
    return Epoch.from_bytes(_open(tx, "epoch", _cell(tx, "epoch")))


def write_epoch(tx: Tx, epoch: Epoch) -> None:
    """Seal the epoch in the place of the one before, whose key goes with it."""
    _write(tx, "epoch", bytes(epoch))


def _cell(tx: Tx, name: str) -> bytes | None:
    row = tx.one(_STATE, (name,))
    return None if row is None else row[0]


def _open(tx: Tx, name: str, cell: bytes | None) -> bytes:
    if cell is None:
        raise AuditTamperedError
    try:
        return tx.ring.open_at(cell, *_PLACES[name])
    except SealBrokenError:
        raise AuditTamperedError from None


def _add(tx: Tx, name: str, plain: bytes) -> None:
    tx.execute(_ADD_STATE, (name, *_sealed(tx, name, plain)))


def _write(tx: Tx, name: str, plain: bytes) -> None:
    kid, cell = _sealed(tx, name, plain)
    if tx.execute(_SET_CELL, (cell, name, kid)).rowcount == 0:
        tx.execute(_SET_STATE, (kid, cell, name))


def _sealed(tx: Tx, name: str, plain: bytes) -> tuple[int, bytes]:
    return tx.ring.seal_system(plain, *_PLACES[name], Purpose.AUDIT)
