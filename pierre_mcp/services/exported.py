"""What workers say of an archive's directory and a table, checked as hostile.

``parsed`` does the same for tracks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from pierre_mcp.analytics.summary import ActivityFacts
from pierre_mcp.formats.archive import MAX_NAME_CHARS, Listed, Member
from pierre_mcp.formats.faults import Reason
from pierre_mcp.formats.frames import BrokenFrameError, Frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.athlete import RANGES, Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.cells import HeartRateCell, PowerCell
from pierre_mcp.services.parsed import Header, checked, ending_of
from pierre_mcp.services.work import MemberAsSent

RowNumber = Annotated[int, Field(ge=1, le=10_000_000)]
Text = Annotated[str, Field(max_length=20_000)]
ShortText = Annotated[str, Field(max_length=200)]
Weight = Annotated[float, Field(ge=RANGES[Kind.WEIGHT][0], le=RANGES[Kind.WEIGHT][1])]


class _MemberFrame(Header):
    kind: Literal["member"]
    member: MemberAsSent
    refused: Reason | None


class ActivityRow(Header):
    """A row of ``activities.csv``; ``strava_export.ExportedActivity`` says of what."""

    kind: Literal["row"]
    row: RowNumber
    provider_id: Annotated[str, Field(pattern=r"^[0-9]{1,32}$")]
    file: Annotated[str, Field(max_length=MAX_NAME_CHARS)] | None
    sport: Sport | None
    name: Annotated[str, Field(max_length=1_000)] | None
    description: Text | None
    private_note: Text | None
    gear: ShortText | None
    weight_kg: Weight | None = None
    activity: ActivityFacts
    heart_rate: HeartRateCell | None
    power: PowerCell | None


class UnreadRow(Header):
    """A row of ``activities.csv`` that could not be read, and why."""

    kind: Literal["broken"]
    row: RowNumber
    reason: Reason


class GearFacts(Header):
    """What a table says of a piece of gear; empty where it says nothing."""

    kind: Literal["shoes", "bike"]
    name: ShortText
    brand: ShortText
    model: ShortText


class _GearFrame(Header):
    kind: Literal["gear"]
    gear: GearFacts


class ZoneFacts(Header):
    """A circle in which places are private."""

    lat_deg: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon_deg: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_m: Annotated[float, Field(gt=0, le=20_000, allow_inf_nan=False)]


class _ZoneFrame(Header):
    kind: Literal["zone"]
    zone: ZoneFacts | None


_FRAMES: Mapping[str, type[Header]] = {
    "member": _MemberFrame,
    "row": ActivityRow,
    "broken": UnreadRow,
    "gear": _GearFrame,
    "zone": _ZoneFrame,
}

Item = Listed | ActivityRow | UnreadRow | GearFacts | ZoneFacts | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a listing or a table gave, and what ended it early if anything did.

    Attributes:
        items: In order; None for a zone that could not be read.
    """

    items: tuple[Item, ...] = ()
    broken: Reason | None = None


def answered(next_frame: Callable[[], Frame], limits: Limits) -> Answered:
    """Take the frames of one listing or table, and check each.

    Raises:
        BrokenFrameError: One is not what it should be, or there are too many.
    """
    items: list[Item] = []
    left = 2 * limits.table_bytes
    while (frame := next_frame()).header.get("kind") in _FRAMES:
        items.append(_item(frame))
        left -= sum(len(v) for v in frame.header.values() if isinstance(v, str))
        if len(items) > limits.rows or left < 0 or frame.columns:
            raise BrokenFrameError
    _, reason = ending_of(frame)
    return Answered(tuple(items), reason)


def _item(frame: Frame) -> Item:
    found = checked(_FRAMES[frame.header["kind"]], frame)
    if isinstance(found, _MemberFrame):
        return Listed(Member(*found.member), found.refused)
    if isinstance(found, _GearFrame):
        return found.gear
    if isinstance(found, _ZoneFrame):
        return found.zone
    assert isinstance(found, ActivityRow | UnreadRow)  # noqa: S101 - for the checker
    return found
