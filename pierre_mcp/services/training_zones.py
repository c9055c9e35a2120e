"""Training zones: by which method, from which thresholds, and how long in each.

A threshold that is given counts before what is stored, and what was told before an
estimate: of several methods that can be computed the first is taken that rests on told
values alone, else the first. Zones are those of today; time in them is all of the days
asked for, by today's zones.

Whose own sensor a zone is of is a category of its own. Where it may not be read, its
zones are computed of given thresholds alone, or not at all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, floor
from types import MappingProxyType
from typing import Final

import numpy as np

from pierre_mcp.analytics import zone_methods, zones
from pierre_mcp.analytics.bins import bins_from, moving
from pierre_mcp.analytics.heart_rate import tanaka_max_bpm
from pierre_mcp.analytics.zones import Method
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import history, thresholds
from pierre_mcp.services.history import History
from pierre_mcp.services.thresholds import ESTIMATE, Value
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

GIVEN: Final = "given"
_BY_AGE: Final = f"{ESTIMATE}208 - 0.7 age (Tanaka)"
_NEARLY: Final = 1e-9
_THREE = zone_methods.THREE_ZONES


@dataclass(frozen=True, slots=True)
class Measure:
    """What zones are of.

    Attributes:
        category: Of the zones, and of the histogram that tells the time in them.
        sport: Whose activities count; None for all.
        methods: In the order in which they are tried.
        whole: Sensors give whole numbers, and zones begin and end with such.
    """

    category: Category
    sport: Sport | None
    methods: tuple[Method, ...]
    whole: bool


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "heart_rate": Measure(
            Category.HEART_RATE,
            None,
            (
                zone_methods.FRIEL_RUN,
                zone_methods.FRIEL_RIDE,
                zone_methods.KARVONEN,
                zone_methods.PERCENT_OF_MAX,
                _THREE[Kind.THRESHOLD_HEART_RATE],
                _THREE[Kind.MAX_HEART_RATE],
            ),
            whole=True,
        ),
        "power": Measure(
            Category.POWER,
            Sport.CYCLING,
            (zone_methods.COGGAN, _THREE[Kind.FTP]),
            whole=True,
        ),
        "pace": Measure(
            Category.ACTIVITIES,
            Sport.RUNNING,
            (zone_methods.FRIEL_PACE, _THREE[Kind.THRESHOLD_SPEED]),
            whole=False,
        ),
        "swim": Measure(
            Category.ACTIVITIES,
            Sport.SWIMMING,
            (zone_methods.FITZGERALD_SWIM, _THREE[Kind.THRESHOLD_SWIM_SPEED]),
            whole=False,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Spent:
    """How long was spent in each zone.

    Attributes:
        seconds: One a zone; none where no activity has a value.
        below_s: Below the first zone.
        activities: With a value, of those of the days asked for.
    """

    seconds: Sequence[float]
    below_s: float
    activities: int


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of one measure.

    Attributes:
        method: None where no threshold is known.
        used: The thresholds it took.
        low: Where each zone begins, in bpm, W or m/s; None where it is open below.
        high: Where each ends: the last whole value in it, or where the next begins;
            None where it is open above.
        spent: None unless asked for and allowed.
    """

    method: Method | None
    used: Mapping[Kind, Value]
    low: Sequence[float | None]
    high: Sequence[float | None]
    spent: Spent | None

    @property
    def names(self) -> list[str]:
        """What each zone is called; as many as there are in ``low``."""
        named = () if self.method is None or not self.low else self.method.zones
        return [zone.name for zone in named]


