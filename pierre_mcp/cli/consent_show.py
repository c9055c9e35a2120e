"""``pierre-mcp consent show`` and ``list``: what is in force, in words and by scope."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pierre_mcp.cli.consent_options import To
from pierre_mcp.cli.session import (
    AsJson,
    command,
    current,
    say,
    say_json,
    say_table,
)
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Kind, Scope
from pierre_mcp.policy.consent import counting, outdated
from pierre_mcp.policy.levels import IN_WORDS
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.wording import count, listed

_NONE: Final = "No consents. Give one with: {} consent"


def show(to: To = None, as_json: AsJson = False) -> None:
    """Show what each assistant may have now, at which level, and for how long."""
    label = None if to is None else scopes.check_label(to)
    policy, now = current().look("consent show", _policy)
    chosen = {
        recipient: mine
        for recipient, mine in sorted(policy.recipients.items())
        if label in {None, recipient}
    }
    told = [_told(recipient, mine, now) for recipient, mine in chosen.items()]
    told = [one for one in told if one["scopes"] or one["outdated"]]
    if as_json:
        say_json({"recipients": told, "objections": policy.blocks})
        return
    if not told:
        say(_NONE.format(command()))
    for one in told:
        _say(one)
    if policy.blocks:
        say(f"You object to: {', '.join(policy.blocks)}. Consent does not count there.")


def list_(as_json: AsJson = False) -> None:
    """List every consent, in force or expired."""
    policy, now = current().look("consent list", _policy)
    rows = [
        {
            "recipient": recipient,
            "scope": scope,
            "given_at": held.given_at,
            "expires_at": held.expires_at,
            "in_force": scope in counting(mine, now=now),
        }
        for recipient, mine in sorted(policy.recipients.items())
        for scope, held in mine.scopes.items()
    ]
    if as_json:
        say_json(rows)
    elif not rows:
        say(_NONE.format(command()))
    else:
        say_table(
            ("recipient", "scope", "until", "in force"),
            [
                (r["recipient"], r["scope"], _day(r["expires_at"]), _yes(r["in_force"]))
                for r in rows
            ],
        )


def _policy(tx: Tx, grant: Grant) -> tuple[Policy, datetime]:
    return policies.read(tx, grant).policy, grant.here.now


def _told(recipient: str, mine: RecipientPolicy, now: datetime) -> dict[str, Any]:
    held = counting(mine, now=now)
    ends = [h.expires_at for h in held.values() if h.expires_at is not None]
    return {
        "recipient": recipient,
        "level": mine.level or Level.MEDIUM,
        "level_chosen": mine.level is not None,
        "scopes": list(held),
        "outdated": list(outdated(mine, now=now)),
        "notices": sorted({h.notice for h in mine.in_force(now).values()}),
        "given_at": max((h.given_at for h in held.values()), default=None),
        "first_expires_at": min(ends, default=None),
        "days_left": _days_left(held, now),
        "shared": scopes.share(recipient) in held,
    }


def _days_left(held: Mapping[Scope, Held], now: datetime) -> int | None:
    """Return the whole days until the first of them ends; None while none does."""
    ends = [h.expires_at for h in held.values() if h.expires_at is not None]
    return (min(ends) - now) // timedelta(days=1) if ends else None


def _say(one: Mapping[str, Any]) -> None:
    recipient, held = one["recipient"], one["scopes"]
    level = one["level"]
    say(f"{recipient}, at privacy level {level}: {'; '.join(IN_WORDS[level])}.")
    if held:
        for line in _in_words(held):
            say(f"  {line}")
        say(f"  {_until(one)} Given upon notice {listed(map(str, one['notices']))}.")
    if held and not one["shared"]:
        say("  Nothing leaves: sharing with it is not consented to.")
    if one["outdated"]:
        say(
            f"  {count(len(one['outdated']), 'scope')} given upon an older notice "
            f"{'do' if len(one['outdated']) > 1 else 'does'} not count until you run: "
            f"{command()} consent renew --to {recipient}"
        )


def _in_words(held: list[Scope]) -> list[str]:
    by_source: dict[str, list[str]] = {}
    for scope in held:
        pair = scopes.pair_of(scope)
        if pair is not None:
            by_source.setdefault(pair[0], []).append(pair[1])
    lines = [f"reads of {source}: {', '.join(of)}" for source, of in by_source.items()]
    for kind, words in ((Kind.PROCESSING, "for"), (Kind.EXECUTION, "by")):
        names = [s.partition(":")[2] for s in held if scopes.kind_of(s) is kind]
        if kind is Kind.EXECUTION and len(names) > 3:
            names = [count(len(names), "tool")]
        if names:
            lines.append(f"{words} {', '.join(names)}")
    return lines


def _until(one: Mapping[str, Any]) -> str:
    end, days = one["first_expires_at"], one["days_left"]
    if end is None:
        return "Open-ended."
    left = f"in {count(days, 'day')}" if days else "within a day"
    return f"The first of it ends on {end.date()}, {left}."


def _day(moment: object) -> str:
    return str(moment.date()) if isinstance(moment, datetime) else "open"


def _yes(value: object) -> str:
    return "yes" if value else "no"
