"""W' balance: what is left of the work that can be done above critical power.

Two models of how it comes back, both second by second from a full W'. A second without
power, in a pause or where the sensor was lost, counts as 0 W: nothing is spent that was
not measured, so the low point is never lower than the data show, and may be too high.
A balance below 0 says that W' or critical power is set too low.
"""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from pierre_mcp.model.track import Column


@dataclass(frozen=True, slots=True)
class LowPoint:
    """Where least was left.

    Attributes:
        joules: What was left; below 0 the thresholds do not fit the ride.
        second: The first second at which it was that low.
    """

    joules: float
    second: int


def recovery_s(watts: Column, critical_w: float) -> float:
    """Return tau, s: 546 e^(-0.01 D) + 316.

    D is critical power minus the mean of the seconds below it that have a value, and
    critical power itself where there are none.

    Source:
        Skiba, Chidnok, Vanhatalo & Jones (2012), Med Sci Sports Exerc 44(8):1526-1532.
    """
    below = watts[watts < critical_w]
    deficit = critical_w - (float(below.mean()) if below.size else 0.0)
    return float(546 * np.exp(-0.01 * deficit) + 316)


def integral_balance(watts: Column, *, critical_w: float, w_prime_j: float) -> Column:
    """Return W' minus all that was spent, each joule fading with tau; shape (n,), J.

    One tau holds for the whole ride, so its end changes its beginning.

    Args:
        watts: Power of each second, shape (n,), NaN where unknown.
        critical_w: Critical power, W.
        w_prime_j: W', J. NaN throughout where a threshold is not positive, or no
            second is known.

    Source:
        Skiba et al. (2012), as for ``recovery_s``; Waterworth's recursion of it.
    """
    if not _tellable(watts, critical_w, w_prime_j):
        return np.full(len(watts), np.nan)
    kept = float(np.exp(-1 / recovery_s(watts, critical_w)))
    above = np.maximum(_known(watts) - critical_w, 0.0).tolist()
    gone = accumulate(above, lambda was, now: was * kept + now)
    return w_prime_j - np.array(list(gone))


def differential_balance(
    watts: Column, *, critical_w: float, w_prime_j: float
) -> Column:
    """Return what is left by second; shape (n,), J.

    Above critical power it falls by the difference; below, it gains the difference
    times the fraction of W' that is spent. What comes later changes nothing before.

    Args:
        watts: Power of each second, shape (n,), NaN where unknown.
        critical_w: Critical power, W.
        w_prime_j: W', J. NaN throughout where a threshold is not positive, or no
            second is known.

    Source:
        Skiba, Fulford, Clarke, Vanhatalo & Jones (2015), Eur J Appl Physiol
        115(4):703-713, as Froncioni computes it.
    """
    if not _tellable(watts, critical_w, w_prime_j):
        return np.full(len(watts), np.nan)
    left, balance = w_prime_j, []
    for above in (_known(watts) - critical_w).tolist():
        if above < 0:
            left += min(-above / w_prime_j, 1.0) * (w_prime_j - left)
        else:
            left -= above
        balance.append(left)
    return np.array(balance)


def low_point(balance: Column) -> LowPoint | None:
    """Return where least was left; None where the balance is not known."""
    if not np.isfinite(balance).any():
        return None
    second = int(np.nanargmin(balance))
    return LowPoint(float(balance[second]), second)


def _known(watts: Column) -> Column:
    return np.where(np.isfinite(watts), watts, 0.0)


def _tellable(watts: Column, critical_w: float, w_prime_j: float) -> bool:
    positive = 0 < critical_w < np.inf and 0 < w_prime_j < np.inf
    return positive and bool(np.isfinite(watts).any())
