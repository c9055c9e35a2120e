"""What a total of an activity may be; outside it was not measured, or is a slip."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BOUNDS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "elapsed_s": (0.0, 10_000_000.0),
        "moving_s": (0.0, 10_000_000.0),
        "distance_m": (0.0, 100_000_000.0),
        "ascent_m": (0.0, 100_000_000.0),
        "descent_m": (0.0, 100_000_000.0),
        "max_speed_m_s": (0.0, 100.0),
        "mean_cadence_rpm": (1.0, 300.0),
        "calories_kcal": (0.0, 100_000.0),
        "mean_bpm": (25.0, 250.0),
        "max_bpm": (25.0, 250.0),
        "mean_power_w": (0.0, 3_000.0),
        "max_power_w": (0.0, 3_000.0),
    }
)
"""Least and most by name, as ``analytics.summary`` has it for what samples give."""
