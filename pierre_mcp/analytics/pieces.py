"""Pieces of a track: pauses, the laps a device cut, and splits of a kilometre."""

from collections.abc import Iterable

import numpy as np

from pierre_mcp.model.cells import MAX_LAPS, Pieces
from pierre_mcp.model.details import MAX_LENGTHS, Lengths, Spans
from pierre_mcp.model.track import Column, Pause, Track

SPLIT_M = 1_000.0
_SHORTEST_SPLIT_M = 1.0
_MOST_SECONDS = 10_000_000.0
_MOST_METRES = 100_000_000.0


def intervals_s(time_s: Column, pauses: Iterable[Pause]) -> Column:
    """Return the time between consecutive samples, pauses excluded, shape (n - 1,)."""
    return np.diff(time_s - paused_s(time_s, pauses)).clip(min=0.0)


def paused_s(time_s: Column, pauses: Iterable[Pause]) -> Column:
    """Return how long the recording had stood still at each time, shape (n,)."""
    ordered = sorted((pause.start_s, pause.end_s) for pause in pauses)
    if not ordered:
        return np.zeros(len(time_s))
    edges = np.maximum.accumulate(np.array(ordered).ravel())
    lengths = np.diff(edges, prepend=edges[:1])
    lengths[::2] = 0.0  # from an end to the next start it ran
    paused: Column = np.interp(time_s, edges, np.cumsum(lengths))
    return paused


def laps(track: Track) -> Pieces:
    """Return the laps the device cut, without those that cannot be."""
    sound = [
        lap
        for lap in track.laps
        if 0 <= lap.start_s <= _MOST_SECONDS and 0 <= lap.duration_s <= _MOST_SECONDS
    ][:MAX_LAPS]
    return Pieces(
        start_s=[round(lap.start_s, 3) for lap in sound],
        duration_s=[round(lap.duration_s, 3) for lap in sound],
        distance_m=[_metres(lap.distance_m) for lap in sound],
    )


def _metres(value: float | None) -> float | None:
    sound = value is not None and 0 <= value <= _MOST_METRES
    return round(value, 2) if value is not None and sound else None


def pauses(track: Track) -> Spans:
    """Return when the timer stood still, without pauses that cannot be."""
    sound = [
        pause
        for pause in track.pauses
        if 0 <= pause.start_s <= pause.end_s <= _MOST_SECONDS
    ][:MAX_LAPS]
    return Spans(
        start_s=[round(pause.start_s, 3) for pause in sound],
        end_s=[round(pause.end_s, 3) for pause in sound],
    )


def splits(time_s: Column, along_m: Column | None, each_m: float = SPLIT_M) -> Pieces:
    """Cut at every full kilometre, interpolating time over distance.

    Durations are elapsed time. A last piece of under a metre is left out.

    Args:
        time_s: Since the start, never falling, shape (n,).
        along_m: Distance at these, never falling; None where not recorded.
        each_m: Length of a split.
    """
    if along_m is None or along_m[-1] < _SHORTEST_SPLIT_M:
        return Pieces()
    total = float(along_m[-1])
    cuts = np.arange(0.0, min(total, each_m * MAX_LAPS), each_m)
    if total - cuts[-1] < _SHORTEST_SPLIT_M or len(cuts) == MAX_LAPS + 1:
        cuts = cuts[:-1]
    ends = np.append(cuts[1:], min(total, cuts[-1] + each_m))
    at = np.interp(np.append(cuts, ends[-1]), along_m, time_s)
    at[0], at[-1] = time_s[0], max(at[-1], at[-2])
    sound = int(np.searchsorted(at, _MOST_SECONDS)) - 1
    return Pieces(
        start_s=np.round(at[:-1], 3)[:sound].tolist(),
        duration_s=np.round(np.diff(at).clip(min=0.0), 3)[:sound].tolist(),
        distance_m=np.round(ends - cuts, 2)[:sound].tolist(),
    )


def lengths(track: Track) -> Lengths | None:
    """Return the lengths of a pool swim, without those that cannot be; None of none."""
    kept = [
        one
        for one in track.lengths
        if max(one.start_s, one.duration_s) <= _MOST_SECONDS
        and min(one.start_s, one.duration_s) >= 0
    ][:MAX_LENGTHS]
    if not kept:
        return None
    return Lengths(
        start_s=tuple(one.start_s for one in kept),
        duration_s=tuple(one.duration_s for one in kept),
        strokes=tuple(one.strokes for one in kept),
        stroke=tuple(one.stroke for one in kept),
        active=tuple(one.active for one in kept),
    )
