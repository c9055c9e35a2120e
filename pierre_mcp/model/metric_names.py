"""The metrics of training that can be followed over time."""

from typing import Literal, TypeAlias

MetricName: TypeAlias = Literal[
    "load", "ctl", "duration", "distance", "ascent", "pace", "graded_pace",
    "efficiency", "heart_rate", "power", "normalized_power",
    "weight", "resting_heart_rate",
]  # fmt: skip
