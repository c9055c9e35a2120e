"""How much is held of each category, by source: counts and days, no value."""

from dataclasses import dataclass

from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Tx

_RECORDINGS = """
    SELECT source, min(local_day), max(local_day), count(*),
        count(heart_rate), count(power), count(location), count(notes)
    FROM recordings WHERE tenant = ? AND person = ? GROUP BY source ORDER BY source
"""
_ATHLETE = """
    SELECT source, category, count(*) FROM athlete
    WHERE tenant = ? AND person = ? GROUP BY source, category
"""
_GEAR = """
    SELECT source, count(*) FROM gear
    WHERE tenant = ? AND person = ? GROUP BY source
"""
_COUNTED = (
    Category.ACTIVITIES,
    Category.HEART_RATE,
    Category.POWER,
    Category.LOCATION,
    Category.NOTES,
)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one source.

    Attributes:
        first_day: Of its recordings, ``YYYY-MM-DD``; None where it has none.
        counts: How many recordings, facts or pieces of gear tell of a category.
    """

    source: str
    first_day: str | None
    last_day: str | None
    counts: dict[Category, int]


def holdings(tx: Tx, grant: Grant) -> list[Holding]:
    """Return what is held, by source; for the owner only.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    grant.check()
    if not grant.owner:
        msg = "a recipient is not told what there is"
        raise RuntimeError(msg)
    who = (grant.tenant, grant.person)
    found: dict[str, Holding] = {}
    for source, first, last, *counts in tx.execute(_RECORDINGS, who):
        told = dict(zip(_COUNTED, counts, strict=True))
        found[source] = Holding(
            source, first, last, {c: n for c, n in told.items() if n}
        )
    others = [(s, Category(c), n) for s, c, n in tx.execute(_ATHLETE, who)]
    others += [(s, Category.PROFILE, n) for s, n in tx.execute(_GEAR, who)]
    for source, category, count in others:
        held = found.setdefault(source, Holding(source, None, None, {}))
        held.counts[category] = held.counts.get(category, 0) + count
    return [found[source] for source in sorted(found)]
