"""What became of one file of an import, as the line that is kept of it."""

from collections.abc import Sequence
from typing import Final

from pierre_mcp.formats.faults import SKIPPED
from pierre_mcp.services.entries import Entry
from pierre_mcp.services.parsed import Parsed, ParsedActivity
from pierre_mcp.store.imports import FileLine, FileOutcome

ROW_ALONE: Final = "row_alone"
"""Kept as a reason where a file could not be read and its row could."""


TOO_OLD: Final = "too_old"
"""Kept as a reason where all of a file is older than activities are kept."""


def _why(entry: Entry, parsed: Parsed) -> str:
    return str(entry.refused or parsed.failed or parsed.skipped or "")


def without(entry: Entry, parsed: Parsed) -> FileLine:
    """Return the line of an entry that gave nothing."""
    reason = _why(entry, parsed) or "no_samples"
    skipped = parsed.skipped is not None or entry.refused in SKIPPED
    outcome = FileOutcome.SKIPPED if skipped else FileOutcome.FAILED
    return FileLine(name=entry.name, outcome=outcome, reason=reason)


def too_old(entry: Entry) -> FileLine:
    """Return the line of an entry that is older than activities are kept."""
    outcome = FileOutcome.SKIPPED
    return FileLine(name=entry.name, outcome=outcome, reason=TOO_OLD)


def imported(
    entry: Entry, parsed: Parsed, activities: Sequence[ParsedActivity]
) -> FileLine:
    """Return the line of an entry that gave activities."""
    words = dict.fromkeys(word for a in activities for word in a.repairs)
    if entry.row and (why := _why(entry, parsed)):
        words = dict.fromkeys((why, ROW_ALONE))
    outcome = FileOutcome.REPAIRED if words else FileOutcome.IMPORTED
    return FileLine(
        name=entry.name,
        outcome=outcome,
        reason=", ".join(words),
        activities=len(activities),
    )
