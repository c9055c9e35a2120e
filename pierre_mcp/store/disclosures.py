"""What left for whom: the released answers of the audit log, summed as they are read.

Only what was released to a recipient counts: no refusal, no preview, and nothing that
the person asked for himself. Of a person who was erased before nothing is told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic_core import from_json

from pierre_mcp.model.disclosure import Disclosure
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import audit
from pierre_mcp.store.database import Tx

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_US: Final = 1 << 62
_NO_CATEGORY: Final = (":",)

# An entry is our own compact JSON, in which a quote within a word is escaped.
_RELEASED = """
    SELECT CAST(entry AS BLOB) FROM audit
     WHERE seq > ?
       AND instr(CAST(entry AS BLOB), CAST('"outcome":"released"' AS BLOB))
     ORDER BY seq
"""


@dataclass(slots=True)
class _Sum:
    first: dict[str, Any]
    last: dict[str, Any]
    answers: int = 0
    levels: set[str] = field(default_factory=set)

    def add(self, row: dict[str, Any]) -> None:
        self.last = row
        self.answers += 1
        if level := row.get("level"):
            self.levels.add(level)


def summed(
    tx: Tx,
    maintenance: Maintenance,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    recipient: str | None = None,
) -> list[Disclosure]:
    """Return what left, by recipient, source and category, in this order.

    Args:
        tx: The snapshot in which the log was verified.
        maintenance: From the gate.
        since: The first moment that counts; all of them where None.
        until: The first moment after it that does not; none where None.
        recipient: The only one that counts; all of them where None.
    """
    begun = max(audit.done(tx, maintenance, audit.ERASE), default=0)
    from_us = 0 if since is None else audit.micros(since)
    to_us = _NEVER_US if until is None else audit.micros(until)
    return _sums(_rows(tx, begun), range(from_us, to_us), recipient)


def _sums(
    rows: Iterable[dict[str, Any]], span_us: range, recipient: str | None
) -> list[Disclosure]:
    sums: dict[tuple[str, str], _Sum] = {}
    for row in rows:
        whose = row["recipient"]
        if not whose or row["at_us"] not in span_us or recipient not in {None, whose}:
            continue
        # Of a row only these few facts are kept, however many rows there are.
        facts = {name: row.get(name) for name in ("at_us", "policy_epoch", "level")}
        for pair in row["opened"] or _NO_CATEGORY:
            sums.setdefault((whose, pair), _Sum(facts, facts)).add(facts)
    return [_disclosure(*key, sums[key]) for key in sorted(sums)]


def _rows(tx: Tx, begun: int) -> Iterator[dict[str, Any]]:
    return (from_json(entry) for (entry,) in tx.execute(_RELEASED, (begun,)))


def _disclosure(recipient: str, pair: str, one: _Sum) -> Disclosure:
    source, _, category = pair.partition(":")
    return Disclosure(
        recipient=recipient,
        source=source,
        category=category,
        answers=one.answers,
        first_at=_EPOCH + timedelta(microseconds=one.first["at_us"]),
        last_at=_EPOCH + timedelta(microseconds=one.last["at_us"]),
        first_epoch=one.first["policy_epoch"],
        last_epoch=one.last["policy_epoch"],
        levels=tuple(sorted(one.levels)),
    )
