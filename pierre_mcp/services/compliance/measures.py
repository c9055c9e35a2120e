"""What protects the data: each measure with how it stands in this store now.

One list for every document, so that none claims more than another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pierre_mcp.services.compliance.practice import Practice

ALWAYS: Final = "always: no setting turns it off"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    Attributes:
        key: By which the documents name it.
        words: What it is.
        stands: Tells how it stands here, now.
    """

    key: str
    name: str
    words: str
    stands: Callable[[Practice], str]


def _always(_: Practice) -> str:
    return ALWAYS


def _keys(p: Practice) -> str:
    worry = f"; {p.compromised} marked as compromised" if p.compromised else ""
    return f"{p.keys} keys in use{worry}"


def _master(p: Practice) -> str:
    if p.machine is None:
        return "held outside the store by the person"
    kind = "a development key, not fit for production" if p.machine.development else ""
    return ", ".join(filter(None, (f"from {p.machine.master_key}", kind)))


def _rotation(p: Practice) -> str:
    if p.machine is None:
        return "by age and by count"
    return f"every {p.machine.key_max_age_days} days, by itself"


def _lock(p: Practice) -> str:
    if not p.whole:
        return "set by the person or not; not told here"
    return "on" if p.locked else f"off; set with `{p.command} consent lock`"


def _backup(p: Practice) -> str:
    if p.machine is None:
        return "made by the person"
    if p.machine.backed_up_at is None:
        return f"none made here yet; make one with `{p.command} backup PATH`"
    return f"last on {p.machine.backed_up_at.date()}"


def _zones(p: Practice) -> str:
    if not p.whole:
        return "drawn by the person; not told here"
    return f"{p.zones} drawn" if p.zones else "none drawn"


def _levels(p: Practice) -> str:
    told = (f"{one.label}: {one.level}" for one in p.receivers)
    return ", ".join(told) or "medium for every recipient until chosen"


MEASURES: Final = (
    Measure(
        "gate",
        "Consent gate",
        "Every call of a recipient is weighed against the person's consents (source, "
        "category, purpose, recipient, tool) before anything is read; what lacks is "
        "refused or withheld.",
        _always,
    ),
    Measure(
        "human",
        "Consent by a person only",
        "Nothing that arrives from a recipient grants, extends or widens: a person "
        "types words back on a terminal.",
        _always,
    ),
    Measure(
        "lock",
        "Consent lock",
        "A passphrase without which nothing is widened, revealed, exported or erased.",
        _lock,
    ),
    Measure(
        "seal",
        "Encryption at rest",
        "Every measured, named or timed value is sealed with AES-256-GCM, bound to its "
        "row, column and person. In plain sight in the file: random ids, source, "
        "sport and day of an activity.",
        _keys,
    ),
    Measure(
        "master",
        "Two-tier keys",
        "Data keys are stored only wrapped under a master key that is never in the "
        "store.",
        _master,
    ),
    Measure(
        "rotation",
        "Key rotation",
        "Sealing keys are replaced while all goes on, and destroyed after; an "
        "emergency replaces every key.",
        _rotation,
    ),
    Measure(
        "log",
        "Audit log",
        "Every call, refusal and administrative act leaves one row, committed before "
        "anything leaves, in a chain that shows any change.",
        _always,
    ),
    Measure(
        "levels",
        "Privacy levels",
        "Pseudonyms, coarse places and times, cleaned text, by recipient.",
        _levels,
    ),
    Measure(
        "zones",
        "Privacy zones",
        "Places within them leave for nobody; ends of tracks are hidden too.",
        _zones,
    ),
    Measure(
        "minimised",
        "Minimisation",
        "An answer has only the fields its question needs, within a size budget; no "
        "list leaves whole by default.",
        _always,
    ),
    Measure(
        "local",
        "No network",
        "The program opens no connection: it speaks to the one client that started it, "
        "over its own standard input and output.",
        _always,
    ),
    Measure(
        "untrusted",
        "Hostile files and text",
        "Files are read in processes without keys and under limits; text from outside "
        "is cleaned, cut and marked before a model sees it.",
        _always,
    ),
    Measure(
        "backup",
        "Backup and restore",
        "A consistent, sealed copy while all goes on; one put back serves nobody "
        "until accepted, and revives no consent and nobody erased.",
        _backup,
    ),
    Measure(
        "erasure",
        "Erasure",
        "Rows, keys and free pages go in one step, with a signed receipt.",
        _always,
    ),
)

_BY_KEY: Final = {measure.key: measure for measure in MEASURES}


def named(*keys: str) -> str:
    """Return the names of measures, for a table's cell."""
    return "; ".join(_BY_KEY[key].name for key in keys)


def rows(practice: Practice) -> list[tuple[str, str, str]]:
    """Return each measure's name, words and standing."""
    return [(m.name, m.words, m.stands(practice)) for m in MEASURES]
