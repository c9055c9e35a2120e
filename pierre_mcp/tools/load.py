"""Training load: fitness, fatigue and form to today, and what they are made of."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import MISSING, Field

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import (
    PUBLIC,
    Listing,
    Page,
    Params,
    Reply,
    Sensitive,
    Shape,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import in_force, wording
from pierre_mcp.tools.activities import (
    SUMMARY,
    Availability,
    SportName,
    rounded,
    why_empty,
)
from pierre_mcp.tools.columns import (
    Counts,
    Value,
    Words,
    as_columns,
    columns_of,
)
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pierre_mcp.analytics import load, load_rows
    from pierre_mcp.analytics.load_rows import Rows, Series
    from pierre_mcp.services import distribution, loads, training
    from pierre_mcp.services.training import Mask, Trained
else:
    np = Late("numpy")
    load = Late("pierre_mcp.analytics.load")
    load_rows = Late("pierre_mcp.analytics.load_rows")
    distribution = Late("pierre_mcp.services.distribution")
    loads = Late("pierre_mcp.services.loads")
    training = Late("pierre_mcp.services.training")

LOAD = Sensitive(
    Category.ACTIVITIES,
    also=frozenset({Category.HEART_RATE, Category.POWER, Category.PROFILE}),
)
"""A load, what is computed from loads, and what rests on thresholds: of whatever these
may have come from, sex and age among it."""

DAYS = 90
RISING_D = 126
"""Three time constants: until then a twentieth or more of CTL is still to come."""

METHOD = (
    "load by power, else heart rate (Banister TRIMP over that of an hour at "
    "threshold), else running pace, else swim pace; an hour at threshold is 100; "
    "parts: methods, then sports. "
    "ctl 42 and atl 7 days, k = 1 - e^(-1/days); tsb is yesterday's ctl - atl; "
    "ramp_rate is ctl over 7 days; monotony and strain of 7 days, population SD; acwr "
    "of 7 to 28 days, coupled, is weak evidence; polarization index of Treff 2019. A "
    "row's day is its last, its method gave most of its load"
)


class State(Shape):
    """The newest day: today, unless an earlier one was asked for."""

    ctl: Annotated[Value, LOAD, Field(description="42 days, k = 1 - e^(-1/42).")] = (
        MISSING
    )
    atl: Annotated[Value, LOAD, Field(description="Likewise over 7.")] = MISSING
    tsb: Annotated[Value, LOAD, Field(description="Yesterday's ctl - atl.")] = MISSING
    ramp_rate: Annotated[Value, LOAD, Field(description="Of ctl, 7 days.")] = MISSING
    monotony: Annotated[Value, LOAD, Field(description="7 days, population SD.")] = (
        MISSING
    )
    strain: Annotated[Value, LOAD, Field(description="Load of 7 days x monotony.")] = (
        MISSING
    )
    acwr: Annotated[
        Value, LOAD, Field(description="7:28 days, coupled; weak evidence.")
    ] = MISSING


class LoadRow(Shape):
    """One day, or the days of a week up to this one."""

    day: Annotated[str, SUMMARY]
    load: Annotated[float, LOAD]
    ctl: Annotated[float, LOAD]
    atl: Annotated[float, LOAD]
    tsb: Annotated[float, LOAD]
    activities: Annotated[int | None, SUMMARY]
    no_load: Annotated[int | None, LOAD]
    method: Annotated[str | None, LOAD]
    projected: Annotated[bool, SUMMARY]


LoadColumns = columns_of(LoadRow, "LoadColumns")


class Parts(Shape):
    """Methods, then sports: how many activities, and their load."""

    name: Annotated[Words, LOAD] = MISSING
    activities: Annotated[Counts, LOAD] = MISSING
    load: Annotated[list[float | None] | MISSING, LOAD] = MISSING


class Zones(Shape):
    """Time in three intensities by heart rate and by power."""

    by: Annotated[Words, LOAD] = MISSING
    low_s: Annotated[Counts, LOAD] = MISSING
    moderate_s: Annotated[Counts, LOAD] = MISSING
    high_s: Annotated[Counts, LOAD] = MISSING
    polarization: Annotated[
        list[float | None] | MISSING, LOAD, Field(description="Treff 2019.")
    ] = MISSING


class LoadHead(State):
    """All but the rows."""

    from_day: Annotated[date | None, SUMMARY] = None
    to_day: Annotated[date | None, SUMMARY] = None
    data_availability: Annotated[Availability | MISSING, SUMMARY] = MISSING
    parts: Annotated[Parts, PUBLIC] = Parts()
    zones: Annotated[Zones, PUBLIC] = Zones()
    thresholds: Annotated[list[str], LOAD] = []
    method: Annotated[str, PUBLIC] = METHOD
    coverage: Annotated[str | MISSING, LOAD] = MISSING
    caveats: Annotated[list[str], LOAD] = []


class LoadReply(Reply, LoadHead):
    """Training load, newest row first."""

    rows: Annotated[
        LoadColumns,  # type: ignore[valid-type]
        PUBLIC,
    ] = LoadColumns()
    truncated: Annotated[
        bool, PUBLIC, Field(description="More with an earlier to_day.")
    ] = False


class LoadParams(Params):
    """Which days, by what, and what is planned."""

    from_day: Annotated[
        date | None, Field(description="YYYY-MM-DD; default 90 days.")
    ] = None
    to_day: Annotated[date | None, Field(description="YYYY-MM-DD; default today.")] = (
        None
    )
    sport: Annotated[SportName | None, Field(description="As in get_activities.")] = (
        None
    )
    by: Annotated[Literal["week", "day"], Field(description="Rows.")] = "week"
    project_days: Annotated[int, Field(ge=0, le=90, description="Ahead of today.")] = 14
    planned_tss: Annotated[
        float, Field(ge=0, le=1_000, description="Load of each of them.")
    ] = 0.0


def analyze_training_load(
    tx: Tx, grant: Grant, params: LoadParams
) -> Listing[LoadRow, LoadHead]:
    """Compute loads from the warm-up on, and tell those of the days asked for."""
    today = grant.here.today
    first, last = _span(params, today)
    if first > last:
        return _nothing(tx, grant, first, last)
    got = training.trained(tx, grant, first, last, details=distribution.DETAILS)
    chosen = got.of_sport(params.sport)
    if not chosen.any():
        return _nothing(tx, grant, first, last)
    planned = [params.planned_tss] * params.project_days if last == today else []
    days = load_rows.series(
        got.found.day[chosen], got.of.tss[chosen], np.datetime64(last), planned
    )
    begin = max(np.datetime64(first), days.first)
    within = chosen & (got.found.day >= begin)
    known = bool(np.isfinite(got.of.tss[chosen]).any())
    head = LoadHead(
        from_day=begin.item(),
        to_day=last,
        **(_state(days) if known else {}),
        parts=_parts(got, within),
        zones=_zones(got, within),
        thresholds=in_force.in_words(got.used(chosen)),
        coverage=_coverage(got, within),
        caveats=[
            *got.assumed(chosen),
            *in_force.lacking(tx, grant, got, chosen),
            *_rising(days),
        ],
    )
    table = load_rows.rows(begin, np.datetime64(last), params.by, len(planned))
    rows = _rows(got, within, days, table) if known else _NO_ROWS
    return Listing(Page(LoadRow, rows, rows["day"], more=False), head)


def show_training_load(listing: Listing[LoadRow, LoadHead], here: Here) -> Shown:
    """Show rows by column; the line tells the newest day."""
    del here
    head = listing.head
    reply = LoadReply.model_construct(
        **{name: getattr(head, name) for name in LoadHead.model_fields},
        rows=as_columns(listing.page.columns, LoadColumns),
        truncated=listing.page.more,
    )
    if head.data_availability is not MISSING:
        return Shown("No activities in what may be read and was asked for.", reply)
    if head.ctl is MISSING:
        return Shown(f"No load can be told: {head.coverage}.", reply)
    return Shown(
        f"{head.to_day}: CTL {_whole(head.ctl)} (fitness), ATL {_whole(head.atl)} "
        f"(fatigue), TSB {_whole(head.tsb):+} (form: yesterday's "
        f"fitness less fatigue); {head.coverage}.",
        reply,
    )


def _span(params: LoadParams, today: date) -> tuple[date, date]:
    """Return the days asked for, by week from a Monday on; none is ahead of today."""
    last = min(params.to_day or today, today)
    first = params.from_day or max(last, _EARLIEST) - timedelta(DAYS - 1)
    return (first - timedelta(first.weekday()) if params.by == "week" else first), last


def _nothing(
    tx: Tx, grant: Grant, first: date, last: date
) -> Listing[LoadRow, LoadHead]:
    why = why_empty(tx, grant, None)
    head = LoadHead(from_day=first, to_day=last, data_availability=why)
    return Listing(Page(LoadRow, _NO_ROWS, [], more=False), head)


def _state(days: "Series") -> dict[str, float | None]:
    """Return the state of the newest day that has been."""
    at, daily = days.was - 1, days.load[: days.was]
    return {
        "ctl": _told(days.ctl[at]),
        "atl": _told(days.atl[at]),
        "tsb": _told(days.tsb[at]),
        "ramp_rate": _told(load.ramp_rate(days.ctl)[at]),
        "monotony": _told(load.monotony(daily)[at], 2),
        "strain": _told(load.strain(daily)[at]),
        "acwr": _told(load.acwr(daily)[at], 2),
    }


def _rows(
    got: "Trained", within: "Mask", days: "Series", table: "Rows"
) -> dict[str, list[Any]]:
    """Return the rows by column, newest first."""
    offset = days.place(table.first)
    at = offset + table.ends
    projected = at >= days.was
    row = table.row_of(got.found.day[within])
    tss, method = got.of.tss[within], got.of.method[within]
    done = np.bincount(row, minlength=at.size)
    without = np.bincount(row[np.isnan(tss)], minlength=at.size)
    columns = {
        "day": table.last_day.astype(str).tolist(),
        "load": table.sums(days.load[offset:]).round(1).tolist(),
        "ctl": days.ctl[at].round(1).tolist(),
        "atl": days.atl[at].round(1).tolist(),
        "tsb": rounded(days.tsb[at].tolist()),
        "activities": _been(done, projected),
        "no_load": _been(without, projected),
        "method": load_rows.chief(row, method, tss, loads.METHODS, at.size),
        "projected": projected.tolist(),
    }
    return {name: column[::-1] for name, column in columns.items()}


def _been(counts: "NDArray[np.int64]", projected: "Mask") -> list[int | None]:
    """Return what was counted; of days ahead nothing can be."""
    pairs = zip(counts.tolist(), projected.tolist(), strict=True)
    return [None if ahead else count for count, ahead in pairs]


def _parts(got: "Trained", within: "Mask") -> Parts:
    """Return the methods and the sports there are, each with its activities' load."""
    columns = (got.of.method, loads.METHODS), (got.found.sport, Sport)
    held = [
        (str(name), those)
        for column, names in columns
        for name in names
        for those in [within & (column == name)]
        if those.any()
    ]
    return Parts(
        name=[name for name, _ in held],
        activities=[int(those.sum()) for _, those in held],
        load=[_sum(got.of.tss[those]) for _, those in held],
    )


