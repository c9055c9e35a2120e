"""The tables of ``get_personal_records``: what a row of each is, and how it is made."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import MISSING, Field

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import Public, Sensitive, Shape, Treatment
from pierre_mcp.tools.activities import HEART_RATE, POWER, SUMMARY
from pierre_mcp.tools.columns import as_columns, columns_of
from pierre_mcp.tools.paces import course, lasting, pace

if TYPE_CHECKING:
    from pierre_mcp.services import best_efforts
    from pierre_mcp.services.critical_lines import CriticalLine
    from pierre_mcp.services.records import Best, Records
else:
    best_efforts = Late("pierre_mcp.services.best_efforts")

PER_KG = Sensitive(Category.POWER, also=frozenset({Category.BODY}))
ID = Public(Treatment.IDENTIFIER)
AGO = Sensitive(Category.ACTIVITIES, Treatment.DAYS_AGO)

Number: TypeAlias = float | None


class TimeRow(Shape):
    """The best time over a distance."""

    sport: Annotated[Sport, SUMMARY]
    distance_m: Annotated[float, SUMMARY]
    time_s: Annotated[float, SUMMARY]
    pace: Annotated[str, SUMMARY]
    day: Annotated[str, SUMMARY]
    id: Annotated[str, ID]
    was_s: Annotated[Number | MISSING, SUMMARY] = MISSING
    percent: Annotated[Number | MISSING, SUMMARY] = MISSING


class PowerRow(Shape):
    """The highest mean power over a duration."""

    sport: Annotated[Sport, POWER]
    duration_s: Annotated[int, POWER]
    power_w: Annotated[float, POWER]
    w_per_kg: Annotated[Number | MISSING, PER_KG] = MISSING
    day: Annotated[str, POWER]
    id: Annotated[str, ID]
    was_w: Annotated[Number | MISSING, POWER] = MISSING
    percent: Annotated[Number | MISSING, POWER] = MISSING


class HeartRateRow(Shape):
    """The highest mean heart rate over a duration."""

    duration_s: Annotated[int, HEART_RATE]
    bpm: Annotated[float, HEART_RATE]
    sport: Annotated[Sport, HEART_RATE]
    day: Annotated[str, HEART_RATE]
    id: Annotated[str, ID]


class LongestRow(Shape):
    """The most of something in one activity."""

    sport: Annotated[Sport, SUMMARY]
    of: Annotated[str, SUMMARY]
    value: Annotated[float, SUMMARY]
    day: Annotated[str, SUMMARY]
    id: Annotated[str, ID]


class CriticalPowerRow(Shape):
    """Critical power, and the efforts it rests on."""

    sport: Annotated[Sport, POWER]
    of: Annotated[str, POWER]
    cp_w: Annotated[float, POWER, Field(description="W'/t + CP, 3 to 20 min.")]
    cp_error_w: Annotated[Number, POWER]
    w_per_kg: Annotated[Number | MISSING, PER_KG] = MISSING
    w_prime_kj: Annotated[float, POWER]
    w_prime_error_kj: Annotated[Number, POWER]
    efforts: Annotated[list[str], POWER]
    oldest_days_ago: Annotated[int, Sensitive(Category.POWER, Treatment.DAYS_AGO)]


class CriticalSpeedRow(Shape):
    """Critical speed, and the efforts it rests on."""

    sport: Annotated[Sport, SUMMARY]
    of: Annotated[str, SUMMARY]
    cs_m_s: Annotated[float, SUMMARY, Field(description="2 to 20 min.")]
    cs_error_m_s: Annotated[Number, SUMMARY]
    pace: Annotated[str, SUMMARY]
    d_prime_m: Annotated[float, SUMMARY]
    d_prime_error_m: Annotated[Number, SUMMARY]
    efforts: Annotated[list[str], SUMMARY]
    oldest_days_ago: Annotated[int, AGO]


TimeColumns = columns_of(TimeRow, "TimeColumns")
PowerColumns = columns_of(PowerRow, "PowerColumns")
HeartRateColumns = columns_of(HeartRateRow, "HeartRateColumns")
LongestColumns = columns_of(LongestRow, "LongestColumns")
CriticalPowerColumns = columns_of(CriticalPowerRow, "CriticalPowerColumns")
CriticalSpeedColumns = columns_of(CriticalSpeedRow, "CriticalSpeedColumns")

Row: TypeAlias = Mapping[str, Any]


def tables(found: "Records", units: str, *, compared: bool) -> dict[str, Shape]:
    """Return every table by its name in the answer; empty where there is nothing.

    Args:
        found: What was found.
        units: The person's, for paces.
        compared: Whether with another period.
    """
    kinds, lines = best_efforts.Kind, found.critical
    bests = {kind: found.bests.get(kind, ()) for kind in kinds}
    times = [_time(one, units) for one in bests[kinds.TIMES]]
    power = [_power(one, found) for one in bests[kinds.POWER]]
    if not compared:
        times = [_without(row, "was_s", "percent") for row in times]
        power = [_without(row, "was_w", "percent") for row in power]
    hearts = [_heart_rate(one) for one in bests[kinds.HEART_RATE]]
    longest = [_longest(one) for one in bests[kinds.LONGEST]]
    lines_w = [_critical_power(one, found) for one in lines.get(kinds.POWER, ())]
    speeds = [_critical_speed(one, units) for one in lines.get(kinds.TIMES, ())]
    return {
        "times": _table(times, TimeRow, TimeColumns),
        "power": _table(power, PowerRow, PowerColumns),
        "heart_rate": _table(hearts, HeartRateRow, HeartRateColumns),
        "longest": _table(longest, LongestRow, LongestColumns),
        "critical_power": _table(lines_w, CriticalPowerRow, CriticalPowerColumns),
        "critical_speed": _table(speeds, CriticalSpeedRow, CriticalSpeedColumns),
    }


def _table(rows: Sequence[Row], of: type[Shape], columns: type[Shape]) -> Shape:
    names = of.model_fields
    by_name = {name: [row.get(name, MISSING) for row in rows] for name in names}
    return as_columns(by_name, columns)


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _who(one: "Best") -> Row:
    return {"sport": one.sport, "day": one.day, "id": one.activity_id}


def _time(one: "Best", units: str) -> Row:
    metres = float(one.at)
    return {
        "distance_m": metres,
        "time_s": one.value,
        "pace": pace(metres / one.value, one.sport, units),
        "was_s": one.was,
        "percent": _rounded(one.percent),
        **_who(one),
    }


def _power(one: "Best", found: "Records") -> Row:
    return {
        "duration_s": int(one.at),
        "power_w": one.value,
        "was_w": one.was,
        "percent": _rounded(one.percent),
        **_per_kg(one.value, one.day, found),
        **_who(one),
    }


def _per_kg(power_w: float, day: str, found: "Records") -> Row:
    if found.weight is None:
        return {}
    weight = found.weight_kg(day)
    return {"w_per_kg": None if weight is None else round(power_w / weight, 2)}


def _heart_rate(one: "Best") -> Row:
    return {"duration_s": int(one.at), "bpm": one.value, **_who(one)}


def _longest(one: "Best") -> Row:
    return {"of": one.at, "value": round(one.value, 1), **_who(one)}


def _critical_power(one: "CriticalLine", found: "Records") -> Row:
    fit = one.fit
    return {
        "sport": one.sport,
        "of": one.period,
        "cp_w": round(fit.rate, 1),
        "cp_error_w": _rounded(fit.rate_error),
        "w_prime_kj": round(fit.reserve / 1_000, 1),
        "w_prime_error_kj": _rounded(fit.reserve_error, 1_000),
        "efforts": _efforts([lasting(int(at)) for at in one.at], one),
        "oldest_days_ago": one.days_ago,
        **_per_kg(fit.rate, max(one.days), found),
    }


def _critical_speed(one: "CriticalLine", units: str) -> Row:
    fit = one.fit
    return {
        "sport": one.sport,
        "of": one.period,
        "cs_m_s": round(fit.rate, 3),
        "cs_error_m_s": None if fit.rate_error is None else round(fit.rate_error, 3),
        "pace": pace(fit.rate, one.sport, units),
        "d_prime_m": round(fit.reserve, 1),
        "d_prime_error_m": _rounded(fit.reserve_error),
        "efforts": _efforts([course(at) for at in one.at], one),
        "oldest_days_ago": one.days_ago,
    }


def _efforts(at: Sequence[str], one: "CriticalLine") -> Sequence[str]:
    """Return each effort and its day: ``20 min 2026-03-01``."""
    return [f"{name} {day}" for name, day in zip(at, one.days, strict=True)]


def _rounded(value: float | None, unit: float = 1.0) -> float | None:
    return None if value is None else round(value / unit, 1) + 0.0  # no zero is -0.0
