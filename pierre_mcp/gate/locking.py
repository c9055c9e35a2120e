"""The consent lock, as the gate keeps it: what is on, what opens it, what it signed.

How often it may be tried is remembered in the log itself, so that every process knows:
an attempt is recorded before the passphrase is stretched, and again when it was right.
Whoever is killed between the two has spent the attempt.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pierre_mcp.errors import ConsentLockedError, LockWaitsError
from pierre_mcp.late import Late
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Policy
from pierre_mcp.store import keys
from pierre_mcp.store.database import Tx

if TYPE_CHECKING:  # no server that answers a recipient opens a lock
    from pierre_mcp.keyring import lock as locks
    from pierre_mcp.model import lock as models
    from pierre_mcp.model.lock import ConsentLock
else:
    locks = Late("pierre_mcp.keyring.lock")
    models = Late("pierre_mcp.model.lock")

Sign: TypeAlias = Callable[[bytes], bytes]

ATTEMPT: Final = "consent passphrase"
"""The action under which attempts to open the lock stand in the log."""

LOCK: Final = "consent lock"
UNLOCK: Final = "consent unlock"
"""The actions by which it is put on, or given another passphrase, and taken off."""

REMEMBERED: Final = timedelta(days=1)
FREE: Final = 5
"""How many wrong attempts in a row cost nothing but their own time."""

_LONGEST_S: Final = 3_600.0


def lock_of(policy: Policy) -> "ConsentLock | None":
    """Return the lock that is on, if one is."""
    if policy.lock is None:
        return None
    return models.ConsentLock.model_validate_json(policy.lock)


def signature_of(
    tx: Tx,
    who: Identity,
    policy: Policy,
    action: str,
    detail: Mapping[str, Any],
    sign: Sign | None,
) -> str:
    """Have an act signed where the lock is on, and check that it was.

    Returns:
        The signature, hex; empty where no lock is on.

    Raises:
        ConsentLockedError: It was not, or under a lock that is on no more.
    """
    lock = lock_of(policy)
    if lock is None:
        return ""
    if sign is None:
        raise ConsentLockedError
    store_id, epoch = keys.store_id(tx.db), policy.policy_epoch
    message = locks.message(store_id, who, epoch, action, detail)
    signature = sign(message)
    if not locks.signed_under(lock, signature, message):
        raise ConsentLockedError
    return signature.hex()


def check_wait(attempts: Sequence[tuple[datetime, Outcome]], now: datetime) -> None:
    """Refuse an attempt that comes too soon after wrong ones.

    After the fifth in a row the lock waits a minute, and after each more twice as long,
    an hour at most.

    Args:
        attempts: Newest first, with how each ended; what began and never ended is as
            one that failed.
        now: By the clock.

    Raises:
        LockWaitsError: It does.
    """
    wrong: list[datetime] = []
    for at, outcome in attempts:
        if outcome is Outcome.DONE or now - at > REMEMBERED:
            break
        if outcome is Outcome.STARTED:
            wrong.append(at)
    if len(wrong) < FREE:
        return
    wait_s = min(_LONGEST_S, 60.0 * 2.0 ** (len(wrong) - FREE))
    left_s = wait_s - (now - wrong[0]).total_seconds()
    if left_s > 0:
        raise LockWaitsError(left_s)
