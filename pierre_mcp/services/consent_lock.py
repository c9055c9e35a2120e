"""Putting the consent lock on, under another passphrase, and off again."""

from pierre_mcp.model.grant import Grant
from pierre_mcp.model.lock import ConsentLock
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent

CHANGED = "changed"


def put_on(tx: Tx, grant: Grant, lock: ConsentLock) -> None:
    """Put a lock on, or this one in the place of the one that is.

    Raises:
        RuntimeError: One is on, and the grant may not let more out.
    """
    had = policies.read(tx, grant).policy.lock is not None
    signature = grant.check_widens() if had else ""
    _write(tx, grant, lock.model_dump_json())
    subject = CHANGED if had else ""
    _enter(tx, grant, LedgerEvent.LOCKED, subject=subject, signature=signature)


def take_off(tx: Tx, grant: Grant) -> bool:
    """Take the lock off; tell whether one was on.

    Raises:
        RuntimeError: The grant may not let more out.
    """
    signature = grant.check_widens()
    if policies.read(tx, grant).policy.lock is None:
        return False
    _write(tx, grant, None)
    _enter(tx, grant, LedgerEvent.UNLOCKED, signature=signature)
    return True


def keep_on(tx: Tx, grant: Grant, noted: ConsentLock | None) -> None:
    """Have a store that was put back go on under the lock that was on here.

    Args:
        tx: The step that accepts the store.
        grant: The owner's.
        noted: The lock as noted outside; None leaves that of the copy as it is.
    """
    policy = policies.read(tx, grant).policy
    if noted is None or policy.lock == noted.model_dump_json():
        return
    _write(tx, grant, noted.model_dump_json())
    _enter(tx, grant, LedgerEvent.LOCKED, by="restore")


def _write(tx: Tx, grant: Grant, lock: str | None) -> None:
    policy = policies.read(tx, grant).policy
    next_ = {"policy_epoch": policy.policy_epoch + 1, "lock": lock}
    policies.write(tx, grant, policy.model_copy(update=next_))


def _enter(
    tx: Tx,
    grant: Grant,
    event: LedgerEvent,
    *,
    by: str = "owner",
    subject: str = "",
    signature: str = "",
) -> None:
    now = grant.here.now
    entry = LedgerEntry(
        event=event, at=now, by=by, subject=subject, signature=signature
    )
    policies.enter(tx, grant, entry)
