"""Privacy levels: what each does to each kind of field, in one table. Pure.

=======  ===============  ===================  ====================  =========
level    identifiers      places               times                 free text
=======  ===============  ===================  ====================  =========
high     pseudonyms,      none                 the day; older than   none
         fresh a session                       28 days: the week
medium   pseudonyms,      0.01 degree grid,    the hour              cleaned
         per recipient    zones, ends hidden
low      our own          to 0.0001 degree,    as stored             cleaned
                          outside zones
=======  ===============  ===================  ====================  =========

A level the person never chose is medium. At ``low`` an activity whose track touches a
privacy zone is treated as at ``medium``: else the path that shows could be subtracted
from totals that are exact.

Text at ``high`` has its days made as coarse as the fields of days: a threshold is told
"since" some day in the middle of a sentence.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from pydantic import MISSING

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level, Public, Sensitive, Treatment

RECENT_D: Final = 28
"""For how many days a day is told at ``high``; what is older is told by its week."""


class Effect(StrEnum):
    """What becomes of a field's value on its way out."""

    KEPT = "kept"
    ABSENT = "absent"
    PSEUDONYM = "pseudonym"
    SESSION_PSEUDONYM = "session_pseudonym"
    WEEKS = "weeks"
    WEEKS_AGO = "weeks_ago"
    DAY = "day"
    HOUR = "hour"
    GRID = "grid"
    FINE = "fine"
    CLEANED = "cleaned"


_HIGH: Final = {
    Treatment.AS_IS: Effect.WEEKS,
    Treatment.IDENTIFIER: Effect.SESSION_PSEUDONYM,
    Treatment.LOCAL_TIME: Effect.DAY,
    Treatment.DAYS_AGO: Effect.WEEKS_AGO,
    Treatment.PATH: Effect.ABSENT,
    Treatment.PLACE: Effect.ABSENT,
    Treatment.REGION: Effect.ABSENT,
    Treatment.FREE_TEXT: Effect.ABSENT,
    Treatment.CURSOR: Effect.KEPT,
}
_MEDIUM: Final = {
    Treatment.AS_IS: Effect.KEPT,
    Treatment.IDENTIFIER: Effect.PSEUDONYM,
    Treatment.LOCAL_TIME: Effect.HOUR,
    Treatment.DAYS_AGO: Effect.KEPT,
    Treatment.PATH: Effect.GRID,
    Treatment.PLACE: Effect.GRID,
    Treatment.REGION: Effect.KEPT,
    Treatment.FREE_TEXT: Effect.CLEANED,
    Treatment.CURSOR: Effect.KEPT,
}
_LOW: Final = _MEDIUM | {
    Treatment.IDENTIFIER: Effect.KEPT,
    Treatment.LOCAL_TIME: Effect.KEPT,
    Treatment.PATH: Effect.FINE,
    Treatment.PLACE: Effect.FINE,
}
EFFECTS: Final[Mapping[Level, Mapping[Treatment, Effect]]] = MappingProxyType(
    {Level.HIGH: _HIGH, Level.MEDIUM: _MEDIUM, Level.LOW: _LOW}
)
"""The one table: whatever leaves for a recipient goes by it."""

WITHHELD: Final[Mapping[Level, frozenset[Category]]] = MappingProxyType(
    {
        Level.HIGH: frozenset({Category.LOCATION}),
        Level.MEDIUM: frozenset(),
        Level.LOW: frozenset(),
    }
)
"""Categories that are not even read at a level, whatever is consented to."""

IN_WORDS: Final[Mapping[Level, tuple[str, ...]]] = MappingProxyType(
    {
        Level.HIGH: (
            "ids are pseudonyms that change with each session",
            "no places",
            "times to the day, older than 28 days to the week",
            "no names or notes",
        ),
        Level.MEDIUM: (
            "ids are pseudonyms of this recipient's own",
            "places to about 1 km, without zones and the ends of tracks",
            "start times to the hour",
            "names and notes cleaned",
        ),
        Level.LOW: (
            "ids as stored",
            "places to about 10 m, without zones",
            "times as stored",
            "names and notes cleaned",
        ),
    }
)


class Sensitivity(StrEnum):
    """How much harm a field could do; every field of every answer has one class."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


SENSITIVITY: Final[Mapping[Category, Sensitivity]] = MappingProxyType(
    {
        Category.ACTIVITIES: Sensitivity.MODERATE,
        Category.HEART_RATE: Sensitivity.HIGH,
        Category.POWER: Sensitivity.MODERATE,
        Category.LOCATION: Sensitivity.HIGH,
        Category.SLEEP: Sensitivity.HIGH,
        Category.BODY: Sensitivity.HIGH,
        Category.NOTES: Sensitivity.HIGH,
        Category.PROFILE: Sensitivity.HIGH,
    }
)


HEALTH: Final = frozenset(
    {
        Category.ACTIVITIES,
        Category.HEART_RATE,
        Category.POWER,
        Category.LOCATION,
        Category.SLEEP,
        Category.BODY,
    }
)
"""What may tell of a person's health, alone or with the rest (GDPR Art. 4(15), 9)."""


