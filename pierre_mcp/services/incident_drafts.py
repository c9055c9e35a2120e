"""Drafts of the two notices of a breach, from what is known; what is not is said.

To the authority: what GDPR Art. 33(3) asks for, letter by letter, with reasons for a
delay (Art. 33(1)) and what is to follow in phases (Art. 33(4)). To the people
concerned: Art. 34(2), in plain language. Drafts: a person sends them, or does not.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from pierre_mcp.model.audit import Finding
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import (
    MOST_TEXT,
    Containment,
    Duty,
    EntryKind,
    Told,
)
from pierre_mcp.policy.breaches import ClockState
from pierre_mcp.policy.bundles import MEANING
from pierre_mcp.policy.levels import HEALTH
from pierre_mcp.services.compliance.markdown import bullets, plain, section, table
from pierre_mcp.services.compliance.parts import FILL_IN
from pierre_mcp.services.incident_timeline import Timeline
from pierre_mcp.services.incidents import Standing
from pierre_mcp.store.database import Tx
from pierre_mcp.store.holdings import holdings

CONSEQUENCES: Final[Mapping[Category, str]] = MappingProxyType(
    {
        Category.ACTIVITIES: "habits and times away from home can be read from it",
        Category.HEART_RATE: "it tells of the person's health",
        Category.POWER: "it tells of the person's bodily performance",
        Category.LOCATION: "home, work and usual ways can be read from it",
        Category.SLEEP: "it tells of the person's health and daily rhythm",
        Category.BODY: "it tells of the person's health",
        Category.NOTES: "names of people and places may be in it, in free text",
        Category.PROFILE: "age and sex can help to recognise the person",
    }
)
"""What somebody could make of each category."""

_DUTIES: Final = {
    Duty.UNDECIDED: "Whether it is owed was not decided yet",
    Duty.NOTIFY: "It is owed, because: ",
    Duty.NONE: "It was decided that it is not owed, because: ",
}
_OFFERED: Final = {
    Containment.WITHDRAW: "withdraw the consents of the recipients concerned",
    Containment.BLOCK: "block the recipients concerned",
    Containment.TOKENS: "end every consent token",
    Containment.KEYS: "replace every key",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an incident.

    Attributes:
        timeline: By the log; None where it was changed from outside, and tells nothing.
        held: How many entries there are of each category.
        contact: Who answers questions; empty where that was not said.
        now: UTC.
    """

    one: Standing
    timeline: Timeline | None
    held: Mapping[Category, int]
    contact: str
    now: datetime
    command: str
    version: str

    @property
    def reached(self) -> tuple[Category, ...]:
        """The categories open in answers that left for whom it concerns."""
        opened = () if self.timeline is None else self.timeline.opened
        found = {one.category for one in opened}
        return tuple(c for c in Category if c in found)

    @property
    def concerned(self) -> tuple[Category, ...]:
        """The categories it may be about: those reached, else all that is held."""
        return self.reached or tuple(c for c in Category if self.held.get(c))


def known(
    tx: Tx,
    grant: Grant,
    *,
    one: Standing,
    timeline: Timeline | Finding,
    contact: str,
) -> Facts:
    """Gather what is known of an incident; for the owner only."""
    held: dict[Category, int] = {}
    for of in holdings(tx, grant):
        for category, number in of.counts.items():
            held[category] = held.get(category, 0) + number
    here = grant.here
    return Facts(
        one=one,
        timeline=None if isinstance(timeline, Finding) else timeline,
        held=held,
        contact=contact,
        now=here.now,
        command=here.command,
        version=here.version,
    )


def to_authority(f: Facts) -> str:
    """Draft the notice to the supervisory authority, as Markdown."""
    return _document(
        "Draft: notice of a personal data breach to the supervisory authority",
        f,
        _duty(f),
        section("Nature of the breach (Art. 33(3)(a))", _nature(f), _left(f), _many(f)),
        section("Contact point (Art. 33(3)(b))", _contact(f)),
        section("Likely consequences (Art. 33(3)(c))", _consequences(f)),
        section(
            "Measures taken or proposed (Art. 33(3)(d))",
            f"Taken:\n\n{bullets(_taken(f))}",
            f"Proposed:\n\n{bullets(_proposed(f))}",
            "Standing: every measured value is sealed (AES-256-GCM) under keys that a "
            "master key wraps, which the store does not hold; nothing leaves without a "
            "consent by category and recipient; every answer has a row in a log that "
            "shows any change.",
        ),
        section("Not known yet, to follow (Art. 33(4))", bullets(_unknown(f))),
    )


def to_people(f: Facts) -> str:
    """Draft the communication to the people concerned, as Markdown."""
    return _document(
        "Draft: communication of a personal data breach to the people concerned",
        f,
        "It is owed where the breach is likely to be a high risk (GDPR Art. 34(1)). It "
        "is not where whoever has the data cannot read it, as a sealed store without "
        "its master key, or where the risk was removed since (Art. 34(3)).",
        section("What happened", _nature(f)),
        section("Which of your data", _left(f)),
        section("What it may mean for you", _consequences(f)),
        section("What was done", bullets(_taken(f))),
        section(
            "What you can do",
            bullets(
                (
                    "ask the provider of the assistant to delete what it was answered",
                    "look out for messages that know where you go, or how you are",
                    f"see who received what: `{f.command} disclosures`",
                )
            ),
        ),
        section("Whom to ask", _contact(f)),
    )


