"""Giving and withdrawing consent: the policy, its ledger, in the caller's step.

Giving and renewing are called by the owner's commands only, after the challenge;
nothing that serves a recipient calls them. Withdrawing reduces what is held, so a
recipient may withdraw its own. Whatever has run out by then is entered first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from pierre_mcp.errors import ExpiryPassedError
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Held, Policy
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy import bundles
from pierre_mcp.policy.consent import counting
from pierre_mcp.policy.notices import CURRENT, Notice
from pierre_mcp.policy.telling import SELF
from pierre_mcp.store import athlete, notices, policies, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent

By = Literal["owner", "recipient", "founding", "restore"]

_STATES = {LedgerEvent.GIVEN, LedgerEvent.WITHDRAWN, LedgerEvent.EXPIRED}
"""Events after which a scope is held, or is not."""

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


def give(  # noqa: PLR0913 - each by name
    tx: Tx,
    grant: Grant,
    recipient: str,
    scopes: Collection[Scope],
    *,
    expires_at: datetime | None,
    by: By = "owner",
    notice: Notice = CURRENT,
) -> Policy:
    """Give ``recipient`` scopes until ``expires_at`` (UTC); return the new policy.

    What it had of the same scopes is superseded. The notice they are given upon is kept
    with them.

    Raises:
        ExpiryPassedError: It would never count.
        RuntimeError: The grant is not one by which the owner lets more out.
    """
    _check_owner(grant)
    signature = grant.check_widens()
    if expires_at is not None and expires_at <= grant.here.now:
        raise ExpiryPassedError
    policies.expire(tx, grant, grant, now=grant.here.now)
    notices.keep(tx, grant, notice)
    policy, now = policies.read(tx, grant).policy, grant.here.now
    mine = policy.of(recipient)
    held = dict(mine.scopes)
    for scope in scopes:
        if scope in held:
            _enter(tx, grant, LedgerEvent.SUPERSEDED, recipient, scope, by=by)
        entry_id = str(uuid4())
        held[scope] = Held(
            given_at=now,
            expires_at=expires_at,
            ledger_id=entry_id,
            notice=notice.version,
        )
        entry = LedgerEntry(
            event=LedgerEvent.GIVEN,
            at=now,
            recipient=recipient,
            scope=scope,
            expires_at=expires_at,
            by=by,
            notice=notice.version,
            level=mine.level or Level.MEDIUM,
            signature=signature,
        )
        policies.enter(tx, grant, entry, entry_id)
    changed = policy.changed(recipient, held)
    policies.write(tx, grant, changed)
    return changed


def refuse(
    tx: Tx,
    grant: Grant,
    recipient: str,
    scopes: Collection[Scope],
    *,
    expires_at: datetime | None,
) -> None:
    """Enter that the person was asked for this and did not give it.

    Raises:
        RuntimeError: The grant is not the owner's.
    """
    _check_owner(grant)
    notices.keep(tx, grant, CURRENT)
    for scope in scopes:
        entry = LedgerEntry(
            event=LedgerEvent.REFUSED,
            at=grant.here.now,
            recipient=recipient,
            scope=scope,
            expires_at=expires_at,
            by="owner",
            notice=CURRENT.version,
        )
        policies.enter(tx, grant, entry)


def confirm_clock(tx: Tx, grant: Grant, offset_us: int) -> None:
    """Keep where the wall clock stands beside the boot clock, as the person says.

    Raises:
        RuntimeError: The grant is not one by which the owner lets more out.
    """
    _check_owner(grant)
    signature = grant.check_widens()
    policy = policies.read(tx, grant).policy
    epoch = policy.policy_epoch + 1
    update = {"policy_epoch": epoch, "clock_base_us": offset_us}
    policies.write(tx, grant, policy.model_copy(update=update))
    entry = LedgerEntry(
        event=LedgerEvent.CLOCK_CONFIRMED,
        at=grant.here.now,
        by="owner",
        signature=signature,
    )
    policies.enter(tx, grant, entry)


def renewable(tx: Tx, grant: Grant, recipient: str) -> tuple[Scope, ...]:
    """Return what a renewal gives anew: all that is held, upon whatever notice.

    Where nothing is held any more, what last ended by itself: ran out, or was taken
    back by a restore. What the person took back is never among it.
    """
    now = grant.here.now
    held = policies.read(tx, grant).policy.of(recipient).in_force(now)
    if held:
        return tuple(held)
    last = {
        entry.scope: entry
        for _, entry in policies.history(tx, grant)
        if entry.recipient == recipient and entry.event in _STATES
    }
    return tuple(
        scope
        for scope, entry in last.items()
        if entry.event is not LedgerEvent.WITHDRAWN or entry.by == "restore"
    )


def of_purpose(tx: Tx, grant: Grant, scope: Scope) -> tuple[str, ...]:
    """Return the recipients that hold one scope, in order."""
    recipients = policies.read(tx, grant).policy.recipients
    return tuple(sorted(r for r, mine in recipients.items() if scope in mine.scopes))


def withdraw(
    tx: Tx, grant: Grant, recipient: str, scopes: Iterable[Scope] | None, *, by: By
) -> tuple[Scope, ...]:
    """Withdraw scopes of ``recipient``, or all of them where ``scopes`` is None.

    Takes effect with the caller's commit. Nothing is deleted.

    Returns:
        The scopes that were held and are not any more.
    """
    of = None if grant.owner else recipient
    policies.expire(tx, grant, grant, now=grant.here.now, of=of)
    policy = policies.read(tx, grant).policy
    held = policy.of(recipient).scopes
    chosen = held.keys() if scopes is None else set(scopes)
    gone = tuple(s for s in held if s in chosen)
    if not gone:
        return ()
    for scope in gone:
        _enter(tx, grant, LedgerEvent.WITHDRAWN, recipient, scope, by=by)
    left = {scope: held[scope] for scope in held if scope not in gone}
    policies.write(tx, grant, policy.changed(recipient, left))
    return gone


def end_tokens(tx: Tx, grant: Grant) -> None:
    """End every consent token given out until now; what is held stays.

    A token is good only under the policy epoch it was given out under.

    Raises:
        RuntimeError: The grant is not the owner's.
    """
    _check_owner(grant)
    policy = policies.read(tx, grant).policy
    update = {"policy_epoch": policy.policy_epoch + 1}
    policies.write(tx, grant, policy.model_copy(update=update))
    entry = LedgerEntry(event=LedgerEvent.TOKENS_ENDED, at=grant.here.now, by="owner")
    policies.enter(tx, grant, entry)


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
    mine = policies.read(tx, grant).policy.of(recipient)
    held = counting(mine, now=here.now, notice=here.notice)
    lacking = bundles.lacking_tools(recipient, held=held, tools=here.readers())
    return _command(tx, grant, recipient, lacking)


def extensions_by_own(tx: Tx, grant: Grant) -> Mapping[str, str]:
    """Return by recipient the command that gives it what the person said himself.

    For those that read the like of it from another source; for the owner only, since a
    recipient is not told that there is any.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    said, here = athlete.own_categories(tx, grant), grant.here
    found = {
        recipient: _command(
            tx,
            grant,
            recipient,
            bundles.lacking_own(
                recipient,
                held=counting(mine, now=here.now, notice=here.notice),
                said=said,
            ),
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
    known = {
        entry.scope
        for entry in entries
        if (entry.recipient, entry.event) == (recipient, LedgerEvent.GIVEN)
    }
    added = [scope for scope in lacking if scope not in known]
    command = f"{grant.here.command} consent grant {' '.join(added)} --to {recipient}"
    return command if added else None


def _check_owner(grant: Grant) -> None:
    if not grant.owner:
        msg = "only the owner gives consent"
        raise RuntimeError(msg)


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
