"""The privacy notice: what GDPR Art. 13 and 14 ask a person to be told."""

from collections.abc import Sequence

from pierre_mcp.services.compliance import parts
from pierre_mcp.services.compliance.markdown import bullets, section, table
from pierre_mcp.services.compliance.practice import Practice


def write(p: Practice) -> Sequence[str]:
    """Return the parts of the notice for this store as it is."""
    run = p.command
    return (
        section(
            "Who answers for it",
            "The store lies on the person's own machine and is kept by the person. "
            "Whoever keeps it for others (a coach, a club) is their controller: "
            f"{parts.FILL_IN}.",
            "Each recipient below, and the provider of its model, answers for what it "
            "does with the answers it got.",
        ),
        section("What is held" if p.whole else "What it may read", parts.categories(p)),
        section(
            "Where it comes from",
            "From files the person imported (exports of Strava and of devices; FIT, "
            "GPX and TCX), and from what the person said. Nothing is fetched.",
        ),
        section(
            "What for, and on what basis",
            parts.purposes(p),
            "Basis: the person's consent (GDPR Art. 6(1)(a)); for data concerning "
            "health, explicit consent (Art. 9(2)(a)). Nobody decides about the person "
            "by automated means (Art. 22).",
        ),
        section(
            "Who receives it",
            parts.receivers(p),
            "What a recipient was answered may be kept by its model's provider, and "
            "processed outside the person's country: its own terms say so. This store "
            "sends nothing to anybody else.",
        ),
        section(
            "How long it is kept",
            table(
                ("category", "kept"),
                ((category, parts.kept(p, category)) for category in p.categories),
            ),
            parts.log_kept(p),
        ),
        section(
            "Your rights, and how to use them",
            bullets(
                (
                    f"to have all of it (Art. 15, 20): `{run} export PATH`",
                    f"to see who received what (Art. 15): `{run} disclosures`",
                    f"to correct it (Art. 16): `{run} rectify`",
                    f"to have it erased (Art. 17): `{run} erase --person`",
                    f"to have less kept (Art. 5(1)(e)): `{run} retention`",
                    f"to object (Art. 21): `{run} object`",
                    (
                        "to withdraw a consent, at any time and with effect at once "
                        f"(Art. 7(3)): `{run} consent withdraw`"
                    ),
                    "to complain to a supervisory authority (Art. 77)",
                )
            ),
        ),
        section("How it is protected", parts.protection(p)),
    )
