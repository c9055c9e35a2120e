"""What was trained and what it was worth: history, thresholds in force, and loads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.athlete import SEXES, Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.telling import changes
from pierre_mcp.services import history, loads, thresholds
from pierre_mcp.services.history import Days, History
from pierre_mcp.services.loads import ASSUMED_RESTING_BPM, Loads
from pierre_mcp.services.thresholds import InForce, Value
from pierre_mcp.store import athlete
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

Mask = NDArray[np.bool_]

MOST_A_DAY: Final = 1_000.0
"""24 hours at 65 % of threshold: more in a day is rather the fault of a file."""

WARM_UP_D: Final = 420
"""Ten time constants of chronic load: of what was before them e^-10 is left."""

RESTS_ON: Final[Mapping[str, tuple[Kind, ...]]] = MappingProxyType(
    {
        "power": (Kind.FTP,),
        "heart_rate": (
            Kind.THRESHOLD_HEART_RATE,
            Kind.MAX_HEART_RATE,
            Kind.RESTING_HEART_RATE,
        ),
        "pace": (Kind.THRESHOLD_SPEED,),
        "swim": (Kind.THRESHOLD_SWIM_SPEED,),
    }
)
"""The thresholds of each of ``loads.METHODS``."""

_OF_SPORT: Final[Mapping[Kind, frozenset[str]]] = MappingProxyType(
    {
        Kind.FTP: frozenset({Sport.CYCLING.value}),
        Kind.THRESHOLD_SPEED: frozenset({Sport.RUNNING.value}),
        Kind.THRESHOLD_SWIM_SPEED: frozenset({Sport.SWIMMING.value}),
    }
)
"""Thresholds of one sport."""

_THRESHOLDS: Final = tuple(kind for kinds in RESTS_ON.values() for kind in kinds)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Activities of every sport, and the load of each.

    Attributes:
        found: The activities.
        in_force: Of every threshold that a method rests on, and of sex.
        of: Their loads.
    """

    found: History
    in_force: Mapping[Kind, InForce]
    of: Loads

    def of_sport(self, sport: Sport | None) -> Mask:
        """Tell which activities are of a sport; None stands for every sport."""
        if sport is None:
            return np.ones(self.found.day.size, bool)
        same: Mask = self.found.sport == sport.value
        return same

    def used(self, those: Mask) -> Mapping[Kind, Value]:
        """Return the thresholds that some activities' loads rest on.

        Each as it counts for the newest of them: a later value has no part in these.
        """
        counted = {
            kind: self.in_force[kind].told_on(self.found.day[resting].max())
            for method, kinds in RESTS_ON.items()
            for resting in [those & (self.of.method == method)]
            if resting.any()
            for kind in kinds
        }
        return {kind: value for kind, value in counted.items() if value is not None}

    def assumed(self, those: Mask) -> list[str]:
        """Return what some activities' loads take for granted, in few words each."""
        used, words = self.used(those), []
        if guessed := [kind for kind, value in used.items() if value.is_estimate]:
            words.append(f"estimated, told by nobody: {', '.join(guessed)}")
        if early := [kind for kind in used if self._is_early(kind, those)]:
            words.append(f"earliest value used before its day: {', '.join(early)}")
        if Kind.THRESHOLD_HEART_RATE in used:
            if Kind.RESTING_HEART_RATE not in used:
                words.append(f"resting heart rate unknown: {ASSUMED_RESTING_BPM:g}")
            if self.in_force[Kind.SEX].newest is None:
                words.append("sex unknown: men's weights of heart rate")
        if (much := self._of_much(those)).size:
            words.append(f"load over {MOST_A_DAY:g} a day, last on {much[-1]}: check")
        return words

    def unknown(self, those: Mask) -> list[Kind]:
        """Return the thresholds that would give a load to activities without one."""
        without = those & (self.of.method == "")
        sports = set(self.found.sport[without].tolist())
        return [
            kind
            for kind in _THRESHOLDS
            if self.in_force[kind].newest is None
            and kind is not Kind.RESTING_HEART_RATE
            and sports & _OF_SPORT.get(kind, sports)
        ]

    def _of_much(self, those: Mask) -> Days:
        """Return the days on which more was done than anybody does, ascending."""
        days, place = np.unique(self.found.day[those], return_inverse=True)
        loads = np.bincount(place, np.nan_to_num(self.of.tss[those]))
        much: Days = days[loads > MOST_A_DAY]
        return much

    def _is_early(self, kind: Kind, those: Mask) -> bool:
        methods = [method for method, kinds in RESTS_ON.items() if kind in kinds]
        resting = those & np.isin(self.of.method, methods)
        return bool(self.in_force[kind].is_early(self.found.day[resting]).any())


def trained(
    tx: Tx,
    grant: Grant,
    first: date,
    last: date,
    *,
    details: Collection[Category] = (),
) -> Trained:
    """Read the activities of some days, and of the warm-up before these.

    Estimates of thresholds do not look back beyond the warm-up.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        first: The first day.
        last: The last day, inclusive.
        details: What is to be read of the activities beside what loads need.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    told = changes(athlete.seen(tx, grant))
    needs = loads.NEEDS | thresholds.inputs(told, _THRESHOLDS) | set(details)
    begin = max(first, date.min + timedelta(WARM_UP_D)) - timedelta(WARM_UP_D)
    wanted = Wanted(from_day=str(begin), to_day=str(last))
    found = history.read(tx, grant, wanted, details=needs)
    in_force = thresholds.in_force(
        tx, grant, (*_THRESHOLDS, Kind.SEX), told=told, found=found
    )
    sex = in_force[Kind.SEX].newest
    female = sex is not None and SEXES[int(sex.value)] == "female"
    return Trained(found, in_force, loads.loads(found, in_force, female=female))
