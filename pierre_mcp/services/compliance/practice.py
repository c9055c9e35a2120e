"""What a store does, as facts: what the documents are written from.

The owner's documents tell all of it. A recipient's tell of that recipient alone: of
what it may read, not of what there is, and of nobody else.
"""

from dataclasses import dataclass
from datetime import date, datetime

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.disclosure import Disclosure
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import RecipientPolicy
from pierre_mcp.model.scope import Kind, Pair
from pierre_mcp.policy import objections
from pierre_mcp.policy.consent import pairs_held
from pierre_mcp.store import key_status, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.holdings import Holding, holdings


@dataclass(frozen=True, slots=True)
class Machine:
    """What the settings say, and what the machine was found to do.

    Attributes:
        master_key: Where the master key comes from, as ``doctor`` names it.
        development: It is a development key.
        key_max_age_days: After which servers replace the sealing keys by themselves.
        backed_up_at: When a backup was last made here; None if never.
    """

    master_key: str
    development: bool
    production: bool
    key_max_age_days: int
    backed_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receiver:
    """One recipient with consents in force.

    Attributes:
        purposes: What its answers may be worked out for, as ``insights``.
        until: When the first of its consents ends; None while open.
    """

    label: str
    level: Level
    pairs: tuple[Pair, ...]
    purposes: tuple[str, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What the store does.

    Attributes:
        whole: It is the owner's view; else one recipient's, and says nothing of data.
        held: By source; empty in a recipient's.
        keys: How many keys are in use.
        disclosed: Since the log began; empty in a recipient's; None where the log was
            changed from outside, and tells nothing.
        machine: None where the settings are not at hand, as in a recipient's.
    """

    day: date
    version: str
    command: str
    whole: bool
    held: tuple[Holding, ...]
    receivers: tuple[Receiver, ...]
    objections: tuple[str, ...]
    retention: dict[Category, int]
    zones: int
    locked: bool
    keys: int
    compromised: int
    disclosed: tuple[Disclosure, ...] | None = ()
    machine: Machine | None = None

    @property
    def categories(self) -> tuple[Category, ...]:
        """Which categories there are, or which a recipient may read."""
        if self.whole:
            there = {c for of in self.held for c in of.counts}
        else:
            there = {c for one in self.receivers for _, c in one.pairs}
        return tuple(c for c in Category if c in there)


def practice(
    tx: Tx,
    grant: Grant,
    *,
    machine: Machine | None = None,
    disclosed: tuple[Disclosure, ...] | None = (),
) -> Practice:
    """Return what the store does, as the grant's holder may be told."""
    policy, here = policies.read(tx, grant).policy, grant.here
    states = key_status.states(tx)
    recipients = policy.recipients
    if grant.recipient is not None:
        recipients = {grant.recipient: policy.of(grant.recipient)}
    concerned = [_receiver(name, of, here.now) for name, of in recipients.items()]
    return Practice(
        day=here.now.date(),
        version=here.version,
        command=here.command,
        whole=grant.owner,
        held=tuple(holdings(tx, grant)) if grant.owner else (),
        receivers=tuple(one for one in concerned if one.pairs or one.purposes),
        objections=tuple(policy.blocks)
        if grant.recipient is None
        else objections.about(policy.blocks, grant.recipient),
        retention=dict(policy.retention),
        zones=len(policy.zones) if grant.owner else 0,
        locked=policy.lock is not None and grant.owner,
        keys=states["active"],
        compromised=states["compromised"],
        disclosed=disclosed if grant.owner else (),
        machine=machine if grant.owner else None,
    )


def _receiver(label: str, of: RecipientPolicy, now: datetime) -> Receiver:
    held = of.in_force(now)
    ends = [one.expires_at for one in held.values() if one.expires_at is not None]
    return Receiver(
        label=label,
        level=of.level or Level.MEDIUM,
        pairs=tuple(sorted(pairs_held(held))),
        purposes=tuple(
            scope.partition(":")[2]
            for scope in held
            if scopes.kind_of(scope) is Kind.PROCESSING
        ),
        until=min(ends, default=None),
    )
