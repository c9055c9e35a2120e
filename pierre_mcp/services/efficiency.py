"""Output for each heart beat: which output tells it in which sport, and how much.

Of riding only power tells it, since speed is made by wind and slope. Elsewhere it is
speed, on the level where the slope is known, and power where there is no speed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from pierre_mcp.analytics.decoupling import (
    Decoupling,
    power_decoupling,
    speed_decoupling,
)
from pierre_mcp.analytics.power import efficiency_factor, speed_efficiency_factor
from pierre_mcp.analytics.sensed import Sensed
from pierre_mcp.model.category import Sport
from pierre_mcp.services.history import History, Numbers
from pierre_mcp.services.loads import MEASURED

POWER: Final = "power"
GRADED: Final = "graded_speed"
SPEED: Final = "speed"

UNITS: Final[Mapping[str, str]] = {
    POWER: "W per bpm",
    GRADED: "m/min on the level per bpm",
    SPEED: "m/min per bpm",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """A decoupling, and of which output."""

    of: str
    told: Decoupling


def outputs(sport: Sport) -> tuple[str, ...]:
    """Return which outputs tell efficiency in a sport, the best first."""
    return (POWER,) if sport is Sport.CYCLING else (GRADED, SPEED, POWER)


def factors(found: History) -> Mapping[str, Numbers]:
    """Return the efficiency factor of each activity by each output.

    NaN where heart rate, or the power, was measured for under three quarters of the
    moving time: their means would be of different times. Nor does a power of zero
    throughout, of a meter that was lost, tell any.
    """
    numbers, enough = found.numbers, MEASURED * found.moving_s
    bpm = np.where(numbers["heart_rate_s"] >= enough, numbers["mean_bpm"], np.nan)
    powered = numbers["power_s"] >= enough
    watts = np.where(powered, _some(numbers["normalized_power_w"]), np.nan)
    graded = numbers["normalized_graded_speed_m_s"]
    return {
        POWER: efficiency_factor(watts, bpm),
        GRADED: speed_efficiency_factor(graded, bpm),
        SPEED: speed_efficiency_factor(found.speed_m_s, bpm),
    }


def drift(sport: Sport, told: Sensed | None) -> Drift | None:
    """Return the decoupling of the best output that tells one."""
    if told is None:
        return None
    bpm = told.bpm
    for of in outputs(sport):
        match of:
            case "power":
                found = power_decoupling(told.watts, bpm)
            case "graded_speed":
                found = speed_decoupling(told.graded_m_s, bpm)
            case _:
                found = speed_decoupling(told.speed_m_s, bpm)
        if found is not None:
            return Drift(of, found)
    return None


def _some(value: Numbers) -> Numbers:
    return np.where(value > 0, value, np.nan)
