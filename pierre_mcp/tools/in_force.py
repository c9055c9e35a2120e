"""The thresholds that an answer rests on, in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pierre_mcp.model.athlete import Kind

if TYPE_CHECKING:
    from pierre_mcp.services.thresholds import Value


def in_words(used: "Mapping[Kind, Value]") -> list[str]:
    """Return each as ``ftp_w 265 since 2026-01-05, strava``, or with its estimate."""
    return [
        f"{kind} {one.value:g} since {one.since}, {one.by}"
        for kind, one in used.items()
    ]
