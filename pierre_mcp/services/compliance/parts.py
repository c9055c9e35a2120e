"""The tables that several documents have."""

from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Purpose
from pierre_mcp.policy.bundles import MEANING
from pierre_mcp.policy.levels import HEALTH
from pierre_mcp.services.compliance import measures
from pierre_mcp.services.compliance.markdown import bullets, plain, table
from pierre_mcp.services.compliance.practice import Practice, Receiver

PURPOSES = {
    Purpose.INSIGHTS: "answering questions about past and present training",
    Purpose.PREDICTIONS: "predicting performances",
}

_HELD = MEANING | {
    Category.LOCATION: "where you went, and how high: kept as recorded, and made "
    "coarse by the recipient's level when it leaves"
}

FILL_IN = "*to be filled in by whoever answers for this store*"


def preface(p: Practice) -> str:
    """Return what every document begins with."""
    view = (
        "It tells of the whole store."
        if p.whole
        else "It is the copy for one recipient: it tells what that one may read, and "
        "not what there is."
    )
    return (
        f"Written by pierre-mcp {p.version} on {p.day} from the running configuration "
        f"of this store. {view} It is a record of what the program does, and not legal "
        "advice."
    )


def categories(p: Practice) -> str:
    """Return the categories there are, or that may be read, with how long kept."""
    return table(
        ("category", "what it is", "special (health)", "from", "entries", "kept"),
        (
            (
                category,
                _HELD[category],
                "yes" if category in HEALTH else "no",
                _sources(p, category),
                _entries(p, category),
                kept(p, category),
            )
            for category in p.categories
        ),
    )


def kept(p: Practice, category: Category) -> str:
    """Return how long what is of a category is kept."""
    days = p.retention.get(category)
    return f"{days} days" if days else "until the person deletes it"


def receivers(p: Practice) -> str:
    """Return the recipients with consents in force."""
    return table(
        ("recipient", "may read", "for", "privacy level", "until"),
        (
            (
                f"{one.label}, and the provider of its model",
                read_by(one),
                ", ".join(one.purposes) or "nothing worked out",
                one.level,
                one.until.date() if one.until else "withdrawn",
            )
            for one in p.receivers
        ),
    )


def read_by(one: Receiver) -> str:
    """Return what a recipient may read, by source."""
    sources = sorted({source for source, _ in one.pairs})
    told = (
        f"{source}: {', '.join(c for s, c in one.pairs if s == source)}"
        for source in sources
    )
    return "; ".join(told) or "nothing"


def protection(p: Practice) -> str:
    """Return every measure with how it stands."""
    return table(("measure", "what it does", "here"), measures.rows(p))


def disclosed(p: Practice) -> str:
    """Return what left for whom, as far as the log tells."""
    if not p.whole:
        return "What left for others is told to the person alone."
    if p.disclosed is None:
        return f"The log was changed from outside: see `{p.command} audit verify`."
    return table(
        ("recipient", "category", "from", "answers", "first", "last"),
        (
            (
                one.recipient,
                one.category,
                one.source,
                one.answers,
                one.first_at.date(),
                one.last_at.date(),
            )
            for one in p.disclosed
            if one.category
        ),
    )


def purposes(p: Practice) -> str:
    """Return the purposes, and what the person objects to."""
    lines = [f"`analytics:{name}`: {words}" for name, words in PURPOSES.items()]
    lines += [f"**objected to**: `{plain(block)}`" for block in p.objections]
    return bullets(lines)


def _sources(p: Practice, category: Category) -> str:
    if p.whole:
        found = {of.source for of in p.held if category in of.counts}
    else:
        found = {s for one in p.receivers for s, c in one.pairs if c is category}
    return ", ".join(sorted(found))


def _entries(p: Practice, category: Category) -> str:
    if not p.whole:
        return "not told"
    return str(sum(of.counts.get(category, 0) for of in p.held))
