"""A metric over time: its slope with an interval, and two periods beside each other.

Rank methods, so that one outlier does not make a trend and no distribution is assumed.
The intervals take the values as independent of each other; those of one person's
training often are not, and then they are somewhat too narrow.
"""

from dataclasses import dataclass
from itertools import count
from math import floor, sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]

CONFIDENCE = 0.95
LEAST_POINTS = 4
TOO_FEW = "fewer than 4 values at different times"
"""Why there is no trend, wherever there is none."""
MOST_POINTS = 1_000
"""Pairs of points grow with the square: a million take some 20 ms."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How a metric changes with time.

    Attributes:
        slope: Theil-Sen slope: the median of the slopes of all pairs, a unit of time.
        low: Lower end of Sen's interval; None where so few points allow none.
        high: Upper end of it.
        tau: Kendall's tau-b with time, from -1 to 1; None where all values are equal.
        p: Two-sided Mann-Kendall p, normal approximation; 1 where all are equal.
        points: How many values it rests on.
        median: Their median: what a relative change refers to.
    """

    slope: float
    low: float | None
    high: float | None
    tau: float | None
    p: float
    points: int
    median: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One period's values beside an earlier one's.

    Attributes:
        points: Number of values, before and after.
        mean: Their means, before and after.
        median: Their medians, before and after.
        shift: Hodges-Lehmann shift: the median of all differences, after - before.
        low: Lower end of its interval (Mann-Whitney); None where so few allow none.
        high: Upper end of it.
        percent: The shift by the median before; None where that is not positive.
    """

    points: tuple[int, int]
    mean: tuple[float, float]
    median: tuple[float, float]
    shift: float
    low: float | None
    high: float | None
    percent: float | None


def trend(
    at: Numbers, value: Numbers, *, confidence: float = CONFIDENCE
) -> Trend | None:
    """Return the slope of a metric over time, with its uncertainty.

    With more than 1,000 points, as many consecutive ones as needed are taken together
    (medians of time and value).

    Args:
        at: Times in any unit, such as days, shape (n,), in any order.
        value: The metric at these, shape (n,), NaN where it was not recorded.
        confidence: Of the interval.

    Returns:
        None for the reason ``TOO_FEW``. With 4 points there is a slope but no interval
        of 95 %: even a perfect order of 4 comes about by chance in 8 of 100 cases.

    Source:
        Sen (1968), J Am Stat Assoc 63:1379-1389; Kendall (1975), Rank Correlation
        Methods, 4th ed., ch. 4 (variance with ties). The rank of the interval's ends
        is (N + 1 - z * sd) / 2 rounded down: with a correction for continuity.
    """
    known = np.isfinite(at) & np.isfinite(value)
    at, value = at[known], value[known]
    points, every = at.size, value
    at, value = _grouped(at, value)
    if np.unique(at).size < LEAST_POINTS:
        return None
    first, second = np.triu_indices(at.size, 1)
    later, more = at[second] - at[first], value[second] - value[first]
    apart = later > 0
    slopes = more[apart] / later[apart]
    score = float(np.sign(more[apart]).sum())
    deviation = sqrt(_variance(at, value))
    ends = _ends(slopes, _quantile(confidence) * deviation)
    return Trend(
        slope=float(np.median(slopes)),
        low=ends[0],
        high=ends[1],
        tau=_tau_b(score, slopes.size, int((more != 0).sum())),
        p=_two_sided(score, deviation),
        points=points,
        median=float(np.median(every)),
    )


def compare(
    before: Numbers, after: Numbers, *, confidence: float = CONFIDENCE
) -> Comparison | None:
    """Return two periods beside each other, and the shift between them.

    Args:
        before: Values of the earlier period, shape (n,), NaN where not recorded.
        after: Those of the later one, shape (m,).
        confidence: Of the interval.

    Returns:
        None where either has no value. The interval takes both to be of one shape.

    Source:
        Hodges & Lehmann (1963), Ann Math Stat 34:598-611; Hollander & Wolfe (1999),
        Nonparametric Statistical Methods, 2nd ed., 4.2 and 4.3; the variance with ties
        as there in 4.1, the rank of the ends as in ``trend``.
    """
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if not before.size or not after.size:
        return None
    own, other = _thinned(before), _thinned(after)
    shifts = np.subtract.outer(other, own).ravel()
    pairs, total = before.size * after.size, before.size + after.size
    _, ties = np.unique(np.concatenate([before, after]), return_counts=True)
    tied = float((ties**3 - ties).sum()) / max(total * (total - 1), 1)
    # Mann-Whitney counts each pair once and Kendall's score twice: hence the 2.
    deviation = 2 * sqrt(max(pairs / 12 * (total + 1 - tied), 0.0))
    ends = _ends(shifts, _quantile(confidence) * deviation, pairs)
    shift, middle = float(np.median(shifts)), float(np.median(before))
    return Comparison(
        points=(before.size, after.size),
        mean=(float(before.mean()), float(after.mean())),
        median=(middle, float(np.median(after))),
        shift=shift,
        low=ends[0],
        high=ends[1],
        percent=100 * shift / middle if middle > 0 else None,
    )


def season_before(
    first: np.datetime64, last: np.datetime64
) -> tuple[np.datetime64, np.datetime64]:
    """Return the same days of the calendar one year earlier.

    Of a range longer than a year, as many years earlier as keep the two apart. February
    29 becomes the 28th where there is none.

    Args:
        first: The first day, datetime64[D].
        last: The last day, inclusive.
    """
    years = next(n for n in count(1) if _years_before(last, n) < first)
    return _years_before(first, years), _years_before(last, years)


def _years_before(day: np.datetime64, years: int) -> np.datetime64:
    month = day.astype("M8[M]")
    earlier = month - 12 * years
    last = (earlier + 1).astype("M8[D]") - 1
    same: np.datetime64 = earlier.astype("M8[D]") + (day - month.astype("M8[D]"))
    return min(same, last)


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _grouped(at: Numbers, value: Numbers) -> tuple[Numbers, Numbers]:
    order = np.lexsort((value, at))
    size = -(-at.size // MOST_POINTS)
    if size <= 1:
        return at[order], value[order]
    order = order[at.size % size :].reshape(-1, size)
    return np.median(at[order], axis=1), np.median(value[order], axis=1)


def _thinned(values: Numbers) -> Numbers:
    """Return at most ``MOST_POINTS`` values that are spread as these are."""
    if values.size <= MOST_POINTS:
        return values
    return np.quantile(values, (np.arange(MOST_POINTS) + 0.5) / MOST_POINTS)


def _variance(at: Numbers, value: Numbers) -> float:
    """Return the variance of Kendall's score, with ties in time and in value."""
    n = at.size
    (one_t, two_t, five_t), (one_u, two_u, five_u) = _ties(at), _ties(value)
    variance = (n * (n - 1) * (2 * n + 5) - five_t - five_u) / 18
    variance += two_t * two_u / (9 * n * (n - 1) * (n - 2))
    return variance + one_t * one_u / (2 * n * (n - 1))


