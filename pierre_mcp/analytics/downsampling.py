"""Fewer samples of several columns at once, with their peaks.

Min-max decimation: the rows are split into buckets of even size, and of each bucket the
rows stay where a column is lowest and highest; what is left to give goes evenly to the
others. All columns keep the same rows, so they stay aligned, and each shown value was
measured: nothing is averaged.

Source:
    Jugel, Jerzak, Hackenbroich & Markl (2014), M4: A visualization-oriented time series
    data aggregation, PVLDB 7(10):797-808. Theirs keeps the first and last row of each
    bucket too, which only the line between two pixels needs; ours those of the whole.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.track import Column

Rows = NDArray[np.intp]
"""Which rows of a column, rising."""


def kept_rows(columns: Sequence[Column], count: int, *, most: int) -> Rows:
    """Return which rows of ``count`` to keep, rising, at most ``most`` of them.

    The first and last row are among them (of one, the first), and the highest and
    lowest value of every column, where ``most`` is 2 for each column and 2 more; of
    fewer, those of the first columns. As few rows as ``most`` are all kept.

    Args:
        columns: Shape (count,) each, NaN where missing.
        count: How many rows there are.
        most: At least 1.
    """
    if count <= most:
        return np.arange(count)
    if most == 1:
        return np.zeros(1, dtype=np.intp)
    kept = np.zeros(count, dtype=np.bool_)
    kept[[0, -1]] = True
    leading = columns[: (most - 2) // 2]
    if leading:
        buckets = (most - 2) // (2 * len(leading))
        for column in leading:
            kept[_peaks(column, -(-count // buckets))] = True
    others = np.flatnonzero(~kept)
    spare = most - (count - len(others))
    kept[others[np.linspace(0, len(others) - 1, spare).astype(np.intp)]] = True
    return np.flatnonzero(kept)


def _peaks(column: Column, width: int) -> Rows:
    """Return the rows of the lowest and highest value of each ``width`` rows."""
    buckets = -(-len(column) // width)
    padded = np.full(buckets * width, np.nan)
    padded[: len(column)] = column
    missing = np.isnan(padded)
    lowest = np.where(missing, np.inf, padded).reshape(buckets, width).argmin(axis=1)
    highest = np.where(missing, -np.inf, padded).reshape(buckets, width).argmax(axis=1)
    rows = np.concatenate([lowest, highest]) + np.tile(np.arange(buckets) * width, 2)
    found: Rows = rows[~missing[rows]]
    return found
