"""Consent, weighed: what a person's policy lets one call have, now.

What the person objects to is refused, whatever is consented to. Else a call is refused
when sharing with the recipient, running the tool, or a purpose of it is not consented
to, or when no requested source holds the tool's one required category. Everything else
that lacks is withheld: the answer goes out without it and says so. What was given upon
an older notice than the current one does not count. ``withheld`` is computed from what
the tool declares and the policy holds, and from nothing else, so it tells nothing about
whether data exists.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Pair, Scope
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy import objections
from pierre_mcp.policy.levels import WITHHELD
from pierre_mcp.policy.notices import CURRENT


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for.

    Attributes:
        recipient: Whom the answer would go to.
        tool: The tool's name.
        source: The one source asked for, or None for every source the recipient
            holds any scope of.
        level: At which it would go out; some categories are not read at some levels.
    """

    recipient: str
    tool: str
    source: str | None
    level: Level = Level.MEDIUM


@dataclass(frozen=True, slots=True)
class Covered:
    """It may run, and open these pairs.

    Attributes:
        pairs: What may be opened.
        withheld: What the tool would open and may not, in a fixed order.
        guards: The sources whose places this recipient may read at all.
        until: The first instant at which this no longer holds; None while open-ended.
    """

    pairs: frozenset[Pair]
    withheld: tuple[Pair, ...]
    until: datetime | None
    guards: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lacking:
    """It may not run.

    Attributes:
        missing: Every scope the call lacks, where that can be said; empty when no
            source was named and none is known, and then the bundle is the answer.
        outdated: All of it was given, upon a notice that has changed since.
    """

    missing: tuple[Scope, ...]
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Objected:
    """It may not run, whatever is consented to.

    Attributes:
        words: What the person objects to, of what it would do.
    """

    words: tuple[str, ...]


_EARLIEST = datetime.min.replace(tzinfo=UTC)
_RANK = {category: rank for rank, category in enumerate(Category)}

Verdict: TypeAlias = Covered | Lacking | Objected


def counting(
    mine: RecipientPolicy, *, now: datetime, notice: int = CURRENT.version
) -> dict[Scope, Held]:
    """Return the scopes that count: in force, and given upon the current notice."""
    return {s: h for s, h in mine.in_force(now).items() if h.notice >= notice}


def outdated(
    mine: RecipientPolicy, *, now: datetime, notice: int = CURRENT.version
) -> tuple[Scope, ...]:
    """Return what would count, had the notice not changed since it was given."""
    return tuple(s for s, h in mine.in_force(now).items() if h.notice < notice)


def weigh(
    policy: Policy,
    terms: Terms,
    asked: Asked,
    *,
    now: datetime,
    notice: int = CURRENT.version,
) -> Verdict:
    """Weigh what a person consents to against what a call needs.

    The same policy comes with call after call, and weighs the same until one of its
    scopes begins or ends.
    """
    mine = policy.of(asked.recipient)
    since = _since(mine, now)
    return _weigh(mine, tuple(policy.blocks), terms, asked, since, notice)


def _since(mine: RecipientPolicy, now: datetime) -> datetime:
    """Return the last moment up to ``now`` at which any scope began or ended.

    Between two such moments the same scopes count, so one verdict holds from the first
    of them to just before the second.
    """
    turns = _turns(mine)
    return turns[bisect_right(turns, now) - 1]


@lru_cache(maxsize=16)
def _turns(mine: RecipientPolicy) -> tuple[datetime, ...]:
    """Return the moments at which scopes begin or end, in order, after a first one."""
    held = mine.scopes.values()
    moments = {h.given_at for h in held} | {h.expires_at for h in held}
    return (_EARLIEST, *sorted(at for at in moments if at is not None))


@lru_cache(maxsize=64)
def _weigh(
    mine: RecipientPolicy,
    blocks: tuple[str, ...],
    terms: Terms,
    asked: Asked,
    now: datetime,
    notice: int,
) -> Verdict:
    held = counting(mine, now=now, notice=notice)
    if against := objections.against(blocks, terms, asked.recipient):
        # What needs nothing says so, and no more.
        shown = Covered(frozenset(), (), _until(held))
        return shown if terms.needs_nothing else Objected(against)
    verdict = _of_scopes(frozenset(held), terms, asked)
    if isinstance(verdict, Lacking):
        old = outdated(mine, now=now, notice=notice)
        return replace(verdict, outdated=bool(old) and set(verdict.missing) <= set(old))
    return replace(verdict, until=_until(held))


def _of_scopes(held: frozenset[Scope], terms: Terms, asked: Asked) -> Covered | Lacking:
    """Weigh the scopes that count; when they end is the caller's to say."""
    sources = _sources(held, asked.source)
    wanted = _order((s, c) for s in sources for c in terms.opens)
    never = WITHHELD[asked.level]
    pairs = frozenset(
        p for p in wanted if p[1] not in never and scopes.access(*p) in held
    )
    if terms.needs_nothing:
        known = frozenset(p for p in pairs_held(held) if p[1] not in never)
        return Covered(known, (), None)
    missing = [s for s in _always(terms, asked) if s not in held]
    if terms.required is not None and all(c is not terms.required for _, c in pairs):
        if not sources:
            return Lacking(())
        missing += [scopes.access(s, terms.required) for s in sorted(sources)]
    if missing:
        return Lacking(tuple(missing))
    withheld = tuple(p for p in wanted if p not in pairs)
    guards = frozenset(s for s, c in pairs_held(held) if c is Category.LOCATION)
    return Covered(pairs, withheld, None, guards)


def _always(terms: Terms, asked: Asked) -> list[Scope]:
    purposes = sorted(terms.purposes)
    return [
        *(scopes.processing(p) for p in purposes),
        scopes.share(asked.recipient),
        scopes.tool(asked.tool),
    ]


def _sources(held: Iterable[Scope], named: str | None) -> frozenset[str]:
    if named is not None:
        return frozenset({named})
    return frozenset(source for source, _ in pairs_held(held))


def pairs_held(held: Iterable[Scope]) -> frozenset[Pair]:
    """Return the access pairs among scopes."""
    pairs = (scopes.pair_of(scope) for scope in held)
    return frozenset(pair for pair in pairs if pair is not None)


def _order(pairs: Iterable[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: (pair[0], _RANK[pair[1]]))


def _until(held: Mapping[Scope, Held]) -> datetime | None:
    ends = (h.expires_at for h in held.values())
    return min((end for end in ends if end is not None), default=None)
