"""Totals over any range, by week, month, year or sport, with what is missing."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import MISSING, Field
from pydantic_core import from_json

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import (
    PUBLIC,
    Listing,
    ListReply,
    Page,
    Params,
    Public,
    Shape,
    Treatment,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import (
    HEART_RATE,
    POWER,
    SUMMARY,
    Availability,
    Day,
    Source,
    SportName,
    why_empty,
)
from pierre_mcp.tools.columns import as_columns, columns_of
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    import numpy as np

    from pierre_mcp.analytics import totals
    from pierre_mcp.services import history
    from pierre_mcp.store import scan
else:
    np = Late("numpy")
    totals = Late("pierre_mcp.analytics.totals")
    history = Late("pierre_mcp.services.history")
    scan = Late("pierre_mcp.store.scan")

By = Literal["week", "month", "year", "sport", "all"]


class StatsRow(Shape):
    """The totals of one bucket."""

    bucket: Annotated[
        str, SUMMARY, Field(description="Month, year, sport or a week's Monday.")
    ]
    activities: Annotated[int, SUMMARY]
    active_days: Annotated[int, SUMMARY]
    duration_s: Annotated[float | None, SUMMARY, Field(description="Pauses included.")]
    moving_s: Annotated[float | None, SUMMARY]
    distance_m: Annotated[float | None, SUMMARY]
    ascent_m: Annotated[float | None, SUMMARY]
    calories_kcal: Annotated[float | None, SUMMARY]
    longest_s: Annotated[float | None, SUMMARY]
    longest_m: Annotated[float | None, SUMMARY]
    mean_bpm: Annotated[
        float | MISSING | None, HEART_RATE, Field(description="Weighted by time.")
    ] = MISSING
    work_kj: Annotated[float | MISSING | None, POWER] = MISSING
    no_moving: Annotated[
        int,
        SUMMARY,
        Field(description="no_…: activities that have no such value to add."),
    ]
    no_distance: Annotated[int, SUMMARY]
    no_ascent: Annotated[int, SUMMARY]
    no_calories: Annotated[int, SUMMARY]
    no_bpm: Annotated[int | MISSING, HEART_RATE] = MISSING
    no_work: Annotated[int | MISSING, POWER] = MISSING


StatsColumns = columns_of(StatsRow, "StatsColumns")


class Span(Shape):
    """What was added up: the days from first to last, and why there is nothing."""

    by: Annotated[By, PUBLIC]
    from_day: Annotated[date | None, SUMMARY]
    to_day: Annotated[date | None, SUMMARY]
    data_availability: Annotated[Availability | None, SUMMARY] = None


class StatsReply(ListReply):
    """Totals, newest first, by column."""

    from_day: Annotated[date | None, SUMMARY] = None
    to_day: Annotated[date | None, SUMMARY] = None
    data_availability: Annotated[
        Availability | MISSING | None,
        SUMMARY,
        Field(description="Why there is nothing."),
    ] = MISSING
    totals: Annotated[
        StatsColumns,  # type: ignore[valid-type]
        PUBLIC,
        Field(description="One array a field; index i is one bucket."),
    ] = StatsColumns()


class StatsParams(Params):
    """What to add up, and by what."""

    by: Annotated[By, Field(description="One row for each of these.")] = "month"
    provider: Annotated[Source | None, Field(description="Only this source.")] = None
    sport: Annotated[SportName | None, Field(description="As in get_activities.")] = (
        None
    )
    from_day: Day = None
    to_day: Day = None
    limit: Annotated[int, Field(ge=1, le=1_000, description="Rows at most.")] = 1_000
    cursor: Annotated[
        str | None,
        Public(Treatment.CURSOR),
        Field(max_length=1_000, description="next_cursor of the page before."),
    ] = None


def get_stats(tx: Tx, grant: Grant, params: StatsParams) -> Listing[StatsRow, Span]:
    """Add up every activity of the range, and give one page of rows."""
    wanted = _wanted(params)
    found = history.read(tx, grant, wanted)
    if not found.day.size:
        why = why_empty(tx, grant, params.provider)
        head = Span(by=params.by, from_day=params.from_day, to_day=params.to_day,
                    data_availability=why)  # fmt: skip
        empty: dict[str, list[Any]] = {name: [] for name in StatsRow.model_fields}
        return Listing(Page(StatsRow, empty, [], more=False), head)
    first, last = _span(found, params, grant.here.today)
    if params.by == "sport":
        buckets = totals.by_sport(found.sport)
    else:
        buckets = totals.by_period(found.day, params.by, first, last)
    columns = _columns(found, buckets)
    for category, names in _BESIDE.items():
        if not scan.may_read(tx, grant, wanted, category):
            columns |= dict.fromkeys(names, [MISSING] * len(buckets.labels))
    head = Span(by=params.by, from_day=first.item(), to_day=last.item())
    return Listing(_page(columns, params), head)


def show_stats(listing: Listing[StatsRow, Span], here: Here) -> Shown:
    """Show a page by column; the line adds up what is on it."""
    columns, head = listing.page.columns, listing.head
    reply = StatsReply.model_construct(
        from_day=head.from_day,
        to_day=head.to_day,
        data_availability=head.data_availability or MISSING,
        totals=as_columns(columns, StatsColumns),
    )
    if not columns["bucket"]:
        return Shown("No activities in what may be read and was asked for.", reply)
    return Shown(f"{_of_what(columns, head)}: {_in_all(columns, here)}.", reply)


_BESIDE = {
    Category.HEART_RATE: ("mean_bpm", "no_bpm"),
    Category.POWER: ("work_kj", "no_work"),
}


def _wanted(params: StatsParams) -> Wanted:
    return Wanted(
        sources=None if params.provider is None else frozenset({params.provider}),
        sport=params.sport,
        from_day=str(params.from_day or recordings.FIRST_DAY),
        to_day=str(params.to_day or recordings.LAST_DAY),
    )


def _span(
    found: "history.History", params: StatsParams, today: date
) -> "tuple[np.datetime64, np.datetime64]":
    """Return the range asked for, between the first activity and today.

    Outside there is nothing, and a range without end would be rows without end.
    """
    first, last = found.day.min(), max(found.day.max(), np.datetime64(today, "D"))
    if params.from_day is not None:
        first = max(first, np.datetime64(params.from_day, "D"))
    if params.to_day is not None:
        last = min(last, np.datetime64(params.to_day, "D"))
    return first, last


def _columns(
    found: "history.History", buckets: "totals.Buckets"
) -> dict[str, list[Any]]:
    """Return every column of ``StatsRow``, allowed or not, oldest first."""
    of = found.numbers
    work = totals.work_kj(of["mean_power_w"], of["power_s"])
    return {
        "bucket": list(buckets.labels),
        "activities": totals.counts(buckets).tolist(),
        "active_days": totals.active_days(buckets, found.day).tolist(),
        "duration_s": _listed(totals.sums(buckets, of["elapsed_s"])),
        "moving_s": _listed(totals.sums(buckets, of["moving_s"])),
        "distance_m": _listed(totals.sums(buckets, of["distance_m"])),
        "ascent_m": _listed(totals.sums(buckets, of["ascent_m"])),
        "calories_kcal": _listed(totals.sums(buckets, of["calories_kcal"])),
        "longest_s": _listed(totals.most(buckets, of["elapsed_s"])),
        "longest_m": _listed(totals.most(buckets, of["distance_m"])),
        "mean_bpm": _listed(
            totals.means(buckets, of["mean_bpm"], of["heart_rate_s"])
        ),
        "work_kj": _listed(totals.sums(buckets, work)),
        "no_moving": totals.lacking(buckets, of["moving_s"]).tolist(),
        "no_distance": totals.lacking(buckets, of["distance_m"]).tolist(),
        "no_ascent": totals.lacking(buckets, of["ascent_m"]).tolist(),
        "no_calories": totals.lacking(buckets, of["calories_kcal"]).tolist(),
        "no_bpm": totals.lacking(buckets, of["mean_bpm"]).tolist(),
        "no_work": totals.lacking(buckets, work).tolist(),
    }  # fmt: skip


def _listed(values: "totals.Numbers") -> list[float | None]:
    """Return values to a tenth; what is NaN is not recorded."""
    return [None if value != value else value for value in values.round(1).tolist()]  # noqa: PLR0124 - only NaN differs from itself


def _page(columns: dict[str, list[Any]], params: StatsParams) -> Page[StatsRow]:
    """Cut a page: sports by name, periods newest first, after the cursor's place."""
    labels = columns["bucket"]
    order = list(range(len(labels)))
    if params.by != "sport":
        order.reverse()
    if params.cursor is not None:
        place = from_json(params.cursor)
        after = str.__gt__ if params.by == "sport" else str.__lt__
        order = [i for i in order if after(labels[i], place)]
    shown = order[: params.limit]
    return Page(
        StatsRow,
        {name: [column[i] for i in shown] for name, column in columns.items()},
        [labels[i] for i in shown],
        more=len(order) > len(shown),
    )


