"""Best efforts: the bests of many activities by period and sport, and whose they are.

What counts:

* Each activity once, however many recordings it has; of equals the earliest day.
* Best times run through stops. They are of sports that are done for time, and not of
  indoor activities, whose distance is an estimate or a game's; but a pool and a rowing
  machine measure it.
* An activity with a time below the world's record is left out of best times.
* Power and heart rate count indoors too. An activity with a heart rate over 5 s that
  no heart beats is left out of those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics import records, world
from pierre_mcp.analytics.estimates import HIGHEST_BPM
from pierre_mcp.analytics.records import NOBODY
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DISTANCES_M, DURATIONS_S
from pierre_mcp.services.history import Days, History, Numbers
from pierre_mcp.store.recordings import FIRST_DAY, LAST_DAY

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Period = Literal["period", "last_90_days", "compared"]
Grid = Sequence[float]

_5_S: Final = DURATIONS_S.index(5)


class Kind(StrEnum):
    """What bests are of."""

    TIMES = "times"
    POWER = "power"
    HEART_RATE = "heart_rate"
    LONGEST = "longest"


CURVES: Final[Mapping[Kind, Category]] = MappingProxyType(
    {
        Kind.TIMES: Category.ACTIVITIES,
        Kind.POWER: Category.POWER,
        Kind.HEART_RATE: Category.HEART_RATE,
    }
)
"""Whose details hold the bests of one activity."""

TIMED: Final = frozenset(
    {
        Sport.RUNNING, Sport.CYCLING, Sport.SWIMMING, Sport.ROWING, Sport.WALKING,
        Sport.HIKING, Sport.PADDLING, Sport.SKIING, Sport.SKATING,
    }
)  # fmt: skip
"""The sports with best times: not a transition, nor what no one has a name for."""

MEASURED_INDOORS: Final = frozenset({Sport.SWIMMING, Sport.ROWING})

LONGEST: Final = ("distance_m", "moving_s", "ascent_m")
"""Of activities whose moving time is not known, the whole."""

DOUBTFUL: Final = 1.4
DOUBTFUL_S, DOUBTFUL_OF = 180, 10
"""A power over three minutes or more that is 1.4 times that of every other activity,
of at least ten others, is more likely a meter's fault than its rider's."""


@dataclass(frozen=True, slots=True)
class Span:
    """Local days, both inclusive; None where it is open."""

    first: date | None = None
    last: date | None = None

    @property
    def days(self) -> tuple[str, str]:
        """First and last day, ``YYYY-MM-DD``."""
        return str(self.first or FIRST_DAY), str(self.last or LAST_DAY)

    def mask(self, days: Days) -> Mask:
        """Tell which days are within it."""
        first, last = (np.datetime64(day) for day in self.days)
        within: Mask = (days >= first) & (days <= last)
        return within


def grid_of(kind: Kind) -> Grid:
    """Return what the bests of a kind lie along: metres, else seconds."""
    return DISTANCES_M if kind is Kind.TIMES else DURATIONS_S


class Efforts:
    """The bests of a history.

    Args:
        found: With the details of ``CURVES`` of each kind to be asked for; with
            numbers for times and the longest.
        periods: ``period`` among them.
    """

    def __init__(self, found: History, periods: Mapping[Period, Span]) -> None:
        self._found = found
        order = np.argsort(found.day, kind="stable")
        days = found.day[order]
        self._rows = {name: order[span.mask(days)] for name, span in periods.items()}
        self._times, self._indoors, self._fast = timed(found)

    @property
    def periods(self) -> Sequence[Period]:
        """The periods there are bests of."""
        return tuple(self._rows)

    @property
    def activities(self) -> int:
        """How many there are in the period asked for."""
        return len(self._rows["period"])

    @property
    def indoors(self) -> int:
        """How many of them give no best time since they were indoors."""
        return int(self._indoors[self._rows["period"]].sum())

    @property
    def too_fast(self) -> int:
        """How many of them give none since no human is as fast."""
        return int(self._fast[self._rows["period"]].sum())

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day of them."""
        found = self._found.day[self._rows["period"]]
        return (found[0].item(), found[-1].item()) if found.size else None

    def sports(self, kind: Kind) -> Sequence[Sport]:
        """Return the sports that have bests of a kind, those done most first.

        Of the longest, sports without best times come after all that have them.
        """
        rows = self._rows["period"]
        has = rows if kind is Kind.LONGEST else rows[self._reached(kind, rows)]
        names, counts = np.unique(self._found.sport[has], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        sports = [Sport(name) for name in names[order].tolist()]
        done = [sport for sport in sports if sport is not Sport.TRANSITION]
        return sorted(done, key=lambda sport: sport not in TIMED)

    def having(self, kind: Kind) -> int:
        """Return how many activities of the period have what a kind is out of."""
        return int(self._reached(kind, self._rows["period"]).sum())

    def best(
        self, kind: Kind, period: Period, sport: Sport | None, along: Grid
    ) -> records.Records:
        """Return the bests of a period; their holders are for ``who`` and ``day``.

        Args:
            kind: Not ``LONGEST``.
            period: One of ``periods``.
            sport: None: of all together.
            along: Some of ``grid_of``.
        """
        rows = self._of(period, sport)
        table = self._table(kind)[np.ix_(rows, _places(kind, along))]
        best = records.fastest(table) if kind is Kind.TIMES else records.highest(table)
        return replace(best, holder=np.append(rows, NOBODY)[best.holder])

    def longest(self, sport: Sport) -> records.Records:
        """Return the most of each of ``LONGEST`` in the period."""
        rows, of = self._of("period", sport), self._found.numbers
        columns = {**of, "moving_s": self._found.moving_s}
        best = records.highest(np.column_stack([columns[n][rows] for n in LONGEST]))
        return replace(best, holder=np.append(rows, NOBODY)[best.holder])

    def doubtful_s(self, sport: Sport, along: Grid) -> Sequence[float]:
        """Return the durations over which one power stands far above all others."""
        long = [at for at in along if at >= DOUBTFUL_S]
        rows = self._of("period", sport)
        if len(rows) <= DOUBTFUL_OF:
            return ()
        table = self._table(Kind.POWER)[np.ix_(rows, _places(Kind.POWER, long))]
        table = np.nan_to_num(table, nan=0.0)
        top = np.sort(table, axis=0)[-2:]
        far = ((table > 0).sum(axis=0) > DOUBTFUL_OF) & (top[1] >= DOUBTFUL * top[0])
        return [long[i] for i in np.flatnonzero(far).tolist()]

    def who(self, row: int) -> tuple[Sport, str, str]:
        """Return the sport, the day and the id of an activity."""
        found = self._found
        return Sport(found.sport[row]), str(found.day[row]), str(found.activity_id[row])

    def _of(self, period: Period, sport: Sport | None) -> Rows:
        rows = self._rows[period]
        return rows if sport is None else rows[self._found.sport[rows] == sport.value]

    def _table(self, kind: Kind) -> Numbers:
        if kind is Kind.TIMES:
            return self._times
        curves = self._found.details[CURVES[kind]].mean_max
        if kind is Kind.HEART_RATE and (static := curves[:, _5_S] > HIGHEST_BPM).any():
            return np.where(static[:, np.newaxis], np.nan, curves)
        return curves

    def _reached(self, kind: Kind, rows: Rows) -> Mask:
        reached: Mask = ~np.isnan(self._table(kind)[rows, 0])
        return reached


def _places(kind: Kind, along: Grid) -> Rows:
    grid = grid_of(kind)
    return np.array([grid.index(at) for at in along], np.int64)


def timed(found: History) -> tuple[Numbers, Mask, Mask]:
    """Return the best times that count, and whose do not: indoors, too fast.

    Times are of shape (n, 21) along ``DISTANCES_M``, NaN where they do not count.
    """
    nobody = np.zeros(found.day.size, bool)
    if Category.ACTIVITIES not in found.details:
        return np.full((found.day.size, len(DISTANCES_M)), np.nan), nobody, nobody
    times = found.details[Category.ACTIVITIES].best_s
    timed = ~np.isnan(times[:, 0]) & _is_of(found, TIMED)
    indoors = timed & found.indoor & ~_is_of(found, MEASURED_INDOORS)
    fast = nobody.copy()
    for sport in (Sport.RUNNING, Sport.SWIMMING):
        rows = np.flatnonzero(timed & ~indoors & (found.sport == sport.value))
        fast[rows] = (times[rows] < world.least_s(sport)).any(axis=1)
    counts = timed & ~indoors & ~fast
    return np.where(counts[:, np.newaxis], times, np.nan), indoors, fast


def _is_of(found: History, sports: frozenset[Sport]) -> Mask:
    return np.isin(found.sport, [sport.value for sport in sports])
