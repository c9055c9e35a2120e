"""What becomes of consents in a store that serves again after it was put back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consents, privacy
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx

Withdrawn: TypeAlias = Mapping[str, tuple[Scope, ...]]
"""By recipient, the scopes that were in force in the copy."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a store that was accepted.

    Attributes:
        withdrawn: What the person may give again.
        keys_replaced: How many; what is under the old ones is yet to be sealed again.
        erased: Its person had been erased since the copy was made, and was again.
    """

    withdrawn: Withdrawn
    keys_replaced: int
    erased: bool = False


def commands(accepted: Accepted, command: str) -> list[str]:
    """Return the commands by which the person gives each consent again."""
    return [
        f"{command} consent grant {' '.join(scopes)} --to {recipient}"
        for recipient, scopes in sorted(accepted.withdrawn.items())
        if scopes
    ]


def withdraw_all(tx: Tx, grant: Grant) -> Withdrawn:
    """Withdraw every consent there is; the ledger says that a restore did.

    Nobody is at low either: since the copy was made it may have been raised.
    """
    gone = {}
    for recipient, mine in policies.read(tx, grant).policy.recipients.items():
        in_force = tuple(mine.in_force(grant.here.now))
        if consents.withdraw(tx, grant, recipient, None, by="restore"):
            gone[recipient] = in_force
        if mine.level is Level.LOW:
            privacy.choose(tx, grant, recipient, Level.MEDIUM, by="restore")
    return gone
