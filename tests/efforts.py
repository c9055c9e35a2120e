"""Activities whose bests are known: curves and best times put in as they should be."""

from dataclasses import replace
from datetime import date, timedelta

from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import (
    DISTANCES_M,
    DURATIONS_S,
    ActivityDetail,
    Details,
    HeartRateDetail,
    PowerDetail,
)
from pierre_mcp.model.recording import NewRecording, Where
from tests.stores import FILES, a_recording

FIRST = date(2016, 1, 1)


def on(day: int) -> str:
    """A day, counted from ``FIRST``."""
    return str(FIRST + timedelta(days=day))


def times_of(speed_m_s: float, upto_m: float = 10_000) -> tuple[float, ...]:
    """Best times at one speed, 6 % slower for each doubling from 1 km on."""
    return tuple(
        round(m / speed_m_s * (m / 1_000) ** 0.08, 1)
        for m in DISTANCES_M
        if m <= upto_m
    )


def watts_of(cp_w: float, reserve_j: float, upto_s: int = 3_600) -> tuple[float, ...]:
    """A power curve on the line of work over time, at most 1,500 W."""
    return tuple(
        round(min(cp_w + reserve_j / s, 1_500), 4) for s in DURATIONS_S if s <= upto_s
    )


def beats_of(bpm: float, upto_s: int = 3_600) -> tuple[float, ...]:
    """A curve of the heart rate that falls a little."""
    return tuple(round(bpm - s / 360, 1) for s in DURATIONS_S if s <= upto_s)


def an_effort(  # noqa: PLR0913 - what an activity may have
    day: int | str = 0,
    *,
    sport: Sport = Sport.RUNNING,
    where: Where = FILES,
    times: tuple[float, ...] = (),
    watts: tuple[float, ...] = (),
    beats: tuple[float, ...] = (),
    of: str | None = None,
    told: tuple[Fact, ...] = (),
    **cells: object,
) -> NewRecording:
    """A recording with these bests, of activity ``of``; ``cells`` are its summary's."""
    found: dict[Category, ActivityDetail | HeartRateDetail | PowerDetail] = {
        Category.ACTIVITIES: ActivityDetail(
            best_s=times, mean_max_speed_m_s=(3.0,) if times else ()
        )
    }
    if watts:
        found[Category.POWER] = PowerDetail(mean_max_power_w=watts)
    if beats:
        found[Category.HEART_RATE] = HeartRateDetail(mean_max_bpm=beats)
    details: Details = found
    one = a_recording(
        day=day if isinstance(day, str) else on(day), sport=sport, where=where
    )
    return replace(
        one,
        activity_id=of,
        athlete=told,
        activity=one.activity.model_copy(update=cells),
        heart_rate=one.heart_rate if beats else None,
        power=one.power if watts else None,
        location=None,
        notes=None,
        streams={},
        details=details,
    )


def weighing(kg: float) -> tuple[Fact, ...]:
    """What a file tells of the athlete's weight."""
    return (Fact(kind=Kind.WEIGHT, value=kg, origin=Origin.USER_PROFILE),)
