"""What gear was used for: each activity once, however many recordings it has."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import history
from pierre_mcp.services.history import History
from pierre_mcp.store import gear
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import FIRST_DAY, LAST_DAY, Wanted


@dataclass(frozen=True, slots=True)
class Mileage:
    """What one piece was used for.

    Attributes:
        distance_m: None where no activity with it has a distance.
        duration_s: Pauses included.
        first_day: Local day; None where it was not used.
    """

    activities: int
    distance_m: float | None
    duration_s: float
    first_day: str | None
    last_day: str | None


@dataclass(frozen=True, slots=True)
class Used:
    """A piece of gear and its mileage, of the activities that may be read."""

    piece: Gear
    mileage: Mileage


def used(tx: Tx, grant: Grant) -> Sequence[Used]:
    """Return the gear that may be told of, last used first, then by name.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    pieces = gear.listed(tx, grant)
    if not pieces:
        return []
    wanted = Wanted(sources=None, sport=None, from_day=FIRST_DAY, to_day=LAST_DAY)
    found = history.read(tx, grant, wanted, gear=True)
    listed = [
        Used(piece, _mileage(found, found.gear == gear_id))
        for gear_id, piece in pieces.items()
    ]
    listed.sort(key=lambda one: one.piece.title)
    return sorted(listed, key=lambda one: one.mileage.last_day or "", reverse=True)


def _mileage(found: History, own: NDArray[np.bool_]) -> Mileage:
    distance_m = found.numbers["distance_m"][own]
    days = np.sort(found.day[own])
    return Mileage(
        activities=int(own.sum()),
        distance_m=None if np.isnan(distance_m).all() else float(np.nansum(distance_m)),
        duration_s=float(np.nansum(found.numbers["elapsed_s"][own])),
        first_day=str(days[0]) if days.size else None,
        last_day=str(days[-1]) if days.size else None,
    )
