"""One activity analysed: load, efficiency, zones, bests, splits and its standing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import MISSING, Field

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import (
    PUBLIC,
    Params,
    Public,
    Reply,
    Sensitive,
    Shape,
    Treatment,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import HEART_RATE, POWER, SUMMARY, rounded
from pierre_mcp.tools.columns import Counts, Numbers, Value, Words
from pierre_mcp.tools.in_force import in_words
from pierre_mcp.tools.load import LOAD
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.services import caveats, report
    from pierre_mcp.services.analysis import Analysis
    from pierre_mcp.services.report import Report
else:
    caveats = Late("pierre_mcp.services.caveats")
    report = Late("pierre_mcp.services.report")

_BEATS: Final = frozenset({Category.HEART_RATE, Category.POWER})
EFFICIENCY = Sensitive(Category.ACTIVITIES, also=_BEATS)
DRIFT = Sensitive(Category.ACTIVITIES, also=_BEATS | {Category.LOCATION})
GRADED = Sensitive(Category.ACTIVITIES, also=frozenset({Category.LOCATION}))
"""What is computed from altitude by second; the mean of a run is of its summary."""

OUTPUT = Sensitive(Category.ACTIVITIES, also=frozenset({Category.POWER}))
ALL = Sensitive(
    Category.ACTIVITIES, also=_BEATS | {Category.LOCATION, Category.PROFILE}
)

_METHOD: Final = (
    "normalized power: Coggan, windows from second 30",
    "pace graded by Minetti 2002",
    "best efforts and like activities: of 365 days to this one",
)
_OUTPUT: Final = {
    "power": "normalized W",
    "graded_speed": "graded m/min",
    "speed": "m/min",
}

Gaps: TypeAlias = list[float | None] | MISSING | None


class ZonesBy(Shape):
    """Time in zones; each begins at a number of bpm, W or m/s."""

    by: Annotated[Words, LOAD] = MISSING
    zone: Annotated[Words, LOAD] = MISSING
    begins: Annotated[Numbers, LOAD] = MISSING
    seconds: Annotated[Counts, LOAD] = MISSING


class Best(Shape):
    """Highest power over seconds, least time over metres, and their rank."""

    of: Annotated[Words, OUTPUT] = MISSING
    over: Annotated[Numbers, OUTPUT] = MISSING
    value: Annotated[Numbers, OUTPUT] = MISSING
    rank: Annotated[Counts, OUTPUT] = MISSING
    among: Annotated[Counts, OUTPUT] = MISSING
    better_on: Annotated[list[str | None] | MISSING, OUTPUT] = MISSING


class SplitsBy(Shape):
    """Splits, stops included."""

    duration_s: Annotated[Numbers, SUMMARY] = MISSING
    gap_s_per_km: Annotated[Gaps, GRADED, Field(description="Minetti.")] = MISSING
    mean_bpm: Annotated[Gaps, HEART_RATE] = MISSING
    mean_power_w: Annotated[Gaps, POWER] = MISSING


class AlikeBy(Shape):
    """Those of its sport within a fifth of its distance, or time where it has none."""

    count: Annotated[int, SUMMARY] = 0
    name: Annotated[Words, LOAD] = MISSING
    median: Annotated[Numbers, LOAD] = MISSING
    percent_lower: Annotated[Counts, LOAD] = MISSING


class AnalysisReply(Reply):
    """One activity analysed."""

    id: Annotated[str, Public(Treatment.IDENTIFIER)]
    sport: Annotated[Sport, SUMMARY]
    day: Annotated[str, SUMMARY]
    moving_s: Annotated[float, SUMMARY]
    distance_m: Annotated[float | None, SUMMARY]
    speed_m_s: Annotated[float | None, SUMMARY]
    graded_speed_m_s: Annotated[float | None, SUMMARY]
    mean_bpm: Annotated[Value, HEART_RATE] = MISSING
    normalized_power_w: Annotated[
        Value, POWER, Field(description="30 s windows from the 30th.")
    ] = MISSING
    variability_index: Annotated[
        Value, POWER, Field(description="Normalized over mean.")
    ] = MISSING
    tss: Annotated[Value, LOAD, Field(description="By the best method.")] = MISSING
    tss_by: Annotated[list[str], LOAD] = []
    intensity_factor: Annotated[Value, LOAD] = MISSING
    efficiency_factor: Annotated[
        Value, EFFICIENCY, Field(description="W or m/min per bpm.")
    ] = MISSING
    decoupling_percent: Annotated[
        Value, DRIFT, Field(description="Halves by time; positive is drift.")
    ] = MISSING
    swolf: Annotated[float | MISSING, SUMMARY] = MISSING
    zones: Annotated[ZonesBy, PUBLIC] = ZonesBy()
    best: Annotated[Best, PUBLIC] = Best()
    split_m: Annotated[float | MISSING, SUMMARY] = MISSING
    splits: Annotated[SplitsBy, PUBLIC] = SplitsBy()
    w_bal_low_j: Annotated[
        Value, POWER, Field(description="Skiba 2015, differential.")
    ] = MISSING
    alike: Annotated[AlikeBy, PUBLIC] = AlikeBy()
    thresholds: Annotated[list[str], LOAD] = []
    method: Annotated[str, ALL] = ""
    coverage: Annotated[str, ALL] = ""
    caveats: Annotated[list[str], ALL] = []


class AnalysisParams(Params):
    """Which activity."""

    id: Annotated[
        str,
        Public(Treatment.IDENTIFIER),
        Field(min_length=1, max_length=64, description="As get_activities gives it."),
    ]


def analyze_activity(tx: Tx, grant: Grant, params: AnalysisParams) -> AnalysisReply:
    """Analyse one activity.

    Raises:
        ActivityUnknownError: There is none with this id that may be read.
    """
    found = report.report(tx, grant, params.id)
    one, recording = found.of, found.of.whole.recording
    return AnalysisReply(
        id=recording.activity_id,
        day=recording.local_day,
        **summary(one),
        tss_by=[f"{load.method} {load.tss:.1f}" for load in one.loads],
        swolf=MISSING if found.swolf is None else rounded(found.swolf),
        zones=_zones(found),
        best=_best(found),
        **_splits(found),
        w_bal_low_j=_low_j(found),
        alike=_alike(found),
        thresholds=in_words(found.used),
        method="; ".join(_methods(found)),
        coverage=caveats.coverage(one),
        caveats=caveats.caveats(found),
    )


def show_analysis(reply: AnalysisReply, here: Here) -> Shown:
    """Show one activity analysed; the line gives load, intensity and best efforts."""
    said = [f"{reply.sport.value.capitalize()} on {reply.day}"]
    said.append(wording.duration(reply.moving_s))
    if reply.distance_m is not None:
        said.append(wording.distance(reply.distance_m, here))
    if reply.tss_by:
        said.append(f"TSS by {reply.tss_by[0].replace('_', ' ')}")
    if isinstance(reply.normalized_power_w, float):
        said.append(f"normalized power {reply.normalized_power_w:.0f} W")
    if isinstance(reply.decoupling_percent, float):
        said.append(f"decoupling {reply.decoupling_percent:+.1f} %")
    bests = _bests(reply, here)
    if bests:
        said.append(f"best of the year over {wording.listed(bests)}")
    return Shown(f"{wording.listed(said)}.", reply)


def summary(one: "Analysis") -> dict[str, Any]:
    """Return the numbers of one activity that are told of each of several too.

    None is not recorded or not to be told, MISSING is not allowed.
    """
    beats = one.whole.recording.heart_rate is not MISSING
    watts = one.whole.recording.power is not MISSING
    both = beats and (watts or one.sport is not Sport.CYCLING)
    load, factor, drift = one.load, one.efficiency, one.drift
    return {
        "sport": one.sport,
        "moving_s": rounded(one.moving_s),
        "distance_m": rounded(one.number("distance_m")),
        "speed_m_s": to(one.speed_m_s, 3),
        "graded_speed_m_s": to(one.number("normalized_graded_speed_m_s"), 3),
        "mean_bpm": rounded(one.number("mean_bpm")) if beats else MISSING,
        "normalized_power_w": (
            rounded(one.number("normalized_power_w")) if watts else MISSING
        ),
        "variability_index": to(one.variability, 3) if watts else MISSING,
        "tss": load and rounded(load.tss),
        "intensity_factor": load and to(load.intensity, 3),
        "efficiency_factor": factor and to(factor.value, 3) if both else MISSING,
        "decoupling_percent": (
            drift and rounded(drift.told.percent) if both else MISSING
        ),
    }


def to(value: float | None, digits: int) -> float | None:
    """Round a number, if there is one."""
    told: float | None = rounded(value, digits)
    return told


def _zones(found: "Report") -> ZonesBy:
    rows = [
        (f"{one.by}: {one.method.name}", zone.name, begins, seconds)
        for one in found.zones
        for zone, begins, seconds in zip(
            one.method.zones, one.begins, one.seconds, strict=True
        )
    ]
    return ZonesBy(
        by=[by for by, *_ in rows],
        zone=[zone for _, zone, *_ in rows],
        begins=[round(begins, 2) for *_, begins, _ in rows],
        seconds=[round(seconds) for *_, seconds in rows],
    )


def _best(found: "Report") -> Best:
    rows = [
        (of, one)
        for of, efforts in (
            ("power_w", found.best_powers),
            ("time_s", found.best_times),
        )
        for one in efforts
    ]
    return Best(
        of=[of for of, _ in rows],
        over=[one.over for _, one in rows],
        value=[one.value for _, one in rows],
        rank=[one.rank for _, one in rows],
        among=[one.among for _, one in rows],
        better_on=[one.better_on for _, one in rows],
    )


def _splits(found: "Report") -> dict[str, Any]:
    """Return the splits; a column is null that has no value."""
    told, of = found.splits, found.of.whole.recording
    if told is None or not told.cut.start_s:
        return {}
    graded: list[float] = told.graded_s_per_km.round(1).tolist()
    columns = {
        "gap_s_per_km": ([None if g != g else g for g in graded], of.location),  # noqa: PLR0124 - only NaN differs from itself
        "mean_bpm": (told.mean_bpm, of.heart_rate),
        "mean_power_w": (told.mean_power_w, of.power),
    }
    shown = {
        name: MISSING if cell is MISSING else column if any(column) else None
        for name, (column, cell) in columns.items()
    }
    durations = rounded(told.cut.duration_s)
    return {
        "split_m": told.each_m,
        "splits": SplitsBy(duration_s=durations, **shown),
    }


def _low_j(found: "Report") -> Any:
    if found.of.whole.recording.power is MISSING:
        return MISSING
    return None if found.emptied is None else round(found.emptied.low_j)


def _alike(found: "Report") -> AlikeBy:
    against = found.alike.against
    return AlikeBy(
        count=found.alike.count,
        name=[one.name for one in against],
        median=[round(one.median, 3) for one in against],
        percent_lower=[round(100 * one.above / one.known) for one in against],
    )


def _methods(found: "Report") -> Iterator[str]:
    """Give the variant of each number, and of what it is one here."""
    one, low = found.of, found.emptied
    yield from _METHOD
    if one.efficiency is not None:
        yield f"efficiency: {_OUTPUT[one.efficiency.of]} per bpm"
    if one.drift is not None:
        of = one.drift.of.replace("_", " ")
        yield f"decoupling: of mean {of}, halves; above 0 heart rate drifted up"
    if low is not None:
        told = f"{low.of.critical_w:.0f} W, {low.of.w_prime_j / 1_000:.1f} kJ"
        yield f"W' balance: differential, Skiba 2015, by {low.of.by} ({told})"
        yield f"lowest at {low.at_s:.0f} s"


def _bests(reply: AnalysisReply, here: Here) -> list[str]:
    """Return over what it was the best of several."""
    best = reply.best
    columns: Any = (best.of, best.over, best.rank, best.among)
    rows = zip(*columns, strict=True) if best.of is not MISSING else ()
    return [
        _in_time(over) if of == "power_w" else wording.distance(over, here)
        for of, over, rank, among in rows
        if rank == 1 and among > 1
    ]


def _in_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else wording.duration(seconds)


ANALYZE_ACTIVITY = Tool(
    name="analyze_activity",
    title="Activity analysis",
    summary="One activity's load, efficiency, zones, best efforts, graded splits, W' "
    "balance, and like ones before.",
    takes=AnalysisParams,
    gives=AnalysisReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.LOCATION,
                Category.PROFILE,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=analyze_activity,
    show=show_analysis,
    days=lambda reply: (reply.day,),
)
