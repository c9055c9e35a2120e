"""Points of an XML track as they come, kept sparsely until numpy takes them over."""

import re
from array import array
from datetime import UTC, datetime

import numpy as np

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.samples import LATEST_S, Samples, ordered
from pierre_mcp.model.track import Column

_NOT_A_NUMBER = float("nan")
_FRACTION = re.compile(r"\.\d+")


class Points:
    """Points of one track: a time each, and a value here and there.

    Attributes:
        times_s: Unix seconds, NaN where missing.
        utc_offset_s: The first offset other than ``Z`` that a time had.
    """

    def __init__(self, limits: Limits) -> None:
        self.times_s = array("d")
        self.utc_offset_s: int | None = None
        self._limits = limits
        self._columns: dict[str, tuple[array[int], array[float]]] = {}

    def __len__(self) -> int:
        return len(self.times_s)

    def begin(self) -> None:
        """Start a point."""
        if len(self.times_s) >= self._limits.samples:
            raise UnreadableError(Reason.LIMITS)
        self.times_s.append(_NOT_A_NUMBER)

    def time(self, text: str) -> None:
        """Give the point its time."""
        time_s, offset_s = instant(text)
        self.times_s[-1] = time_s
        if self.utc_offset_s is None:
            self.utc_offset_s = offset_s

    def value(self, name: str, text: str) -> None:
        """Give the point a value; what is no number is left out."""
        try:
            value = float(text)
        except ValueError:
            return
        if name not in self._columns:
            self._columns[name] = (array("q"), array("d"))
        at, values = self._columns[name]
        at.append(len(self.times_s) - 1)
        values.append(value)

    def timed(self) -> bool:
        """Tell whether any point has a time."""
        return any(time == time for time in self.times_s)  # noqa: PLR0124 - NaN differs

    def samples(self) -> Samples:
        """Return the points in order of time."""
        count = len(self.times_s)
        columns: dict[str, Column] = {}
        for name, (at, values) in self._columns.items():
            column = columns[name] = np.full(count, np.nan)
            column[np.frombuffer(at, dtype=np.int64)] = np.frombuffer(values)
        return ordered(np.array(self.times_s, dtype=np.float64), columns)


def instant(text: str) -> tuple[float, int | None]:
    """Read an ISO 8601 time; NaN where it is none.

    A time without an offset is taken as UTC, as both formats prescribe.

    Returns:
        Unix seconds, and the offset from UTC where one other than ``Z`` is written.
    """
    try:
        # Longer fractions than microseconds are written, and refused by Python 3.11.
        moment = datetime.fromisoformat(_FRACTION.sub(lambda m: m[0][:7], text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        time_s = moment.timestamp()
    except (ValueError, OverflowError):
        return _NOT_A_NUMBER, None
    if not 0 <= time_s < LATEST_S:
        return _NOT_A_NUMBER, None
    offset = moment.utcoffset()
    written = offset is not None and not text.endswith(("Z", "z"))
    return time_s, int(offset.total_seconds()) if written and offset else None


def number(text: str) -> float | None:
    """Read a finite number, zero or more; None where it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
