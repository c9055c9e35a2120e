"""Critical power and critical speed out of best efforts, by period.

Only a line through three efforts of at least two activities is told: the efforts of one
activity are parts of each other. Efforts too near each other are, too: five durations
and seven distances are enough.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np

from pierre_mcp.analytics import critical
from pierre_mcp.analytics.critical import CriticalFit
from pierre_mcp.model.category import Sport
from pierre_mcp.services.best_efforts import Efforts, Grid, Kind, Period

ALONG: Final[Mapping[Kind, Grid]] = MappingProxyType(
    {
        Kind.POWER: (180, 300, 480, 720, 1_200),
        Kind.TIMES: (200.0, 400.0, 804.672, 1_000.0, 1_609.344, 3_000.0, 5_000.0),
    }
)
SPEEDS: Final = frozenset({Sport.RUNNING, Sport.SWIMMING, Sport.ROWING})
"""On land and water that is level: what a slope or a wheel ahead gives is no speed."""

LEAST_EFFORTS, LEAST_ACTIVITIES = 3, 2


@dataclass(frozen=True, slots=True)
class CriticalLine:
    """Critical power or speed of one period, and the efforts that it rests on.

    Attributes:
        at: Seconds (of power) or metres (of speed) of each effort.
        days: When each was done.
        days_ago: How long ago the oldest of them was.
    """

    period: Period
    sport: Sport
    fit: CriticalFit
    at: Sequence[float]
    days: Sequence[str]
    days_ago: int


def lines(
    efforts: Efforts, kind: Kind, sports: Sequence[Sport], today: date
) -> Iterator[CriticalLine]:
    """Give critical power (``POWER``) or speed (``TIMES``) where it can be told.

    Of speed only running, swimming and rowing have one.
    """
    for sport in sports:
        if kind is Kind.POWER or sport in SPEEDS:
            for period in efforts.periods:
                line = _line(efforts, kind, sport, period, today)
                if line is not None:
                    yield line


def _line(
    efforts: Efforts, kind: Kind, sport: Sport, period: Period, today: date
) -> CriticalLine | None:
    best = efforts.best(kind, period, sport, ALONG[kind])
    at = np.array(ALONG[kind], float)
    if kind is Kind.POWER:
        fit, lasted = critical.critical_power(at, best.value), at
        least_s, most_s = critical.POWER_RANGE_S
    else:
        fit, lasted = critical.critical_speed(at, best.value), best.value
        least_s, most_s = critical.SPEED_RANGE_S
    used = (lasted >= least_s) & (lasted <= most_s) & ~np.isnan(best.value)
    holders = best.holder[used].tolist()
    alone = len(holders) < LEAST_EFFORTS or len(set(holders)) < LEAST_ACTIVITIES
    if fit is None or alone:
        return None
    days = [efforts.who(row)[1] for row in holders]
    ago = (today - date.fromisoformat(min(days))).days
    return CriticalLine(period, sport, fit, at[used].tolist(), days, ago)
