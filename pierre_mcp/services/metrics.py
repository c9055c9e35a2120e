"""One metric of training over time: what each activity, or each day, says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np

from pierre_mcp.analytics import load_rows, totals, trends
from pierre_mcp.analytics.pace import pace_s_per_km
from pierre_mcp.analytics.periods import Span, begin
from pierre_mcp.analytics.totals import Buckets, Counts
from pierre_mcp.analytics.trends import Trend
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.metric_names import MetricName
from pierre_mcp.policy.telling import changes
from pierre_mcp.services import efficiency, history, training
from pierre_mcp.services.history import Days, History, Numbers
from pierre_mcp.services.training import Trained
from pierre_mcp.store import athlete, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

How: TypeAlias = Literal["sum", "mean", "last"]

_HEART: Final = frozenset({Category.HEART_RATE})
_POWER: Final = frozenset({Category.POWER})


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What says something of a metric, in no order; columns of shape (n,).

    Attributes:
        day: Local days, datetime64[D].
        value: NaN where it was not recorded.
        weight: In a mean; ones elsewhere.
        at: The days of the activities, or told values, that it rests on.
        of: How many activities there are; None of told values.
        sport: The one it is of; None: every sport.
        loads: Where loads were computed, these.
    """

    day: Days
    value: Numbers
    weight: Numbers
    at: Days
    of: int | None
    sport: Sport | None = None
    loads: Trained | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """How a metric is put together.

    Attributes:
        unit: Of the values.
        words: What it is, in an answer.
        how: What becomes of several values in a period: their sum, their mean by
            weight, or the last one.
        sport: The one it is of where none is asked for; None: every sport.
        needs: Without these it cannot be told.
        told: The kind of which it is the told values.
        finish: From the mean to what is told.
    """

    unit: str
    words: str
    how: How
    of: Callable[[History], tuple[Numbers, Numbers]] | None = None
    sport: Sport | None = None
    needs: frozenset[Category] = frozenset()
    told: Kind | None = None
    finish: Callable[[Numbers], Numbers] | None = None

    def in_periods(self, seen: Observed, buckets: Buckets) -> Numbers:
        """Return the value of each period, NaN where it cannot be told.

        The sum of a period without activities is zero.
        """
        if self.how == "sum":
            return totals.sums(buckets, seen.value)
        if self.how == "mean":
            mean = totals.means(buckets, seen.value, seen.weight)
            return mean if self.finish is None else self.finish(mean)
        last = np.full(len(buckets.labels), np.nan)
        order = np.argsort(seen.day, kind="stable")
        last[buckets.place[order]] = seen.value[order]  # of several, the last stays
        return last


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A metric over whole periods.

    Attributes:
        span: Which periods.
        seen: What it rests on.
        values: Of each period; NaN where it cannot be told, as before the first day of
            which anything is held.
    """

    span: Span
    seen: Observed
    values: Numbers
    how: How

    @property
    def counts(self) -> Counts:
        """On how many activities, or told values, each period rests."""
        return totals.counts(self.span.buckets(self.seen.at))

    @property
    def cut(self) -> bool:
        """Whether the last period's sum is not whole yet."""
        return self.how == "sum" and self.span.is_open

    @property
    def whole(self) -> Numbers:
        """The values without a sum that is not whole yet."""
        values = self.values.copy()
        if self.cut:
            values[-1] = np.nan
        return values

    @property
    def trend(self) -> Trend | None:
        """The slope of the whole values, a day."""
        labels = np.array(self.span.labels, "M8[D]")
        return trends.trend(labels.astype(np.int64).astype(float), self.whole)


def _alone(name: str) -> Callable[[History], tuple[Numbers, Numbers]]:
    def of(found: History) -> tuple[Numbers, Numbers]:
        return found.numbers[name], np.ones(found.day.size)

    return of


def _measured(name: str, seconds: str) -> Callable[[History], tuple[Numbers, Numbers]]:
    def of(found: History) -> tuple[Numbers, Numbers]:
        return found.numbers[name], found.numbers[seconds]

    return of


def _speed(found: History) -> tuple[Numbers, Numbers]:
    return found.speed_m_s, found.moving_s


def _graded(found: History) -> tuple[Numbers, Numbers]:
    return found.numbers["normalized_graded_speed_m_s"], found.moving_s


def _efficiency(found: History) -> tuple[Numbers, Numbers]:
    """Return watts for each beat of rides, metres a minute for each of the others."""
    by = efficiency.factors(found)
    graded, speed = by[efficiency.GRADED], by[efficiency.SPEED]
    value = np.where(
        found.sport == Sport.CYCLING,
        by[efficiency.POWER],
        np.where(np.isnan(graded), speed, graded),
    )
    return value, found.numbers["heart_rate_s"]


