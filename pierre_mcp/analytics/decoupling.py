"""Aerobic decoupling: how far heart rate drifts from output in a steady effort."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.motion import MOVING_M_S
from pierre_mcp.model.track import Column

LEAST_S = 1_200
LEAST_COVERED = 0.75


@dataclass(frozen=True, slots=True)
class Decoupling:
    """Output for each beat of two halves, and how much less the second is.

    Attributes:
        percent: (first - second) / first x 100: above 0 heart rate drifted up. Under 5
            is taken as aerobically fit for that duration.
        first: Mean output over mean heart rate, in the unit of output per bpm.
        second: The same of the second half.
        counted_s: Seconds that counted, both halves together.
    """

    percent: float
    first: float
    second: float
    counted_s: int


def power_decoupling(watts: Column, bpm: Column) -> Decoupling | None:
    """Return Pw:Hr of mean power; coasting counts, since it is 0 W. See ``_halves``.

    Source:
        Friel (2009), The Cyclist's Training Bible, 4th ed., who takes normalized power;
        GoldenCheetah takes the mean, as here. Of a steady ride they are the same.
    """
    return _halves(watts, bpm, np.zeros(len(watts), np.bool_))


def speed_decoupling(speed_m_s: Column, bpm: Column) -> Decoupling | None:
    """Return Pa:Hr of speed; seconds below 0.5 m/s do not count. See ``_halves``.

    Give graded speed where there are hills, else climbing late looks like drift.

    Source:
        As for power.
    """
    return _halves(speed_m_s, bpm, speed_m_s < MOVING_M_S)


def _halves(output: Column, bpm: Column, still: NDArray[np.bool_]) -> Decoupling | None:
    """Compare two halves with equally many of the seconds that count.

    Those count that have both an output and a heart rate above 0 and do not stand
    still; what lies between, pauses or a lost sensor, is cut out. None where these are
    fewer than 20 min, or than three quarters of what either sensor saw, or where the
    first half has no output: drift cannot be told from them.

    Args:
        output: Of each second, shape (n,), NaN where unknown; likewise ``bpm``.
        bpm: Heart rate.
        still: Which seconds stand still, shape (n,).
    """
    moved, beat = np.isfinite(output) & ~still, bpm > 0
    counting = np.flatnonzero(moved & beat)
    seen = np.count_nonzero((moved | beat) & ~still)
    if len(counting) < max(LEAST_S, LEAST_COVERED * seen):
        return None
    half = len(counting) // 2
    first, second = (
        float(output[part].mean() / bpm[part].mean())
        for part in (counting[:half], counting[-half:])
    )
    if first <= 0:
        return None
    return Decoupling((first - second) / first * 100, first, second, len(counting))
