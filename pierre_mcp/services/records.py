"""Personal records of a period, beside those of another one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np

from pierre_mcp.analytics.records import NOBODY, percent_of
from pierre_mcp.model.athlete import Kind as Fact
from pierre_mcp.model.athlete import Told
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.telling import changes
from pierre_mcp.services import history
from pierre_mcp.services.best_efforts import (
    CURVES,
    LONGEST,
    Efforts,
    Grid,
    Kind,
    Period,
    Span,
    grid_of,
)
from pierre_mcp.services.critical_lines import CriticalLine, lines
from pierre_mcp.store import athlete, scan
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

_K: Final = 1_000.0
_MILE, _HALF, _MARATHON = 1_609.344, 21_097.5, 42_195.0
DISTANCES: Final[Mapping[Sport, Grid]] = MappingProxyType(
    {
        Sport.RUNNING: (400.0, _K, _MILE, 5 * _K, 10 * _K, _HALF, _MARATHON,
                        50 * _K, 100 * _K),
        Sport.CYCLING: (5 * _K, 10 * _K, 20 * _K, 50 * _K, 100 * _K, 100 * _MILE,
                        200 * _K),
        Sport.SWIMMING: (200.0, 400.0, _K, 1_500.0, _MILE, 3 * _K, 5 * _K, 10 * _K),
        Sport.ROWING: (_K, 5 * _K, 10 * _K, _HALF, _MARATHON),
        Sport.WALKING: (_K, 5 * _K, 10 * _K, _MARATHON),
        Sport.HIKING: (5 * _K, 10 * _K, _MARATHON),
        Sport.PADDLING: (_K, 5 * _K, 10 * _K),
        Sport.SKIING: (5 * _K, 10 * _K, 50 * _K),
        Sport.SKATING: (_K, 5 * _K, 10 * _K, _MARATHON),
    }
)  # fmt: skip
POWER_S: Final = (1, 5, 15, 30, 60, 180, 300, 480, 720, 1_200, 1_800, 3_600, 7_200,
                  18_000)  # fmt: skip
HEART_RATE_S: Final = (5, 60, 300, 1_200, 3_600)
"""What is told of each kind, unless all of its grid is asked for."""

MOST_SPORTS: Final = 3
MOST_WITH_POWER: Final = 2
RECENT_D: Final = 90
_EARLIEST: Final = date.min + timedelta(days=RECENT_D)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which records.

    Attributes:
        kinds: Of what; power and heart rate as far as they may be read.
        span: The period.
        sport: None: of the sports done most.
        other: What it is compared with.
        whole: Whether along all of the grid.
    """

    kinds: Collection[Kind]
    span: Span
    sport: Sport | None = None
    other: Span | None = None
    sources: frozenset[str] | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Best:
    """One record.

    Attributes:
        at: Metres or seconds, or the name of a number of ``LONGEST``.
        was: The other period's, None where there is none.
        percent: By how much this one lies above it.
    """

    at: float | str
    value: float
    sport: Sport
    day: str
    activity_id: str
    was: float | None = None
    percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What was found.

    Attributes:
        bests: Of each kind that was asked for and may be read, by sport.
        critical: Critical power under ``POWER`` and critical speed under ``TIMES``.
        more: The sports that there are too, but for those told of.
        doubtful_s: Durations over which a power is doubtful.
        weight: What was told of it, newest first; None where it may not be read.
    """

    efforts: Efforts
    bests: Mapping[Kind, Sequence[Best]]
    critical: Mapping[Kind, Sequence[CriticalLine]]
    more: Sequence[Sport]
    doubtful_s: Sequence[float]
    weight: Sequence[Told] | None

    def weight_kg(self, day: str) -> float | None:
        """Return the weight that counts on a day: before the first, the earliest."""
        told = self.weight or ()
        since = (one.value for one in told if one.since <= day)
        return next(since, told[-1].value if told else None)


def find(tx: Tx, grant: Grant, asked: Asked) -> Records:
    """Read a history and return its records.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        asked: Which records.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    wanted = _wanted(asked)
    kinds = [kind for kind in Kind if kind in asked.kinds]
    kinds = [k for k in kinds if scan.may_read(tx, grant, wanted, _category(k))]
    found = history.curves(
        tx,
        grant,
        wanted,
        [CURVES[kind] for kind in kinds if kind in CURVES],
        numbers=[Category.ACTIVITIES] if {Kind.TIMES, Kind.LONGEST} & {*kinds} else (),
    )
    today = grant.here.today
    efforts = Efforts(found, _periods(asked, today))
    sports = {kind: _told_of(efforts, kind) for kind in kinds}
    with_power = sports.get(Kind.POWER, ())
    told = {sport for some in sports.values() for sport in some}
    body = grant.reads_any(Category.BODY)
    return Records(
        efforts=efforts,
        bests={kind: _bests(efforts, kind, sports[kind], asked) for kind in kinds},
        critical={
            kind: tuple(lines(efforts, kind, sports[kind], today))
            for kind in (Kind.POWER, Kind.TIMES)
            if kind in kinds
        },
        more=[s for k in kinds for s in efforts.sports(k) if s not in told],
        doubtful_s=[s for of in with_power for s in efforts.doubtful_s(of, POWER_S)],
        weight=changes(athlete.seen(tx, grant)).get(Fact.WEIGHT, ()) if body else None,
    )


