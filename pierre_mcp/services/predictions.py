"""Race times and training paces, each with the effort that it rests on.

A runner's are out of the best times of a window of days, or of one result that is
given. For each distance the effort counts that is worth the most VDOT, less 4 % for
each doubling of distance between the two. By about as much recreational runners fall
short of Riegel from a half marathon to a marathon (half of them by 10 min and more:
Vickers & Vertosick 2016, BMC Sports Sci Med Rehabil 8:26). So a race of about the same
length beats a fast mile, and a shorter race beats a long easy run.

A best time out of training is no race, and a lower bound of what its runner can do.
Which best times count at all is as in records: none from a treadmill, and none faster
than the world's best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log2
from statistics import median
from typing import Final, Literal

import numpy as np

from pierre_mcp.analytics import critical, racing, records, world
from pierre_mcp.analytics.critical import CriticalFit
from pierre_mcp.analytics.racing import Method, TrainingPaces
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DISTANCES_M
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import best_efforts, history
from pierre_mcp.services.critical_lines import LEAST_ACTIVITIES, LEAST_EFFORTS
from pierre_mcp.services.history import History, Numbers
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

Confidence = Literal["high", "moderate", "low"]

SHORTEST_M, LONGEST_M = 1_500.0, racing.MARATHON_M
"""Of the best times that a prediction may rest on."""

A_DOUBLING: Final = 0.04
PACES_M: Final = 10_000.0
"""Training paces rest on the effort that would be chosen for this distance."""

MOST_OFF: Final = 0.03
"""How far, as a part of its time, a best time may lie from the line of critical speed:
one farther off was not run like the others."""

WEEKS: Final = 12
FRESH_DAYS, STALE_DAYS = 42, 90
NEAR, FAR = 1.1, 2.5
"""Doublings: from 10 km a half marathon is near, and from 5 km a marathon far."""

_GRID_M = np.array(DISTANCES_M)
_RACES = (_GRID_M >= SHORTEST_M) & (_GRID_M <= LONGEST_M)
_RACES_M = _GRID_M[_RACES]


@dataclass(frozen=True, slots=True)
class Effort:
    """What a prediction rests on.

    Attributes:
        days_ago: None of a result that is given.
        vdot: What it is worth, ml/kg/min.
        whole_m: The distance of the run it is of; None where not known.
    """

    distance_m: float
    time_s: float
    day: date | None
    days_ago: int | None
    vdot: float
    whole_m: float | None


@dataclass(frozen=True, slots=True)
class Race:
    """What is predicted of one distance.

    Attributes:
        times_s: By method, fastest first; empty where none holds.
        median_s: Their median.
        effort: None where critical speed alone tells.
    """

    distance_m: float
    times_s: Mapping[Method, float]
    median_s: float | None
    effort: Effort | None
    confidence: Confidence | None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Every distance that was asked for, and what holds for all of them.

    Attributes:
        paces_of: The effort that training paces rest on.
        activities: How many there are in the window; 0 where a result was given.
        timed: How many of them have best times that count, as records count them.
        indoors: How many do not, since a trainer or a treadmill told the distance.
        too_fast: How many do not, since no human was so fast.
        weekly_m: Distance a week over the last ``WEEKS`` of the window; None where a
            result was given.
    """

    races: Sequence[Race]
    paces_of: Effort | None
    paces: TrainingPaces | None
    critical_speed: CriticalFit | None
    activities: int
    timed: int
    indoors: int
    too_fast: int
    weekly_m: float | None


def of_result(
    distance_m: float, time_s: float, targets_m: Sequence[float]
) -> Predictions | None:
    """Return what follows for a runner from one result; nothing is read.

    Returns:
        None where no human ran so fast, or VDOT does not hold for it.
    """
    worth = racing.vdot(distance_m, time_s)
    if worth is None or worth > world.HIGHEST_VDOT:
        return None
    effort = Effort(distance_m, time_s, None, None, worth, None)
    return Predictions(
        races=[_race(target, effort, None) for target in targets_m],
        paces_of=effort,
        paces=racing.training_paces(worth),
        critical_speed=None,
        activities=0,
        timed=0,
        indoors=0,
        too_fast=0,
        weekly_m=None,
    )


