"""Several activities side by side, each with the numbers of its own analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Final

from pierre_mcp.model.category import Category
from pierre_mcp.model.details import DISTANCES_M, DURATIONS_S
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import training
from pierre_mcp.services.analysis import DETAILS, Analysis, analysed, known
from pierre_mcp.services.best_efforts import timed
from pierre_mcp.services.training import WARM_UP_D, Trained
from pierre_mcp.services.whole import Whole, whole
from pierre_mcp.store.database import Tx

POWER_S: Final = (60, 300, 1_200)
TIMES_M: Final = (1_000.0, 5_000.0, 10_000.0)

_NEAR: Final = timedelta(WARM_UP_D)
_LEAST: Final = 0.02
"""Numbers this close do not differ."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The number in which activities differ most, by the least of them."""

    name: str
    least: float
    most: float

    @property
    def percent(self) -> float:
        """How much more the most is."""
        return 100 * (self.most / self.least - 1)


def compared(tx: Tx, grant: Grant, activity_ids: Sequence[str]) -> list[Analysis]:
    """Analyse activities, in the order in which they are asked for.

    Days that lie near each other are read at once.

    Raises:
        ActivityUnknownError: One of them is none that may be read.
        SealBrokenError: A cell was altered or moved.
        StoreDamagedError: A stream is not what we packed.
    """
    wholes = [whole(tx, grant, one) for one in activity_ids]
    spans = _spans({_day(one) for one in wholes})
    around: dict[date, Trained] = {}
    for days in spans:
        trained = training.trained(tx, grant, days[0], days[-1], details=DETAILS)
        around |= dict.fromkeys(days, trained)
    return [analysed(one, around[_day(one)]) for one in wholes]


def best_powers_w(of: Analysis) -> list[float | None]:
    """Return the best mean power over each of ``POWER_S``."""
    curve = of.found.details[Category.POWER].mean_max[of.row]
    return [known(curve[DURATIONS_S.index(seconds)]) for seconds in POWER_S]


def best_times_s(of: Analysis) -> list[float | None]:
    """Return the least time over each of ``TIMES_M``, as far as it counts as a best."""
    times, _, _ = timed(of.found)
    return [known(times[of.row, DISTANCES_M.index(metres)]) for metres in TIMES_M]


def most_different(
    columns: Mapping[str, Sequence[float | None]],
) -> Difference | None:
    """Return the number that differs most; None where none differs by 2 %.

    Only numbers count that all have, and that are above zero in all.
    """
    found = [
        Difference(name, min(whole), max(whole))
        for name, values in columns.items()
        if len(whole := [v for v in values if v is not None and v > 0]) == len(values)
    ]
    told = [one for one in found if isfinite(one.percent)]
    most = max(told, key=lambda one: one.percent, default=None)
    return most if most is not None and most.percent >= 100 * _LEAST else None


def _day(one: Whole) -> date:
    return date.fromisoformat(one.recording.local_day)


def _spans(days: set[date]) -> list[list[date]]:
    """Return runs of days of which each is near the one before."""
    spans: list[list[date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][-1] <= _NEAR:
            spans[-1].append(day)
        else:
            spans.append([day])
    return spans
