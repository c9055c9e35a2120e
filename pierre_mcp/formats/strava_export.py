"""The tables of a Strava bulk export: bytes in, checked rows out.

``activities.csv`` has 11 to 103 columns and headers in the account's language, at times
broken ones, so columns are found by position. They stand in blocks whose order
never changed; new ones were only ever added behind::

    | id date name type description elapsed distance … gear file | machine units |
      0                                     6          f-1  f      f+1 …

``f`` is the column most of whose values are names of activity files, else where the
length of the header puts it. Values of the first block are written for display (km or
miles, with the account's decimal sign), those of the second in metres and seconds: so
totals are taken from there, and from the first only where the whole column tells its
unit. A row that cannot be read is named by its number; the others are not hurt.
"""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from pierre_mcp.formats import strava_dates
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.strava_words import sport_of
from pierre_mcp.formats.streams import Readable
from pierre_mcp.model.category import Sport

LONG_HEADER: Final = 13
"""From this length on the file's name is in column 12; before, it is the last."""

_DATE, _NAME, _TYPE, _DESCRIPTION, _ELAPSED, _DISTANCE, _MAX_BPM = 1, 2, 3, 4, 5, 6, 7
_FILE: Final = re.compile(r"[^,]*\.(fit|gpx|tcx)(\.gz)?", re.IGNORECASE)
_SHORTEST: Final = 10
_UNITS_M: Final = (1_000.0, 1_609.344)

_SECOND: Final = {
    "elapsed_s": 3,
    "moving_s": 4,
    "distance_m": 5,
    "max_speed_m_s": 6,
    "ascent_m": 8,
    "descent_m": 9,
    "mean_cadence_rpm": 17,
    "max_bpm": 18,
    "mean_bpm": 19,
    "max_power_w": 20,
    "mean_power_w": 21,
    "calories_kcal": 22,
}
"""Columns of the second block, counted from the one of the file's name."""
_WEIGHT: Final = 1