def zones_of(
    tx: Tx,
    grant: Grant,
    names: Collection[str],
    *,
    method: str | None,
    given: Mapping[Kind, float],
    days: int | None,
) -> Mapping[str, Zones]:
    """Return the zones of each measure that may be told.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        names: Of ``MEASURES``.
        method: Only by the methods of this name.
        given: Thresholds that count before the stored ones; a birth year gives a
            maximum heart rate by Tanaka.
        days: For the time spent, how many days up to today; None for none.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    known = _given(given, grant.here.today)
    tried = {name: _tried(MEASURES[name], method, known) for name in names}
    lacking = {
        kind
        for name, methods in tried.items()
        if grant.reads_any(MEASURES[name].category)
        for one in methods
        for kind in one.needs
        if kind not in known
    }
    if lacking:
        for kind, held in thresholds.in_force(tx, grant, lacking).items():
            if held.newest is not None:
                known[kind] = held.newest
    made = {
        name: _zones(_chosen(methods, known, given), known, whole=MEASURES[name].whole)
        for name, methods in tried.items()
    }
    shown = {
        name: one
        for name, one in made.items()
        if one.method is not None or grant.reads_any(MEASURES[name].category)
    }
    return shown if days is None else _with_time(tx, grant, shown, days)


def _tried(
    measure: Measure, method: str | None, given: Mapping[Kind, Value]
) -> Sequence[Method]:
    """Return the methods to try: of one name, and of what is given alone if any is."""
    named = [one for one in measure.methods if method in {None, one.name}]
    return [one for one in named if given.keys() >= set(one.needs)] or named


def _given(given: Mapping[Kind, float], today: date) -> dict[Kind, Value]:
    known = {kind: Value(value, str(today), GIVEN) for kind, value in given.items()}
    if Kind.BIRTH_YEAR in given and Kind.MAX_HEART_RATE not in given:
        highest = round(float(tanaka_max_bpm(today.year - given[Kind.BIRTH_YEAR])))
        known[Kind.MAX_HEART_RATE] = Value(highest, str(today), _BY_AGE)
    return known


def _chosen(
    methods: Sequence[Method], known: Mapping[Kind, Value], given: Collection[Kind]
) -> Method | None:
    """Return the first method that takes what is given, else that needs no estimate."""

    def rank(method: Method) -> tuple[bool, bool]:
        used = [known[kind] for kind in method.needs]
        by_age = Kind.BIRTH_YEAR in given and Kind.MAX_HEART_RATE in method.needs
        takes_given = by_age or any(kind in given for kind in method.needs)
        return not takes_given, any(one.is_estimate for one in used)

    possible = [one for one in methods if known.keys() >= set(one.needs)]
    return min(possible, key=rank, default=None)


def _zones(method: Method | None, known: Mapping[Kind, Value], *, whole: bool) -> Zones:
    if method is None:
        return Zones(None, {}, (), (), None)
    used = {kind: known[kind] for kind in method.needs}
    at = zones.begins(method, {kind: one.value for kind, one in used.items()})
    if np.isnan(at).any():
        return Zones(method, used, (), (), None)
    low = [
        _first_whole(begin, above=zone.above) if whole else float(begin)
        for begin, zone in zip(at, method.zones, strict=True)
    ]
    high = [one - 1 if whole else one for one in low[1:]]
    return Zones(method, used, [one or None for one in low], [*high, None], None)


def _first_whole(begin: float, *, above: bool) -> int:
    return floor(begin + _NEARLY) + 1 if above else ceil(begin - _NEARLY)


def _with_time(
    tx: Tx, grant: Grant, made: Mapping[str, Zones], days: int
) -> Mapping[str, Zones]:
    """Add the time spent to the zones whose category may be read."""
    told = {
        name: MEASURES[name].category
        for name, one in made.items()
        if one.low and grant.reads_any(MEASURES[name].category)
    }
    first = grant.here.today - timedelta(days=days - 1)
    wanted = Wanted(from_day=str(first), to_day=str(grant.here.today))
    found = history.read(tx, grant, wanted, details=set(told.values()))
    spent = {
        name: _spent(found, MEASURES[name], one.method, one.used)
        for name, one in made.items()
        if name in told and one.method is not None
    }
    return {name: replace(one, spent=spent.get(name)) for name, one in made.items()}


def _spent(
    found: History, measure: Measure, method: Method, used: Mapping[Kind, Value]
) -> Spent:
    rows = np.arange(found.day.size)
    if measure.sport is not None:
        rows = np.flatnonzero(found.sport == measure.sport.value)
    bins = bins_from(found.details[measure.category].taken(rows), method.scale)
    if not measure.whole:
        bins = moving(bins)
    values = {kind: one.value for kind, one in used.items()}
    by_zone = zones.seconds_in_zones(method, bins, values)
    measured = ~np.isnan(by_zone[:, 0])
    if not measured.any():
        return Spent((), 0.0, 0)
    seconds = by_zone[measured].sum(axis=0)
    return Spent(
        seconds=seconds.tolist(),
        below_s=float(bins.seconds.sum() - seconds.sum()),
        activities=int(measured.sum()),
    )
