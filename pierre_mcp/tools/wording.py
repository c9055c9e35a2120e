"""The plain line of an answer, in the person's units. Field names never change."""

from collections.abc import Iterable

from pierre_mcp.model.here import Here

_MILE_M = 1609.344
_FOOT_M = 0.3048
_PLURALS = {"activity": "activities", "witness": "witnesses"}


def count(number: int, noun: str) -> str:
    """Return ``1 activity`` or ``2 activities``."""
    plural = _PLURALS.get(noun, f"{noun}s")
    return f"{number} {noun if number == 1 else plural}"


def span(first: str, last: str) -> str:
    """Return a day, or a range of days."""
    return first if first == last else f"{first} to {last}"


def duration(seconds: float) -> str:
    """Return ``1 h 05 min`` or ``42 min``."""
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


def distance(metres: float, here: Here) -> str:
    """Return kilometres or miles, by the person's units."""
    return length(metres, here.profile.units)


def length(metres: float, units: str) -> str:
    """Return kilometres, or miles where ``units`` is ``imperial``."""
    if units == "imperial":
        return f"{metres / _MILE_M:.1f} mi"
    return f"{metres / 1000:.1f} km"


def climb(metres: float, here: Here) -> str:
    """Return metres or feet, by the person's units."""
    return height(metres, here.profile.units)


def height(metres: float, units: str) -> str:
    """Return metres, or feet where ``units`` is ``imperial``."""
    if units == "imperial":
        return f"{metres / _FOOT_M:.0f} ft"
    return f"{metres:.0f} m"


def listed(words: Iterable[str]) -> str:
    """Return words joined by commas."""
    return ", ".join(words)
