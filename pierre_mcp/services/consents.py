"""Giving and withdrawing consent: the policy, its ledger, in the caller's step.

Giving is called by the owner's commands only, after the challenge; nothing that serves
a recipient imports it. Withdrawing reduces what is held, so a recipient may withdraw
its own.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Held, Policy
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy import bundles
from pierre_mcp.policy.telling import SELF
from pierre_mcp.store import athlete, policies, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent

By = Literal["owner", "recipient", "founding", "restore"]

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Given:
    """What one recipient was given in one step.

    Attributes:
        at: UTC.
        scopes: How many.
    """

    recipient: str
    at: datetime
    scopes: int


def give(
    tx: Tx,
    grant: Grant,
    recipient: str,
    scopes: Collection[Scope],
    *,
    expires_at: datetime | None,
    by: By = "owner",
) -> Policy:
    """Give ``recipient`` scopes until ``expires_at`` (UTC); return the new policy.

    What it had of the same scopes is superseded.

    Raises:
        RuntimeError: The grant is not one by which the owner lets more out.
    """
    if not grant.owner:
        msg = "only the owner gives consent"
        raise RuntimeError(msg)
    signature = grant.check_widens()
    policy, now = policies.read(tx, grant).policy, grant.here.now
    held = dict(policy.of(recipient).scopes)
    for scope in scopes:
        if scope in held:
            _enter(tx, grant, LedgerEvent.SUPERSEDED, recipient, scope, by=by)
        entry_id = str(uuid4())
        held[scope] = Held(given_at=now, expires_at=expires_at, ledger_id=entry_id)
        entry = LedgerEntry(
            event=LedgerEvent.GIVEN,
            at=now,
            recipient=recipient,
            scope=scope,
            expires_at=expires_at,
            by=by,
            signature=signature,
        )
        policies.enter(tx, grant, entry, entry_id)
    changed = policy.changed(recipient, held)
    policies.write(tx, grant, changed)
    return changed


def withdraw(
    tx: Tx, grant: Grant, recipient: str, scopes: Iterable[Scope] | None, *, by: By
) -> tuple[Scope, ...]:
    """Withdraw scopes of ``recipient``, or all of them where ``scopes`` is None.

    Takes effect with the caller's commit. Nothing is deleted.

    Returns:
        The scopes that were held and are not any more.
    """
    policy = policies.read(tx, grant).policy
    held = policy.of(recipient).scopes
    gone = tuple(s for s in held if scopes is None or s in set(scopes))
    if not gone:
        return ()
    for scope in gone:
        _enter(tx, grant, LedgerEvent.WITHDRAWN, recipient, scope, by=by)
    left = {scope: held[scope] for scope in held if scope not in gone}
    policies.write(tx, grant, policy.changed(recipient, left))
    return gone


def given_lately(tx: Tx, grant: Grant) -> tuple[Given, ...]:
    """Return what was given in the last 7 days, oldest first; by the ledger alone."""
    since = grant.here.now - LATELY
    found = Counter(
        (entry.at, entry.recipient)
        for entry in policies.since(tx, grant, since)
        if entry.event is LedgerEvent.GIVEN and entry.by == "owner"
    )
    return tuple(Given(to, at, count) for (at, to), count in sorted(found.items()))


def lately_words(given: Sequence[Given], command: str) -> str:
    """Say in one line what was given of late, and how to take it back."""
    last = {one.recipient: one.at for one in given}
    named = ", ".join(f"{to} on {at.date()}" for to, at in sorted(last.items()))
    return (
        f"Consent was given in the last 7 days: {named} (UTC). Not you? "
        f"{command} consent withdraw --to NAME"
    )


def sources(tx: Tx, grant: Grant) -> list[str]:
    """Return the sources there is something of: ``self`` once the person said any.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    own = [SELF] if athlete.own_categories(tx, grant) else []
    return sorted({*recordings.sources(tx, grant), *own})


def extension(tx: Tx, grant: Grant, recipient: str) -> str | None:
    """Return the command that gives ``recipient`` the tools an upgrade added, if any.

    What it was once given and does not hold any more was taken back, or has run out: it
    is not offered again.
    """
    here = grant.here
    held = policies.read(tx, grant).policy.of(recipient).in_force(here.now)
    lacking = bundles.lacking_tools(recipient, held=held, tools=here.readers)
    return _command(tx, grant, recipient, lacking)


def extensions_by_own(tx: Tx, grant: Grant) -> Mapping[str, str]:
    """Return by recipient the command that gives it what the person said himself.

    For those that read the like of it from another source; for the owner only, since a
    recipient is not told that there is any.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    said, now = athlete.own_categories(tx, grant), grant.here.now
    found = {
        recipient: _command(
            tx,
            grant,
            recipient,
            bundles.lacking_own(recipient, held=mine.in_force(now), said=said),
        )
        for recipient, mine in policies.read(tx, grant).policy.recipients.items()
    }
    return {recipient: command for recipient, command in found.items() if command}


def _command(
    tx: Tx, grant: Grant, recipient: str, lacking: Collection[Scope]
) -> str | None:
    """Return what gives those of ``lacking`` that were never given, if any."""
    if not lacking:
        return None
    entries = (entry for _, entry in policies.history(tx, grant))
    known = {entry.scope for entry in entries if entry.recipient == recipient}
    added = [scope for scope in lacking if scope not in known]
    command = f"{grant.here.command} consent grant {' '.join(added)} --to {recipient}"
    return command if added else None


def _enter(
    tx: Tx, grant: Grant, event: LedgerEvent, recipient: str, scope: Scope, *, by: By
) -> None:
    entry = LedgerEntry(
        event=event,
        at=grant.here.now,
        recipient=recipient,
        scope=scope,
        expires_at=None,
        by=by,
    )
    policies.enter(tx, grant, entry)
