"""Deleting what was collected under consents that were withdrawn.

What was withdrawn is what the ledger says: also of before, so that a deletion that was
cut short is gone on with by the same command.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Pair, Scope
from pierre_mcp.services.expunging import Choose, Due, due
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.expunging import Target
from pierre_mcp.store.policies import LedgerEvent

_ENDED = {LedgerEvent.WITHDRAWN, LedgerEvent.EXPIRED}
_STATES = {LedgerEvent.GIVEN, *_ENDED}
"""Events after which a scope is held, or has ended; a refusal is neither."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a recipient's withdrawn consents were about.

    Attributes:
        pairs: Source and category of each, in order.
        others: The recipients that still hold consent for one of them, with which.
    """

    pairs: tuple[Pair, ...]
    others: dict[str, tuple[Pair, ...]]


def collected(
    tx: Tx, grant: Grant, recipient: str, chosen: Collection[Scope] | None
) -> Collected:
    """Return what is deleted with the scopes of a recipient, of all where None.

    Those it holds still are counted too, since they are withdrawn first.
    """
    policy, now = policies.read(tx, grant).policy, grant.here.now
    ended = _ended(tx, grant, recipient)
    mine = _pairs(
        scope
        for scope in {*policy.of(recipient).scopes, *ended}
        if chosen is None or scope in chosen
    )
    others = {
        name: tuple(pair for pair in _pairs(one.in_force(now)) if touches(pair, mine))
        for name, one in sorted(policy.recipients.items())
        if name != recipient
    }
    return Collected(mine, {name: pairs for name, pairs in others.items() if pairs})


def outlook(
    tx: Tx, maintenance: Maintenance, who: Identity, pairs: Sequence[Pair]
) -> list[Due]:
    """Return what is held of each pair."""
    return due(tx, maintenance, who, targets(pairs))


def all_of(pairs: Sequence[Pair]) -> Choose:
    """Choose all that is held of these pairs."""
    return lambda *_: targets(pairs)


def targets(pairs: Sequence[Pair]) -> list[Target]:
    """Return what is to be deleted; what goes whole first."""
    order = sorted(pairs, key=lambda pair: pair[1] is not Category.ACTIVITIES)
    return [Target(category=category, source=source) for source, category in order]


def touches(pair: Pair, pairs: Iterable[Pair]) -> bool:
    """Tell whether deleting ``pairs`` takes anything of ``pair``.

    Recordings of a source go whole with its activities, whatever else they hold.
    """
    source, category = pair
    return any(
        source == theirs and of in {category, Category.ACTIVITIES}
        for theirs, of in pairs
    )


def _ended(tx: Tx, grant: Grant, recipient: str) -> set[Scope]:
    """Return the scopes of a recipient that ended, and were not given again."""
    last = {
        entry.scope: entry.event
        for _, entry in policies.history(tx, grant)
        if entry.recipient == recipient and entry.event in _STATES
    }
    return {scope for scope, event in last.items() if event in _ENDED}


def _pairs(held: Iterable[Scope]) -> tuple[Pair, ...]:
    found = (scopes.pair_of(scope) for scope in held)
    return tuple(sorted(pair for pair in found if pair is not None))
