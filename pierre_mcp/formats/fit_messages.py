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

FILE_ID, DEVICE_SETTINGS, USER_PROFILE, ZONES_TARGET, SPORT = 0, 2, 3, 7, 12
SESSION, LAP, RECORD, EVENT = 18, 19, 20, 21
DEVICE_INFO, ACTIVITY, HRV, LENGTH, HR = 23, 34, 78, 101, 132
TIMESTAMP_CORRELATION, FIELD_DESCRIPTION = 162, 206

DAILY = frozenset({30, 51, 55, 103, 211, 227, 269, 273, 274, 275, 297, 346, 370, 371})
"""Messages of weight, blood pressure, monitoring, stress, oxygen, sleep, breathing and
heart rate variability: what a device tells of a day, not of an activity."""

FILE_IS_ACTIVITY = 4
EVENT_IS_TIMER = 0
TIMER_STARTS = (0,)
TIMER_STOPS = (1, 4, 8, 9)
LENGTH_IS_ACTIVE = 1

_SEMICIRCLES = 2**31 / 180.0
_SIGNED = 0x85


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
    FILE_ID: {0: Spec("type"), 1: Spec("manufacturer"), 2: Spec("product")},
    DEVICE_INFO: {0: Spec("index"), 2: Spec("manufacturer"), 4: Spec("product")},
    DEVICE_SETTINGS: {2: Spec("local_offset_s", base=_SIGNED)},
    TIMESTAMP_CORRELATION: _TIME | {3: Spec("local_time")},
    USER_PROFILE: {
        1: Spec("sex"),
        2: Spec("age"),
        3: Spec("height_m", 100),
        4: Spec("weight_kg", 10),
        8: Spec("resting_heart_rate_bpm"),
        11: Spec("max_heart_rate_bpm"),
        24: Spec("birth_year", offset=-1900),  # in no published profile
    },
    ZONES_TARGET: {
        1: Spec("max_heart_rate_bpm"),
        2: Spec("threshold_heart_rate_bpm"),
        3: Spec("ftp_w"),
    },
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
        45: Spec("ftp_w"),
        59: Spec("moving_s", 1000),
    },
    LAP: _TIME | _TOTALS | {25: Spec("sport"), 39: Spec("sub_sport")},
    EVENT: _TIME | {0: Spec("event"), 1: Spec("event_type")},
    ACTIVITY: _TIME | {5: Spec("local_time")},
    LENGTH: _TIME
    | {
        2: Spec("start_time"),
        3: Spec("elapsed_s", 1000),
        4: Spec("timer_s", 1000),
        5: Spec("strokes"),
        7: Spec("stroke"),
        12: Spec("kind"),
    },
    HR: _TIME | {0: Spec("fraction_s", 32_768)},
    FIELD_DESCRIPTION: {
        0: Spec("index"),
        1: Spec("number"),
        2: Spec("base"),
        6: Spec("scale"),
        7: Spec("offset"),
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
        39: Spec("vertical_oscillation_mm", 10),
        41: Spec("ground_contact_ms", 10),
        48: Spec("fraction_s", 128),
        53: Spec("cadence_fraction_rpm", 128),
        73: Spec("enhanced_speed_m_s", 1000),
        78: Spec("enhanced_altitude_m", 5, 500),
        92: Spec("depth_m", 1000),
        139: Spec("core_temperature_c", 100),
    },
}

COMPRESSED_SPEED_DISTANCE = 8

STROKES = (
    "freestyle",
    "backstroke",
    "breaststroke",
    "butterfly",
    "drill",
    "mixed",
    "individual_medley",
    "individual_medley_by_round",
    "reverse_individual_medley",
)
"""How a length was swum, by number."""

MANUFACTURERS = {
    1: "garmin",
    15: "dynastream",
    23: "suunto",
    32: "wahoo",
    38: "osynce",
    40: "concept2",
    70: "sigma",
    76: "moxy",
    86: "elite",
    89: "tacx",
    95: "stryd",
    107: "magene",
    115: "igpsport",
    123: "polar",
    255: "development",
    258: "lezyne",
    260: "zwift",
    265: "strava",
    267: "bryton",
    281: "trainerroad",
    289: "hammerhead",
    294: "coros",
    303: "core",
    307: "onelap",
    310: "decathlon",
}
"""The makers of most recording devices; any other is known by its number."""

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
