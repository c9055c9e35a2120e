"""Lengths of a pool, out of the ``length`` messages of a FIT.

Each says when it began and how long it took, whether it was swum or rested, and how. A
swim whose device wrote no records gets one sample a length, with the distance swum.
"""

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats import samples as ordering
from pierre_mcp.formats.fit_messages import EPOCH_S, LENGTH_IS_ACTIVE, STROKES
from pierre_mcp.formats.fit_table import Table
from pierre_mcp.formats.samples import Samples
from pierre_mcp.model.track import Column, Length

MOST_STROKES = 65_534
"""A field may lie about its type; the profile's has sixteen bits."""


def lengths_of(messages: Table, start_s: float, end_s: float) -> tuple[Length, ...]:
    """Return the lengths begun in a session, in Unix seconds, in order of time."""
    if not messages.size:
        return ()
    starts, seconds = _times(messages)
    own = _within(starts, seconds, start_s, end_s)
    names = ("strokes", "stroke", "kind")
    told = np.stack([starts - start_s, seconds, *map(messages.get, names)], axis=1)
    rows = told[own]
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    return tuple(
        Length(
            start_s=start,
            duration_s=duration,
            strokes=int(strokes) if 0 <= strokes <= MOST_STROKES else None,
            stroke=STROKES[int(stroke)] if 0 <= stroke < len(STROKES) else None,
            active=kind == LENGTH_IS_ACTIVE,
        )
        for start, duration, strokes, stroke, kind in rows.tolist()
    )


def swum(
    messages: Table, pool_m: float | None, start_s: float, end_s: float
) -> Samples:
    """Return a sample at the end of each length of a session."""
    starts, seconds = _times(messages)
    ends = starts + seconds
    own = np.flatnonzero(_within(starts, seconds, start_s, end_s))
    own = own[np.argsort(ends[own], kind="stable")]
    active = messages.get("kind")[own] == LENGTH_IS_ACTIVE
    each_m = np.nan if pool_m is None else pool_m
    return ordering.ordered(ends[own], {"distance_m": np.cumsum(active) * each_m})


def _times(messages: Table) -> tuple[Column, Column]:
    """Return start in Unix seconds and duration of each length, NaN where missing."""
    seconds = messages.get("elapsed_s")
    seconds = np.where(np.isnan(seconds), messages.get("timer_s"), seconds)
    return messages.get("start_time") + EPOCH_S, seconds


def _within(
    starts: Column, seconds: Column, start_s: float, end_s: float
) -> NDArray[np.bool_]:
    own: NDArray[np.bool_] = (starts >= start_s) & (starts < end_s) & (seconds >= 0)
    return own
