"""What the log tells of an incident: who asked for what, and what was open to whom.

Told from a log that was checked first, in one snapshot. A row belongs to it that is a
recipient's whom it concerns (anybody's, where it names none), that is grave, or under
which the person's consents, levels or objections had changed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from pierre_mcp.model.audit import Event, Finding, Risk
from pierre_mcp.model.disclosure import Disclosure
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.incident import Incident
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import disclosures, timeline
from pierre_mcp.store.database import Tx

MOST: Final = 500
"""Lines of a timeline: the newest; how many came before is said."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GRAVE: Final = {Event.SUSPICIOUS_ACTIVITY, Event.RATE_LIMIT_EXCEEDED}
_ALIKE: Final = ("recipient", "caller", "door", "action", "outcome", "code", "risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Rows of the log that follow one another and say the same.

    Attributes:
        recipient: Its label; empty where none asked.
        rows: How many there are, the first and the last among them.
    """

    first_seq: int
    last_seq: int
    first_at: datetime
    last_at: datetime
    rows: int
    recipient: str
    caller: str
    door: str
    action: str
    outcome: str
    code: str
    risk: str

    @property
    def answers(self) -> int:
        """How many answers left for a recipient."""
        return self.rows if self.recipient and self.outcome == "released" else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the log tells of a span of time.

    Attributes:
        start: UTC.
        end: UTC, not part of it; None while it goes on.
        left_out: How many earlier happenings there are.
        answers: How many answers left for whom it concerns.
        opened: What was open to the recipients it concerns, in answers that left.
    """

    start: datetime
    end: datetime | None
    happenings: tuple[Happening, ...]
    left_out: int
    answers: int
    opened: tuple[Disclosure, ...]


def drawn(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity | None,
    *,
    incident: Incident,
) -> Finding | Timeline:
    """Return the timeline of an incident, or the first thing wrong with the log."""
    found = verify_log(tx, maintenance, who)
    if isinstance(found, Finding):
        return found
    start, end = incident.from_at, incident.to_at
    rows = _concerning(timeline.between(tx, maintenance, start, end), incident)
    lines = [_happening(alike) for _, alike in groupby(rows, key=_alike)]
    opened = disclosures.summed(tx, maintenance, since=start, until=end)
    return Timeline(
        start=start,
        end=end,
        happenings=tuple(lines[-MOST:]),
        left_out=max(0, len(lines) - MOST),
        answers=sum(line.answers for line in lines),
        opened=tuple(one for one in opened if _names(incident, one.recipient)),
    )


def _concerning(
    rows: Iterable[dict[str, Any]], incident: Incident
) -> Iterator[dict[str, Any]]:
    from_us, epoch = (incident.from_at - _EPOCH) // timedelta(microseconds=1), None
    for row in rows:
        changed = epoch not in {None, row["policy_epoch"]}
        epoch = row["policy_epoch"]
        grave = row["risk"] == Risk.HIGH or row["event"] in _GRAVE
        its = bool(row["recipient"]) and _names(incident, row["recipient"])
        if row["at_us"] >= from_us and (changed or grave or its):
            yield row


def _names(incident: Incident, recipient: str) -> bool:
    return not incident.recipients or recipient in incident.recipients


def _alike(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in _ALIKE)


def _happening(alike: Iterator[dict[str, Any]]) -> Happening:
    first = last = next(alike)
    count = 1
    for row in alike:
        last, count = row, count + 1
    return Happening(
        first_seq=first["seq"],
        last_seq=last["seq"],
        first_at=_at(first),
        last_at=_at(last),
        rows=count,
        **{name: first[name] for name in _ALIKE},
    )


def _at(row: dict[str, Any]) -> datetime:
    return _EPOCH + timedelta(microseconds=row["at_us"])
