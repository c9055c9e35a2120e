"""The data protection impact assessment: GDPR Art. 35(7), (a) to (d)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pierre_mcp.services.compliance import parts
from pierre_mcp.services.compliance.markdown import bullets, section, table
from pierre_mcp.services.compliance.measures import named
from pierre_mcp.services.compliance.practice import Practice


@dataclass(frozen=True, slots=True)
class Threat:
    """One risk to the person, as it is before and after the measures."""

    words: str
    severity: str
    before: str
    measures: tuple[str, ...]
    after: str
    left: str


RISKS: Final = (
    Threat(
        "The file, a backup or the disk is stolen",
        "high",
        "likely",
        ("seal", "master", "rotation"),
        "unlikely",
        "The calendar (a day, a sport and a source per activity) is readable in it.",
    ),
    Threat(
        "An assistant reads more than the person meant it to",
        "high",
        "likely",
        ("gate", "human", "minimised", "levels"),
        "unlikely",
        "What was rightly answered may be kept by the assistant's provider.",
    ),
    Threat(
        "A program on the machine grants itself consent",
        "high",
        "possible",
        ("human", "lock", "log"),
        "unlikely with the lock on, else possible",
        "A program that runs as the same user and holds the master key can do "
        "what the person can.",
    ),
    Threat(
        "Home or work is found from tracks",
        "high",
        "likely",
        ("zones", "levels"),
        "unlikely",
        "Two recipients that compare notes learn more than one; a route known from "
        "elsewhere is recognised.",
    ),
    Threat(
        "Text in a name or note instructs the assistant",
        "medium",
        "possible",
        ("untrusted", "gate"),
        "possible, with little effect",
        "A model may still follow it; it cannot reach what is not consented to.",
    ),
    Threat(
        "Somebody alters what is stored, or what is recorded of it",
        "medium",
        "possible",
        ("seal", "log", "backup"),
        "unlikely, and seen",
        "Rows newer than the last mark outside can be cut by whoever writes both "
        "places.",
    ),
    Threat(
        "It is lost: a broken disk, a lost key",
        "medium",
        "possible",
        ("backup", "master"),
        "unlikely where both are kept elsewhere",
        "Without the master key nothing opens, by design.",
    ),
    Threat(
        "A prediction or load is taken for medical advice",
        "medium",
        "possible",
        ("minimised",),
        "possible",
        "Every answer names its limits; the reader may not read them.",
    ),
)


def write(p: Practice) -> Sequence[str]:
    """Return the parts of the assessment for this store as it is."""
    return (
        section(
            "(a) The processing and its purposes",
            parts.purposes(p),
            parts.categories(p),
            parts.receivers(p),
            "Files are read once and kept sealed; a question is weighed, answered from "
            "the store, made coarse by the recipient's level, recorded, and only then "
            "released.",
        ),
        section(
            "(b) Necessity and proportionality",
            bullets(
                (
                    (
                        "Basis: explicit consent, by source, category, purpose, "
                        "recipient and tool, each with an end."
                    ),
                    (
                        "Only what a question needs is read; what is not consented to "
                        "is never opened for it."
                    ),
                    "Kept by category as the person says: "
                    + "; ".join(f"{c}: {parts.kept(p, c)}" for c in p.categories)
                    + ".",
                    (
                        "Less would do where the person says so: levels, zones, "
                        "objections."
                    ),
                )
            ),
        ),
        section(
            "(c) Risks to the person",
            table(
                ("risk", "severity", "before", "measures", "after", "what is left"),
                (
                    (r.words, r.severity, r.before, named(*r.measures), r.after, r.left)
                    for r in RISKS
                ),
            ),
        ),
        section("(d) Measures, as they stand", parts.protection(p)),
        section(
            "Views, decision and review",
            f"Views of the persons concerned (Art. 35(9)): {parts.FILL_IN}.",
            f"Advice of the protection officer (Art. 35(2)): {parts.FILL_IN}.",
            f"Decision, date and next review: {parts.FILL_IN}.",
        ),
    )
