"""What a person types for a value that is corrected, and how one is told back.

Lengths are typed with their unit, so that none is taken for another. Stored is SI.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.model.bounds import BOUNDS
from pierre_mcp.model.category import Sport
from pierre_mcp.model.correction import NEVER_MISSING, Part, Value
from pierre_mcp.model.recording import Recording
from pierre_mcp.policy import correcting
from pierre_mcp.services.corrections import Asked

NAMES: Final[Mapping[Part, str]] = MappingProxyType(
    {
        Part.SPORT: "sport",
        Part.NAME: "name",
        Part.DESCRIPTION: "description",
        Part.START: "start",
        Part.ELAPSED: "elapsed",
        Part.MOVING: "moving",
        Part.DISTANCE: "distance",
        Part.ASCENT: "ascent",
        Part.ENERGY: "energy",
        Part.GEAR: "gear",
        Part.MEAN_HEART_RATE: "mean-heart-rate",
        Part.MAX_HEART_RATE: "max-heart-rate",
        Part.MEAN_POWER: "mean-power",
    }
)
"""What each part is called on the command line."""

NOTHING: Final = "none"
"""Typed for a value that should not be there."""

_LONGEST: Final = {Part.NAME: 1_000, Part.DESCRIPTION: 20_000, Part.GEAR: 200}
_TIMES: Final = frozenset({Part.ELAPSED, Part.MOVING})
_SCALES: Final[Mapping[Part, Mapping[str, float]]] = MappingProxyType(
    {
        Part.DISTANCE: {"km": 1_000, "m": 1, "mi": 1_609.344},
        Part.ASCENT: {"m": 1, "ft": 0.3048},
        Part.ENERGY: {"": 1, "kcal": 1, "kj": 1 / 4.184},
        Part.MEAN_HEART_RATE: {"": 1, "bpm": 1},
        Part.MAX_HEART_RATE: {"": 1, "bpm": 1},
        Part.MEAN_POWER: {"": 1, "w": 1},
    }
)
_EXAMPLES: Final[Mapping[Part, str]] = MappingProxyType(
    {
        Part.START: "2026-03-01T07:30, 2026-03-01 or 07:30, by the clock there",
        Part.ELAPSED: "1:02:30 or 45:00",
        Part.MOVING: "1:02:30 or 45:00",
        Part.DISTANCE: "10.5km, 10500m or 6.5mi",
        Part.ASCENT: "350m or 1150ft",
        Part.ENERGY: "640kcal or 2680kJ",
        Part.MEAN_HEART_RATE: "25 to 250, as 142",
        Part.MAX_HEART_RATE: "25 to 250, as 171",
        Part.MEAN_POWER: "0 to 3000, as 210",
    }
)
_NUMBER: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?([a-z]*)", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-5][0-9](?:\.[0-9]+)?)")
_START: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})?(?:^|[T ]|$)([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?",
    re.ASCII,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def named(text: str) -> Part:
    """Return the part of this name.

    Raises:
        NotTakenError: There is none.
    """
    for part, name in NAMES.items():
        if name == text.removeprefix("--"):
            return part
    msg = f"What can be corrected is: {', '.join(NAMES.values())}."
    raise NotTakenError(msg)


def read(part: Part, text: str) -> Asked:
    """Return what was typed for a part, or what finds it once the activity is known.

    Raises:
        NotTakenError: It is not of that kind, or outside what an import would take.
    """
    text = text.strip()
    if text in {"", NOTHING}:
        if part in NEVER_MISSING:
            msg = f"An activity always has this: {NAMES[part]}."
            raise NotTakenError(msg)
        return None
    if part is Part.START:
        return _start(text)
    found = _value(part, text)
    if found is None:
        raise NotTakenError(_what_is_taken(part))
    return found


def told(part: Part, value: Value, utc_offset_s: int | None = None) -> str:
    """Return a value as it is shown; a start in local time where that is known."""
    if value is None:
        return "not recorded"
    if isinstance(value, str):
        return value
    if part is Part.START:
        at = _EPOCH + timedelta(microseconds=value)
        if utc_offset_s is None:
            return f"{at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{at + timedelta(seconds=utc_offset_s):%Y-%m-%d %H:%M:%S}"
    if part in _TIMES:
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    unit = {Part.ENERGY: "kcal", Part.MEAN_POWER: "W"}.get(part)
    unit = unit or ("m" if part in {Part.DISTANCE, Part.ASCENT} else "bpm")
    return f"{round(value, 1):g} {unit}" if value < 1e5 else f"{value:.0f} {unit}"


def _value(part: Part, text: str) -> Value:
    if part is Part.SPORT:
        return text.lower() if text.lower() in set(Sport) else None
    if part in _LONGEST:
        return text if len(text) <= _LONGEST[part] else None
    found = _seconds(text) if part in _TIMES else _scaled(part, text)
    least, most = BOUNDS[part.value]
    return found if found is not None and least <= found <= most else None


def _seconds(text: str) -> float | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (float(number or 0) for number in found.groups())
    if found[1] is not None and minutes >= 60:
        return None
    return hours * 3_600 + minutes * 60 + seconds


def _scaled(part: Part, text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    scale = _SCALES[part].get(found[2].lower()) if found else None
    return None if found is None or scale is None else float(found[1]) * scale


def _start(text: str) -> Asked:
    found = _START.fullmatch(text)
    try:
        day, clock = found.groups() if found else (None, None)
        on = None if day is None else date.fromisoformat(day)
        at = None if clock is None else time.fromisoformat(clock)
    except ValueError:
        on = at = None
    if on is None and at is None:
        raise NotTakenError(_what_is_taken(Part.START))

    def started_us(whole: Recording) -> Value:
        before = correcting.local_start(whole.activity)
        local = datetime.combine(on or before.date(), at or before.time())
        return correcting.started_us(whole.activity, local)

    return started_us


def _what_is_taken(part: Part) -> str:
    name = NAMES[part]
    if part is Part.SPORT:
        return f"{name} takes one of: {', '.join(Sport)}."
    if part in _LONGEST:
        return f"{name} takes at most {_LONGEST[part]} characters."
    return f"{name} takes {_EXAMPLES[part]}."
