"""What a store must undergo before it serves again, once it was put back.

All of it is one step: erasures are done again, every consent is withdrawn, the keys
that seal are replaced, and what answers gave out to go on with dies.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pierre_mcp.errors import ErasureUnknownError
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consents
from pierre_mcp.store import accepting, policies
from pierre_mcp.store.database import Tx


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a store that was accepted.

    Attributes:
        withdrawn: By recipient, the scopes that were in force in the copy.
        keys_replaced: How many; what is under the old ones is yet to be sealed again.
    """

    withdrawn: Mapping[str, tuple[Scope, ...]]
    keys_replaced: int


def accepts(
    erased: Collection[bytes],
) -> Callable[[Tx, Grant, Maintenance], Accepted]:
    """Return what makes a store that was put back fit to serve, in the caller's step.

    Args:
        erased: The tombstones kept outside it.
    """

    def work(tx: Tx, grant: Grant, maintenance: Maintenance) -> Accepted:
        _erase_again(tx, maintenance, erased)
        replaced = accepting.replace_keys(tx, maintenance, now=grant.here.now)
        return Accepted(_withdraw_all(tx, grant), replaced)

    return work


def commands(accepted: Accepted, command: str) -> list[str]:
    """Return the commands by which the person gives each consent again."""
    return [
        f"{command} consent grant {' '.join(scopes)} --to {recipient}"
        for recipient, scopes in sorted(accepted.withdrawn.items())
        if scopes
    ]


def _erase_again(tx: Tx, maintenance: Maintenance, erased: Collection[bytes]) -> None:
    """Erase again whoever was erased since the copy was made.

    Raises:
        ErasureUnknownError: Somebody was, and it cannot be told whether the copy has
            that person still.
    """
    del tx, maintenance
    if erased:
        raise ErasureUnknownError


def _withdraw_all(tx: Tx, grant: Grant) -> Mapping[str, tuple[Scope, ...]]:
    gone = {}
    for recipient, mine in policies.read(tx, grant).policy.recipients.items():
        in_force = tuple(mine.in_force(grant.here.now))
        if consents.withdraw(tx, grant, recipient, None, by="restore"):
            gone[recipient] = in_force
    return gone
