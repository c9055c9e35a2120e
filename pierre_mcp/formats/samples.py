"""Samples as read, put in order: the repairs that every format shares.

* A sample without a time takes that of the one before it (``untimed_samples``).
* A sample over ten days from the middle one is left out (``stray_time``).
* Samples are sorted by time, keeping the order of equals (``backward_time``).
* A column without a single value is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column

_STRAY_S = 10 * 86_400.0
LATEST_S = 7_258_118_400.0
"""2200-01-01, in Unix seconds: past it, and before 1970, a time is no time."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in order of time.

    Attributes:
        times_s: Unix seconds, finite, never falling, shape (n,).
        columns: Each of shape (n,), NaN where missing.
        repairs: What was mended.
    """

    times_s: Column
    columns: Mapping[str, Column]
    repairs: tuple[str, ...] = ()

    def within(self, chosen: NDArray[np.bool_] | slice) -> "Samples":
        """Return the chosen samples alone."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Samples(self.times_s[chosen], columns, self.repairs)

    def mended(self, *words: str) -> "Samples":
        """Return the same, with more words for what was mended."""
        return Samples(self.times_s, self.columns, (*self.repairs, *words))

    def since(self, start_s: float) -> dict[str, Column]:
        """Return the columns of a track that starts at ``start_s``."""
        valued = {n: c for n, c in self.columns.items() if not np.isnan(c).all()}
        return {TIME: self.times_s - start_s} | valued


def ordered(times_s: Column, columns: Mapping[str, Column]) -> Samples:
    """Put samples in order; those before the first known time take that."""
    repairs: list[str] = []
    times_s = _filled(times_s, repairs)
    columns = {n: np.where(np.isfinite(c), c, np.nan) for n, c in columns.items()}
    samples = Samples(times_s, columns)
    if not times_s.size:
        return samples
    middle = np.partition(times_s, len(times_s) // 2)[len(times_s) // 2]
    near = np.abs(times_s - middle) <= _STRAY_S
    if not near.all():
        repairs.append("stray_time")
        samples = samples.within(near)
    if (np.diff(samples.times_s) < 0).any():
        repairs.append("backward_time")
        samples = _sorted(samples)
    return Samples(samples.times_s, samples.columns, tuple(repairs))


def moment(time_s: float) -> datetime:
    """Return Unix seconds as UTC."""
    return datetime.fromtimestamp(time_s, UTC)


def _filled(times_s: Column, repairs: list[str]) -> Column:
    """Fill missing times; where none is known, there are no samples."""
    known = (times_s >= 0) & (times_s < LATEST_S)
    if known.all():
        return times_s
    repairs.append("untimed_samples")
    if not known.any():
        return np.full(len(times_s), 0.0)
    before = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    return times_s[np.where(before < 0, np.argmax(known), before)]


def _sorted(samples: Samples) -> Samples:
    order = np.argsort(samples.times_s, kind="stable")
    columns = {name: values[order] for name, values in samples.columns.items()}
    return Samples(samples.times_s[order], columns)
