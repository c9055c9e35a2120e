"""Histograms of many activities in one, so that all are computed at once.

The bins of one activity add up to the time it has a value for.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.motion import MOVING_M_S
from pierre_mcp.model.details import BPM_BIN, SPEED_BIN_M_S, WATT_BIN
from pierre_mcp.model.packed_details import DetailColumns
from pierre_mcp.model.track import Column

Counts: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """What a histogram's bins stand for.

    Attributes:
        width: Of a bin.
        place: Which value stands for a bin: 0 its lowest, 0.5 its middle.
    """

    width: float
    place: float


HEART_RATE = Scale(BPM_BIN, 0.0)
POWER = Scale(WATT_BIN, 0.0)
"""Sensors give whole beats and watts, so a bin's lowest value is its only one."""
SPEED = Scale(SPEED_BIN_M_S, 0.5)


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of ``count`` activities, one after the other; an activity may have none.

    Attributes:
        scale: What they stand for; k bins in all.
        first: The first bin of each activity, as in its histogram, shape (count,).
        starts: Where each begins among all, and their number at the end, (count + 1,).
        seconds: Of each bin, shape (k,).
    """

    scale: Scale
    first: Counts
    starts: Counts
    seconds: Column

    @property
    def count(self) -> int:
        """How many activities there are."""
        return len(self.first)

    @property
    def values(self) -> Column:
        """The value of each bin in the unit of the scale, shape (k,)."""
        shift = (self.first - self.starts[:-1]).astype(np.float64)
        values = self.spread(shift + self.scale.place)
        values += np.arange(len(values))
        values *= self.scale.width
        return values

    def spread(self, each: Column) -> Column:
        """Return the value of its activity for each bin, shape (k,)."""
        return np.repeat(each, np.diff(self.starts))

    def sums(self, of: Column) -> Column:
        """Return the sum of each activity's bins, shape (count,).

        NaN where it has no second: what was not measured is not zero.

        Args:
            of: A value for each bin, shape (k,).
        """
        total = np.full(self.count, np.nan)
        filled = np.flatnonzero(np.diff(self.starts))
        if filled.size:
            at = self.starts[filled]
            measured = np.add.reduceat(self.seconds, at) > 0
            total[filled] = np.where(measured, np.add.reduceat(of, at), np.nan)
        return total

    def reaching(self, limits: Column) -> Column:
        """Return the seconds of each activity at or above limits, shape (count, m).

        Args:
            limits: In the unit of the scale, shape (count, m); none reaches NaN.
        """
        place = limits / self.scale.width - self.scale.place
        place -= self.first[:, np.newaxis]
        lengths = np.diff(self.starts)[:, np.newaxis]
        index = np.clip(np.ceil(np.where(np.isnan(place), np.inf, place)), 0, lengths)
        upto = np.concatenate([[0.0], np.cumsum(self.seconds)])
        begun = self.starts[:-1, np.newaxis] + index.astype(np.int64)
        above: Column = upto[self.starts[1:, np.newaxis]] - upto[begun]
        return above


def bins_from(details: DetailColumns, scale: Scale) -> Bins:
    """Return the bins of activities whose details were read by column."""
    starts = np.concatenate([[0], np.cumsum(details.bins)])
    return Bins(scale, details.first, starts, details.seconds)


def moving(bins: Bins) -> Bins:
    """Return bins of speed without the time of standing still, below 0.5 m/s.

    Histograms of speed hold it, and of a run it would be easy running in zone 1. Zeros
    of power stay: coasting is riding.
    """
    return replace(bins, seconds=np.where(bins.values >= MOVING_M_S, bins.seconds, 0.0))
