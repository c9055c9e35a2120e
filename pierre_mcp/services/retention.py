"""How long the person has data kept: said, shown, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy import retention as rules
from pierre_mcp.services.expunging import Choose, Due, due
from pierre_mcp.store import audit, people, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.expunging import Target
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one category is kept.

    Attributes:
        days: None: until it is deleted.
        first_day: The first local day that is kept; None likewise.
        due: What is to be deleted by now.
    """

    category: Category
    days: int | None
    first_day: str | None
    due: Due | None


def set_days(tx: Tx, grant: Grant, category: Category, days: int | None) -> bool:
    """Say for how many days a category is kept, for ever where None.

    Returns:
        Whether that was not so already.

    Raises:
        RuntimeError: The grant is not one by which the owner lets more out, or deletes.
    """
    signature = grant.check_widens()  # kept longer, or deleted sooner
    policy = policies.read(tx, grant).policy
    if policy.retention.get(category) == days:
        return False
    left = {of: kept for of, kept in policy.retention.items() if of is not category}
    changed = left if days is None else {**left, category: days}
    update = {"policy_epoch": policy.policy_epoch + 1, "retention": changed}
    policies.write(tx, grant, policy.model_copy(update=update))
    length = "until deleted" if days is None else f"{days} days"
    entry = LedgerEntry(
        event=LedgerEvent.RETENTION,
        at=grant.here.now,
        by="owner",
        subject=f"{category}: {length}",
        signature=signature,
    )
    policies.enter(tx, grant, entry)
    return True


def days_of(tx: Tx, grant: Grant, category: Category) -> int | None:
    """Return for how many days a category is kept; None: until it is deleted."""
    return policies.read(tx, grant).policy.retention.get(category)


def first_days(tx: Tx, grant: Grant) -> dict[Category, str]:
    """Return the first local day that is kept of each category not kept for ever."""
    retention = policies.read(tx, grant).policy.retention
    return rules.cutoffs(retention, grant.here.today)


def overview(
    tx: Tx, maintenance: Maintenance, who: Identity, now: datetime
) -> list[Kept]:
    """Return how long each category is kept, and what of it is due."""
    policy, today = policies.read(tx, who).policy, _today(tx, who, now)
    first_days = rules.cutoffs(policy.retention, today)
    found = due(tx, maintenance, who, _targets(first_days))
    by_category = {one.target.category: one for one in found}
    return [
        Kept(of, policy.retention.get(of), first_days.get(of), by_category.get(of))
        for of in Category
    ]


def would_go(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity,
    now: datetime,
    asked: tuple[Category, int],
) -> Due:
    """Return what would be due if a category were kept for so many days."""
    category, days = asked
    first = rules.first_kept(days, _today(tx, who, now))
    [found] = due(tx, maintenance, who, [Target(category=category, before=first)])
    return found


def expired(now: datetime) -> Choose:
    """Choose what is older than the person has it kept.

    Raises:
        PolicyTamperedError: The policy is not the one last recorded: an older one, put
            back by hand, would have other things deleted.
    """

    def choose(tx: Tx, maintenance: Maintenance, who: Identity) -> Sequence[Target]:
        del maintenance
        policy = policies.read(tx, who).policy
        if policy.policy_epoch != audit.tail(tx).policy_epoch:
            raise PolicyTamperedError
        return _targets(rules.cutoffs(policy.retention, _today(tx, who, now)))

    return choose


def waits(tx: Tx, maintenance: Maintenance, now: datetime) -> bool:
    """Tell whether anything is to be deleted by now."""
    who = people.whose(tx)
    if who is None:
        return False
    targets = expired(now)(tx, maintenance, who)
    return any(one.any for one in due(tx, maintenance, who, targets))


def _targets(first_days: dict[Category, str]) -> list[Target]:
    # What goes whole goes first: nothing of it is then looked at again.
    order = sorted(first_days, key=lambda of: of is not Category.ACTIVITIES)
    return [Target(category=of, before=first_days[of]) for of in order]


def _today(tx: Tx, who: Identity, now: datetime) -> date:
    return now.astimezone(ZoneInfo(people.profile(tx, who).zone)).date()
