"""What of a recording is opened for itself: laps, histograms, curves.

A detail stands beside the cell of its category, is sealed and consented to as that
category, and holds nothing that depends on a threshold. Lists and totals never open
one. Curves and bests lie along fixed grids and end with the longest that the activity
reached; a histogram is its first bin and the seconds in each bin from there on.

What follows from these is computed when asked: pace (of swimming too) is distance over
moving time, efficiency and variability are quotients of what the cells hold, any load
by heart rate is a sum over its histogram, lengths give SWOLF. Decoupling compares two
halves of one activity second by second, and opens the streams of that one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, TypeAlias

from pydantic import Field

from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import (
    MAX_LAPS,
    Bpm,
    Cell,
    Metres,
    Pieces,
    Seconds,
    SpeedMS,
    Watts,
)

DURATIONS_S = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50),
    *(60, 75, 90, 120, 150, 180, 240, 300, 360, 420, 480, 600, 720, 900),
    *(1_200, 1_500, 1_800, 2_400, 2_700, 3_000, 3_600, 4_500, 5_400, 7_200),
    *(9_000, 10_800, 14_400, 18_000, 21_600, 28_800, 36_000, 43_200, 64_800, 86_400),
)
"""The grid of every mean-max curve, in seconds."""
DISTANCES_M = (
    *(200.0, 400.0, 804.672, 1_000.0, 1_500.0, 1_609.344, 3_000.0, 3_218.688),
    *(5_000.0, 10_000.0, 15_000.0, 16_093.44, 20_000.0, 21_097.5, 30_000.0),
    *(42_195.0, 50_000.0, 80_467.2, 100_000.0, 160_934.4, 200_000.0),
)
"""The grid of best times: 804.672 m is half a mile, 42,195 m a marathon."""

BPM_BIN = 1.0
WATT_BIN = 1.0
SPEED_BIN_M_S = 0.05
"""Widths of bins. One beat and one watt are what sensors resolve, so zones cut out of a
histogram are those of the samples; 0.05 m/s is 3 s a kilometre at 4:10."""

MAX_BINS = 3_001
MAX_LENGTHS = 10_000

Count: TypeAlias = Annotated[int, Field(ge=0, le=10_000_000)]


class Histogram(Cell):
    """Whole seconds by value: bin i holds ``[(first + i) * width, ... + width)``.

    The width is that of the field's unit, above. The bins add up to the time with a
    value, to within half a second.
    """

    first: Annotated[int, Field(ge=0, lt=MAX_BINS)] = 0
    seconds: Annotated[tuple[Count, ...], Field(max_length=MAX_BINS)] = ()


class Spans(Cell):
    """Pauses by column, in seconds since the start; both columns are as long."""

    start_s: Annotated[tuple[Seconds, ...], Field(max_length=MAX_LAPS)] = ()
    end_s: Annotated[tuple[Seconds, ...], Field(max_length=MAX_LAPS)] = ()


class Lengths(Cell):
    """Lengths of a pool by column; every column has the same length.

    Attributes:
        strokes: Arm strokes counted; None where the watch did not.
        stroke: ``freestyle`` and so on; None where the watch could not tell.
        active: False for a rest at the wall.
    """

    start_s: Annotated[tuple[Seconds, ...], Field(max_length=MAX_LENGTHS)] = ()
    duration_s: Annotated[tuple[Seconds, ...], Field(max_length=MAX_LENGTHS)] = ()
    strokes: Annotated[
        tuple[Annotated[int, Field(ge=0, le=65_535)] | None, ...],
        Field(max_length=MAX_LENGTHS),
    ] = ()
    stroke: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] | None, ...],
        Field(max_length=MAX_LENGTHS),
    ] = ()
    active: Annotated[tuple[bool, ...], Field(max_length=MAX_LENGTHS)] = ()


class ActivityDetail(Cell):
    """Pieces and speed: category ``activities``.

    Attributes:
        splits: Each full kilometre (1,000 m), the last one shorter.
        pauses: When the device's timer stood still.
        lengths: Of a pool; None elsewhere.
        speed: Seconds by 0.05 m/s, standing included; None without distance.
        mean_max_speed_m_s: Highest mean over at least each of ``DURATIONS_S``.
        best_s: Least time over each of ``DISTANCES_M``, stops included.
    """

    laps: Pieces = Pieces()
    splits: Pieces = Pieces()
    pauses: Spans = Spans()
    lengths: Lengths | None = None
    pool_length_m: Metres | None = None
    speed: Histogram | None = None
    mean_max_speed_m_s: Annotated[
        tuple[SpeedMS, ...], Field(max_length=len(DURATIONS_S))
    ] = ()
    best_s: Annotated[tuple[Seconds, ...], Field(max_length=len(DISTANCES_M))] = ()


class HeartRateDetail(Cell):
    """Heart rate: category ``heart_rate``.

    Attributes:
        lap_mean_bpm: One for each lap of the ``ActivityDetail``, None without a value;
            ``split_mean_bpm`` likewise.
        bpm: Seconds by 1 beat a minute. Any load by heart rate follows from it.
        mean_max_bpm: Highest mean over at least each of ``DURATIONS_S``.
    """

    lap_mean_bpm: Annotated[tuple[Bpm | None, ...], Field(max_length=MAX_LAPS)] = ()
    split_mean_bpm: Annotated[tuple[Bpm | None, ...], Field(max_length=MAX_LAPS)] = ()
    bpm: Histogram = Histogram()
    mean_max_bpm: Annotated[tuple[Bpm, ...], Field(max_length=len(DURATIONS_S))] = ()


class PowerDetail(Cell):
    """Power: category ``power``.

    Attributes:
        lap_mean_power_w: One for each lap of the ``ActivityDetail``, None without a
            value; ``split_mean_power_w`` likewise.
        power: Seconds by 1 W, coasting included.
        mean_max_power_w: Highest mean over at least each of ``DURATIONS_S``.
    """

    lap_mean_power_w: Annotated[
        tuple[Watts | None, ...], Field(max_length=MAX_LAPS)
    ] = ()
    split_mean_power_w: Annotated[
        tuple[Watts | None, ...], Field(max_length=MAX_LAPS)
    ] = ()
    power: Histogram = Histogram()
    mean_max_power_w: Annotated[
        tuple[Watts, ...], Field(max_length=len(DURATIONS_S))
    ] = ()


Detail: TypeAlias = ActivityDetail | HeartRateDetail | PowerDetail
Details: TypeAlias = Mapping[Category, Detail]

DETAILS: Mapping[Category, type[Detail]] = MappingProxyType(
    {
        Category.ACTIVITIES: ActivityDetail,
        Category.HEART_RATE: HeartRateDetail,
        Category.POWER: PowerDetail,
    }
)
"""The categories that have a detail, and of which kind."""
