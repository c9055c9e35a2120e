"""What the person says of himself: taken down, taken back, and what that changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pierre_mcp.errors import DemoStoreError
from pierre_mcp.model.athlete import Fact, Kind, Origin, Seen
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.telling import SELF, Said, changes, value_on
from pierre_mcp.store import athlete, people
from pierre_mcp.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the person says, and what he takes back first.

    Attributes:
        values: What he says, of each kind, in the kind's own unit.
        since: Local day from which on it holds, ``YYYY-MM-DD``.
        unsaid: The kinds of which he takes back what he said.
        only: The one day since when he said what he takes back; None: all of it.
    """

    values: dict[Kind, float] = field(default_factory=dict)
    since: str
    unsaid: frozenset[Kind] = frozenset()
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The value of a kind that counts on the day, before and after; None: unknown."""

    kind: Kind
    before: float | None
    after: float | None


def say(tx: Tx, grant: Grant, word: Word, *, keep: bool = True) -> Sequence[Change]:
    """Take the person's word down and return what changes on the day it is since.

    Args:
        tx: A writing transaction, unless nothing is kept.
        grant: The owner's.
        word: Its values are plausible.
        keep: False: only tell what would change.

    Raises:
        DemoStoreError: The store is a demo's.
        RuntimeError: The grant is a recipient's.
    """
    if people.is_demo(tx):
        raise DemoStoreError
    held = list(athlete.seen(tx, grant))
    was, becomes = changes(held), changes(_after(held, word))
    if keep:
        _keep(tx, grant, word)
    return [
        Change(
            kind,
            value_on(was.get(kind, ()), word.since),
            value_on(becomes.get(kind, ()), word.since),
        )
        for kind in Kind
        if kind in word.values or kind in word.unsaid
    ]


def _keep(tx: Tx, grant: Grant, word: Word) -> None:
    for kind in word.unsaid:
        athlete.unsay(tx, grant, kind, word.only)
    for new in _new(word):
        athlete.say(tx, grant, new.fact, word.since)


def _after(held: Sequence[Said], word: Word) -> Sequence[Said]:
    new = [(SELF, seen) for seen in _new(word)]
    return [one for one in held if not _goes(word, *one)] + new


def _goes(word: Word, source: str, seen: Seen) -> bool:
    if source != SELF:
        return False
    day, kind = seen.first_day, seen.fact.kind
    unsaid = kind in word.unsaid and word.only in {None, day}
    return unsaid or (kind in word.values and day == word.since)


def _new(word: Word) -> Sequence[Seen]:
    return [
        Seen(
            fact=Fact(kind=kind, value=value, origin=Origin.SELF),
            first_day=word.since,
            last_day=word.since,
        )
        for kind, value in word.values.items()
    ]