def _sum(tss: "NDArray[np.float64]") -> float | None:
    """Return the load of some activities; None where none of them has one."""
    return _told(np.nansum(tss) if np.isfinite(tss).any() else np.nan)


def _zones(got: "Trained", within: "Mask") -> Zones:
    found = distribution.distributions(got.found, within, got.in_force)
    low, moderate, high = ([round(one.seconds[i]) for one in found] for i in range(3))
    return Zones(
        by=[
            f"{one.kind}, {one.source}: {wording.count(one.activities, 'activity')}"
            for one in found
        ],
        low_s=low,
        moderate_s=moderate,
        high_s=high,
        polarization=[
            None if one.polarization is None else round(one.polarization, 2)
            for one in found
        ],
    )


def _coverage(got: "Trained", within: "Mask") -> str:
    has = int(np.isfinite(got.of.tss[within]).sum())
    return f"a load for {has} of {wording.count(int(within.sum()), 'activity')}"


def _rising(days: "Series") -> list[str]:
    young = days.was < RISING_D
    return [f"history begins {days.first}: ctl is still rising"] if young else []


def _told(value: float, digits: int = 1) -> float | None:
    """Return a number as it is told; one that is NaN is not known."""
    return rounded(float(value), digits) if value == value else None  # noqa: PLR0124 - only NaN differs from itself


def _whole(value: Any) -> int:
    whole: int = round(value)
    return whole


_EARLIEST = date.min + timedelta(DAYS)
_NO_ROWS: dict[str, list[Any]] = {name: [] for name in LoadRow.model_fields}


ANALYZE_TRAINING_LOAD = Tool(
    name="analyze_training_load",
    title="Training load",
    summary="Fitness, fatigue and form (CTL, ATL, TSB) by week or day to today and "
    "projected, with ramp, monotony, strain and intensity.",
    takes=LoadParams,
    gives=LoadReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.PROFILE,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=analyze_training_load,
    show=show_training_load,
)
