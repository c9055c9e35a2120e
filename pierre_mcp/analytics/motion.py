"""Motion: speed second by second, best times over distances, graded speed.

All of it comes from the distance along the track, which never falls; where there is
none, from the recorded speed. Metres passed faster than the sport allows are a fault of
the position and do not count, nor do those passed while the timer stood still.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pierre_mcp.analytics.held import Clock, Held, Sums, hold
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import DISTANCES_M
from pierre_mcp.model.track import Column

HIGHEST_SPEED_M_S = 100.0
SPEEDS_M_S: Mapping[Sport, float] = MappingProxyType(
    {
        Sport.RUNNING: 12.5,
        Sport.WALKING: 12.5,
        Sport.HIKING: 12.5,
        Sport.SWIMMING: 3.0,
        Sport.ROWING: 10.0,
        Sport.PADDLING: 15.0,
        Sport.CYCLING: 40.0,
    }
)
"""No one is faster over a second or more: a sprint is run at 12.4 m/s, swum at 2.4."""

MOVING_M_S = 0.5
STEEPEST = 0.45
_SLACK_S, _LENGTH_S = 1.0, 30.0
_SMOOTHED_S = 5
_GRADED_S = 15
_GRADED_M_S = 0.3
_COST = (155.4, -30.4, -43.3, 46.3, 19.5, 3.6)
_LEVEL_COST = 3.6
_STEP_M = 10.0
_MOST_S = 10_000_000.0
_MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Motion:
    """How far a track had come.

    Attributes:
        at_s: Times since the start, shape (n,).
        gone_m: Distance from the first sample at these, never falling.
        seconds: The same at each edge of the clock's seconds, and time recorded.
            They end with the last sample.
    """

    at_s: Column
    gone_m: Column
    seconds: Sums

    @property
    def speed_m_s(self) -> Column:
        """Speed of each second, over 5 s before and after it, shape (seconds,)."""
        return np.minimum(_over(self.seconds.total, _SMOOTHED_S), HIGHEST_SPEED_M_S)


def motion_of(
    clock: Clock, sport: Sport, along_m: Column | None, speed_m_s: Column | None
) -> Motion | None:
    """Return the motion; None where neither distance nor speed was recorded."""
    most = SPEEDS_M_S.get(sport, HIGHEST_SPEED_M_S)
    grid = clock.grid_s
    if along_m is not None:
        # Times are often whole seconds and distances are not; a pool's length is
        # told whole, at its end.
        slack_s = _LENGTH_S if sport is Sport.SWIMMING else _SLACK_S
        possible = most * (np.diff(clock.running_s) + slack_s)
        passed = np.diff(along_m)
        passed = np.where(passed <= possible, passed, 0.0)
        gone = np.concatenate([[0.0], np.cumsum(passed)])
        held = Held(clock.time_s, gone, clock.for_s)
        # Nothing is known of where it went after the last sample.
        within = grid[grid <= clock.time_s[-1]]
        total = np.interp(within, clock.time_s, gone)
        seconds = Sums(total, held.by_second(clock).known[: len(within)])
        return Motion(clock.time_s, gone, seconds)
    held_speed = hold(clock, speed_m_s, 0.0, most)
    if held_speed is None:
        return None
    seconds = held_speed.by_second(clock)
    return Motion(grid, seconds.total, seconds)


def best_s(motion: Motion) -> tuple[float, ...]:
    """Return the least time over each of ``DISTANCES_M`` reached, to 0.1 s.

    Time runs through stops and pauses. Starts are tried every 10 m (every 20 m over
    100 km, and so on) and at the last possible place.
    """
    whole = float(motion.gone_m[-1])
    step = _STEP_M * max(np.ceil(whole / _STEP_M / _MOST_STEPS), 1.0)
    places = np.arange(0.0, whole, step)
    left, came = _left_s(motion, places), _came_s(motion, places)
    end_s = float(_came_s(motion, np.array([whole]))[0])
    best = []
    for distance in DISTANCES_M:
        if distance > whole:
            break
        ways = int((whole - distance) // step) + 1
        later = came[int(distance / step) :][:ways]
        if distance % step or len(later) < ways:
            later = _came_s(motion, places[:ways] + distance)
        at_the_end = end_s - float(_left_s(motion, np.array([whole - distance]))[0])
        best.append(round(min(float((later - left[:ways]).min()), at_the_end), 1))
    return tuple(s for s in best if s <= _MOST_S)


def _left_s(motion: Motion, places_m: Column) -> Column:
    """Return when each place was left: where it stood still, numpy takes the last."""
    left: Column = np.interp(places_m, motion.gone_m, motion.at_s)
    return left


def _came_s(motion: Motion, places_m: Column) -> Column:
    """Return when each place was come to: seen from behind, likewise."""
    whole = motion.gone_m[-1]
    behind, times = whole - motion.gone_m[::-1], -motion.at_s[::-1]
    came: Column = -np.interp((whole - places_m)[::-1], behind, times)[::-1]
    return came


def graded_m_s(motion: Motion, altitude: Held) -> Column:
    """Return the speed on the level that costs the same, by second, (seconds,).

    The grade is that over 15 s before and after, at most 0.45 either way, of altitude
    smoothed as much; it is taken as level below 0.3 m/s.

    Source:
        Minetti et al. (2002), J Appl Physiol 93(3):1039-1046: cost of running on
        slopes. Curves fitted to heart rate (Strava's) differ downhill.
    """
    gone = motion.seconds.total
    grid = motion.at_s[0] + np.arange(float(len(gone)))
    height = np.interp(grid, altitude.at_s, altitude.values)
    # Distance is smoothed as altitude is, so that their ends agree.
    rise, run = (_over(_smooth(values), _GRADED_S) for values in (height, gone))
    grade = np.zeros(len(rise))
    np.divide(rise, run, out=grade, where=run >= _GRADED_M_S)
    cost = np.polyval(_COST, grade.clip(-STEEPEST, STEEPEST)) / _LEVEL_COST
    return np.minimum(motion.speed_m_s * cost, HIGHEST_SPEED_M_S)


def _smooth(values: Column) -> Column:
    """Return the mean of each value and 15 more either side."""
    return _over(np.concatenate([[0.0], np.cumsum(values)]), _GRADED_S)


def _over(total: Column, around: int) -> Column:
    """Return the change a second over each second and ``around`` more either side."""
    count = len(total) - 1
    index = np.arange(count)
    low = np.maximum(index - around, 0)
    high = np.minimum(index + around + 1, count)
    change: Column = (total[high] - total[low]) / (high - low)
    return change
