"""The person's own privacy zones: circles in which no place leaves for anybody."""

from collections.abc import Iterable

from pierre_mcp.errors import DemoStoreError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.store import people, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent


def hide(tx: Tx, grant: Grant, zones: Iterable[PrivacyZone]) -> int:
    """Add zones to the policy and return how many are new; the same twice is one.

    The caller's step records the change: the policy's epoch moves with it.

    Raises:
        DemoStoreError: It is a demo store.
        RuntimeError: The grant is not the owner's.
    """
    if not grant.owner:
        msg = "only the owner says where places are private"
        raise RuntimeError(msg)
    if people.is_demo(tx):
        raise DemoStoreError
    policy = policies.read(tx, grant).policy
    changed = policy.with_zones(zones)
    if changed is policy:
        return 0
    policies.write(tx, grant, changed)
    added = len(changed.zones) - len(policy.zones)
    entry = LedgerEntry(
        event=LedgerEvent.ZONES,
        at=grant.here.now,
        by="owner",
        subject=f"added {added}",
    )
    policies.enter(tx, grant, entry)
    return added
