"""The activities of a range by column, folded: what totals are computed from.

The same activities as ``activities.newest`` gives, without a mapping for each. Most
activities have one recording; only the others are looked at one by one, and by the same
rules as ``policy.folding``: the preferred recording gives day and sport, the others
fill in what it did not record, and a heart rate or power cell counts as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.cells import ActivityCell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import tail_of
from pierre_mcp.policy.folding import preference
from pierre_mcp.services.activities import day_after, day_before
from pierre_mcp.store import scan
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.store.scan import Batch

Numbers = NDArray[np.float64]
Days = NDArray[np.datetime64]

SUMMED = ("elapsed_s", "moving_s", "distance_m", "ascent_m", "calories_kcal")

_HEART_RATE: tuple[str, ...] = ("mean_bpm", "heart_rate_s")
_POWER: tuple[str, ...] = ("mean_power_w", "power_s")
"""The numbers that are of one cell, which counts as a whole."""


@dataclass(frozen=True, slots=True)
class History:
    """Activities by column, each once, in no order; every column has shape (n,).

    Attributes:
        day: Local days, datetime64[D].
        sport: Values of ``Sport``.
        gear: The id of the gear it was done with, empty where there is none; of shape
            (0,) unless asked for.
        numbers: ``SUMMED``, ``mean_bpm`` and ``mean_power_w``, and the seconds that
            these two are means over; NaN where not recorded or not allowed.
    """

    day: Days
    sport: NDArray[np.str_]
    gear: NDArray[np.str_]
    numbers: Mapping[str, Numbers]


def read(tx: Tx, grant: Grant, wanted: Wanted, *, gear: bool = False) -> History:
    """Read every activity of a range, in one pass over its recordings.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    wider = replace(
        wanted, from_day=day_before(wanted.from_day), to_day=day_after(wanted.to_day)
    )
    found = list(scan.batches(tx, grant, wider))
    day = np.array([d for batch in found for d in batch.day], "M8[D]")
    sport = np.array([s for batch in found for s in batch.sport], str)
    numbers = _numbers(found)
    pieces = _gear(found, numbers) if gear else np.empty(1, str)
    keep = _fold(found, numbers)
    keep &= (day >= np.datetime64(wanted.from_day)) & (
        day <= np.datetime64(wanted.to_day)
    )
    if wanted.sport is not None:
        keep &= sport == wanted.sport.value
    _time_of_means(numbers)
    columns = {name: column[keep] for name, column in numbers.items()}
    used = columns.pop("gear", np.empty(0))
    return History(
        day[keep], sport[keep], pieces[np.nan_to_num(used, nan=0).astype(int)], columns
    )


def _numbers(found: Sequence[Batch]) -> dict[str, Numbers]:
    """Return the columns of all recordings, as they are."""
    numbers = {
        name: _joined([batch.summary[name] for batch in found]) for name in SUMMED
    }
    hearts = [batch.heart_rate for batch in found]
    powers = [batch.power for batch in found]
    has_heart = _joined([batch.has_heart_rate for batch in found])
    has_power = _joined([batch.has_power for batch in found])
    numbers["mean_bpm"] = _spread(hearts, "mean_bpm", has_heart)
    numbers["heart_rate_s"] = _spread(hearts, "measured_s", has_heart)
    numbers["mean_power_w"] = _spread(powers, "mean_power_w", has_power)
    numbers["power_s"] = _spread(powers, "measured_s", has_power)
    return numbers


def _gear(found: Sequence[Batch], numbers: dict[str, Numbers]) -> NDArray[np.str_]:
    """Add a column of places among the ids that are returned; NaN for no gear."""
    named = [
        tail_of(ActivityCell, plain).get("gear") or ""
        for batch in found
        for plain in batch.opened
    ]
    pieces = ["", *sorted(set(named) - {""})]
    places = {piece: float(i) for i, piece in enumerate(pieces)} | {"": np.nan}
    numbers["gear"] = np.array([places[name] for name in named])
    return np.array(pieces)


def _spread(parts: Sequence[Any], name: str, there: NDArray[np.bool_]) -> Numbers:
    """Return one number of the cells there are, NaN for those there are not."""
    column = np.full(there.size, np.nan)
    column[there] = _joined([part[name] for part in parts])
    return column


def _joined(parts: Sequence[Any]) -> Any:
    return np.concatenate(parts) if parts else np.empty(0, bool)


def _fold(found: Sequence[Batch], numbers: Mapping[str, Numbers]) -> NDArray[np.bool_]:
    """Fill in the preferred recordings; return which these are.

    Changes ``numbers``, where an activity has more than one recording.
    """
    of = [one for batch in found for one in batch.activity_id]
    keep = np.ones(len(of), bool)
    if len(set(of)) == len(of):
        return keep
    keys = [
        (preference(source), day, row)
        for batch in found
        for source, day, row in zip(batch.source, batch.day, batch.id, strict=True)
    ]
    recorded: dict[tuple[str, ...], NDArray[np.bool_]] = {
        (name,): ~np.isnan(numbers[name])
        for name in (*SUMMED, "gear")
        if name in numbers
    }
    recorded[_HEART_RATE] = _joined([batch.has_heart_rate for batch in found])
    recorded[_POWER] = _joined([batch.has_power for batch in found])
    for rows in _groups(of):
        first, *others = sorted(rows, key=keys.__getitem__)
        keep[others] = False
        for names, there in recorded.items():
            best = next((i for i in (first, *others) if there[i]), first)
            for name in names:
                numbers[name][first] = numbers[name][best]
    return keep


def _groups(of: Sequence[str]) -> list[list[int]]:
    """Return the places of each activity that has more than one."""
    places: dict[str, list[int]] = {}
    for i, one in enumerate(of):
        places.setdefault(one, []).append(i)
    return [rows for rows in places.values() if len(rows) > 1]


def _time_of_means(numbers: dict[str, Numbers]) -> None:
    """Where it is not known how long a mean was measured, take the moving time.

    Failing that, the whole time: cells of the first release do not tell.
    """
    whole = numbers["elapsed_s"]
    moving = np.where(np.isnan(numbers["moving_s"]), whole, numbers["moving_s"])
    for name in ("heart_rate_s", "power_s"):
        measured = numbers[name]
        numbers[name] = np.where(np.isnan(measured), moving, measured)