METRICS: Final[Mapping[MetricName, Metric]] = MappingProxyType(
    {
        "load": Metric("TSS", "sum of load, as in analyze_training_load", "sum"),
        "ctl": Metric("TSS a day", "fitness at the end: CTL, 42 days", "last"),
        "duration": Metric("s", "sum of moving time", "sum", lambda found: (
            found.moving_s, np.ones(found.day.size))),
        "distance": Metric("m", "sum", "sum", _alone("distance_m")),
        "ascent": Metric("m", "sum", "sum", _alone("ascent_m")),
        "pace": Metric(
            "s/km", "moving time over distance; lower is faster", "mean", _speed,
            sport=Sport.RUNNING, finish=pace_s_per_km,
        ),
        "graded_pace": Metric(
            "s/km", "mean normalized graded pace (Minetti); lower is faster", "mean",
            _graded, sport=Sport.RUNNING, finish=pace_s_per_km,
        ),
        "efficiency": Metric(
            "a bpm", "mean efficiency factor: normalized watts of rides, graded metres "
            "a minute of others, for each beat a minute", "mean", _efficiency,
            sport=Sport.RUNNING, needs=_HEART,
        ),
        "heart_rate": Metric(
            "bpm", "mean by time", "mean", _measured("mean_bpm", "heart_rate_s"),
            needs=_HEART,
        ),
        "power": Metric(
            "W", "mean by time", "mean", _measured("mean_power_w", "power_s"),
            sport=Sport.CYCLING, needs=_POWER,
        ),
        "normalized_power": Metric(
            "W", "mean by time", "mean", _measured("normalized_power_w", "power_s"),
            sport=Sport.CYCLING, needs=_POWER,
        ),
        "weight": Metric(
            "kg", "mean of the changes that were told", "mean",
            needs=frozenset({Category.BODY}), told=Kind.WEIGHT,
        ),
        "resting_heart_rate": Metric(
            "bpm", "mean of the changes that were told", "mean",
            needs=_HEART, told=Kind.RESTING_HEART_RATE,
        ),
    }
)  # fmt: skip
"""By name."""


def needs(name: MetricName, sport: Sport | None) -> frozenset[Category]:
    """Return without which categories a metric cannot be told."""
    rides = name == "efficiency" and sport is Sport.CYCLING
    return METRICS[name].needs | (_POWER if rides else frozenset())


def followed(
    tx: Tx, grant: Grant, name: MetricName, sport: Sport | None, span: Span
) -> Followed:
    """Follow a metric over the periods of a span.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        name: Which metric.
        sport: Only of this one; None stands for the metric's own.
        span: Which periods.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    metric = METRICS[name]
    seen = _observed(tx, grant, name, sport, span)
    values = metric.in_periods(seen, span.buckets(seen.day))
    begun = min((held.first_day for held in recordings.ranges(tx, grant)), default=None)
    if begun is not None:
        first = begin(np.datetime64(begun), span.by)
        values[np.array(span.labels, "M8[D]") < first] = np.nan
    return Followed(span, seen, values, metric.how)


def _observed(
    tx: Tx, grant: Grant, name: MetricName, sport: Sport | None, span: Span
) -> Observed:
    metric = METRICS[name]
    days = first, last = _dates(span)
    sport = sport or metric.sport
    if metric.told is not None:
        return _told(tx, grant, metric.told, days)
    if metric.of is None:
        got = training.trained(tx, grant, first, last)
        return _trained(got, sport, days, by_day=name == "ctl")
    wanted = Wanted(sport=sport, from_day=str(first), to_day=str(last))
    found = history.read(tx, grant, wanted)
    value, weight = metric.of(found)
    at = found.day[np.isfinite(value)]
    return Observed(found.day, value, weight, at, found.day.size, sport)


def _dates(span: Span) -> tuple[date, date]:
    first, last = str(span.first), str(span.last)
    return date.fromisoformat(first), date.fromisoformat(last)


def _told(tx: Tx, grant: Grant, kind: Kind, days: tuple[date, date]) -> Observed:
    told = changes(athlete.seen(tx, grant)).get(kind, ())
    first, last = map(str, days)
    within = [one for one in told if first <= one.since <= last]
    day = np.array([one.since for one in within], "M8[D]")
    value = np.array([one.value for one in within], np.float64)
    return Observed(day, value, np.ones(day.size), day, None)


def _trained(
    got: Trained, sport: Sport | None, days: tuple[date, date], *, by_day: bool
) -> Observed:
    first, last = map(np.datetime64, days)
    those = got.of_sport(sport)
    day, value = got.found.day[those], got.of.tss[those]
    own = day >= first
    at, total = day[own & np.isfinite(value)], int(own.sum())
    if by_day and np.isfinite(value).any():
        series = load_rows.series(day, value, last)
        day, value = series.first + np.arange(series.was), series.ctl
    within = day >= first
    weight = np.ones(int(within.sum()))
    return Observed(day[within], value[within], weight, at, total, sport, got)