DRAFTS: Final[Mapping[Told, Callable[[Facts], str]]] = MappingProxyType(
    {Told.AUTHORITY: to_authority, Told.PEOPLE: to_people}
)


def _document(title: str, f: Facts, *parts: str) -> str:
    log = "the audit log, which was checked"
    if f.timeline is None:
        log = "NOT from the audit log, which was changed from outside"
    preface = (
        f"Written by pierre-mcp {f.version} on {_utc(f.now)} from incident "
        f"{f.one.number} and {log}. It is a draft to complete, and not legal advice."
    )
    return "\n\n".join([f"# {title}", preface, *(p.strip() for p in parts)]) + "\n"


def _duty(f: Facts) -> str:
    clock, incident = f.one.clock, f.one.incident
    said = [
        f"Due by {_utc(clock.due_at)}, 72 hours after discovery (Art. 33(1))",
        f"{_DUTIES[incident.duty]}{_own(incident.why)}",
    ]
    if clock.state in {ClockState.OVERDUE, ClockState.LATE}:
        said.append(f"It is late; reasons for the delay (Art. 33(1)): {FILL_IN}")
    if Told.AUTHORITY in incident.told:
        said.append(f"First told: {_utc(incident.told[Told.AUTHORITY])}")
    return bullets(said)


def _nature(f: Facts) -> str:
    incident = f.one.incident
    end = "it goes on" if incident.to_at is None else _utc(incident.to_at)
    whom = ", ".join(f"`{label}`" for label in incident.recipients)
    return bullets(
        (
            f"What happened: {_own(incident.what)}",
            f"From {_utc(incident.from_at)} to: {end}",
            f"Discovered: {_utc(incident.discovered_at)}",
            f"Recipients concerned: {whom or 'none is named'}",
            f"How grave: {incident.level} (level {incident.level.number} of 3)",
        )
    )


def _left(f: Facts) -> str:
    """Return what left for whom it concerns; else what may be concerned."""
    if f.timeline is None:
        return f"By the log nothing can be said.\n\n{_held(f)}"
    if not f.reached:
        return (
            "By the log, no answer with anything of the person open left in this time. "
            "Copying the store's files leaves no row, so the log does not say that "
            f"nothing was taken.\n\n{_held(f)}"
        )
    rows = (
        (
            one.recipient,
            one.category,
            "yes" if one.category in HEALTH else "no",
            one.source,
            one.answers,
            _utc(one.first_at),
            _utc(one.last_at),
            ", ".join(one.levels) or "medium",
        )
        for one in f.timeline.opened
        if one.category
    )
    columns = ("recipient", "category", "health", "from", "answers", "first", "last")
    told = table((*columns, "privacy level"), rows)
    return f"In answers that left for whom it concerns, this was open:\n\n{told}"


def _held(f: Facts) -> str:
    rows = ((c, MEANING[c], f.held[c]) for c in f.concerned)
    told = table(("category", "what it is", "entries"), rows)
    return f"The store holds, all of it sealed:\n\n{told}"


def _many(f: Facts) -> str:
    answers = "not known" if f.timeline is None else f.timeline.answers
    entries = sum(f.held.get(c, 0) for c in f.concerned)
    return bullets(
        (
            "People concerned: 1, whose store it is, and whoever is named in notes",
            f"Answers that left: {answers}",
            f"Entries held of these categories, at most: {entries}",
        )
    )


def _contact(f: Facts) -> str:
    return _own(f.contact) if f.contact else f"{FILL_IN}."


def _consequences(f: Facts) -> str:
    found = [f"{c}: {CONSEQUENCES[c]}" for c in f.concerned]
    return bullets([*found, f"How likely, and for this person: {FILL_IN}"])


def _taken(f: Facts) -> Iterable[str]:
    for entry in f.one.incident.of(EntryKind.CONTAINED):
        parts = (plain(entry.subject), _own(entry.text))
        yield f"{_utc(entry.at)}: {': '.join(part for part in parts if part)}"


def _proposed(f: Facts) -> list[str]:
    done = {
        entry.subject.partition(" ")[0]
        for entry in f.one.incident.of(EntryKind.CONTAINED)
    }
    left = [words for kind, words in _OFFERED.items() if kind not in done]
    return [*left, f"others: {FILL_IN}"]


def _unknown(f: Facts) -> Iterable[str]:
    incident = f.one.incident
    if f.timeline is None:
        yield "what left, and for whom: the log was changed from outside"
    if not incident.recipients:
        yield "who had access: no recipient is named"
    if incident.to_at is None:
        yield "when it ended"
    yield "what a recipient's provider did with the answers it got"
    yield "whether files of the store, or backups, were copied: that leaves no row"
    if not f.contact:
        yield "the contact point"


def _own(text: str) -> str:
    return plain(text, MOST_TEXT)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
