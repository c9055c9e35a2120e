"""Thresholds, weight and the like as they count on each day, and who says so.

What was told counts from its day on; before the first told day the earliest does, which
an answer says. Where a kind was never told, as far as the reader may know, an estimate
of what he may read stands in, and is named as one. No estimate comes beside a told
value, none is of weight, height, sex or resting heart rate, and none is stored.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics import estimates
from pierre_mcp.analytics.estimates import Steps
from pierre_mcp.model.athlete import RANGES, Kind, Told
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DURATIONS_S
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed_details import DetailColumns
from pierre_mcp.policy.telling import changes
from pierre_mcp.services import history
from pierre_mcp.services.history import History
from pierre_mcp.store import athlete
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

Days = NDArray[np.datetime64]
Numbers = NDArray[np.float64]

ESTIMATE: Final = "estimate: "
"""How ``by`` begins where nobody told a value."""

_5_S: Final = DURATIONS_S.index(5)
_20_MIN: Final = DURATIONS_S.index(1_200)


@dataclass(frozen=True, slots=True)
class Value:
    """One value, the local day since when it counts, and who says so."""

    value: float
    since: str
    by: str

    @property
    def is_estimate(self) -> bool:
        """Whether nobody told it."""
        return self.by.startswith(ESTIMATE)


@dataclass(frozen=True, slots=True, eq=False)
class InForce:
    """The values of one kind; all columns have shape (m,), (0,) if none is known.

    Attributes:
        since: When each begins to count, datetime64[D], ascending.
        values: In the kind's own unit.
        by: The source that told each, ``self`` for the person, or ``ESTIMATE`` and the
            method.
    """

    since: Days
    values: Numbers
    by: tuple[str, ...]

    def on(self, days: Days) -> Numbers:
        """Return the value that counts on each day, NaN if none is known.

        Args:
            days: datetime64[D], shape (n,), in any order.

        Returns:
            Shape (n,); before the first day the earliest value.
        """
        if not self.values.size:
            return np.full(days.shape, np.nan)
        found: Numbers = self.values[self.place(days)]
        return found

    def place(self, days: Days) -> NDArray[np.int64]:
        """Return which value counts on each day, an index; -1 if none is known."""
        found = np.searchsorted(self.since, days, side="right") - 1
        return np.maximum(found, 0 if self.values.size else -1)

    def told_on(self, day: np.datetime64) -> Value | None:
        """Return the value that counts on a day and who says so, None if unknown."""
        place = int(self.place(np.array([day]))[0])
        if place < 0:
            return None
        return Value(float(self.values[place]), str(self.since[place]), self.by[place])

    def is_early(self, days: Days) -> NDArray[np.bool_]:
        """Tell for each day whether it is before the first day that is known of."""
        if not self.values.size:
            return np.zeros(days.shape, bool)
        early: NDArray[np.bool_] = days < self.since[0]
        return early

    @property
    def newest(self) -> Value | None:
        """The last value, None if none is known."""
        if not self.values.size:
            return None
        return Value(float(self.values[-1]), str(self.since[-1]), self.by[-1])


@dataclass(frozen=True, slots=True)
class _Method:
    """How a kind is estimated, from which details of which sport (None: of all).

    Attributes:
        decimals: More would feign precision.
    """

    words: str
    category: Category
    sport: Sport | None
    decimals: int
    of: Callable[[Days, DetailColumns], Steps]


def _best(of: DetailColumns, duration: int, kind: Kind) -> Numbers:
    """Return one duration of each curve, NaN where no person has such a value."""
    least, most = RANGES[kind]
    best = of.mean_max[:, duration]
    return np.where((best >= least) & (best <= most), best, np.nan)


_METHODS: Final[Mapping[Kind, _Method]] = MappingProxyType(
    {
        Kind.FTP: _Method(
            "95 % of the best 20 min in 90 days",
            Category.POWER,
            Sport.CYCLING,
            0,
            lambda day, of: estimates.ftp_w(day, _best(of, _20_MIN, Kind.FTP)),
        ),
        Kind.THRESHOLD_HEART_RATE: _Method(
            "95 % of the highest 20 min in 90 days",
            Category.HEART_RATE,
            None,
            0,
            lambda day, of: estimates.threshold_heart_rate_bpm(
                day, _best(of, _20_MIN, Kind.THRESHOLD_HEART_RATE)
            ),
        ),
        Kind.MAX_HEART_RATE: _Method(
            "the highest 5 s in 365 days",
            Category.HEART_RATE,
            None,
            0,
            lambda day, of: estimates.max_heart_rate_bpm(
                day, _best(of, _5_S, Kind.MAX_HEART_RATE)
            ),
        ),
        Kind.THRESHOLD_SPEED: _Method(
            "an hour's race by Riegel from the best 3 to 21 km in 90 days",
            Category.ACTIVITIES,
            Sport.RUNNING,
            2,
            lambda day, of: estimates.threshold_speed_m_s(day, of.best_s),
        ),
        Kind.THRESHOLD_SWIM_SPEED: _Method(
            "critical swim speed of the best 200 and 400 m in 90 days",
            Category.ACTIVITIES,
            Sport.SWIMMING,
            2,
            lambda day, of: estimates.threshold_swim_speed_m_s(day, of.best_s),
        ),
    }
)
_BY_AGE: Final = "208 - 0.7 age (Tanaka)"

ESTIMATED: Final = frozenset(_METHODS)
"""The kinds that have an estimate."""

AllTold = Mapping[Kind, Sequence[Told]]


def in_force(
    tx: Tx,
    grant: Grant,
    kinds: Collection[Kind],
    *,
    told: AllTold | None = None,
    found: History | None = None,
) -> Mapping[Kind, InForce]:
    """Return what counts of each kind that is asked for.

    Args:
        tx: A snapshot.
        grant: Decides what is known; without power there is no estimate of FTP.
        kinds: Which.
        told: What ``policy.telling.changes`` makes of what the grant reads, if that was
            read already.
        found: The history, if it was read already, with the details of ``inputs``. What
            it does not reach back to adds nothing to an estimate.

    Raises:
        SealBrokenError: A cell was altered or moved.
        ValueError: The history was read without details that are needed.
    """
    told = changes(athlete.seen(tx, grant)) if told is None else told
    needs = inputs(told, kinds)
    if found is None and needs:
        found = history.read(tx, grant, Wanted(), details=needs)
    today = grant.here.today
    return {kind: _in_force(kind, told, found, today) for kind in kinds}


def inputs(told: AllTold, kinds: Iterable[Kind]) -> frozenset[Category]:
    """Return the categories whose details the estimates of what was not told take."""
    return frozenset(
        _METHODS[kind].category for kind in kinds if kind in ESTIMATED - told.keys()
    )


def _in_force(kind: Kind, told: AllTold, found: History | None, today: date) -> InForce:
    if kind in told:
        oldest_first = told[kind][::-1]
        return InForce(
            np.array([one.since for one in oldest_first], "M8[D]"),
            np.array([one.value for one in oldest_first], float),
            tuple(one.source for one in oldest_first),
        )
    if kind not in _METHODS or found is None:
        return InForce(np.empty(0, "M8[D]"), np.empty(0), ())
    method = _METHODS[kind]
    made = _named(_estimated(method, found), method.words, kind, today)
    if kind is Kind.MAX_HEART_RATE and not made.by and Kind.BIRTH_YEAR in told:
        born = int(told[Kind.BIRTH_YEAR][0].value)
        steps = estimates.max_heart_rate_by_age_bpm(born, today.year)
        made = _named(steps, _BY_AGE, kind, today)
    return made


def _estimated(method: _Method, found: History) -> Steps:
    if method.category not in found.details:
        msg = f"the history was read without the details of {method.category}"
        raise ValueError(msg)
    rows = np.arange(found.day.size)
    if method.sport is not None:
        rows = np.flatnonzero(found.sport == method.sport.value)
    return method.of(found.day[rows], found.details[method.category].taken(rows))


def _named(steps: Steps, words: str, kind: Kind, today: date) -> InForce:
    """Return an estimate as it is by today, without what no person has."""
    least, most = RANGES[kind]
    keep = (steps.values >= least) & (steps.values <= most)
    keep &= steps.since <= np.datetime64(today)
    since, values = steps.since[keep], steps.values[keep]
    values = np.round(values, _METHODS[kind].decimals)
    new = np.append(True, values[1:] != values[:-1])[: values.size]
    return InForce(since[new], values[new], (ESTIMATE + words,) * int(new.sum()))
