"""Times and paces as people say them: 1:59:40, 4:12/km, 1:45/100 m, 36.2 km/h."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pierre_mcp.model.category import Sport

_MILE_M: Final = 1_609.344
_YARD_M: Final = 0.9144

_COURSES: Final[Mapping[float, str]] = MappingProxyType(
    {
        804.672: "half a mile",
        _MILE_M: "1 mile",
        2 * _MILE_M: "2 miles",
        16_093.44: "10 miles",
        21_097.5: "half marathon",
        42_195.0: "marathon",
        80_467.2: "50 miles",
        160_934.4: "100 miles",
    }
)
_AS_SPEED: Final = frozenset(
    {Sport.CYCLING, Sport.SKIING, Sport.SKATING, Sport.PADDLING}
)
_SWUM: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {"metric": ("/100 m", 100.0), "imperial": ("/100 yd", 100 * _YARD_M)}
)
_RUN: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {"metric": ("/km", 1_000.0), "imperial": ("/mi", _MILE_M)}
)


def clock(seconds: float) -> str:
    """Return ``h:mm:ss``, ``m:ss``, or below a minute seconds with a tenth."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasting(seconds: int) -> str:
    """Return a duration of the grid: ``30 s``, ``20 min``, ``2 h``, ``1 h 15 min``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def course(metres: float) -> str:
    """Return a distance of the grid by its name, else in metres or kilometres."""
    if metres in _COURSES:
        return _COURSES[metres]
    return f"{metres:g} m" if metres < 1_000 else f"{metres / 1_000:g} km"


def pace(speed_m_s: float, sport: Sport, units: str) -> str:
    """Return a speed above 0 as it is said in a sport, in the person's units.

    Time over 100 m in water, 500 m on the rowing machine, a kilometre or mile on foot;
    elsewhere kilometres or miles an hour.
    """
    if sport in _AS_SPEED:
        if units == "imperial":
            return f"{speed_m_s * 3_600 / _MILE_M:.1f} mph"
        return f"{speed_m_s * 3.6:.1f} km/h"
    if sport is Sport.ROWING:
        return _over("/500 m", 500.0, speed_m_s)
    if sport is Sport.SWIMMING:
        return _over(*_SWUM[units], speed_m_s)
    return _over(*_RUN[units], speed_m_s)


def _over(words: str, metres: float, speed_m_s: float) -> str:
    minutes, rest = divmod(round(metres / speed_m_s), 60)
    return f"{minutes}:{rest:02}{words}"
