"""The HIPAA Security Rule, standard by standard: 45 CFR 164.308, .310, .312, .316.

A person's own tool is no covered entity; whoever keeps stores for others may be, or
work for one, and finds here what the program does and what is left to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pierre_mcp.services.compliance import parts
from pierre_mcp.services.compliance.markdown import section, table
from pierre_mcp.services.compliance.measures import named
from pierre_mcp.services.compliance.practice import Practice

YOURS: Final = "yours to do"


@dataclass(frozen=True, slots=True)
class Safeguard:
    """One implementation specification.

    Attributes:
        kind: Required or addressable, by the rule.
        measures: Which of ours meet it, or help to.
        yours: What no program can do.
    """

    section: str
    words: str
    kind: str
    measures: tuple[str, ...]
    yours: str = ""


_R, _A = "required", "addressable"

ADMINISTRATIVE: Final = (
    Safeguard(
        "164.308(a)(1)(ii)(A)",
        "Risk analysis",
        _R,
        (),
        "begin from the impact assessment (`compliance dpia`)",
    ),
    Safeguard(
        "164.308(a)(1)(ii)(D)",
        "Information system activity review",
        _R,
        ("log",),
        "look at `audit tail`",
    ),
    Safeguard("164.308(a)(2)", "Assigned security responsibility", _R, (), "name one"),
    Safeguard(
        "164.308(a)(3)", "Workforce security", _A, ("gate",), "who may use the account"
    ),
    Safeguard(
        "164.308(a)(4)", "Information access management", _A, ("gate", "human", "lock")
    ),
    Safeguard(
        "164.308(a)(5)(ii)(B)",
        "Protection from malicious software",
        _A,
        ("untrusted",),
        "of the machine",
    ),
    Safeguard(
        "164.308(a)(6)(ii)",
        "Response and reporting",
        _R,
        ("log", "rotation"),
        "who is told, and when: see `incident steps`",
    ),
    Safeguard(
        "164.308(a)(7)(ii)(A)",
        "Data backup plan",
        _R,
        ("backup",),
        "how often, and where copies lie",
    ),
    Safeguard(
        "164.308(a)(7)(ii)(B)",
        "Disaster recovery plan",
        _R,
        ("backup",),
        "try `restore --dry-run`",
    ),
    Safeguard("164.308(a)(8)", "Evaluation", _R, (), "`doctor --production`"),
    Safeguard(
        "164.308(b)(1)",
        "Business associate contracts",
        _R,
        (),
        "with the provider of each recipient's model",
    ),
)

PHYSICAL: Final = (
    Safeguard("164.310(a)-(c)", "Facility and workstation", _R, (), "of the machine"),
    Safeguard(
        "164.310(d)(2)(i)-(ii)",
        "Disposal and re-use of media",
        _R,
        ("erasure", "seal"),
        "destroy the master key with the medium",
    ),
)

TECHNICAL: Final = (
    Safeguard(
        "164.312(a)(2)(i)",
        "Unique user identification",
        _R,
        (),
        "one account of the machine and one profile for each person",
    ),
    Safeguard(
        "164.312(a)(2)(ii)",
        "Emergency access procedure",
        _R,
        ("backup",),
        "keep the master key where it is found",
    ),
    Safeguard(
        "164.312(a)(2)(iii)", "Automatic logoff", _A, (), "of the machine's session"
    ),
    Safeguard(
        "164.312(a)(2)(iv)",
        "Encryption and decryption",
        _A,
        ("seal", "master", "rotation"),
    ),
    Safeguard("164.312(b)", "Audit controls", _R, ("log",)),
    Safeguard("164.312(c)(1)", "Integrity", _A, ("seal", "log")),
    Safeguard(
        "164.312(d)",
        "Person or entity authentication",
        _R,
        ("human", "lock"),
        "the machine's own login",
    ),
    Safeguard("164.312(e)(1)", "Transmission security", _A, ("local",)),
)

DOCUMENTATION: Final = (
    Safeguard(
        "164.316(b)(1)",
        "Documentation",
        _R,
        ("log",),
        "keep what `compliance` writes for six years (164.316(b)(2)(i))",
    ),
)


def write(p: Practice) -> Sequence[str]:
    """Return the parts of the table of safeguards for this store as it is."""
    return (
        section("Administrative safeguards (164.308)", _table(ADMINISTRATIVE)),
        section("Physical safeguards (164.310)", _table(PHYSICAL)),
        section("Technical safeguards (164.312)", _table(TECHNICAL)),
        section("Policies and documentation (164.316)", _table(DOCUMENTATION)),
        section("The measures, as they stand", parts.protection(p)),
        section("Information held", parts.categories(p)),
    )


def _table(safeguards: tuple[Safeguard, ...]) -> str:
    return table(
        ("section", "standard", "kind", "what this program does", YOURS),
        (
            (one.section, one.words, one.kind, named(*one.measures) or "-", one.yours)
            for one in safeguards
        ),
    )
