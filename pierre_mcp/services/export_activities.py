"""Activities as an export tells them: all that is stored of each, and one plain row.

One line of JSON an activity, with each of its recordings whole; and one row of a table
with what counts, folded as every answer folds it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import BaseModel

from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Recording
from pierre_mcp.policy.folding import fold_whole, preference
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services.export_registers import told_changes
from pierre_mcp.store import activity, corrections, streams
from pierre_mcp.store.database import Tx
from pierre_mcp.store.exporting import Listed
from pierre_mcp.store.imports import FileLine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAFE: Final = re.compile(r"[^\w.+-]+", re.ASCII)
_LONGEST: Final = 100
SUMMARY: Final = (
    "elapsed_s", "moving_s", "distance_m", "ascent_m", "descent_m", "max_speed_m_s",
    "mean_cadence_rpm", "calories_kcal", "indoor",
)  # fmt: skip
_HEART_RATE: Final = ("mean_bpm", "max_bpm")
_POWER: Final = ("mean_power_w", "max_power_w", "normalized_power_w", "work_kj")
COLUMNS: Final = (
    *("activity_id", "day", "sport", "started_at", "started_local", "time_zone"),
    *SUMMARY, *_HEART_RATE, *_POWER, "gear", "name", "description", "sources",
)  # fmt: skip
"""The columns of ``activities.csv``."""


@dataclass(frozen=True, slots=True)
class Files:
    """The members that hold a recording's samples or its file; None: it has none.

    Attributes:
        made: What is made from its streams is named by this, without a suffix.
        original: Its file as it came.
        keeps: Whether the original is kept with this recording itself.
    """

    made: str
    original: str | None
    keeps: bool

    @property
    def streams(self) -> str:
        """The member its streams are written to, where there is no original."""
        return f"streams/{self.made}.csv"

    @property
    def track(self) -> str:
        """The member its track is written to, likewise."""
        return f"tracks/{self.made}.tcx"

    def told(self, *, sampled: bool) -> dict[str, str]:
        """Return the names of the members, of streams only where it has any."""
        if self.original is not None:
            return {"original": self.original}
        streams = {"streams": self.streams} if sampled else {}
        return {**streams, "track": self.track}


def named(listed: Sequence[Listed], lines: Iterable[FileLine]) -> dict[str, Files]:
    """Return by recording which members hold it; no two original files share one."""
    came_as = {line.recording: line.name for line in lines if line.recording}
    taken: set[str] = set()
    originals: dict[str, str] = {}
    of: dict[str, int] = {}
    found = {}
    for one in listed:
        if one.original is not None and one.original not in originals:
            name = safe_name(came_as.get(one.original, ""), one.original)
            originals[one.original] = f"originals/{_free(name, taken)}"
        count = of[one.activity] = of.get(one.activity, 0) + 1
        made = one.activity if count == 1 else f"{one.activity}-{count}"
        original = one.original and originals[one.original]
        found[one.id] = Files(made, original, keeps=one.original == one.id)
    return found


def safe_name(name: str, instead: str) -> str:
    """Return a file's name fit for any system: no folder, nothing hidden or odd."""
    last = PurePosixPath(name.replace("\\", "/")).name
    safe = _UNSAFE.sub("_", clean(last, _LONGEST)).lstrip(".")
    return safe if safe.strip("_.") else instead


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or with a number where another has it, letters' case aside."""
    stem, dot, rest = name.partition(".")
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}{dot}{rest}"
    taken.add(free.casefold())
    return free


@dataclass(frozen=True, slots=True)
class Told:
    """An activity as it is exported: its line, and its row."""

    line: Mapping[str, Any]
    row: Mapping[str, Any]


def told(
    tx: Tx,
    grant: Grant,
    activity_id: str,
    files: Mapping[str, Files],
    gear: Mapping[str, Gear],
) -> Told | None:
    """Return one activity; None if it is gone by now.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    found = activity.recordings_of(tx, grant, activity_id)
    if not found:
        return None
    found.sort(key=lambda r: (preference(r.where.source), r.local_day, r.id))
    row = _row(fold_whole(found), found, gear)
    line = {name: row[name] for name in COLUMNS[:5]}
    sampled = {k.id for k in streams.of_activity(tx, grant, activity_id) if k.names}
    line["recordings"] = [
        {
            **_recording(tx, grant, one, gear),
            "files": files[one.id].told(sampled=one.id in sampled)
            if one.id in files
            else {},
        }
        for one in found
    ]
    return Told(line, row)


def _recording(
    tx: Tx, grant: Grant, one: Recording, gear: Mapping[str, Gear]
) -> dict[str, Any]:
    changes = corrections.find(tx, grant, corrections.key_of(tx, grant, one.id)).changes
    details = activity.details_of(tx, grant, one)
    return {
        "recording_id": one.id,
        "source": one.where.source,
        "origin": one.where.origin,
        "sport": one.sport,
        "day": one.local_day,
        "formula": one.formula,
        "summary": _dumped(one.activity),
        "gear": _title(one.activity.gear, gear),
        "heart_rate": _dumped(one.heart_rate),
        "power": _dumped(one.power),
        "location": _dumped(one.location),
        "notes": _dumped(one.notes),
        "details": {category: _dumped(detail) for category, detail in details.items()},
        "corrections": told_changes(changes),
    }


def _row(
    whole: Recording, found: Sequence[Recording], gear: Mapping[str, Gear]
) -> dict[str, Any]:
    cell = whole.activity
    at = _EPOCH + timedelta(microseconds=cell.started_us)
    local = at.replace(tzinfo=None) + timedelta(seconds=cell.utc_offset_s)
    return {
        "activity_id": whole.activity_id,
        "day": whole.local_day,
        "sport": whole.sport.value,
        "started_at": at.isoformat().replace("+00:00", "Z"),
        "started_local": local.isoformat(),
        "time_zone": cell.zone,
        **{name: getattr(cell, name) for name in SUMMARY},
        **{name: getattr(whole.heart_rate, name, None) for name in _HEART_RATE},
        **{name: getattr(whole.power, name, None) for name in _POWER},
        "gear": _title(cell.gear, gear),
        "name": getattr(whole.notes, "name", None),
        "description": getattr(whole.notes, "description", None),
        "sources": " ".join(dict.fromkeys(one.where.source for one in found)),
    }


def _title(gear_id: str | None, gear: Mapping[str, Gear]) -> str | None:
    found = gear.get(gear_id or "")
    return None if found is None else found.title


def _dumped(cell: Any) -> Any:
    return cell.model_dump(mode="json") if isinstance(cell, BaseModel) else None
