"""The notice at collection and privacy policy facts that the CCPA asks for.

California Civil Code 1798.100(a), 1798.110(c), 1798.130(a)(5), with the categories of
1798.140(v) and the sensitive ones of 1798.140(ae).
"""

from collections.abc import Sequence
from typing import Final

from pierre_mcp.model.category import Category
from pierre_mcp.services.compliance import parts
from pierre_mcp.services.compliance.markdown import bullets, section, table
from pierre_mcp.services.compliance.practice import Practice

NAMED: Final = {
    Category.ACTIVITIES: ("(v)(1)(F) activity; (K) inferences drawn from it", "no"),
    Category.HEART_RATE: ("(v)(1)(E) biometric; personal information on health", "yes"),
    Category.POWER: ("(v)(1)(E) biometric", "yes"),
    Category.LOCATION: ("(v)(1)(G) geolocation", "yes: precise geolocation"),
    Category.SLEEP: ("(v)(1)(E) biometric; personal information on health", "yes"),
    Category.BODY: ("(v)(1)(E) biometric; personal information on health", "yes"),
    Category.NOTES: ("(v)(1)(A) identifiers, as far as names stand in them", "no"),
    Category.PROFILE: ("(v)(1)(C) protected classifications (sex, age)", "no"),
}
"""By our category: the statute's, and whether it is sensitive."""


def write(p: Practice) -> Sequence[str]:
    """Return the parts of the notice for this store as it is."""
    run = p.command
    return (
        section(
            "Categories collected",
            table(
                ("category", "in the statute (1798.140)", "sensitive", "kept"),
                (
                    (category, *NAMED[category], parts.kept(p, category))
                    for category in p.categories
                ),
            ),
            "Sources: files the person imported, and the person.",
        ),
        section("Purposes", parts.purposes(p)),
        section(
            "Sold or shared",
            "None of it is sold, and none is shared for advertising; no setting does "
            "so. Opt out of any disclosure at all with "
            f"`{run} object share`.",
        ),
        section(
            "Disclosed to recipients",
            parts.disclosed(p),
            "Who may be answered now:",
            parts.receivers(p),
        ),
        section(
            "Use of sensitive personal information",
            "Only to answer what the person's assistants ask with the person's consent "
            "(1798.121); limit it by withdrawing a category.",
        ),
        section(
            "Your rights",
            bullets(
                (
                    (
                        f"to know and to have it (1798.110, .130): `{run} export PATH`,"
                        f" `{run} disclosures`"
                    ),
                    f"to correct (1798.106): `{run} rectify`",
                    f"to delete (1798.105): `{run} erase --person`",
                    f"to opt out (1798.120): `{run} object share`",
                    (
                        "to limit sensitive information (1798.121): "
                        f"`{run} consent withdraw`"
                    ),
                    (
                        "not to be treated worse for it (1798.125): nothing here "
                        "depends on it"
                    ),
                    f"requests and their deadlines: `{run} requests`",
                )
            ),
        ),
    )
