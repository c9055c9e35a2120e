"""One look through the log for misuse: what is remembered, raised, and slowed.

``begin`` and ``end`` are the two halves of one writing step of the gate's, which in
between records each alert in the log. Two servers that look at once take turns, and the
second finds nothing new.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json

from pierre_mcp.errors import (
    SealBrokenError,
    ThresholdUnknownError,
    ThresholdValueError,
)
from pierre_mcp.model.alert import Alert, Reason
from pierre_mcp.model.behaviour import Finding, Seen
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.memory import Memory
from pierre_mcp.policy.behaviour import MOST_TIMES, look_through, standing
from pierre_mcp.policy.holds import Hold, hold_of
from pierre_mcp.policy.rules import RULE, Limits, week_of, weeks_of
from pierre_mcp.store import alerts, audit, monitor, people
from pierre_mcp.store.alerts import ListedAlert
from pierre_mcp.store.database import Tx

ROWS_A_LOOK = 200
"""What one step takes in at most: it holds the store for some milliseconds."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look before it is ended.

    Attributes:
        drafts: What is to be raised; they have no row in the log yet.
        rows: How many of the person's were looked at.
        more: Whether rows are left to look at.
    """

    memory: Memory
    drafts: tuple[Alert, ...]
    rows: int
    more: bool


def waits(tx: Tx, who: Identity | None, looked_to: int) -> bool:
    """Tell whether there are rows beyond the one that was looked at last."""
    return who is not None and monitor.newest(tx) > looked_to


def begin(tx: Tx, maintenance: Maintenance, who: Identity, *, now: datetime) -> Looked:
    """Look at the next rows of the log, and judge them."""
    memory, newest = _memory(tx, who), monitor.newest(tx)
    memory.at_s = int(now.timestamp())
    _forget_names(memory, audit.name_of(tx.ring, who))
    upto, rows = monitor.rows_after(tx, maintenance, who, memory.seq, ROWS_A_LOOK)

    @lru_cache
    def held() -> int:
        days = monitor.days_held(tx, maintenance, who)
        return len({week_of(date.fromisoformat(day).toordinal()) for day in days})

    zone = ZoneInfo(people.profile(tx, who).zone)
    limits = limits_of(tx, who)
    found = look_through(memory, map(_seen, rows), limits, zone=zone, held=held)
    memory.seq = upto
    drafts = tuple(_drafts(memory, found, limits, now))
    return Looked(memory, drafts, len(rows), more=upto < newest)


def keep(
    tx: Tx, maintenance: Maintenance, who: Identity, draft: Alert, row: int
) -> ListedAlert:
    """Keep an alert that stands in the log by now, and slow whom it slows."""
    made = alerts.add(tx, maintenance, who, draft.model_copy(update={"row": row}))
    for recipient in draft.recipients if draft.slowed else ():
        name = monitor.HOLD + recipient
        hold = hold_of(monitor.read(tx, who, name)).slowed(draft.at.timestamp())
        monitor.put(tx, who, name, hold.as_bytes())
    return made


def end(tx: Tx, who: Identity, looked: Looked, upto: int) -> None:
    """Remember what was learnt, and how far the log was looked through."""
    looked.memory.seq = upto
    plain = to_json(looked.memory.model_dump(exclude_defaults=True))
    monitor.put(tx, who, monitor.MEMORY, plain)


def limits_of(tx: Tx, who: Identity | Grant) -> Limits:
    """Return the thresholds in force."""
    plain = monitor.read(tx, who, monitor.THRESHOLDS)
    return Limits({} if plain is None else from_json(plain))


def set_threshold(tx: Tx, grant: Grant, name: str, value: int | None) -> Limits:
    """Set one threshold, or leave it to the default; return those in force.

    Raises:
        ConsentLockedError: The lock is on, and the grant is not signed under it.
        ThresholdUnknownError: There is none of that name.
        ThresholdValueError: It may not be set so.
    """
    grant.check_widens()
    try:
        limits = limits_of(tx, grant).with_one(name, value)
    except KeyError:
        raise ThresholdUnknownError from None
    except ValueError:
        raise ThresholdValueError from None
    monitor.put(tx, grant, monitor.THRESHOLDS, to_json(dict(limits.chosen)))
    return limits


def lift(tx: Tx, grant: Grant, recipient: str | None) -> tuple[str, ...]:
    """Let a recipient, or each, call as fast as before; return who was held back.

    What was raised stays in the log and among the alerts, and counts no more: it is
    raised again when it has grown by half.

    Raises:
        ConsentLockedError: The lock is on, and the grant is not signed under it.
    """
    grant.check_widens()
    now_s, lifted = grant.here.now.timestamp(), []
    for name, plain in monitor.holds(tx, grant).items():
        if recipient in {None, name}:
            hold = hold_of(plain)
            monitor.drop(tx, grant, monitor.HOLD + name)
            if hold.slows(now_s) or hold.refuses(now_s):
                lifted.append(name)
    memory = _memory(tx, Identity(grant.tenant, grant.person))
    for name, habits in memory.habits.items():
        if recipient in {None, name}:
            for rule, raised in habits.raised.items():
                habits.raised[rule] = raised.model_copy(update={"score": 0})
    plain = to_json(memory.model_dump(exclude_defaults=True))
    monitor.put(tx, grant, monitor.MEMORY, plain)
    return tuple(lifted)


def memory_of(tx: Tx, grant: Grant) -> Memory:
    """Return what is remembered, for its owner to see."""
    grant.check()
    return _memory(tx, Identity(grant.tenant, grant.person))


def holds_of(tx: Tx, grant: Grant) -> dict[str, Hold]:
    """Return how each recipient is held back."""
    grant.check()
    return {name: hold_of(plain) for name, plain in monitor.holds(tx, grant).items()}


def _memory(tx: Tx, who: Identity) -> Memory:
    """Return what is remembered; where nothing can be, it is learnt from the log."""
    try:
        plain = monitor.read(tx, who, monitor.MEMORY)
    except SealBrokenError:
        plain = None
    if plain is None:
        return Memory(seq=max(0, monitor.newest(tx) - monitor.LOOKED_BACK))
    return Memory.model_validate_json(plain)


def _forget_names(memory: Memory, named: str) -> None:
    """Know no client by its name any more, where digests are made by other keys."""
    if memory.named not in {"", named}:
        for habits in memory.habits.values():
            habits.clients, habits.greetings = [], 0
    memory.named = named


def _drafts(
    memory: Memory, found: list[Finding], limits: Limits, now: datetime
) -> Iterator[Alert]:
    found.sort(key=lambda one: one.recipients)
    for recipients, group in groupby(found, key=lambda one: one.recipients):
        these = list(group)
        score = _score(memory, recipients, these)
        yield Alert(
            at=now.astimezone(UTC),
            recipients=recipients,
            score=score,
            reasons=tuple(map(_reason, these)),
            slowed=bool(recipients) and score >= limits.of("slow_at"),
            first_seq=min(one.seq for one in these),
            row=0,
        )


def _score(memory: Memory, recipients: tuple[str, ...], found: list[Finding]) -> int:
    if not recipients:
        return min(100, sum(one.score for one in found))
    return max(standing(memory.habits[name], memory.at_s) for name in recipients)


def _reason(found: Finding) -> Reason:
    many = " or more" if found.measure >= MOST_TIMES * found.limit else ""
    words = RULE[found.rule].says.format(f"{found.measure}{many}")
    if found.after_names:
        words += ", after names and notes in the same session"
    return Reason(
        rule=found.rule, measure=found.measure, limit=found.limit, words=words
    )


def _seen(row: Mapping[str, Any]) -> Seen:
    return Seen(
        seq=row["seq"],
        at_s=row["at_us"] // 1_000_000,
        caller=row["caller"],
        recipient=row["recipient"],
        action=row["action"],
        event=row["event"],
        outcome=row["outcome"],
        code=row["code"],
        session=row["session"],
        asked=row["arguments"],
        may_hold=frozenset(pair.partition(":")[2] for pair in row["opened"]),
        weeks=weeks_of(row.get("weeks", "")),
    )
