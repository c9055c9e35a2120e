"""The dates of Strava's tables: UTC, unlabelled, in the account's language.

Nothing says which language that is. What holds in all of them: the time of day has a
colon or is the last group; a year has four digits; a word, where there is one, is the
month; the year stands first or last. Only ``3/4/2022`` is open, and the whole column
decides it (``month_first``).
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

from pierre_mcp.formats.strava_words import month_of

_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?!\d|[.:])")
_NUMBERS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}")
_BEFORE_NOON = re.compile(r"\b(a\.?\s?m\.?)(?!\w)|午前|上午|오전", re.IGNORECASE)
_AFTER_NOON = re.compile(r"\b(p\.?\s?m\.?)(?!\w)|午後|下午|오후", re.IGNORECASE)
_MOST_CHARS = 64


def month_first(texts: Iterable[str]) -> bool:
    """Tell whether ``3/4/2022`` is the fourth of March in this column.

    A number over 12 settles it; else the English clock (AM, PM), which goes with it.
    """
    english = False
    for text in texts:
        found = _SLASHED.search(text)
        if found and int(found[1]) > 12:
            return False
        if found and int(found[2]) > 12:
            return True
        english = english or bool(_AFTER_NOON.search(text) or _BEFORE_NOON.search(text))
    return english


def moment_of(text: str, *, slashes_month_first: bool = False) -> datetime | None:
    """Return the moment (UTC) a text means, or None where it cannot be told."""
    # NFKC: the space before AM may be U+202F, and digits may be full-width.
    plain = unicodedata.normalize("NFKC", text[:_MOST_CHARS]).strip()
    clock = _clock(plain)
    if clock is None:
        return None
    (begin, end), hour, minute, second = clock
    rest = f"{plain[:begin]} {plain[end:]}"
    for mark in (_BEFORE_NOON, _AFTER_NOON):
        rest = mark.sub(" ", rest)
    day = _day(rest, slashes_month_first=slashes_month_first)
    if day is None:
        return None
    try:
        return datetime(*day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _clock(text: str) -> tuple[tuple[int, int], int, int, int] | None:
    """Return where the time of day stands, and what it is on the 24-hour clock."""
    found = list(_TIME.finditer(text))
    with_colon = [one for one in found if ":" in one[0]]
    if not found:
        return None
    time = (with_colon or found)[-1]
    hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
    if _AFTER_NOON.search(text):
        hour = hour % 12 + 12
    elif _BEFORE_NOON.search(text):
        hour %= 12
    return time.span(), hour, minute, second


def _day(text: str, *, slashes_month_first: bool) -> tuple[int, int, int] | None:
    """Return year, month and day."""
    numbers = _NUMBERS.findall(text)
    years = [i for i, number in enumerate(numbers) if len(number) == 4]
    if len(years) != 1:
        return None
    year = int(numbers.pop(years[0]))
    months = [m for word in _WORDS.findall(text) if (m := month_of(word))]
    if len(numbers) == 1 and len(months) == 1:
        return year, months[0], int(numbers[0])
    if len(numbers) != 2 or months:
        return None
    first, second = map(int, numbers)
    year_leads = years[0] == 0
    month_leads = year_leads or ("/" in text and slashes_month_first)
    return (year, first, second) if month_leads else (year, second, first)
