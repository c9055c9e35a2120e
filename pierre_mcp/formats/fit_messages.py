"""The part of the FIT profile that an activity needs: numbers, names and scales.

A field is ``number: Spec(name, scale, offset)``, and its value is raw / scale - offset.
Numbers and scales are facts of the published profile; the names are ours where a
column of a track has one already.
"""

from typing import NamedTuple

from pierre_mcp.model.category import Sport

TIMESTAMP = 253
EPOCH_S = 631_065_600
"""1989-12-31T00:00:00Z, where FIT starts counting, in Unix seconds."""

FILE_ID, SPORT, SESSION, LAP, RECORD, EVENT, ACTIVITY = 0, 12, 18, 19, 20, 21, 34
LENGTH, HR, FIELD_DESCRIPTION = 101, 132, 206

FILE_IS_ACTIVITY = 4
EVENT_IS_TIMER = 0
TIMER_STARTS = (0,)
TIMER_STOPS = (1, 4, 8, 9)
LENGTH_IS_ACTIVE = 1

_SEMICIRCLES = 2**31 / 180.0


class Spec(NamedTuple):
    """How a field is called and scaled; ``base`` overrides the layout's base type."""

    name: str
    scale: float = 1.0
    offset: float = 0.0
    base: int | None = None


_TIME = {TIMESTAMP: Spec("time")}
_TOTALS = {
    2: Spec("start_time"),
    7: Spec("elapsed_s", 1000),
    8: Spec("timer_s", 1000),
    9: Spec("distance_m", 100),
}

FIELDS: dict[int, dict[int, Spec]] = {
    FILE_ID: {0: Spec("type")},
    SPORT: {0: Spec("sport"), 1: Spec("sub_sport")},
    SESSION: _TIME
    | _TOTALS
    | {
        5: Spec("sport"),
        6: Spec("sub_sport"),
        11: Spec("calories_kcal"),
        22: Spec("ascent_m"),
        23: Spec("descent_m"),
        44: Spec("pool_length_m", 100),
        59: Spec("moving_s", 1000),
    },
    LAP: _TIME | _TOTALS | {25: Spec("sport"), 39: Spec("sub_sport")},
    EVENT: _TIME | {0: Spec("event"), 1: Spec("event_type")},
    ACTIVITY: _TIME | {5: Spec("local_time")},
    LENGTH: _TIME
    | {2: Spec("start_time"), 3: Spec("elapsed_s", 1000), 12: Spec("kind")},
    HR: _TIME | {0: Spec("fraction_s", 32_768)},
    FIELD_DESCRIPTION: {
        0: Spec("index"),
        1: Spec("number"),
        2: Spec("base"),
        14: Spec("message"),
        15: Spec("native"),
    },
    RECORD: _TIME
    | {
        0: Spec("lat_deg", _SEMICIRCLES),
        1: Spec("lon_deg", _SEMICIRCLES),
        2: Spec("altitude_m", 5, 500),
        3: Spec("heart_rate_bpm"),
        4: Spec("cadence_rpm"),
        5: Spec("distance_m", 100),
        6: Spec("speed_m_s", 1000),
        7: Spec("power_w"),
        13: Spec("temperature_c"),
        28: Spec("fraction_s", 256),
        53: Spec("cadence_fraction_rpm", 128),
        73: Spec("enhanced_speed_m_s", 1000),
        78: Spec("enhanced_altitude_m", 5, 500),
    },
}

COMPRESSED_SPEED_DISTANCE = 8

SPORTS: dict[int, Sport] = {
    1: Sport.RUNNING,
    2: Sport.CYCLING,
    3: Sport.TRANSITION,
    5: Sport.SWIMMING,
    11: Sport.WALKING,
    12: Sport.SKIING,
    13: Sport.SKIING,
    14: Sport.SKIING,
    15: Sport.ROWING,
    17: Sport.HIKING,
    19: Sport.PADDLING,
    21: Sport.CYCLING,
    30: Sport.SKATING,
    33: Sport.SKATING,
    35: Sport.SKIING,
    37: Sport.PADDLING,
    41: Sport.PADDLING,
    42: Sport.PADDLING,
}

SUB_SPORTS: dict[int, Sport] = {
    14: Sport.ROWING,  # indoor_rowing, recorded under fitness_equipment
    20: Sport.STRENGTH,
    43: Sport.YOGA,
}

INDOOR_SUB_SPORTS = frozenset({1, 5, 6, 13, 14, 15, 16, 17, 26, 27, 45, 58})
"""Treadmill, spin, indoor cycling, rowing, elliptical and the like, virtual, indoor."""
