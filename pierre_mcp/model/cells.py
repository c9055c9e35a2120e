"""What a recording's sealed cells hold: one value for each category of data.

A derived value lives in the cell of the category it was computed from, so that the
mean heart rate of a lap is heart rate, and is sealed and consented to as such.
None means "not recorded"; zero is zero.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Metres = Annotated[float, Field(ge=0, le=100_000_000, allow_inf_nan=False)]
SpeedMS = Annotated[float, Field(ge=0, le=400, allow_inf_nan=False)]
Bpm = Annotated[float, Field(ge=0, le=255, allow_inf_nan=False)]
Watts = Annotated[float, Field(ge=0, le=65_535, allow_inf_nan=False)]
Kilojoules = Annotated[float, Field(ge=0, le=100_000_000, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Rpm = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]

MAX_LAPS = 2_000
MAX_PATH = 200


class Cell(BaseModel):
    """A value as sealed: closed and small.

    Defaults are immutable, so that reading a cell does not copy them: lists of
    activities open thousands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Pieces(Cell):
    """Laps or splits, by column; every column has the same length."""

    start_s: Annotated[tuple[Seconds, ...], Field(max_length=MAX_LAPS)] = ()
    duration_s: Annotated[tuple[Seconds, ...], Field(max_length=MAX_LAPS)] = ()
    distance_m: Annotated[tuple[Metres | None, ...], Field(max_length=MAX_LAPS)] = ()


class ActivityCell(Cell):
    """The summary: category ``activities``.

    Attributes:
        started_us: Start, microseconds since 1970-01-01T00:00:00Z.
        utc_offset_s: Local time minus UTC at the start, seconds.
        zone: IANA name where one is known, else None.
        zone_source: Where the offset is from: ``file``, ``position`` or ``home``.
        elapsed_s: From first to last sample, pauses included.
        moving_s: Pauses and standing excluded; None where it cannot be told.
        event_part: Its place, from 1, among the parts of one event, a triathlon say.
        graded_speed_m_s: Of runs with altitude: mean, while moving, of the speed on
            the level that costs the same (Minetti).
        normalized_graded_speed_m_s: Fourth-power mean of its 30 s means, standing
            included, as power is normalized: a load by pace needs it, and opens no
            detail.
        laps: None since formula version 2, as splits are: they are details now. Cells
            of version 1 hold them here until they are brought up.
        gear: The id of the piece of gear it was done with, in the table of gear.
    """

    started_us: int
    utc_offset_s: Annotated[int, Field(ge=-86_400, le=86_400)]
    zone: Annotated[str, Field(max_length=64)] | None
    zone_source: Annotated[str, Field(max_length=16)]
    elapsed_s: Seconds
    moving_s: Seconds | None = None
    distance_m: Metres | None = None
    ascent_m: Metres | None = None
    descent_m: Metres | None = None
    max_speed_m_s: SpeedMS | None = None
    mean_cadence_rpm: Rpm | None = None
    calories_kcal: Annotated[float, Field(ge=0, le=100_000)] | None = None
    indoor: bool = False
    event_part: Annotated[int, Field(ge=1, le=1_000)] | None = None
    graded_speed_m_s: SpeedMS | None = None
    normalized_graded_speed_m_s: SpeedMS | None = None
    laps: Pieces | None = None
    splits: Pieces | None = None
    gear: Annotated[str, Field(max_length=36)] | None = None


class HeartRateCell(Cell):
    """Heart rate in beats a minute: category ``heart_rate``.

    Attributes:
        measured_s: How long there was a value, at most as long as it was recorded.
        lap_mean_bpm: Empty since formula version 2, as splits are: they are details
            now. Cells of version 1 hold them here until they are brought up.
    """

    mean_bpm: Bpm | None
    max_bpm: Bpm | None
    measured_s: Seconds | None = None
    lap_mean_bpm: Annotated[tuple[Bpm | None, ...], Field(max_length=MAX_LAPS)] = ()
    split_mean_bpm: Annotated[tuple[Bpm | None, ...], Field(max_length=MAX_LAPS)] = ()


class PowerCell(Cell):
    """Power in watts: category ``power``.

    Attributes:
        normalized_power_w: Coggan's; None where there were not 30 s of power.
        work_kj: The integral of power over time.
        measured_s: How long there was a value, coasting included.
        lap_mean_power_w: Empty since formula version 2, as splits are; see above.
    """

    mean_power_w: Watts | None
    max_power_w: Watts | None
    normalized_power_w: Watts | None = None
    work_kj: Kilojoules | None = None
    measured_s: Seconds | None = None
    lap_mean_power_w: Annotated[
        tuple[Watts | None, ...], Field(max_length=MAX_LAPS)
    ] = ()
    split_mean_power_w: Annotated[
        tuple[Watts | None, ...], Field(max_length=MAX_LAPS)
    ] = ()


class LocationCell(Cell):
    """Where it went: category ``location``.

    At most 200 points, evenly spaced by distance, first and last point included;
    ``along_m`` is the distance from the start along the track. Degrees, WGS 84.
    """

    along_m: Annotated[list[Metres], Field(max_length=MAX_PATH)]
    lat_deg: Annotated[list[Degrees], Field(max_length=MAX_PATH)]
    lon_deg: Annotated[list[Degrees], Field(max_length=MAX_PATH)]


class NotesCell(Cell):
    """Free text from outside: category ``notes``. Kept as it came; cleaned on exit.

    ``private_note`` is what the person wrote for nobody else; no tool shows it.
    """

    name: Annotated[str, Field(max_length=1_000)] | None = None
    description: Annotated[str, Field(max_length=20_000)] | None = None
    private_note: Annotated[str, Field(max_length=20_000)] | None = None
