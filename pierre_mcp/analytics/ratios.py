"""Quotients that are never infinite: what cannot be told is NaN."""

from typing import TypeAlias

import numpy as np

from pierre_mcp.model.track import Column

Values: TypeAlias = float | Column
"""A number or an array; several are broadcast together. NaN is not recorded."""


def ratio(value: Values, by: Values) -> Column:
    """Return one over the other; NaN where either is unknown or ``by`` not positive."""
    by = np.asarray(by, dtype=np.float64)
    with np.errstate(all="ignore"):
        return known(np.asarray(value) / np.where(by > 0, by, np.nan))


def known(values: Column) -> Column:
    """Return the values, NaN for those that are not finite; a number of a number."""
    told: Column = np.where(np.isfinite(values), values, np.nan)[()]
    return told
