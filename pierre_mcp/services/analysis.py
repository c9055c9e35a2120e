"""What one activity comes to: its numbers, their methods, and what they rest on.

Numbers and curves are those of the history, as every other tool reads them; only what
compares one second with another opens streams.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Final

import numpy as np

from pierre_mcp.analytics.power import variability_index
from pierre_mcp.model.athlete import SEXES, Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import efficiency, loads, training
from pierre_mcp.services.efficiency import Drift
from pierre_mcp.services.history import History
from pierre_mcp.services.thresholds import Value
from pierre_mcp.services.training import RESTS_ON, Trained
from pierre_mcp.services.whole import Whole, whole
from pierre_mcp.store.database import Tx

DETAILS: Final = frozenset({Category.ACTIVITIES, Category.HEART_RATE, Category.POWER})


@dataclass(frozen=True, slots=True)
class Load:
    """A load by one method, and its intensity factor."""

    method: str
    tss: float
    intensity: float


@dataclass(frozen=True, slots=True)
class Factor:
    """An efficiency factor, and of which output."""

    of: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One activity, analysed by itself.

    Attributes:
        whole: What was read of it.
        trained: The history around it, read with ``DETAILS``.
        row: Its place in that.
        in_force: The thresholds of its day.
        loads: By every method that applies, the best first.
        drift: Its decoupling.
    """

    whole: Whole
    trained: Trained
    row: int
    in_force: Mapping[Kind, Value]
    loads: Sequence[Load]
    efficiency: Factor | None
    drift: Drift | None

    def number(self, name: str) -> float | None:
        """Return a number of its history; None where not recorded or not allowed."""
        return known(self.found.numbers[name][self.row])

    @property
    def found(self) -> History:
        """The history around it."""
        return self.trained.found

    @property
    def sport(self) -> Sport:
        """Its sport."""
        return self.whole.recording.sport

    @property
    def load(self) -> Load | None:
        """Its load by the best method."""
        return self.loads[0] if self.loads else None

    @property
    def moving_s(self) -> float:
        """Its moving time, the whole where that is not known."""
        return float(self.found.moving_s[self.row])

    @property
    def speed_m_s(self) -> float | None:
        """Its mean moving speed."""
        return known(self.found.speed_m_s[self.row])

    @property
    def variability(self) -> float | None:
        """Its variability index."""
        of = self.found.numbers
        index = variability_index(of["normalized_power_w"], of["mean_power_w"])
        return known(index[self.row])


def analyse(tx: Tx, grant: Grant, activity_id: str) -> Analysis:
    """Analyse one activity.

    Raises:
        ActivityUnknownError: There is none with this id that may be read.
        SealBrokenError: A cell was altered or moved.
        StoreDamagedError: A stream is not what we packed.
    """
    one = whole(tx, grant, activity_id)
    day = date.fromisoformat(one.recording.local_day)
    return analysed(one, training.trained(tx, grant, day, day, details=DETAILS))


def analysed(one: Whole, trained: Trained) -> Analysis:
    """Return the analysis of an activity within a history read with ``DETAILS``."""
    ids = trained.found.activity_id
    row = int(np.flatnonzero(ids == one.recording.activity_id)[0])
    return Analysis(
        whole=one,
        trained=trained,
        row=row,
        in_force=_in_force(trained, row),
        loads=_loads(trained, row),
        efficiency=_efficiency(trained.found, row),
        drift=efficiency.drift(one.recording.sport, one.sensed),
    )


def known(value: float) -> float | None:
    """Return a number, None for one that is not known."""
    return float(value) if isfinite(value) else None


def _in_force(trained: Trained, row: int) -> Mapping[Kind, Value]:
    """Return each threshold as it counts on the day of an activity."""
    day = trained.found.day[row]
    counts = {kind: held.told_on(day) for kind, held in trained.in_force.items()}
    return {kind: value for kind, value in counts.items() if value is not None}


def _loads(trained: Trained, row: int) -> list[Load]:
    sex = trained.in_force[Kind.SEX].newest
    female = sex is not None and SEXES[int(sex.value)] == "female"
    alone, found = trained.found.taken(np.array([row])), []
    for method, kinds in RESTS_ON.items():
        only = {kind: trained.in_force[kind] for kind in kinds}
        of = loads.loads(alone, only, female=female)
        if isfinite(of.tss[0]):
            found.append(Load(method, float(of.tss[0]), float(of.intensity[0])))
    return found


def _efficiency(found: History, row: int) -> Factor | None:
    factors = efficiency.factors(found)
    for of in efficiency.outputs(Sport(found.sport[row])):
        if isfinite(factors[of][row]):
            return Factor(of, float(factors[of][row]))
    return None
