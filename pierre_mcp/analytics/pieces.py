"""Time under the samples: weights, means, and means of laps and splits.

A sample stands for the time until the next one, pauses taken off, and for 30 s at
most: over a longer gap nothing is known.
"""

from collections.abc import Iterable

import numpy as np

from pierre_mcp.model.cells import MAX_LAPS, Pieces
from pierre_mcp.model.track import TIME, Column, Pause, Track

LONGEST_SAMPLE_S = 30.0
SPLIT_M = 1_000.0
_SHORTEST_SPLIT_M = 1.0
_MOST_SECONDS = 10_000_000.0
_MOST_METRES = 100_000_000.0


def intervals_s(time_s: Column, pauses: Iterable[Pause]) -> Column:
    """Return the time between consecutive samples, pauses excluded, shape (n - 1,)."""
    return np.diff(time_s - _paused_s(time_s, pauses)).clip(min=0.0)


def _paused_s(time_s: Column, pauses: Iterable[Pause]) -> Column:
    """Return how long the recording had stood still at each time, shape (n,)."""
    ordered = sorted((pause.start_s, pause.end_s) for pause in pauses)
    if not ordered:
        return np.zeros(len(time_s))
    edges = np.maximum.accumulate(np.array(ordered).ravel())
    lengths = np.diff(edges, prepend=edges[:1])
    lengths[::2] = 0.0  # from an end to the next start it ran
    paused: Column = np.interp(time_s, edges, np.cumsum(lengths))
    return paused


def weights_s(track: Track) -> Column:
    """Return the seconds each sample stands for, shape (n,).

    The last stands for as long as the one before it; where no time passes at all, all
    count alike.
    """
    time_s = track.columns[TIME]
    held = intervals_s(time_s, track.pauses).clip(max=LONGEST_SAMPLE_S)
    weights = np.append(held, held[-1:] if held.size else 1.0)[: len(time_s)]
    return weights if weights.any() else np.ones(len(time_s))


def mean(values: Column, weights: Column) -> float | None:
    """Return the weighted mean of what is not NaN; None where nothing is."""
    known = ~np.isnan(values)
    if not known.any():
        return None
    held = weights[known]
    # Where only samples of no duration have a value, they count alike.
    return float(np.average(values[known], weights=held if held.any() else None))


def means(
    values: Column, weights: Column, time_s: Column, pieces: Pieces
) -> list[float | None]:
    """Return the weighted mean of each piece; None where it has no value."""
    known = ~np.isnan(values)
    held = np.concatenate([[0.0], np.cumsum(np.where(known, weights, 0.0))])
    filled = np.where(known, values, 0.0)
    total = np.concatenate([[0.0], np.cumsum(filled * weights)])
    starts = np.array(pieces.start_s)
    first = np.searchsorted(time_s, starts)
    stop = np.searchsorted(time_s, starts + np.array(pieces.duration_s))
    sums, spans = total[stop] - total[first], held[stop] - held[first]
    return [
        float(s / w) if w > 1e-9 else None for s, w in zip(sums, spans, strict=True)
    ]


def laps(track: Track) -> Pieces:
    """Return the laps the device cut, without those that cannot be."""
    sound = [
        lap
        for lap in track.laps
        if 0 <= lap.start_s <= _MOST_SECONDS and 0 <= lap.duration_s <= _MOST_SECONDS
    ][:MAX_LAPS]
    return Pieces(
        start_s=[lap.start_s for lap in sound],
        duration_s=[lap.duration_s for lap in sound],
        distance_m=[_metres(lap.distance_m) for lap in sound],
    )


def _metres(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= _MOST_METRES else None


def splits(time_s: Column, along_m: Column | None) -> Pieces:
    """Cut at every full kilometre, interpolating time over distance.

    Durations are elapsed time. A last piece of under a metre is left out.
    """
    if along_m is None or along_m[-1] < _SHORTEST_SPLIT_M:
        return Pieces()
    total = float(along_m[-1])
    cuts = np.arange(0.0, min(total, SPLIT_M * MAX_LAPS), SPLIT_M)
    if total - cuts[-1] < _SHORTEST_SPLIT_M or len(cuts) == MAX_LAPS + 1:
        cuts = cuts[:-1]
    ends = np.append(cuts[1:], min(total, cuts[-1] + SPLIT_M))
    at = np.interp(np.append(cuts, ends[-1]), along_m, time_s)
    at[0], at[-1] = time_s[0], max(at[-1], at[-2])
    return Pieces(
        start_s=at[:-1].tolist(),
        duration_s=np.diff(at).clip(min=0.0).tolist(),
        distance_m=(ends - cuts).tolist(),
    )
