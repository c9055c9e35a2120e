"""What is told of the athlete himself: weight, thresholds and the like."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pierre_mcp.model.category import Category


class Kind(StrEnum):
    """What is told; the name says the unit."""

    BIRTH_YEAR = "birth_year"
    SEX = "sex"
    HEIGHT = "height_m"
    WEIGHT = "weight_kg"
    RESTING_HEART_RATE = "resting_heart_rate_bpm"
    MAX_HEART_RATE = "max_heart_rate_bpm"
    THRESHOLD_HEART_RATE = "threshold_heart_rate_bpm"
    FTP = "ftp_w"
    THRESHOLD_SPEED = "threshold_speed_m_s"
    THRESHOLD_SWIM_SPEED = "threshold_swim_speed_m_s"


SEXES: Final = ("female", "male")
"""By the value of a fact of kind ``sex``."""

RANGES: Final[Mapping[Kind, tuple[float, float]]] = MappingProxyType(
    {
        Kind.BIRTH_YEAR: (1901, 2100),
        Kind.SEX: (0, 1),
        Kind.HEIGHT: (0.5, 2.5),
        Kind.WEIGHT: (20, 400),
        Kind.RESTING_HEART_RATE: (20, 150),
        Kind.MAX_HEART_RATE: (80, 250),
        Kind.THRESHOLD_HEART_RATE: (60, 240),
        Kind.FTP: (20, 1_000),
        Kind.THRESHOLD_SPEED: (0.5, 10),
        Kind.THRESHOLD_SWIM_SPEED: (0.2, 3),
    }
)
"""Least and most that a person may have; devices write 0 where nobody set a value."""

CATEGORY_OF: Final[Mapping[Kind, Category]] = MappingProxyType(
    {
        Kind.BIRTH_YEAR: Category.PROFILE,
        Kind.SEX: Category.PROFILE,
        Kind.HEIGHT: Category.BODY,
        Kind.WEIGHT: Category.BODY,
        Kind.RESTING_HEART_RATE: Category.HEART_RATE,
        Kind.MAX_HEART_RATE: Category.HEART_RATE,
        Kind.THRESHOLD_HEART_RATE: Category.HEART_RATE,
        Kind.FTP: Category.POWER,
        Kind.THRESHOLD_SPEED: Category.ACTIVITIES,
        Kind.THRESHOLD_SWIM_SPEED: Category.ACTIVITIES,
    }
)
"""What consent opens each kind."""


class Origin(StrEnum):
    """What told it: a message of a FIT, an export's table, or the person himself."""

    SESSION = "session"
    ZONES_TARGET = "zones_target"
    USER_PROFILE = "user_profile"
    STRAVA_EXPORT = "strava_export"
    SELF = "self"


Value = Annotated[float, Field(allow_inf_nan=False)]


class Fact(BaseModel):
    """One thing told of the athlete, at no particular time.

    Raises:
        ValueError: The value is outside ``RANGES``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    value: Value
    origin: Origin

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if not plausible(self.kind, self.value):
            msg = "no person has such a value"
            raise ValueError(msg)
        return self


def plausible(kind: Kind, value: float) -> bool:
    """Tell whether a person may have a value; NaN none has."""
    least, most = RANGES[kind]
    return least <= value <= most


class Seen(BaseModel):
    """A fact, and when it was told within one month.

    Attributes:
        first_day: Local day, ``YYYY-MM-DD``.
        last_day: The same or a later one, of the same month.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    fact: Fact
    first_day: str
    last_day: str

    @property
    def month(self) -> str:
        """``YYYY-MM``."""
        return self.first_day[:7]

    def over(self, other: Self | None) -> Self:
        """Return both in one, in whatever order they are given."""
        if other is None:
            return self
        first = min(self.first_day, other.first_day)
        last = max(self.last_day, other.last_day)
        return self.model_copy(update={"first_day": first, "last_day": last})


@dataclass(frozen=True, slots=True)
class Told:
    """A value of one kind, and the day since when it was told."""

    value: float
    since: str
    source: str
    origin: Origin
