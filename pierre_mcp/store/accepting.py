"""The keys of a store that is accepted after it was put back."""

from datetime import datetime
from typing import Final

from pierre_mcp.keyring.ring import KeyState, Purpose
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import key_changes
from pierre_mcp.store.database import Tx

_SEALING: Final = (Purpose.SEAL, Purpose.AUDIT)


def replace_keys(tx: Tx, maintenance: Maintenance, *, now: datetime) -> int:
    """Make new sealing keys, which seal from now on, and a new key of cursors.

    What was sealed before still opens, until it is sealed again; what answers of
    before gave out to go on with does not. And no key seals in two branches of one
    store's history: how often the copy's keys have sealed since is not known.

    Returns:
        How many sealing keys were replaced.
    """
    active = [info for info in tx.ring.infos() if info.state is KeyState.ACTIVE]
    sealing = [info for info in active if info.purpose in _SEALING]
    cursors = [info for info in active if info.purpose is Purpose.TOKEN_MAC]
    uses = [(info.scope, info.purpose) for info in (*sealing, *cursors)]
    key_changes.renew(tx, maintenance, uses, now=now)
    key_changes.destroy(tx, maintenance, [info.id for info in cursors], now=now)
    return len(sealing)
