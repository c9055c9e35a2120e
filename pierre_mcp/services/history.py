"""The activities of a range by column, folded: what totals are computed from.

The same activities as ``activities.newest`` gives, without a mapping for each. Most
activities have one recording; only the others are looked at one by one, and by the same
rules as ``policy.folding``: the preferred recording gives day and sport, the others
fill in what it did not record, and a heart rate or power cell counts as a whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.ratios import ratio
from pierre_mcp.model import packed_details
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import ActivityCell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import INDOOR, tail_of
from pierre_mcp.model.packed_details import DetailColumns
from pierre_mcp.policy.folding import preference
from pierre_mcp.services.activities import day_after, day_before
from pierre_mcp.store import scan
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.store.scan import Batch

Numbers = NDArray[np.float64]
Days = NDArray[np.datetime64]

SUMMED = ("elapsed_s", "moving_s", "distance_m", "ascent_m", "calories_kcal")
_GRADED = ("normalized_graded_speed_m_s",)

_HEART_RATE: tuple[str, ...] = ("mean_bpm", "max_bpm", "heart_rate_s")
_POWER: tuple[str, ...] = ("mean_power_w", "normalized_power_w", "power_s")
"""The numbers that are of one cell, which counts as a whole."""
_MEASURED = {"heart_rate_s": "measured_s", "power_s": "measured_s"}
"""What a cell calls the time that its means are over."""

ALONE = (*_GRADED, *_HEART_RATE, *_POWER)
"""The numbers that are not summed; those in ``_s`` tell how long was measured."""

_NAMES: Mapping[Category, tuple[str, ...]] = MappingProxyType(
    {
        Category.ACTIVITIES: (*SUMMED, *_GRADED),
        Category.HEART_RATE: _HEART_RATE,
        Category.POWER: _POWER,
    }
)

_INDOOR = "indoor"
"""A column beside the numbers while they are folded: 1 indoors, else NaN."""


@dataclass(frozen=True, slots=True)
class History:
    """Activities by column, each once, in no order; every column has shape (n,).

    Attributes:
        activity_id: Our own ids.
        day: Local days, datetime64[D].
        sport: Values of ``Sport``.
        gear: The id of the gear it was done with, empty where there is none; of shape
            (0,) unless asked for.
        numbers: ``SUMMED`` and ``ALONE``; NaN where not recorded or not allowed.
            Those of a category that ``curves`` was not asked for are not there.
        indoor: Whether any recording of it says that it was done indoors; False
            where numbers of activities are not read.
        details: Of each category that was asked for; NaN or empty likewise, and of
            recordings of an older formula.
    """

    activity_id: NDArray[np.object_]
    day: Days
    sport: NDArray[np.str_]
    gear: NDArray[np.str_]
    numbers: Mapping[str, Numbers]
    indoor: NDArray[np.bool_]
    details: Mapping[Category, DetailColumns]

    @property
    def moving_s(self) -> Numbers:
        """The moving time of each activity, the whole where it is not known."""
        moving = self.numbers["moving_s"]
        return np.where(np.isnan(moving), self.numbers["elapsed_s"], moving)

    @property
    def speed_m_s(self) -> Numbers:
        """The mean moving speed of each activity, NaN where it is not known.

        A distance of zero is that of a device that measured none.
        """
        metres = self.numbers["distance_m"]
        return ratio(np.where(metres > 0, metres, np.nan), self.moving_s)

    def taken(self, rows: NDArray[np.intp]) -> "History":
        """Return these activities, in this order."""
        return History(
            self.activity_id[rows],
            self.day[rows],
            self.sport[rows],
            self.gear[rows] if self.gear.size else self.gear,
            {name: column[rows] for name, column in self.numbers.items()},
            self.indoor[rows],
            {category: part.taken(rows) for category, part in self.details.items()},
        )


def read(
    tx: Tx,
    grant: Grant,
    wanted: Wanted,
    *,
    gear: bool = False,
    details: Collection[Category] = (),
) -> History:
    """Read every activity of a range, in one pass over its recordings.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        wanted: Which activities.
        gear: Whether to tell the gear.
        details: The categories whose details to read: of activities those of the first
            recording that has a curve, else of the one whose cell counts.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    return _read(tx, grant, wanted, _Depth(gear=gear, details=details))


