"""The record of processing activities: GDPR Art. 30(1), letter by letter."""

from collections.abc import Sequence

from pierre_mcp.services.compliance import parts
from pierre_mcp.services.compliance.markdown import section
from pierre_mcp.services.compliance.practice import Practice


def write(p: Practice) -> Sequence[str]:
    """Return the parts of the record for this store as it is."""
    return (
        section(
            "(a) Controller, joint controller, representative, protection officer",
            f"{parts.FILL_IN}. A person who keeps only their own data does so in a "
            "purely personal activity (Art. 2(2)(c)), and needs no record.",
        ),
        section("(b) Purposes", parts.purposes(p)),
        section(
            "(c) Categories of data subjects and of personal data",
            "Data subjects: the one person whose store it is.",
            parts.categories(p),
        ),
        section(
            "(d) Categories of recipients",
            parts.receivers(p),
            "Disclosed so far:",
            parts.disclosed(p),
        ),
        section(
            "(e) Transfers to third countries",
            "None by this program, which opens no connection. The client that asks "
            "sends what it was answered to its model's provider; where that one "
            f"processes it: {parts.FILL_IN}.",
        ),
        section(
            "(f) Time limits for erasure",
            "By category in the table above; the whole at any time with "
            f"`{p.command} erase --person`.",
        ),
        section("(g) Technical and organisational measures", parts.protection(p)),
    )
