"""Streams: what was measured from sample to sample, by column.

Each stream is consented to as a category. Altitude is ``location``: a profile of hills
alone names the city or borough it is from in 60 to 96 of 100 cases (Meteriz et al.,
2019), so it does not leave with the summaries. Speed and distance are ``activities``,
as the splits are: they lead to a place only from a start and a road that are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Shape
from pierre_mcp.model.stream_names import COLUMNS

if TYPE_CHECKING:
    from pierre_mcp.model.track import Column

_CATEGORIES = {
    "lat_deg": Category.LOCATION,
    "lon_deg": Category.LOCATION,
    "altitude_m": Category.LOCATION,
    "heart_rate_bpm": Category.HEART_RATE,
    "power_w": Category.POWER,
    "form_power_w": Category.POWER,
    "core_temperature_c": Category.BODY,
}
STREAMS: Mapping[str, Category] = MappingProxyType(
    {name: _CATEGORIES.get(name, Category.ACTIVITIES) for name in COLUMNS}
)
"""Every stream there is, and the category it is consented to as."""

HeadT = TypeVar("HeadT", bound=Shape)


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Where each sample of a whole recording was; every column of shape (n,).

    Attributes:
        along_m: Metres along the track, never falling.
        lat_deg: NaN where there is no position, as is ``lon_deg``.
        altitude_m: NaN where not recorded.
    """

    along_m: "Column"
    lat_deg: "Column"
    lon_deg: "Column"
    altitude_m: "Column"


@dataclass(frozen=True, slots=True, eq=False)
class Samples(Generic[HeadT]):
    """Streams before the level treats them and the budget thins them.

    They are those of the whole recording, whatever part was asked for, since a level
    hides its ends and not those of the part.

    Attributes:
        row: Names the columns; its fields carry their category and treatment.
        columns: What was asked for, is allowed and was recorded, shape (n,) each.
        lacking: What was asked for, is allowed and was not recorded.
        way: What hiding places takes; None where no column is a place.
        window: The part that was asked for: its first row, and the one after its last.
        most: How many rows may be shown.
        head: What is said once about them.
    """

    row: type[Shape]
    columns: "Mapping[str, Column]"
    lacking: tuple[str, ...]
    way: Way | None
    window: tuple[int, int]
    most: int
    head: HeadT

    def __len__(self) -> int:
        return min(self.most, self.window[1] - self.window[0])

    def cut(self, count: int) -> "Samples[HeadT]":
        """Return them with at most ``count`` rows to be shown."""
        return replace(self, most=count)
