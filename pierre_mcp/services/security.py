"""What ``security`` shows its owner: counters, who is held back, and what was raised.

The counters are those of the security guide. One whose source there is not yet reads
``not_applicable``, never 0: nobody logs in to a store on the person's own machine.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from pierre_mcp.errors import LockPassphraseWrongError
from pierre_mcp.model.audit import Event
from pierre_mcp.model.behaviour import STORE, TOGETHER
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.behaviour import standing
from pierre_mcp.policy.holds import Hold
from pierre_mcp.services import watching
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store import alerts, audit, monitor
from pierre_mcp.store.alerts import ListedAlert
from pierre_mcp.store.database import Tx

Count: TypeAlias = int | Literal["not_applicable"]
NOT_APPLICABLE: Final = "not_applicable"
RECENT: Final = timedelta(days=7)

_WITHOUT_SOURCE: Final = (Event.LOGIN_SUCCESS, Event.LOGIN_FAILURE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A recipient that is watched, and how it stands.

    Attributes:
        score: 0 to 100: the sum of what was raised of it within a day.
        slowed_until: UTC; None while it is not.
        refused_until: Likewise.
    """

    recipient: str
    score: int
    slowed_until: datetime | None
    refused_until: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The counters of a time, and how things stand now.

    Attributes:
        events: How often each event of the guide is in the log.
        risks: How many rows of each risk.
        released: How many answers were released to recipients.
        wrong_passphrases: Of the consent lock, which is all that there is to show who
            one is.
        violations: Other refusals, and what was found changed by others.
        last_scan: UTC; None where nothing was looked through yet.
        recipients: Those with a score, or held back.
        raised: The alerts of that time, oldest first.
    """

    since: datetime
    events: Mapping[str, Count]
    risks: Mapping[str, int]
    released: int
    wrong_passphrases: int
    violations: int
    last_scan: datetime | None
    recipients: tuple[HeldBack, ...]
    raised: tuple[ListedAlert, ...]

    def guide(self) -> dict[str, object]:
        """Return the counters by the names the guide gives them."""
        return {
            "suspicious_logins": NOT_APPLICABLE,
            "failed_auth_attempts": self.wrong_passphrases,
            "data_access_violations": self.violations,
            "rate_limit_exceeded": self.events[Event.RATE_LIMIT_EXCEEDED],
            "tokens_generated": self.events[Event.TOKEN_GENERATED],
            "data_accesses": self.released,
            "suspicious_activities": self.events[Event.SUSPICIOUS_ACTIVITY],
            "last_security_scan": self.last_scan,
        }


def overview(tx: Tx, grant: Grant, *, days: int = 1) -> Overview:
    """Count what the log has of the last days, and say how things stand."""
    now = grant.here.now
    since, now_s = now - timedelta(days=days), int(now.timestamp())
    events, risks, released, wrong = Counter[str](), Counter[str](), 0, 0
    for row in monitor.since(tx, audit.micros(since)):
        events[row["event"]] += 1
        risks[row["risk"]] += 1
        wrong += row["code"] == LockPassphraseWrongError.code
        released += row["outcome"] == "released" and row["caller"] == "recipient"
    memory, holds = watching.memory_of(tx, grant), watching.holds_of(tx, grant)
    names = {*memory.habits, *holds} - {STORE, TOGETHER}
    scores = {
        name: standing(memory.habits[name], now_s) if name in memory.habits else 0
        for name in sorted(names)
    }
    held = (_held(name, scores[name], holds.get(name), now_s) for name in scores)
    return Overview(
        since=since,
        events=_counts(events),
        risks=dict(risks),
        released=released,
        wrong_passphrases=wrong,
        violations=max(0, events[Event.UNAUTHORISED_ACCESS] - wrong),
        last_scan=_at(memory.at_s) if memory.at_s else None,
        recipients=tuple(
            one for one in held if one.score or one.slowed_until or one.refused_until
        ),
        raised=tuple(one for one in alerts.listed(tx, grant) if one.alert.at > since),
    )


def check(tx: Tx, grant: Grant) -> Check:
    """Tell what was raised in the last days, and who is held back."""
    name = "suspicious activity"
    found = overview(tx, grant, days=RECENT.days)
    held = [o.recipient for o in found.recipients if o.slowed_until or o.refused_until]
    if not found.raised and not held:
        return Check(name, Verdict.OK, f"none in {RECENT.days} days")
    words = f"{len(found.raised)} raised in {RECENT.days} days"
    if held:
        words += f"; held back: {', '.join(held)}"
    return Check(
        name, Verdict.WARN, words, f"See: {grant.here.command} security events"
    )


def _counts(events: Mapping[str, int]) -> dict[str, Count]:
    counts: dict[str, Count] = {event.value: events.get(event, 0) for event in Event}
    return counts | dict.fromkeys(_WITHOUT_SOURCE, NOT_APPLICABLE)


def _held(name: str, score: int, hold: Hold | None, now_s: int) -> HeldBack:
    hold = hold or Hold()
    return HeldBack(
        recipient=name,
        score=score,
        slowed_until=_at(hold.slowed_until_s) if hold.slows(now_s) else None,
        refused_until=_at(hold.refused_until_s) if hold.refuses(now_s) else None,
    )


def _at(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=int(seconds))
