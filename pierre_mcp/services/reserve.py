"""W' of a ride: how far it was emptied, and by which critical power that is judged.

Critical power and W' are fitted to the best powers of the 90 days before. Rides without
hard efforts of different lengths give no line; FTP then stands for critical power, and
20 kJ, what GoldenCheetah begins with, for W'. That is a guess, and is named as one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pierre_mcp.analytics import records
from pierre_mcp.analytics.balance import differential_balance, low_point
from pierre_mcp.analytics.critical import CriticalFit, critical_power
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DURATIONS_S
from pierre_mcp.model.track import Column
from pierre_mcp.services.best_efforts import Kind
from pierre_mcp.services.critical_lines import ALONG
from pierre_mcp.services.history import History

DAYS: Final = 90
LEAST_RIDES: Final = 5
MOST_RATE_ERROR: Final = 0.05
MOST_RESERVE_ERROR: Final = 0.20
LIKELY_J: Final = (5_000.0, 50_000.0)
"""What W' measured in people lies between."""
ASSUMED_J: Final = 20_000.0

_ALONG: Final = ALONG[Kind.POWER]
_COLUMNS: Final = [DURATIONS_S.index(seconds) for seconds in _ALONG]


FITTED: Final = "critical power of the 90 days before"
GUESSED: Final = "estimate: FTP as critical power, 20 kJ assumed as W'"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Critical power, W' and where they are from."""

    critical_w: float
    w_prime_j: float
    by: str


@dataclass(frozen=True, slots=True)
class Emptied:
    """The low point of W' balance (differential form).

    Attributes:
        low_j: What was left; below 0 the thresholds are too low.
        at_s: Since the start.
    """

    low_j: float
    at_s: float
    of: Threshold


def threshold(found: History, row: int, ftp_w: float | None) -> Threshold | None:
    """Return the threshold by which a ride is judged; None where none is known.

    Args:
        found: With details of power, of 90 days before the ride at least.
        row: Which it is.
        ftp_w: In force on its day; None where unknown.
    """
    if found.sport[row] != Sport.CYCLING:
        return None
    day = found.day[row]
    before = (found.sport == Sport.CYCLING) & (found.day < day)
    before &= found.day >= day - DAYS
    curves = found.details[Category.POWER].mean_max[before]
    reaching = np.isfinite(curves[:, DURATIONS_S.index(1_200)]).sum()
    fit = None
    if reaching >= LEAST_RIDES:
        best = records.highest(curves[:, _COLUMNS]).value
        fit = critical_power(np.array(_ALONG, np.float64), best)
    if fit is not None and _is_sound(fit):
        return Threshold(fit.rate, fit.reserve, FITTED)
    return Threshold(ftp_w, ASSUMED_J, GUESSED) if ftp_w else None


def emptied(watts: Column, start_s: float, of: Threshold) -> Emptied | None:
    """Return how far W' was emptied; None where no power was recorded.

    Args:
        watts: Of each second, NaN where unknown, shape (seconds,).
        start_s: When the first of them began.
        of: By what it is judged.
    """
    balance = differential_balance(
        watts, critical_w=of.critical_w, w_prime_j=of.w_prime_j
    )
    low = low_point(balance)
    if low is None:
        return None
    return Emptied(low.joules, start_s + low.second, of)


def _is_sound(fit: CriticalFit) -> bool:
    """Tell whether a line holds; of too few efforts nothing is known of its errors."""
    if fit.rate_error is None or fit.reserve_error is None:
        return False
    least, most = LIKELY_J
    held = fit.rate_error <= MOST_RATE_ERROR * fit.rate
    held &= fit.reserve_error <= MOST_RESERVE_ERROR * fit.reserve
    return held and least <= fit.reserve <= most