@dataclass(frozen=True, slots=True)
class ExportedActivity:
    """One row of ``activities.csv``.

    Attributes:
        row: Its number in the table, from 1, the header not counted.
        provider_id: The provider's number of the activity, digits.
        file: Path of the file as the table has it; None for a manual entry.
        started_at: UTC.
        gear: What the table calls it.
        weight_kg: The athlete's then; None where it is not told.
        totals: SI units by name; what is not there or no number is left out.
    """

    row: int
    provider_id: str
    file: str | None
    started_at: datetime
    sport: Sport | None
    name: str
    description: str
    private_note: str
    gear: str
    weight_kg: float | None
    totals: dict[str, float]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be read, and why."""

    row: int
    reason: Reason


def table(stream: Readable, limits: Limits) -> Iterator[list[str]]:
    """Give the rows of a CSV, header first; quoted values may hold line ends.

    Raises:
        UnreadableError: It is too large, too wide or too long, or its quotes do not
            match; rows before that were given.
    """
    data = stream.read(limits.table_bytes + 1)
    if len(data) > limits.table_bytes:
        raise UnreadableError(Reason.TOO_LARGE)
    text = data.decode("utf-8-sig", errors="replace")
    del data
    rows = csv.reader(io.StringIO(text.replace("\0", ""), newline=""))
    try:
        for number, row in enumerate(rows):
            if len(row) > limits.columns:
                raise UnreadableError(Reason.TOO_MANY_COLUMNS)
            if number > limits.rows:
                raise UnreadableError(Reason.LIMITS)
            if row:
                yield row
    except csv.Error:  # a value over 131,072 characters: its quotes do not match
        raise UnreadableError(Reason.BROKEN_TABLE) from None


def activities(
    stream: Readable, limits: Limits
) -> Iterator[ExportedActivity | BrokenRow]:
    """Give the rows of ``activities.csv`` in order.

    Raises:
        UnreadableError: It is no such table, or breaks off; whole rows come first.
    """
    rows: list[list[str]] = []
    broken: UnreadableError | None = None
    try:
        rows.extend(table(stream, limits))
    except UnreadableError as fault:
        broken = fault
    if broken is not None and broken.reason is not Reason.BROKEN_TABLE:
        raise broken
    if rows and len(rows[0]) >= _SHORTEST:
        layout = _Layout(rows[0], rows[1:])
        for number, row in enumerate(rows[1:], 1):
            yield layout.read(number, row)
    elif broken is None:
        raise UnreadableError(Reason.BROKEN_TABLE)
    if broken is not None:
        raise broken


class _Layout:
    """Where things stand in one table, and how it writes them."""

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._width = len(header)
        self._file = _file_column(self._width, rows)
        self._unit_m = self._display_unit_m(rows)
        self._month_first = strava_dates.month_first(
            row[_DATE] for row in rows if len(row) > _DATE
        )

    def read(self, number: int, row: list[str]) -> ExportedActivity | BrokenRow:
        """Return a row, or why it cannot be read."""
        provider_id = row[0].strip()
        if not (provider_id.isascii() and provider_id.isdigit()) or len(row) < 7:
            return BrokenRow(number, Reason.BROKEN_ROW)
        started_at = strava_dates.moment_of(
            row[_DATE], slashes_month_first=self._month_first
        )
        if started_at is None or not 1970 <= started_at.year < 2200:
            return BrokenRow(number, Reason.UNKNOWN_DATE)
        long = self._width >= LONG_HEADER
        return ExportedActivity(
            row=number,
            provider_id=provider_id,
            file=self._at(row, self._file).strip() or None,
            started_at=started_at,
            sport=sport_of(row[_TYPE]),
            name=row[_NAME],
            description=row[_DESCRIPTION],
            private_note=self._at(row, self._file - 2) if long else "",
            gear=self._at(row, self._file - 1).strip(),
            weight_kg=self._second(row, _WEIGHT) or None,
            totals=self._totals(row),
        )

    def _totals(self, row: Sequence[str]) -> dict[str, float]:
        found = {n: self._second(row, place) for n, place in _SECOND.items()}
        if found["elapsed_s"] is None:
            bare = row[_ELAPSED].strip()
            found["elapsed_s"] = _number(bare) if bare.isdigit() else None
        if found["distance_m"] is None and self._unit_m is not None:
            shown = _shown_number(row[_DISTANCE])
            found["distance_m"] = None if shown is None else shown * self._unit_m
        if self._width >= LONG_HEADER and found["max_bpm"] is None:
            found["max_bpm"] = _number(self._at(row, _MAX_BPM))
        return {name: value for name, value in found.items() if value is not None}

    def _display_unit_m(self, rows: Sequence[Sequence[str]]) -> float | None:
        """Return metres in the unit of the first distance; None where not settled.

        The rows that have both distances tell: their ratio over the whole table.
        """
        ratios = [
            metres / shown
            for row in rows
            if len(row) > _DISTANCE
            and (metres := self._second(row, _SECOND["distance_m"]))
            and (shown := _shown_number(row[_DISTANCE]))
        ]
        if not ratios:
            return None
        middle = median(ratios)
        return next((u for u in _UNITS_M if abs(middle / u - 1) < 0.02), None)

    def _second(self, row: Sequence[str], place: int) -> float | None:
        return _number(self._at(row, self._file + place))

    def _at(self, row: Sequence[str], column: int) -> str:
        return row[column] if column < len(row) else ""


def _file_column(width: int, rows: Sequence[Sequence[str]]) -> int:
    """Return the column of the file's name: by what is in it, else by the width."""
    expected = LONG_HEADER - 1 if width >= LONG_HEADER else width - 1
    counts = [
        sum(1 for row in rows if column < len(row) and _FILE.fullmatch(row[column]))
        for column in range(min(width, LONG_HEADER + 2))
    ]
    best = max(counts)
    return expected if counts[expected] == best else counts.index(best)


def _number(text: str) -> float | None:
    """Return a machine's number, finite and not negative."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _shown_number(text: str) -> float | None:
    """Return a number as shown to a person: the last sign in it is the decimal one.

    ``1,234`` could be either of two numbers a thousand apart, and is none.
    """
    plain = text.strip().replace("\u202f", "").replace("\xa0", "").replace(" ", "")
    signs = re.findall(r"[.,]", plain)
    if not re.fullmatch(r"[\d.,]+", plain):
        return None
    if len(signs) == 1 and re.fullmatch(r"\d{1,3}[.,]\d{3}", plain):
        return None
    head, sign, tail = (
        re.split(r"([.,])(?=[^.,]*$)", plain) if signs else (plain, "", "")
    )
    return _number(f"{re.sub('[.,]', '', head)}{'.' if sign else ''}{tail}")
