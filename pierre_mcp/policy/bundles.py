"""Bundles: what a person types for a set of scopes. The scopes are what is stored.

``training`` is what most questions need: summaries, heart rate, power and profile of
every imported source, insights from them, and every tool that reads. It leaves out
places, names and free text, sleep and body: each is added by name.
"""

from collections.abc import Collection, Container, Iterable

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Purpose, Scope
from pierre_mcp.policy.consent import pairs_held
from pierre_mcp.policy.telling import SELF

TRAINING = (
    Category.ACTIVITIES,
    Category.HEART_RATE,
    Category.POWER,
    Category.PROFILE,
)
EXTRAS = tuple(c for c in Category if c not in TRAINING)

MEANING = {
    Category.ACTIVITIES: (
        "what you did: sport, day, duration, distance, climb, laps, speed and cadence"
    ),
    Category.HEART_RATE: "your heart rate in it, at rest, at threshold and at most",
    Category.POWER: "your power in it and at threshold",
    Category.PROFILE: "your gear, year of birth, sex and time zone",
    Category.LOCATION: (
        "where you went, to about 1 km, and how high, without the first and last 500 m"
    ),
    Category.SLEEP: "your sleep",
    Category.BODY: "your weight and body measurements",
    Category.NOTES: "names and notes you gave your activities",
}
"""Each category in plain words, for the consent dialogue."""


def training(
    recipient: str,
    *,
    sources: Iterable[str],
    tools: Collection[str],
    extras: Collection[Category] = (),
) -> tuple[Scope, ...]:
    """Return the scopes of the ``training`` bundle, in the order they are shown.

    Args:
        recipient: Who is to receive answers.
        sources: The sources imported so far.
        tools: Every tool that reads.
        extras: Categories added by name, as ``--with notes,location`` does.
    """
    categories = [c for c in Category if c in TRAINING or c in extras]
    return (
        *(scopes.access(s, c) for s in sorted(sources) for c in categories),
        scopes.processing(Purpose.INSIGHTS),
        scopes.share(recipient),
        *(scopes.tool(name) for name in sorted(tools)),
    )


def lacking_tools(
    recipient: str, *, held: Container[Scope], tools: Collection[str]
) -> tuple[Scope, ...]:
    """Return the tools of the bundle that are not held by one who holds some of it.

    Args:
        recipient: Who holds.
        held: What is in force for it.
        tools: Every tool that reads.
    """
    scoped = [scopes.tool(name) for name in sorted(tools)]
    lacking = tuple(scope for scope in scoped if scope not in held)
    begun = scopes.share(recipient) in held and len(lacking) < len(scoped)
    return lacking if begun else ()


def lacking_own(
    recipient: str, *, held: Collection[Scope], said: Collection[Category]
) -> tuple[Scope, ...]:
    """Return what is not held of the person's own word by one who reads the like of it.

    Args:
        recipient: Who holds.
        held: What is in force for it.
        said: The categories in which the person said something himself.
    """
    if scopes.share(recipient) not in held:
        return ()
    read = {category for source, category in pairs_held(held) if source != SELF}
    own = (scopes.access(SELF, c) for c in Category if c in said and c in read)
    return tuple(scope for scope in own if scope not in held)
