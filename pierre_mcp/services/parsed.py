"""What comes back from a parser worker, checked as hostile before anyone uses it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pierre_mcp.analytics.summary import ActivityFacts
from pierre_mcp.formats.faults import SKIPPED, Reason
from pierre_mcp.formats.frames import BrokenFrameError, Frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.athlete import Fact, Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.cells import (
    Degrees,
    HeartRateCell,
    LocationCell,
    NotesCell,
    PowerCell,
)
from pierre_mcp.model.details import (
    DETAILS,
    ActivityDetail,
    Details,
    HeartRateDetail,
    Lengths,
    PowerDetail,
)
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Word = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class Header(BaseModel):
    """A frame's header: closed and strict; built at import, before threads share it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_H = TypeVar("_H", bound=Header)


class _Details(Header):
    activities: ActivityDetail
    heart_rate: HeartRateDetail | None = None
    power: PowerDetail | None = None


class _ActivityHeader(Header):
    kind: Literal["activity"]
    sport: Sport
    utc_offset_s: Annotated[int, Field(ge=-86_400, le=86_400)] | None
    first_position_deg: tuple[Latitude, Degrees] | None
    repairs: Annotated[tuple[Word, ...], Field(max_length=32)]
    athlete: Annotated[tuple[Fact, ...], Field(max_length=len(Kind))] = ()
    activity: ActivityFacts
    heart_rate: HeartRateCell | None
    power: PowerCell | None
    location: LocationCell | None
    notes: NotesCell | None
    details: _Details


class _OtherHeader(Header):
    kind: Literal["end", "failed", "skipped"]
    reason: Reason | None = None
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


