"""Splits of one activity: few enough to read, with pace on the level.

A split is a kilometre, or what is usual in the sport; of a long way it is 2, 5 or 10
times that and so on, so that there are at most fifty.
"""

from dataclasses import dataclass

import numpy as np

from pierre_mcp.analytics import pieces
from pierre_mcp.analytics.pace import pace_s_per_km
from pierre_mcp.analytics.ratios import ratio
from pierre_mcp.analytics.sensed import Sensed
from pierre_mcp.model.cells import Pieces
from pierre_mcp.model.track import Column

MOST = 50
LENGTHS_M = (
    *(100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0),
    *(100_000.0, 200_000.0, 500_000.0, 1_000_000.0),
)


@dataclass(frozen=True, slots=True)
class Splits:
    """Splits by column; every column is as long as those of ``cut``.

    Attributes:
        each_m: How long each is, but for the last.
        cut: Where they begin, and how long they took, stops included.
        mean_bpm: None where there was no heart rate, as is ``mean_power_w``.
        graded_s_per_km: Minetti GAP: the pace on the level that costs the same; NaN
            where the slope or the pace is not known.
    """

    each_m: float
    cut: Pieces
    mean_bpm: list[float | None]
    mean_power_w: list[float | None]
    graded_s_per_km: Column


def splits(sensed: Sensed, least_m: float = pieces.SPLIT_M) -> Splits:
    """Return the splits of a track; none where no distance was recorded.

    Graded pace is the pace of the split over the ratio of its graded to its own
    speed, so on the level both are the same, and a stop lengthens both.

    Args:
        sensed: What sensors tell of it.
        least_m: How long a split is at least, one of ``LENGTHS_M``.
    """
    along, time_s = sensed.along_m, sensed.clock.time_s
    gone = 0.0 if along is None else float(along[-1])
    each = next((m for m in LENGTHS_M if m >= max(least_m, gone / MOST)), LENGTHS_M[-1])
    cut = pieces.splits(time_s, along, each)
    cut = Pieces(**{name: column[:MOST] for name, column in cut})
    return Splits(
        each,
        cut,
        sensed.heart.means(cut) if sensed.heart else [],
        sensed.power.means(cut) if sensed.power else [],
        _graded(sensed, cut),
    )


def _graded(sensed: Sensed, cut: Pieces) -> Column:
    starts, took = np.array(cut.start_s), np.array(cut.duration_s)
    metres = np.array(cut.distance_m, dtype=np.float64)
    if not (sensed.graded and starts.size):
        return np.full(starts.size, np.nan)
    grid, speed, graded = sensed.clock.grid_s, sensed.speed_m_s, sensed.graded_m_s
    own, level = (_gone(grid, each, starts, took) for each in (speed, graded))
    paces: Column = ratio(pace_s_per_km(ratio(metres, took)), ratio(level, own))
    return paces


def _gone(grid: Column, speed: Column, starts: Column, took: Column) -> Column:
    """Return the metres at these speeds in each split."""
    upto = np.concatenate([[0.0], np.cumsum(np.nan_to_num(speed))])
    gone: Column = np.interp(starts + took, grid, upto) - np.interp(starts, grid, upto)
    return gone
