"""What the sensors of a track tell, each held by the rules of ``held``, on one clock.

What a sensor cannot have measured is left out: a heart below 25 has no strap, and over
3,000 W it is the meter's fault.
"""

from dataclasses import dataclass

import numpy as np

from pierre_mcp.analytics.held import Clock, Held, clock_of, hold
from pierre_mcp.analytics.motion import Motion, graded_m_s, motion_of
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Column, Track

LOWEST_BPM, HIGHEST_BPM = 25.0, 250.0
HIGHEST_W = 3_000.0
LOWEST_M, HIGHEST_M = -1_000.0, 100_000.0


@dataclass(frozen=True, slots=True)
class Sensed:
    """Sensors on one clock; None where nothing was recorded.

    Attributes:
        along_m: Distance since the first sample at each sample, shape (n,).
        altitude: In metres.
        graded: The cost of a slope is known: of an outdoor run with altitude.
    """

    clock: Clock
    along_m: Column | None
    heart: Held | None
    power: Held | None
    motion: Motion | None
    altitude: Held | None
    graded: bool

    @property
    def bpm(self) -> Column:
        """Heart rate of each second, NaN where unknown, shape (seconds,)."""
        return self._aligned(self.heart)

    @property
    def watts(self) -> Column:
        """Power of each second, NaN where unknown, shape (seconds,)."""
        return self._aligned(self.power)

    @property
    def speed_m_s(self) -> Column:
        """Speed of each second, NaN where unknown, shape (seconds,)."""
        speed = None if self.motion is None else self.motion.speed_m_s
        return self._moved(speed)

    @property
    def graded_m_s(self) -> Column:
        """Graded speed of each second, NaN where unknown, shape (seconds,)."""
        if not self.graded or self.motion is None or self.altitude is None:
            return self._moved(None)
        return self._moved(graded_m_s(self.motion, self.altitude))

    def _aligned(self, held: Held | None) -> Column:
        if held is None:
            return np.full(self.clock.seconds, np.nan)
        return held.by_second(self.clock).aligned

    def _moved(self, speed: Column | None) -> Column:
        """Return speed on the clock, which may go on after the last distance."""
        moved = np.full(self.clock.seconds, np.nan)
        if speed is not None and self.motion is not None:
            known = self.motion.seconds.mostly
            moved[: len(speed)][known] = speed[known]
        return moved


def sensed(track: Track, along: Column | None) -> Sensed | None:
    """Return what a track's sensors tell; None where it has no sample.

    Args:
        track: Of any sport.
        along: Its ``ground.along_m``.
    """
    clock = clock_of(track)
    if clock is None:
        return None
    columns = track.columns
    motion = motion_of(clock, track.sport, along, columns.get("speed_m_s"))
    altitude = hold(clock, columns.get("altitude_m"), LOWEST_M, HIGHEST_M)
    # The cost is that of running, and a treadmill records no slope.
    runs = track.sport is Sport.RUNNING and not track.indoor
    return Sensed(
        clock=clock,
        along_m=along,
        heart=hold(clock, columns.get("heart_rate_bpm"), LOWEST_BPM, HIGHEST_BPM),
        power=hold(clock, columns.get("power_w"), 0, HIGHEST_W),
        motion=motion,
        altitude=altitude,
        graded=runs and motion is not None and altitude is not None,
    )
