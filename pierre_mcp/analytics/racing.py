"""Race times and training paces of a runner, from one race or from critical speed.

All of them take a race on a level course in good weather, run as well as the runner
could, and training for the distance predicted. They differ in what they rest on:

* ``race_time_s`` (VDOT): the oxygen cost of running at a speed, and the share of the
  highest oxygen uptake that can be kept up for a time (Daniels & Gilbert 1979).
* ``riegel_s``: one power law through world records (Riegel 1981).
* ``cameron_s``: a curve through the world's best times from 400 m to 50 miles.
* ``critical_speed_s``: the runner's own efforts of 2 to 20 minutes, no one else's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from operator import itemgetter
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.critical import CriticalFit

Numbers: TypeAlias = NDArray[np.float64]
Method: TypeAlias = Literal["vdot", "riegel", "cameron", "critical_speed"]

SHORTEST_S, LONGEST_S = 210.0, 18_000.0
"""3.5 min to 5 h: the span of Daniels's tables, which end with a marathon in 4:49."""
HIGHEST_VDOT = 100.0
CAMERON_M = (400.0, 80_467.2)
CRITICAL_SPEED_S = (120.0, 1_800.0)
MILE_M, MARATHON_M, MOST_M = 1_609.344, 42_195.0, 1e6

EASY, THRESHOLD, INTERVAL = (0.59, 0.74), 0.88, 0.975
"""Shares of VDOT at which the paces of Daniels's tables lie."""


@dataclass(frozen=True, slots=True)
class TrainingPaces:
    """Daniels's training paces, in seconds a kilometre.

    Attributes:
        easy_slow: E, the slow end: 59 % of VDOT.
        easy_fast: E, the fast end: 74 %.
        marathon: M: the marathon's race pace; None where that would take over 5 h.
        threshold: T: 88 %.
        interval: I: 97.5 %.
        repetition: R: the mile's race pace; None where that would take under 3.5 min.
    """

    easy_slow: float
    easy_fast: float
    marathon: float | None
    threshold: float
    interval: float
    repetition: float | None


def vdots(distance_m: Numbers, time_s: Numbers) -> Numbers:
    """Return the VDOT of each race, ml/kg/min, shape (n,).

    VDOT = VO2(v) / F(t), with VO2 = -4.60 + 0.182258 v + 0.000104 v^2 at v m/min, and
    F = 0.8 + 0.1894393 e^(-0.012778 t) + 0.2989558 e^(-0.1932605 t) over t min. It is
    what the race was worth, not a measured oxygen uptake.

    Args:
        distance_m: Shape (n,).
        time_s: Shape (n,). NaN where it does not last from 3.5 min to 5 h, and where
            the result is not above 0 and at most 100.

    Source:
        Daniels & Gilbert (1979), Oxygen Power.
    """
    with np.errstate(over="ignore"):
        lasts = (time_s >= SHORTEST_S) & (time_s <= LONGEST_S) & (distance_m > 0)
        minutes = np.where(lasts, time_s, np.nan) / 60
        value = _oxygen(distance_m / minutes) / _sustained(minutes)
        return np.where((value > 0) & (value <= HIGHEST_VDOT), value, np.nan)


def vdot(distance_m: float, time_s: float) -> float | None:
    """Return the VDOT of one race, as ``vdots``; None where that gives NaN."""
    value = float(vdots(np.array(distance_m, float), np.array(time_s, float)))
    return None if np.isnan(value) else value


def race_time_s(vdot: float, distance_m: float) -> float | None:
    """Return the time over a distance that a VDOT stands for: the inverse of ``vdot``.

    By bisection, to 0.001 s. None where it would not lie between 3.5 min and 5 h.
    """

    def worth(time_s: float) -> float:
        minutes = np.array(time_s / 60)
        return float(_oxygen(distance_m / minutes) / _sustained(minutes))

    low, high = SHORTEST_S, LONGEST_S
    if not (_is_distance(distance_m) and 0 < vdot <= HIGHEST_VDOT):
        return None
    # The faster the race, the more it is worth, all the way.
    if not worth(low) >= vdot >= worth(high):
        return None
    while high - low > 0.001:
        middle = (low + high) / 2
        low, high = (middle, high) if worth(middle) > vdot else (low, middle)
    return (low + high) / 2


def riegel_s(
    distance_m: float, time_s: float, target_m: float, *, exponent: float = 1.06
) -> float | None:
    """Return T2 = T1 * (D2 / D1)^1.06; None unless both last from 3.5 min to 5 h.

    Fitted up to 230 min. Marathons of recreational runners came out at least 10 min too
    fast for half of them (Vickers & Vertosick 2016, BMC Sports Sci Med Rehabil 8:26).

    Source:
        Riegel (1981), American Scientist 69:285-290.
    """
    if not (_is_distance(distance_m) and _is_distance(target_m) and _lasts(time_s)):
        return None
    predicted: float = time_s * (target_m / distance_m) ** exponent
    return predicted if _lasts(predicted) else None


