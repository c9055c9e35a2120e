"""Best efforts: the best of several curves, who holds it, and one curve by another.

Rows are activities, oldest first, so that of equals the first in time holds the record.
Columns are the grid: durations of a mean-max curve, or distances of best times. NaN
says that an activity did not reach so far.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Records:
    """The best at each place of a grid.

    Attributes:
        value: The best value, shape (grid,); NaN where none reached it.
        holder: The row that holds it, shape (grid,); ``NOBODY`` where none did.
    """

    value: Numbers
    holder: NDArray[np.int64]


def highest(curves: Numbers) -> Records:
    """Return the highest of mean-max curves (power, speed, heart rate).

    Args:
        curves: Shape (n, grid), rows oldest first, NaN where not reached.
    """
    best = _first_largest(np.where(np.isnan(curves), -np.inf, curves))
    return Records(np.where(best.holder >= 0, best.value, np.nan), best.holder)


def fastest(times_s: Numbers) -> Records:
    """Return the least of times over distances, as ``highest``."""
    best = highest(-times_s)
    return Records(-best.value, best.holder)


def percent_of(curve: Numbers, other: Numbers) -> Numbers:
    """Return by how many percent one curve lies above another, shape (grid,).

    100 * (curve / other - 1): of times, negative is faster. NaN where either lacks a
    value or the other is not above zero.
    """
    known = ~np.isnan(curve) & (other > 0)
    ratio = np.divide(curve, other, out=np.full(curve.shape, np.nan), where=known)
    percent: Numbers = 100 * (ratio - 1)
    return percent


def _first_largest(curves: Numbers) -> Records:
    grid = curves.shape[1]
    if not len(curves):
        return Records(np.full(grid, -np.inf), np.full(grid, NOBODY))
    holder = curves.argmax(axis=0)
    value = curves[holder, np.arange(grid)]
    return Records(value, np.where(value > -np.inf, holder, NOBODY))