def _category(kind: Kind) -> Category:
    return CURVES.get(kind, Category.ACTIVITIES)


def _wanted(asked: Asked) -> Wanted:
    spans = [asked.span.days, *([asked.other.days] if asked.other else [])]
    return Wanted(
        sources=asked.sources,
        sport=asked.sport,
        from_day=min(first for first, _ in spans),
        to_day=max(last for _, last in spans),
    )


def _periods(asked: Asked, today: date) -> Mapping[Period, Span]:
    """Return the periods: 90 days too, where more is asked for."""
    spans: dict[Period, Span] = {"period": asked.span}
    last = min(today, asked.span.last or today)
    first = max(last, _EARLIEST) - timedelta(days=RECENT_D - 1)
    if asked.span.first is None or asked.span.first < first:
        spans["last_90_days"] = Span(first, last)
    if asked.other is not None:
        spans["compared"] = asked.other
    return spans


def _told_of(efforts: Efforts, kind: Kind) -> Sequence[Sport]:
    most = MOST_WITH_POWER if kind is Kind.POWER else MOST_SPORTS
    return efforts.sports(kind)[:most]


def _bests(
    efforts: Efforts, kind: Kind, sports: Sequence[Sport], asked: Asked
) -> Sequence[Best]:
    if kind is Kind.LONGEST:
        return [one for sport in sports for one in _longest(efforts, sport)]
    if kind is Kind.HEART_RATE:
        along = grid_of(kind) if asked.whole else HEART_RATE_S
        return list(_curve(efforts, kind, None, along))
    return [
        one
        for sport in sports
        for one in _curve(efforts, kind, sport, _along(kind, sport, asked))
    ]


def _along(kind: Kind, sport: Sport, asked: Asked) -> Grid:
    if asked.whole:
        return grid_of(kind)
    return POWER_S if kind is Kind.POWER else DISTANCES[sport]


def _curve(
    efforts: Efforts, kind: Kind, sport: Sport | None, along: Grid
) -> Iterator[Best]:
    best = efforts.best(kind, "period", sport, along)
    was = np.full(len(along), np.nan)
    if "compared" in efforts.periods:
        was = efforts.best(kind, "compared", sport, along).value
    percent = percent_of(best.value, was)
    for i in np.flatnonzero(best.holder != NOBODY).tolist():
        who = efforts.who(best.holder[i])
        value = float(best.value[i])
        yield Best(along[i], value, *who, _known(was[i]), _known(percent[i]))


def _longest(efforts: Efforts, sport: Sport) -> Iterator[Best]:
    best = efforts.longest(sport)
    for i in np.flatnonzero(best.value > 0).tolist():
        who = efforts.who(best.holder[i])
        yield Best(LONGEST[i], float(best.value[i]), *who)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
