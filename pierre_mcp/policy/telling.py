"""What is told of the athlete, out of what every source said: only the changes.

From the first day that he spoke of a kind himself, his own word counts alone; before
it, what the sources told stands. Of these each day has one value of a kind: the
preferred source's, and of several of its own the greatest, so that two devices that
were set differently do not take turns. A value equal to the one before is no news,
but that he said it himself is.

It depends on nothing but what was said on which day: in whatever order, and under
whatever imports, it came in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pierre_mcp.model.athlete import Kind, Seen, Told
from pierre_mcp.policy.folding import preference

SELF: Final = "self"

Said = tuple[str, Seen]
"""A source, and what it said."""


def changes(said: Iterable[Said]) -> Mapping[Kind, Sequence[Told]]:
    """Return the values of each kind that was told, newest first."""
    found: dict[Kind, list[Said]] = {}
    for source, seen in said:
        found.setdefault(seen.fact.kind, []).append((source, seen))
    return {kind: _changes(found[kind]) for kind in Kind if kind in found}


def value_on(told: Sequence[Told], day: str) -> float | None:
    """Return the value told on a day or last before it; None before the first.

    Args:
        told: The values of one kind, newest first.
        day: ``YYYY-MM-DD``.
    """
    return next((one.value for one in told if one.since <= day), None)


def _changes(said: Sequence[Said]) -> Sequence[Told]:
    own = _by_day(one for one in said if one[0] == SELF)
    others = _by_day(_whole(one for one in said if one[0] != SELF))
    begun = min(own, default=None)
    before = {day: of for day, of in others.items() if begun is None or day < begun}
    days = before | own
    news: list[Told] = []
    for day in sorted(days):
        told = min(days[day], key=_rank)
        if not news or news[-1].value != told.value or day == begun:
            news.append(told)
    return news[::-1]


def _by_day(said: Iterable[Said]) -> dict[str, list[Told]]:
    days: dict[str, list[Told]] = {}
    for source, seen in said:
        for day in (seen.first_day, seen.last_day):
            value, origin = seen.fact.value, seen.fact.origin
            told = Told(value=value, since=day, source=source, origin=origin)
            days.setdefault(day, []).append(told)
    return days


def _whole(said: Iterable[Said]) -> Iterable[Said]:
    """Join what several imports hold of one month."""
    joined: dict[tuple[str, str, str], Seen] = {}
    for source, seen in said:
        key = (source, seen.month, seen.fact.model_dump_json())
        joined[key] = seen.over(joined.get(key))
    return [(key[0], seen) for key, seen in joined.items()]


def _rank(told: Told) -> tuple[tuple[int, str], float, str]:
    return preference(told.source), -told.value, told.origin