@dataclass(frozen=True, slots=True)
class ParsedActivity:
    """One activity of a file.

    Attributes:
        utc_offset_s: Local time minus UTC, where the file says so.
        first_position_deg: Latitude and longitude, where there is one.
        repairs: A fixed word for each thing that was mended.
        details: By category; of activities always.
        columns: ``t_s`` and other streams, shape (n,), finite or NaN.
        athlete: What the file tells of the athlete.
    """

    sport: Sport
    utc_offset_s: int | None
    first_position_deg: tuple[float, float] | None
    repairs: tuple[str, ...]
    activity: ActivityFacts
    heart_rate: HeartRateCell | None
    power: PowerCell | None
    location: LocationCell | None
    notes: NotesCell | None
    details: Details
    columns: Mapping[str, Column]
    athlete: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one file gave: activities, or a reason why there are none.

    Attributes:
        digest: SHA-256 of the file's bytes; None where it was not read.
        failed: Why it could not be read.
        skipped: Why there was nothing to read in it, though nothing is wrong.
    """

    digest: bytes | None
    activities: tuple[ParsedActivity, ...] = ()
    failed: Reason | None = None
    skipped: Reason | None = None


def activity_of(frame: Frame) -> ParsedActivity | None:
    """Check an activity frame; None where the frame is of another kind.

    Raises:
        BrokenFrameError: It claims to be one and is not.
    """
    if frame.header.get("kind") != "activity":
        return None
    header = checked(_ActivityHeader, frame)
    _check_columns(frame.columns)
    _check_lengths(header)
    fields = {
        name: getattr(header, name)
        for name in _ActivityHeader.model_fields
        if name not in {"kind", "details"}
    }
    details = {
        category: detail
        for category in DETAILS
        if (detail := getattr(header.details, category.value)) is not None
    }
    return ParsedActivity(**fields, details=details, columns=frame.columns)


def ending_of(frame: Frame) -> tuple[str, Reason | None]:
    """Check the last frame of a file: ``end``, or ``failed`` or ``skipped`` and why.

    Raises:
        BrokenFrameError: It is none of these.
    """
    header = checked(_OtherHeader, frame)
    wanted = {"end": header.reason is None, "failed": header.reason is not None}
    if not wanted.get(header.kind, header.reason in SKIPPED) or frame.columns:
        raise BrokenFrameError
    return header.kind, header.reason


def digest_in(frame: Frame) -> bytes | None:
    """Return the SHA-256 that an ``end`` checked by ``ending_of`` carries.

    It is the worker's word. One that lies can have its own file taken for one imported
    before, or again and again, or keep out a file whose digest it knows until its
    import is undone; it can read, change or overwrite nothing. Files of an export
    are known by name instead, and those on disk are hashed by the parent.
    """
    digest = frame.header.get("digest")
    return None if digest is None else bytes.fromhex(digest)


def parsed_of(
    next_frame: Callable[[], Frame], digest: bytes | None, limits: Limits
) -> Parsed:
    """Take the frames that answer one file of tracks, and check each.

    Args:
        next_frame: Returns the next frame.
        digest: The file's, if the parent knows it; else the worker's word is taken.
        limits: What one file may give.

    Raises:
        BrokenFrameError: One is not what it should be, or there are too many.
    """
    activities: list[ParsedActivity] = []
    samples = 0
    while (activity := activity_of(frame := next_frame())) is not None:
        activities.append(activity)
        samples += len(next(iter(activity.columns.values()), ()))
        if len(activities) > limits.tracks or samples > limits.samples:
            raise BrokenFrameError
    kind, reason = ending_of(frame)
    return Parsed(
        digest or digest_in(frame),
        activities=tuple(activities) if kind == "end" else (),
        failed=reason if kind == "failed" else None,
        skipped=reason if kind == "skipped" else None,
    )


def checked(model: type[_H], frame: Frame) -> _H:
    """Hold a frame's header to a model.

    Raises:
        BrokenFrameError: It is not of it.
    """
    try:
        # From JSON, since strict Python has no way to write a tuple or an enumeration.
        return model.model_validate_json(json.dumps(frame.header), strict=True)
    except ValidationError:
        # Its message quotes the input.
        raise BrokenFrameError from None


def _check_lengths(header: _ActivityHeader) -> None:
    """Refuse columns that do not go together, and a detail without its cell."""
    groups: list[list[Sequence[object]]] = []
    of, heart, power = (getattr(header.details, name) for name in DETAILS)
    laps, splits, pauses = of.laps, of.splits, of.pauses
    groups += [[p.start_s, p.duration_s, p.distance_m] for p in (laps, splits)]
    groups.append([pauses.start_s, pauses.end_s])
    if of.lengths:
        groups.append([getattr(of.lengths, name) for name in Lengths.model_fields])
    if place := header.location:
        groups.append([place.along_m, place.lat_deg, place.lon_deg])
    if heart:
        groups.append([laps.start_s, heart.lap_mean_bpm])
        groups.append([splits.start_s, heart.split_mean_bpm])
    if power:
        groups.append([laps.start_s, power.lap_mean_power_w])
        groups.append([splits.start_s, power.split_mean_power_w])
    ragged = any(len({len(column) for column in group}) > 1 for group in groups)
    pairs = ((header.heart_rate, heart), (header.power, power))
    if (
        ragged
        or _of_version_one(header)
        or any((cell is None) != (detail is None) for cell, detail in pairs)
    ):
        raise BrokenFrameError


def _of_version_one(header: _ActivityHeader) -> bool:
    """Tell whether a cell holds means of laps, which no worker puts there any more."""
    heart, power = header.heart_rate, header.power
    return bool(
        (heart and (heart.lap_mean_bpm or heart.split_mean_bpm))
        or (power and (power.lap_mean_power_w or power.split_mean_power_w))
    )


def _check_columns(columns: Mapping[str, Column]) -> None:
    """Refuse infinities, and times that are missing, negative or falling."""
    time_s = columns.get(TIME)
    if time_s is None and columns:
        raise BrokenFrameError
    if any(np.isinf(column).any() for column in columns.values()):
        raise BrokenFrameError
    if time_s is not None and not _in_order(time_s):
        raise BrokenFrameError


def _in_order(time_s: Column) -> bool:
    if not time_s.size:
        return True
    sound = bool(np.isfinite(time_s).all() and (np.diff(time_s) >= 0).all())
    return sound and time_s[0] >= 0
