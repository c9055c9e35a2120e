"""The thresholds that an answer rests on, in words, and those it lacks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pierre_mcp.late import Late
from pierre_mcp.model.athlete import CATEGORY_OF, Kind
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

if TYPE_CHECKING:
    from pierre_mcp.services.thresholds import Value
    from pierre_mcp.services.training import Mask, Trained
    from pierre_mcp.store import scan
else:
    scan = Late("pierre_mcp.store.scan")


def in_words(used: "Mapping[Kind, Value]") -> list[str]:
    """Return each as ``ftp_w 265 since 2026-01-05, strava``, or with its estimate."""
    return [
        f"{kind} {one.value:g} since {one.since}, {one.by}"
        for kind, one in used.items()
    ]


def lacking(tx: Tx, grant: Grant, got: "Trained", chosen: "Mask") -> list[str]:
    """Return what may not be read, and which threshold nobody told."""
    closed = {
        category
        for category in (Category.HEART_RATE, Category.POWER)
        if not scan.may_read(tx, grant, Wanted(), category)
    }
    words = [f"{word.replace('_', ' ')} not allowed" for word in sorted(closed)]
    unknown = [k for k in got.unknown(chosen) if CATEGORY_OF[k] not in closed]
    if unknown:
        words.append(f"unknown: {', '.join(unknown)} (estimates look back 420 days)")
    return words