def curves(
    tx: Tx,
    grant: Grant,
    wanted: Wanted,
    details: Collection[Category],
    *,
    numbers: Collection[Category] = (),
) -> History:
    """Read the same with curves and best times alone: histograms stay empty.

    Args:
        tx: A snapshot.
        grant: Decides what is read.
        wanted: Which activities.
        details: The categories whose curves to read, as for ``read``.
        numbers: The categories whose numbers to read too. Without any, ten years of
            one curve take half the time.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    depth = _Depth(details=details, histograms=False, numbers=numbers)
    return _read(tx, grant, wanted, depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Depth:
    """How much of each activity is read."""

    gear: bool = False
    details: Collection[Category] = ()
    histograms: bool = True
    numbers: Collection[Category] = frozenset(_NAMES)


def _read(tx: Tx, grant: Grant, wanted: Wanted, depth: _Depth) -> History:
    wider = replace(
        wanted, from_day=day_before(wanted.from_day), to_day=day_after(wanted.to_day)
    )
    found = list(scan.batches(tx, grant, wider, depth.details, numbers=depth.numbers))
    day = np.array([d for batch in found for d in batch.day], "M8[D]")
    sport = np.array([s for batch in found for s in batch.sport], str)
    numbers = _numbers(found, depth.numbers)
    pieces = _gear(found, numbers) if depth.gear else np.empty(1, str)
    parts = _details(found, numbers, depth)
    keep = _fold(found, numbers)
    keep &= (day >= np.datetime64(wanted.from_day)) & (
        day <= np.datetime64(wanted.to_day)
    )
    if wanted.sport is not None:
        keep &= sport == wanted.sport.value
    _time_of_means(numbers)
    columns = {name: column[keep] for name, column in numbers.items()}
    used = np.nan_to_num(columns.pop("gear", np.empty(0)), nan=0).astype(int)
    speaks = {category: columns.pop(_speaker(category)) for category in parts}
    inside = columns.pop(_INDOOR, np.full(keep.sum(), np.nan))
    own = np.flatnonzero(keep)
    return History(
        np.array([one for batch in found for one in batch.activity_id], object)[keep],
        day[keep],
        sport[keep],
        pieces[used],
        columns,
        ~np.isnan(inside),
        {c: part.taken(_those(speaks[c], own)) for c, part in parts.items()},
    )


def _numbers(
    found: Sequence[Batch], wanted: Collection[Category]
) -> dict[str, Numbers]:
    """Return the columns of all recordings, as they are."""
    numbers = {}
    if Category.ACTIVITIES in wanted:
        for name in _NAMES[Category.ACTIVITIES]:
            numbers[name] = _joined([batch.summary[name] for batch in found])
        flags = _joined([batch.summary["flags"] for batch in found])
        numbers[_INDOOR] = np.where(flags & INDOOR, 1.0, np.nan)
    if Category.HEART_RATE in wanted:
        hearts = [batch.heart_rate for batch in found]
        there = _joined([batch.has_heart_rate for batch in found])
        for name in _NAMES[Category.HEART_RATE]:
            numbers[name] = _spread(hearts, _MEASURED.get(name, name), there)
    if Category.POWER in wanted:
        powers = [batch.power for batch in found]
        there = _joined([batch.has_power for batch in found])
        for name in _NAMES[Category.POWER]:
            numbers[name] = _spread(powers, _MEASURED.get(name, name), there)
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


def _details(
    found: Sequence[Batch], numbers: dict[str, Numbers], depth: _Depth
) -> Mapping[Category, DetailColumns]:
    """Return the details of all recordings; add columns of whose detail counts."""
    parts = {}
    for category in depth.details:
        packed = [one for batch in found for one in batch.details[category]]
        parts[category] = packed_details.columns(packed, histograms=depth.histograms)
        numbers[_speaker(category)] = np.arange(float(len(packed)))
        if category is Category.ACTIVITIES:
            bare = np.isnan(parts[category].mean_max[:, 0])
            numbers[_speaker(category)][bare] = np.nan
    return parts


def _speaker(category: Category) -> str:
    """Return the name of the column that tells whose detail counts, by its place."""
    return f"detail.{category}"


def _those(speaks: Numbers, own: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(np.isnan(speaks), own, speaks).astype(np.int64)


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
    alone = (*SUMMED, *_GRADED, _INDOOR, "gear", _speaker(Category.ACTIVITIES))
    recorded: dict[tuple[str, ...], NDArray[np.bool_]] = {
        (name,): ~np.isnan(numbers[name]) for name in alone if name in numbers
    }
    hearts = (*_HEART_RATE, _speaker(Category.HEART_RATE))
    powers = (*_POWER, _speaker(Category.POWER))
    recorded[hearts] = _joined([batch.has_heart_rate for batch in found])
    recorded[powers] = _joined([batch.has_power for batch in found])
    told = [(numbers.keys() & names, there) for names, there in recorded.items()]
    for rows in _groups(of):
        first, *others = sorted(rows, key=keys.__getitem__)
        keep[others] = False
        for names, there in told:
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
    if "elapsed_s" not in numbers:
        return
    whole = numbers["elapsed_s"]
    moving = np.where(np.isnan(numbers["moving_s"]), whole, numbers["moving_s"])
    for name in {"heart_rate_s", "power_s"} & numbers.keys():
        measured = numbers[name]
        numbers[name] = np.where(np.isnan(measured), moving, measured)