def _ties(values: Numbers) -> tuple[float, float, float]:
    """Return the sums over ties t of t(t-1), t(t-1)(t-2) and t(t-1)(2t+5)."""
    _, counts = np.unique(values, return_counts=True)
    t = counts.astype(np.float64)
    pairs = t * (t - 1)
    return (
        float(pairs.sum()),
        float((pairs * (t - 2)).sum()),
        float((pairs * (2 * t + 5)).sum()),
    )


def _tau_b(score: float, in_time: int, in_value: int) -> float | None:
    return score / sqrt(in_time * in_value) if in_value else None


def _two_sided(score: float, deviation: float) -> float:
    """Return p of a score, a step nearer to zero for continuity."""
    if abs(score) <= 1 or not deviation:
        return 1.0
    return 2 * NormalDist().cdf(-(abs(score) - 1) / deviation)


def _ends(
    values: Numbers, width: float, pairs: int | None = None
) -> tuple[float, float] | tuple[None, None]:
    """Return the k-th lowest and k-th highest of the values, k from the width.

    Args:
        values: One of each pair, or fewer that are spread as they are.
        width: Of the interval of the score, from its middle.
        pairs: How many pairs there are.
    """
    pairs = pairs or values.size
    rank = floor((pairs + 1 - width) / 2)
    if rank < 1:
        return None, None
    place = max(rank * values.size // pairs, 1) - 1
    ends = np.partition(values, (place, values.size - 1 - place))
    return float(ends[place]), float(ends[values.size - 1 - place])
