"""What a store must undergo before it serves again, once it was put back.

All of it is one step: erasures are done again, every consent is withdrawn, what
answers gave out (cursors, tokens) dies, and the keys that seal are replaced, since the
copy's own may be known to who had the copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consents
from pierre_mcp.store import key_changes, policies
from pierre_mcp.store.database import Tx

_SEALING = {Purpose.SEAL, Purpose.AUDIT}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a store that was accepted.

    Attributes:
        withdrawn: By recipient, the scopes that were in force in the copy.
        keys_replaced: How many; what is under the old ones is yet to be sealed again.
    """

    withdrawn: Mapping[str, tuple[Scope, ...]]
    keys_replaced: int


def accept(tx: Tx, grant: Grant, maintenance: Maintenance) -> Accepted:
    """Make a store that was put back fit to serve, in the caller's one step."""
    replaced = _replace_keys(tx, grant, maintenance)
    return Accepted(_withdraw_all(tx, grant), replaced)


def commands(accepted: Accepted, command: str) -> list[str]:
    """Return the commands by which the person gives each consent again."""
    return [
        f"{command} consent grant {' '.join(scopes)} --to {recipient}"
        for recipient, scopes in sorted(accepted.withdrawn.items())
        if scopes
    ]


def _withdraw_all(tx: Tx, grant: Grant) -> Mapping[str, tuple[Scope, ...]]:
    gone = {}
    for recipient, mine in policies.read(tx, grant).policy.recipients.items():
        in_force = tuple(mine.in_force(grant.here.now))
        if consents.withdraw(tx, grant, recipient, None, by="restore"):
            gone[recipient] = in_force
    return gone


def _replace_keys(tx: Tx, grant: Grant, maintenance: Maintenance) -> int:
    now, active = grant.here.now, _active(tx)
    tokens = [info for info in active if info.purpose is Purpose.TOKEN_MAC]
    sealing = [info for info in active if info.purpose in _SEALING]
    uses = [(info.scope, info.purpose) for info in (*sealing, *tokens)]
    key_changes.renew(tx, maintenance, uses, now=now)
    key_changes.destroy(tx, maintenance, [info.id for info in tokens], now=now)
    return len(sealing)


def _active(tx: Tx) -> list[KeyInfo]:
    return [info for info in tx.ring.infos() if info.state is KeyState.ACTIVE]