def sensitivity_of(mark: Public | Sensitive) -> Sensitivity:
    """Return the class of a field: the gravest of what it may tell."""
    if isinstance(mark, Public):
        identifies = mark.treatment is Treatment.IDENTIFIER
        return Sensitivity.HIGH if identifies else Sensitivity.LOW
    classes = {SENSITIVITY[category] for category in mark.categories}
    return Sensitivity.HIGH if Sensitivity.HIGH in classes else Sensitivity.MODERATE


def level_of(chosen: Level | None) -> Level:
    """Return the level in force: medium until the person chooses."""
    return chosen or Level.MEDIUM


def local_hour(local: str) -> str:
    """Return a local time ``YYYY-MM-DDTHH:MM[:SS…]`` to the hour."""
    return f"{local[:13]}:00"


def local_hours(column: Sequence[Any]) -> list[Any]:
    """Return ``local_hour`` of each of a column, None and MISSING as they are."""
    return [
        local if local is None or local is MISSING else f"{local[:13]}:00"
        for local in column
    ]


def local_day(local: str, today: date) -> str:
    """Return a local time as its day, or as its week where that is past 28 days."""
    return in_weeks(local[:10], today)


def in_weeks(text: str, today: date) -> str:
    """Return text in which each day older than 28 days is its ISO week, ``2026-W09``.

    Made again, it changes nothing.
    """
    if len(text) <= _DAY_CHARACTERS:  # most are a day, or a word too short for one
        return _week(text, today) if _DAY.fullmatch(text) else text
    return _DAY.sub(lambda found: _week(found[0], today), text)


def weeks_ago(value: Any, today: date) -> Any:
    """Return an age in days, or each of several; over 28 days that of its Monday.

    Not whole weeks from today: beside the week of the day that would tell the day.
    """
    if isinstance(value, list):
        return [None if one is None else weeks_ago(one, today) for one in value]
    return (today - first_of_week(today - timedelta(value), today)).days


def first_of_week(day: date, today: date) -> date:
    """Return a day, or the Monday of its week where it is older than 28 days."""
    return day - timedelta(day.weekday()) if _is_old(day, today) else day


def last_of_week(day: date, today: date) -> date:
    """Return a day, or the Sunday of its week where it is older than 28 days."""
    if not _is_old(day, today) or date.max - day < timedelta(7):
        return day
    return day + timedelta(6 - day.weekday())


def weeks_back(days: int, today: date) -> int:
    """Return for how many days back from today, of whole weeks where that is old."""
    return int(weeks_ago(days - 1, today)) + 1


def compared(asked: str, of: tuple[date | None, date | None], today: date) -> str:
    """Return ``first/last`` of what is set beside a period, its old days by week.

    Args:
        asked: Two such days, or ``year_before``: 52 weeks, so that weeks stay whole.
        of: The period, its ends included; None where it is open, or ends today.
        today: The person's local day.
    """
    if "/" in asked:
        first, last = map(date.fromisoformat, asked.split("/"))
    else:
        first, last = (
            date.min if day is None or day - date.min < _A_YEAR else day - _A_YEAR
            for day in (of[0], of[1] or today)
        )
    return f"{first_of_week(first, today)}/{last_of_week(last, today)}"


def weekly(value: Any, today: date, *, last: bool = False) -> Any:
    """Return a plain value, or a list of them, with its old days told by week.

    A date stays one, as its field is declared: the first of its week, or the ``last``.
    """
    if isinstance(value, list):
        return [weekly(one, today, last=last) for one in value]
    if isinstance(value, date):
        return (last_of_week if last else first_of_week)(value, today)
    return in_weeks(value, today) if type(value) is str else value


_A_YEAR: Final = timedelta(weeks=52)
_DAY_CHARACTERS: Final = len("2026-02-28")
_DAY: Final = re.compile(r"(?<![0-9-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


@lru_cache(maxsize=512)
def _week(day: str, today: date) -> str:
    try:
        of = date.fromisoformat(day)
    except ValueError:
        return day
    if not _is_old(of, today):
        return day
    year, week, _ = of.isocalendar()
    return f"{year:04}-W{week:02}"


def _is_old(day: date, today: date) -> bool:
    return (today - day).days > RECENT_D