def of_history(
    tx: Tx, grant: Grant, sport: Sport, days: int, targets_m: Sequence[float]
) -> Predictions:
    """Return what follows from the best times of the last days, today among them.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        sport: Running; of any other only critical speed tells.
        days: At least 1.
        targets_m: The distances asked for.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    today = grant.here.today
    first = today - timedelta(days=days - 1)
    wanted = Wanted(sport=sport, from_day=str(first), to_day=str(today))
    found = history.read(tx, grant, wanted, details=(Category.ACTIVITIES,))
    times_s, indoors, too_fast = best_efforts.timed(found)
    runs = times_s if sport is Sport.RUNNING else times_s * np.nan
    efforts = _Efforts(found, runs, today)
    fit, paces_of = _critical_speed(times_s), efforts.chosen(PACES_M)
    return Predictions(
        races=[_race(m, efforts.chosen(m), fit) for m in targets_m],
        paces_of=paces_of,
        paces=None if paces_of is None else racing.training_paces(paces_of.vdot),
        critical_speed=fit,
        activities=found.day.size,
        timed=int((~np.isnan(times_s)).any(axis=1).sum()),
        indoors=int(indoors.sum()),
        too_fast=int(too_fast.sum()),
        weekly_m=_weekly_m(found, today, min(days, 7 * WEEKS)),
    )


class _Efforts:
    """Best times over race distances, newest first, and what each is worth."""

    def __init__(self, found: History, times_s: Numbers, today: date) -> None:
        order = np.argsort(found.day)[::-1]
        self._day = found.day[order]
        self._whole_m = found.numbers["distance_m"][order]
        self._times_s = times_s[order][:, _RACES]
        self._vdot = racing.vdots(_RACES_M, self._times_s)
        self._today = today

    def chosen(self, target_m: float) -> Effort | None:
        """Return the effort that a prediction of this distance rests on."""
        doublings = np.abs(np.log2(target_m / _RACES_M))
        counts = np.nan_to_num(self._vdot * (1 - A_DOUBLING * doublings), nan=0.0)
        if not counts.any():
            return None
        row, place = np.unravel_index(counts.argmax(), counts.shape)
        day, whole_m = self._day[row].item(), float(self._whole_m[row])
        return Effort(
            distance_m=float(_RACES_M[place]),
            time_s=float(self._times_s[row, place]),
            day=day,
            days_ago=(self._today - day).days,
            vdot=float(self._vdot[row, place]),
            whole_m=None if np.isnan(whole_m) else whole_m,
        )


def _weekly_m(found: History, today: date, days: int) -> float:
    late = found.day > np.datetime64(today - timedelta(days=days))
    return float(np.nansum(found.numbers["distance_m"][late])) / days * 7


def _critical_speed(times_s: Numbers) -> CriticalFit | None:
    """Return critical speed, where the best times may well be of efforts all-out.

    Those of one activity alone are no several efforts, nor is a line that they do not
    lie on.
    """
    best = records.fastest(times_s)
    fit = critical.critical_speed(_GRID_M, best.value)
    least_s, most_s = critical.SPEED_RANGE_S
    used = (best.value >= least_s) & (best.value <= most_s)
    runs = len(set(best.holder[used].tolist()))
    if fit is None or fit.efforts < LEAST_EFFORTS or runs < LEAST_ACTIVITIES:
        return None
    line_s = (_GRID_M[used] - fit.reserve) / fit.rate
    off = np.abs(line_s / best.value[used] - 1)
    return fit if off.max() <= MOST_OFF else None


def _race(target_m: float, effort: Effort | None, fit: CriticalFit | None) -> Race:
    times = _times_s(target_m, effort, fit)
    return Race(
        distance_m=target_m,
        times_s=times,
        median_s=median(times.values()) if times else None,
        effort=effort,
        confidence=_confidence(target_m, effort) if times else None,
    )


def _times_s(
    target_m: float, effort: Effort | None, fit: CriticalFit | None
) -> Mapping[Method, float]:
    if effort is None:
        alone = None if fit is None else racing.critical_speed_s(fit, target_m)
        return {} if alone is None else {"critical_speed": alone}
    from_m, in_s = effort.distance_m, effort.time_s
    return racing.predicted(from_m, in_s, target_m, critical=fit)


def _confidence(target_m: float, effort: Effort | None) -> Confidence:
    """Return how much a prediction is worth, by age and by how far it reaches.

    Critical speed alone is of efforts that nobody says were all-out: moderate.
    """
    if effort is None:
        return "moderate"
    doublings = abs(log2(target_m / effort.distance_m))
    age = effort.days_ago or 0
    if doublings > FAR or age > STALE_DAYS:
        return "low"
    return "high" if doublings <= NEAR and age <= FRESH_DAYS else "moderate"
