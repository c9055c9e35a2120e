"""The consent lock put on and taken off: in the policy, and noted outside the store."""

from pathlib import Path

from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.locking import LOCK, UNLOCK, Sign
from pierre_mcp.keyring.lock import new_lock
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.services import consent_lock
from pierre_mcp.store import keys
from pierre_mcp.store.database import Tx
from pierre_mcp.store.outside_locks import OutsideLock

__all__ = ["LOCK", "UNLOCK", "put_on", "take_off"]


def put_on(
    gate: Gate, call: Call, outside: Path, passphrase: str, *, sign: Sign | None
) -> None:
    """Put a lock under this passphrase on, or in the place of the one that is.

    Args:
        gate: Of the store.
        call: The owner's.
        outside: The directory in which it is noted, outside the store's own.
        passphrase: The new one.
        sign: Signs under the lock that is on, where one is.

    Raises:
        ConsentLockedError: One is on, and this is not signed under it.
        HighWaterUnwritableError: It cannot be noted; nothing is changed.
    """
    made = new_lock(passphrase)

    def work(tx: Tx, grant: Grant) -> None:
        consent_lock.put_on(tx, grant, made)
        _outside(tx, grant, outside).note(made)

    gate.widen(call, work, detail={"public": made.public}, sign=sign)


def take_off(gate: Gate, call: Call, outside: Path, *, sign: Sign | None) -> bool:
    """Take the lock off; tell whether one was on.

    Raises:
        ConsentLockedError: One is on, and this is not signed under it.
    """

    def work(tx: Tx, grant: Grant) -> tuple[bool, OutsideLock]:
        return consent_lock.take_off(tx, grant), _outside(tx, grant, outside)

    was_on, noted = gate.widen(call, work, sign=sign)
    noted.forget()
    return was_on


def _outside(tx: Tx, grant: Grant, outside: Path) -> OutsideLock:
    who = Identity(grant.tenant, grant.person)
    return OutsideLock(outside, keys.store_id(tx.db), who)
