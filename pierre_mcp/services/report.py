"""One activity beside those of the year before it, with what its sensors tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pierre_mcp.analytics import pace
from pierre_mcp.analytics.pieces import SPLIT_M
from pierre_mcp.analytics.splits import Splits, splits
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import Lengths
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import efficiency, reserve, standing
from pierre_mcp.services.analysis import Analysis, analyse
from pierre_mcp.services.history import Numbers
from pierre_mcp.services.reserve import Emptied
from pierre_mcp.services.standing import Alike, Effort
from pierre_mcp.services.thresholds import Value
from pierre_mcp.services.training import RESTS_ON
from pierre_mcp.services.zone_times import ZoneTimes, zone_times
from pierre_mcp.store.database import Tx

_LEAST_M: Final = {Sport.SWIMMING: 100.0, Sport.ROWING: 500.0}
"""Sports whose splits are shorter than a kilometre."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One activity and where it stands.

    Attributes:
        of: The activity by itself.
        splits: None where only totals were recorded.
        emptied: How far W' was emptied; of rides with power.
        swolf: Mean of the lengths whose strokes were counted; None elsewhere.
        used: The thresholds that something of it rests on.
    """

    of: Analysis
    zones: Sequence[ZoneTimes]
    best_powers: Sequence[Effort]
    best_times: Sequence[Effort]
    alike: Alike
    splits: Splits | None
    emptied: Emptied | None
    swolf: float | None
    used: Mapping[Kind, Value]


def report(tx: Tx, grant: Grant, activity_id: str) -> Report:
    """Analyse one activity beside those of the year before it.

    Raises:
        ActivityUnknownError: There is none with this id that may be read.
        SealBrokenError: A cell was altered or moved.
        StoreDamagedError: A stream is not what we packed.
    """
    of = analyse(tx, grant, activity_id)
    found, row, told = of.found, of.row, of.whole.sensed
    alone = found.taken(np.array([row]))
    zones = zone_times(alone.details, of.sport, of.in_force)
    low = _emptied(of)
    return Report(
        of=of,
        zones=zones,
        best_powers=standing.best_powers(found, row),
        best_times=standing.best_times(found, row),
        alike=standing.alike(found, row, _compared(of)),
        splits=None if told is None else splits(told, _LEAST_M.get(of.sport, SPLIT_M)),
        emptied=low,
        swolf=_swolf(of.whole.detail.lengths),
        used=_used(of, zones, low),
    )


def _compared(of: Analysis) -> Mapping[str, Numbers]:
    """Return the numbers in which activities alike are compared, of all of them."""
    numbers = of.found.numbers
    named = {
        "speed_m_s": of.found.speed_m_s,
        "mean_bpm": numbers["mean_bpm"],
        "normalized_power_w": numbers["normalized_power_w"],
        "tss": of.trained.of.tss,
    }
    if of.efficiency is not None:
        named["efficiency_factor"] = efficiency.factors(of.found)[of.efficiency.of]
    return named


def _emptied(of: Analysis) -> Emptied | None:
    told, ftp = of.whole.sensed, of.in_force.get(Kind.FTP)
    if told is None or told.power is None:
        return None
    held = reserve.threshold(of.found, of.row, None if ftp is None else ftp.value)
    if held is None:
        return None
    return reserve.emptied(told.watts, float(told.clock.time_s[0]), held)


def _used(
    of: Analysis, zones: Sequence[ZoneTimes], low: Emptied | None
) -> Mapping[Kind, Value]:
    kinds = {kind for load in of.loads for kind in RESTS_ON[load.method]}
    kinds |= {one.kind for one in zones}
    if low is not None and low.of.by == reserve.GUESSED:
        kinds.add(Kind.FTP)
    return {kind: value for kind, value in of.in_force.items() if kind in kinds}


def _swolf(lengths: Lengths | None) -> float | None:
    """Return the mean SWOLF of lengths swum whose strokes were counted."""
    if lengths is None:
        return None
    columns = (lengths.duration_s, lengths.strokes, lengths.active)
    each = [
        float(pace.swolf(seconds, strokes))
        for seconds, strokes, active in zip(*columns, strict=True)
        if active and strokes is not None
    ]
    return sum(each) / len(each) if each else None