def cameron_s(distance_m: float, time_s: float, target_m: float) -> float | None:
    """Return T2 = T1 * D2 / D1 * f(D1) / f(D2); None outside 400 m to 50 miles.

    f(d) = 13.49681 - 0.000030363 d + 835.7114 / d^0.7905, with d in metres.

    Source:
        Cameron (1998), Time-Equivalence Model.
    """
    least_m, most_m = CAMERON_M
    within = least_m <= distance_m <= most_m and least_m <= target_m <= most_m
    if not within or not 0 < time_s < np.inf:
        return None
    pace = _cameron(distance_m) / _cameron(target_m)
    return time_s * target_m / distance_m * pace


def critical_speed_s(fit: CriticalFit, target_m: float) -> float | None:
    """Return T = (D - D') / CS; None outside 2 to 30 min, where it does not hold.

    Above half an hour no one keeps up critical speed, and the model would be too fast.

    Source:
        Hill (1993), Sports Med 16:237-254; Jones & Vanhatalo (2017), Sports Med
        47(S1):65-78.
    """
    least_s, most_s = CRITICAL_SPEED_S
    time_s = (target_m - fit.reserve) / fit.rate
    return time_s if least_s <= time_s <= most_s else None


def predicted(
    distance_m: float,
    time_s: float,
    target_m: float,
    *,
    critical: CriticalFit | None = None,
) -> Mapping[Method, float]:
    """Return the time over a distance by each method that holds there.

    Args:
        distance_m: Of the race that it rests on.
        time_s: Of that race.
        target_m: The distance asked for.
        critical: The runner's critical speed, where it is known.

    Returns:
        Seconds, fastest first; empty where no method holds.
    """
    worth = vdot(distance_m, time_s)
    times: dict[Method, float | None] = {
        "vdot": None if worth is None else race_time_s(worth, target_m),
        "riegel": riegel_s(distance_m, time_s, target_m),
        "cameron": cameron_s(distance_m, time_s, target_m),
        "critical_speed": critical_speed_s(critical, target_m) if critical else None,
    }
    told = [(method, t) for method, t in times.items() if t is not None]
    return dict(sorted(told, key=itemgetter(1)))


def training_paces(vdot: float) -> TrainingPaces | None:
    """Return the training paces of a VDOT; None unless it is above 0 and at most 100.

    E, T and I are the speeds whose oxygen cost is a share of VDOT; M and R are the race
    paces of the marathon and the mile.

    Source:
        Daniels (2014), Daniels' Running Formula, 3rd ed., ch. 4 and 5; the shares are
        those at which its tables agree with the formula.
    """
    if not 0 < vdot <= HIGHEST_VDOT:
        return None
    slow, fast, threshold, interval = (
        _pace_s_per_km(share * vdot) for share in (*EASY, THRESHOLD, INTERVAL)
    )
    return TrainingPaces(
        easy_slow=slow,
        easy_fast=fast,
        marathon=_race_pace(vdot, MARATHON_M),
        threshold=threshold,
        interval=interval,
        repetition=_race_pace(vdot, MILE_M),
    )


def _oxygen(speed_m_min: Numbers) -> Numbers:
    """Return the oxygen cost of running at a speed, ml/kg/min."""
    return -4.60 + speed_m_min * (0.182258 + 0.000104 * speed_m_min)


def _sustained(minutes: Numbers) -> Numbers:
    """Return the share of the highest oxygen uptake that can be kept up so long."""
    slow = 0.1894393 * np.exp(-0.012778 * minutes)
    share: Numbers = 0.8 + slow + 0.2989558 * np.exp(-0.1932605 * minutes)
    return share


def _pace_s_per_km(oxygen: float) -> float:
    """Return the pace at which running costs so much oxygen: ``_oxygen`` inverted."""
    a, b = 0.000104, 0.182258
    speed_m_min = (sqrt(b * b + 4 * a * (oxygen + 4.60)) - b) / (2 * a)
    return 60_000 / speed_m_min


def _race_pace(vdot: float, distance_m: float) -> float | None:
    time_s = race_time_s(vdot, distance_m)
    return None if time_s is None else time_s / distance_m * 1_000


def _cameron(distance_m: float) -> float:
    slowing: float = 835.7114 / distance_m**0.7905
    return 13.49681 - 0.000030363 * distance_m + slowing


def _lasts(time_s: float) -> bool:
    return SHORTEST_S <= time_s <= LONGEST_S


def _is_distance(distance_m: float) -> bool:
    return 1 <= distance_m <= MOST_M
