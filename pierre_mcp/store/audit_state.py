"""What the log keeps of its own end, sealed: its tail, and the key of its MACs.

Each append opens both cells in its own transaction and keeps no copy (DESIGN 8).
"""

from dataclasses import dataclass

from pierre_mcp.errors import AuditTamperedError, SealBrokenError
from pierre_mcp.keyring import chain
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import SYSTEM, Purpose
from pierre_mcp.store.database import Tx

_STATE = "SELECT cell FROM audit_state WHERE name = ?"
_SET_STATE = "UPDATE audit_state SET kid = ?, cell = ? WHERE name = ?"
_ADD_STATE = "INSERT INTO audit_state (name, kid, cell) VALUES (?, ?, ?)"


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


def read_tail(tx: Tx) -> Tail:
    """Return the sealed tail.

    Raises:
        AuditTamperedError: It is gone, or does not open.
    """
    return _from_bytes(_open_state(tx, "tail"))


def write_tail(tx: Tx, tail: Tail) -> None:
    """Seal the tail in the place of the one before."""
    _seal_state(tx, _SET_STATE, "tail", _as_bytes(tail))


def read_epoch(tx: Tx) -> bytes:
    """Return the key of the MACs.

    Raises:
        AuditTamperedError: It is gone, or does not open.
    """
    return _open_state(tx, "epoch")


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
