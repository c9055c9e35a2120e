"""Times that no human has beaten: who took less did not run it, or did not swim it.

A position that jumps within what the sport allows, a watch left on in a car, a pool
said to be twice as long: such an activity has times below the world's records.

Source:
    Running to 1,500 m and swimming (short course): a second or so below the records of
    World Athletics and World Aquatics of 2025. Running from a mile to the marathon:
    VDOT 86, which no record is worth (the best is 85.6); it is of 3.5 min and more.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.racing import race_time_s
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import DISTANCES_M

HIGHEST_VDOT: Final = 86.0

_SHORT: Final = {
    200.0: 19.0, 400.0: 43.0, 804.672: 100.0, 1_000.0: 131.0, 1_500.0: 205.0,
}  # fmt: skip
_SWIMS: Final = {200.0: 98.0, 400.0: 212.0, 1_500.0: 846.0}


@cache
def _least(sport: Sport, distance_m: float) -> float:
    if sport is Sport.SWIMMING:
        return _SWIMS.get(distance_m, 0.0)
    if sport is not Sport.RUNNING:
        return 0.0
    races = race_time_s(HIGHEST_VDOT, distance_m)
    return _SHORT.get(distance_m, races or 0.0)


def least_s(sport: Sport) -> NDArray[np.float64]:
    """Return the least time over each of ``DISTANCES_M``; 0 where there is no limit."""
    return np.array([_least(sport, metres) for metres in DISTANCES_M])