def _of_what(columns: Any, head: Span) -> str:
    labels: Sequence[str] = columns["bucket"]
    if head.by == "all":
        return wording.span(str(head.from_day), str(head.to_day))
    how_many = wording.count(len(labels), head.by)
    if head.by == "sport":
        return f"{how_many}, {wording.span(str(head.from_day), str(head.to_day))}"
    return f"{how_many}, {wording.span(labels[-1], labels[0])}"


def _in_all(columns: Any, here: Here) -> str:
    held = sum(columns["activities"])
    parts = [
        wording.count(held, "activity"),
        wording.duration(_sum(columns, "duration_s")),
    ]
    without = sum(columns["no_distance"])
    if without < held:
        parts.append(wording.distance(_sum(columns, "distance_m"), here))
    if without:
        parts.append(f"{without} of them without a distance")
    return wording.listed(parts)


def _sum(columns: Any, name: str) -> float:
    return sum(value or 0 for value in columns[name])


GET_STATS = Tool(
    name="get_stats",
    title="Totals",
    summary="Totals of activities by week, month, year, sport or all together, over "
    "any days, and how many activities lack each value.",
    takes=StatsParams,
    gives=StatsReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset({Category.ACTIVITIES, Category.HEART_RATE, Category.POWER}),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=get_stats,
    show=show_stats,
    source_of=lambda params: params.provider,
)
