"""A metric over time: by week or month, with its slope, and beside another period."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import MISSING, AfterValidator, Field

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category
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
from pierre_mcp.model.metric_names import MetricName
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import SUMMARY, Availability, SportName, why_empty
from pierre_mcp.tools.columns import Value, as_columns, columns_of
from pierre_mcp.tools.in_force import in_words, lacking
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    import numpy as np

    from pierre_mcp.analytics import periods, trends
    from pierre_mcp.analytics.periods import Span
    from pierre_mcp.analytics.trends import Trend
    from pierre_mcp.services import metrics
    from pierre_mcp.services.metrics import Followed, Metric, Observed
    from pierre_mcp.store import scan
else:
    np = Late("numpy")
    periods = Late("pierre_mcp.analytics.periods")
    trends = Late("pierre_mcp.analytics.trends")
    metrics = Late("pierre_mcp.services.metrics")
    scan = Late("pierre_mcp.store.scan")

METRIC = Sensitive(
    Category.ACTIVITIES,
    also=frozenset(
        {Category.HEART_RATE, Category.POWER, Category.BODY, Category.PROFILE}
    ),
)
"""A metric, and what follows from it: of whatever it was asked to be."""

DAYS = 182
FOUR_WEEKS_D = 28
DIGITS = 4
"""Significant ones of a value."""

METHOD = (
    "slope: Theil-Sen over the rows with Sen's 95 % interval; compared: Hodges-Lehmann "
    "shift of the rows with its 95 % interval, percent of the earlier of both medians; "
    "clear: the interval leaves out none"
)

Pair: TypeAlias = list[float] | MISSING


class TrendRow(Shape):
    """One week from its Monday, or month."""

    period: Annotated[str, SUMMARY]
    value: Annotated[Value, METRIC] = MISSING
    count: Annotated[int | MISSING, METRIC] = MISSING


TrendColumns = columns_of(TrendRow, "TrendColumns")


class Slope(Shape):
    """Change over four weeks, and its 95 % interval."""

    per_4_weeks: Annotated[
        Value, METRIC, Field(description="Theil-Sen, Sen's interval.")
    ] = MISSING
    low: Annotated[Value, METRIC] = MISSING
    high: Annotated[Value, METRIC] = MISSING
    clear: Annotated[bool | MISSING, METRIC] = MISSING


class Beside(Shape):
    """The range after an earlier one, period by period."""

    from_day: Annotated[date | MISSING, SUMMARY] = MISSING
    to_day: Annotated[date | MISSING, SUMMARY] = MISSING
    medians: Annotated[Pair, METRIC] = MISSING
    shift: Annotated[Value, METRIC, Field(description="Hodges-Lehmann.")] = MISSING
    low: Annotated[Value, METRIC] = MISSING
    high: Annotated[Value, METRIC] = MISSING
    percent: Annotated[Value, METRIC] = MISSING
    clear: Annotated[bool | MISSING, METRIC] = MISSING


class TrendHead(Shape):
    """All but the rows."""

    unit: Annotated[str, PUBLIC]
    from_day: Annotated[date | None, SUMMARY] = None
    to_day: Annotated[date | None, SUMMARY] = None
    data_availability: Annotated[Availability | MISSING, SUMMARY] = MISSING
    slope: Annotated[Slope, PUBLIC] = Slope()
    compared: Annotated[Beside, PUBLIC] = Beside()
    thresholds: Annotated[list[str], METRIC] = []
    method: Annotated[str, PUBLIC]
    coverage: Annotated[str | MISSING, METRIC] = MISSING
    caveats: Annotated[list[str], METRIC] = []


class TrendReply(Reply, TrendHead):
    """A metric over time, newest first."""

    rows: Annotated[
        TrendColumns,  # type: ignore[valid-type]
        PUBLIC,
    ] = TrendColumns()
    truncated: Annotated[bool, PUBLIC] = False


def _checked(compare: str) -> str:
    """Refuse what looks like a day and is none."""
    if compare not in {"previous", "year_before"}:
        date.fromisoformat(compare)
    return compare


Compared = Annotated[
    str,
    Field(pattern=r"^(previous|year_before|\d{4}-\d\d-\d\d)$"),
    AfterValidator(_checked),
]


class TrendParams(Params):
    """Which metric, over which days, and beside which."""

    metric: Annotated[MetricName, Field(description="What to follow.")]
    sport: Annotated[SportName | None, Field(description="As in get_activities.")] = (
        None
    )
    from_day: Annotated[
        date | None, Field(description="YYYY-MM-DD; default 26 weeks.")
    ] = None
    to_day: Annotated[date | None, Field(description="YYYY-MM-DD; default today.")] = (
        None
    )
    by: Annotated[Literal["week", "month"], Field(description="Rows.")] = "week"
    compare: Annotated[
        Compared | None,
        Field(description="previous, year_before, or the day a range as long begins."),
    ] = None


def analyze_trends(
    tx: Tx, grant: Grant, params: TrendParams
) -> Listing[TrendRow, TrendHead]:
    """Follow one metric over whole weeks or months."""
    metric, span = metrics.METRICS[params.metric], _span(params, grant.here.today)
    said: dict[str, Any] = {
        "unit": metric.unit,
        "from_day": span.first.item(),
        "to_day": span.last.item(),
        "method": f"{_words(params, metric)}; {METHOD}",
    }
    if closed := _closed(tx, grant, params):
        return _listing(TrendHead(**said, caveats=closed), _NO_ROWS)
    got = metrics.followed(tx, grant, params.metric, params.sport, span)
    if not got.seen.day.size:
        why = why_empty(tx, grant, None)
        return _listing(TrendHead(**said, data_availability=why), _NO_ROWS)
    said["coverage"] = _coverage(got.seen)
    trend = got.trend
    said["slope"] = _slope(trend)
    if (of := got.seen.loads) is not None:
        said["thresholds"] = in_words(of.used(of.of_sport(got.seen.sport)))
    caveats = _caveats(tx, grant, got)
    if trend is None:
        caveats.append(f"no slope: {trends.TOO_FEW}")
    if params.compare is not None:
        other = _other(span, params.compare)
        if other.is_in_calendar:
            was = metrics.followed(tx, grant, params.metric, params.sport, other)
            said["compared"] = _beside(was, got)
            caveats += _of_two(was, got)
        else:
            caveats.append(_NOTHING_BESIDE)
    rows = {
        "period": got.span.labels,
        "value": [_told(value) for value in got.values.tolist()],
        "count": got.counts.tolist(),
    }
    newest = {name: column[::-1] for name, column in rows.items()}
    return _listing(TrendHead(**said, caveats=caveats), newest)


def show_trends(listing: Listing[TrendRow, TrendHead], here: Here) -> Shown:
    """Show rows by column; the line tells the slope."""
    del here
    head = listing.head
    reply = TrendReply.model_construct(
        **{name: getattr(head, name) for name in TrendHead.model_fields},
        rows=as_columns(listing.page.columns, TrendColumns),
        truncated=listing.page.more,
    )
    if head.coverage is MISSING:
        why = head.caveats or ["nothing in what may be read and was asked for"]
        return Shown(f"No trend: {wording.listed(why)}.", reply)
    return Shown(f"{_in_words(head)}; {head.coverage}.", reply)


def _span(params: TrendParams, today: date) -> "Span":
    """Return whole periods of the days asked for; none is ahead of today."""
    last = min(params.to_day or today, today)
    first = params.from_day or max(last, _EARLIEST) - timedelta(DAYS - 1)
    days = np.datetime64(min(first, last)), np.datetime64(last)
    return periods.span(*days, params.by)


def _other(span: "Span", compare: str) -> "Span":
    if compare == "previous":
        return span.before()
    if compare == "year_before":
        return span.a_year_before()
    return span.moved(np.datetime64(compare))


def _words(params: TrendParams, metric: "Metric") -> str:
    """Return what the metric is, and of which activities."""
    if metric.told is not None:
        return metric.words
    sport = params.sport or metric.sport
    return f"{metric.words}, {'all sports' if sport is None else f'{sport} only'}"


def _closed(tx: Tx, grant: Grant, params: TrendParams) -> list[str]:
    """Return what may not be read and without which there is nothing to tell."""
    return [
        f"{category.replace('_', ' ')} not allowed"
        for category in sorted(metrics.needs(params.metric, params.sport))
        if not scan.may_read(tx, grant, Wanted(), category)
    ]


def _slope(found: "Trend | None") -> Slope:
    if found is None:
        return Slope(per_4_weeks=None, low=None, high=None, clear=False)
    return Slope(
        per_4_weeks=_told(found.slope, FOUR_WEEKS_D),
        low=_told(found.low, FOUR_WEEKS_D),
        high=_told(found.high, FOUR_WEEKS_D),
        clear=_leaves_out_zero(found.low, found.high),
    )


def _beside(was: "Followed", got: "Followed") -> Beside:
    """Return the later range after the earlier, period by period."""
    days = {"from_day": was.span.first.item(), "to_day": was.span.last.item()}
    found = trends.compare(was.whole, got.whole)
    if found is None:
        return Beside(**days)
    return Beside(
        **days,
        medians=[_told(middle) for middle in found.median],
        shift=_told(found.shift),
        low=_told(found.low),
        high=_told(found.high),
        percent=_told(found.percent),
        clear=_leaves_out_zero(found.low, found.high),
    )


def _leaves_out_zero(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and (low > 0 or high < 0)


def _coverage(seen: "Observed") -> str:
    if seen.of is None:
        return wording.count(seen.at.size, "value")
    return f"{seen.at.size} of {wording.count(seen.of, 'activity')}"


def _caveats(tx: Tx, grant: Grant, got: "Followed") -> list[str]:
    words = []
    if got.seen.loads is not None:
        of = got.seen.loads
        chosen = of.of_sport(got.seen.sport)
        words = [*of.assumed(chosen), *lacking(tx, grant, of, chosen)]
    if got.cut:
        words.append(f"the last {got.span.by} is not over: only in the rows")
    if got.how == "last":
        words.append("days hang together: the intervals are too narrow")
    return words


def _of_two(was: "Followed", got: "Followed") -> list[str]:
    if np.isnan(was.whole).all() or np.isnan(got.whole).all():
        return [_NOTHING_BESIDE]
    overlap = was.span.last >= got.span.first
    return ["the two ranges overlap"] if overlap else []


def _listing(
    head: TrendHead, rows: dict[str, list[Any]]
) -> Listing[TrendRow, TrendHead]:
    return Listing(Page(TrendRow, rows, rows["period"], more=False), head)


def _in_words(head: TrendHead) -> str:
    of = head.slope
    if of.per_4_weeks is MISSING or of.per_4_weeks is None:
        return f"No slope in {head.unit}"
    clear = "" if of.clear else ", which may be none"
    return f"{of.per_4_weeks:+g} {head.unit} over four weeks{clear}"


def _told(value: float | None, times: int = 1) -> float | None:
    """Return a number to four digits; one that is NaN is not known."""
    if value is None or value != value:  # noqa: PLR0124 - only NaN differs from itself
        return None
    return float(f"{value * times:.{DIGITS}g}") + 0.0  # no zero is -0.0


_EARLIEST = date.min + timedelta(DAYS)
_NOTHING_BESIDE = "nothing to compare with"
_NO_ROWS: dict[str, list[Any]] = {name: [] for name in TrendRow.model_fields}


ANALYZE_TRENDS = Tool(
    name="analyze_trends",
    title="Trends",
    summary="One metric by week or month with its slope and 95 % interval; beside the "
    "range before, last year's season, or any other.",
    takes=TrendParams,
    gives=TrendReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.BODY,
                Category.PROFILE,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=analyze_trends,
    show=show_trends,
)
