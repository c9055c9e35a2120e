"""Corrections: what the person says a recording got wrong, and what is right.

A correction belongs to one recording of one file, and not to the row that holds it: it
outlives an undo, and is there when the same file comes again.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from pierre_mcp.model.category import Category


class Part(StrEnum):
    """What of a recording can be corrected; the name says the unit."""

    SPORT = "sport"
    NAME = "name"
    DESCRIPTION = "description"
    START = "started_us"
    ELAPSED = "elapsed_s"
    MOVING = "moving_s"
    DISTANCE = "distance_m"
    ASCENT = "ascent_m"
    ENERGY = "calories_kcal"
    GEAR = "gear"
    MEAN_HEART_RATE = "mean_bpm"
    MAX_HEART_RATE = "max_bpm"
    MEAN_POWER = "mean_power_w"


CATEGORY_OF: Final[Mapping[Part, Category]] = MappingProxyType(
    dict.fromkeys(Part, Category.ACTIVITIES)
    | {
        Part.NAME: Category.NOTES,
        Part.DESCRIPTION: Category.NOTES,
        Part.MEAN_HEART_RATE: Category.HEART_RATE,
        Part.MAX_HEART_RATE: Category.HEART_RATE,
        Part.MEAN_POWER: Category.POWER,
    }
)
"""The category of the cell that holds each."""

NEVER_MISSING: Final = frozenset({Part.SPORT, Part.START, Part.ELAPSED})
"""What every recording has, and so cannot be corrected to nothing."""

Value: TypeAlias = int | float | str | None


class Change(BaseModel):
    """One value corrected.

    Attributes:
        was: As recorded; of gear its title. None is "not recorded".
        now: As corrected.
        at: When it was corrected, UTC.
        why: The person's own words, or empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    was: Value
    now: Value
    at: datetime
    why: Annotated[str, Field(max_length=500)] = ""


class Correction(BaseModel):
    """Everything corrected of one recording, sealed."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    changes: dict[Part, Change] = {}

    @property
    def was(self) -> dict[Part, Value]:
        """What was recorded of each part that is corrected."""
        return {part: change.was for part, change in self.changes.items()}

    @property
    def now(self) -> dict[Part, Value]:
        """What is right instead."""
        return {part: change.now for part, change in self.changes.items()}

    def with_(self, part: Part, change: Change) -> Self:
        """Return it with one more; what was recorded stays what was recorded."""
        before = self.changes.get(part)
        if before is not None:
            change = change.model_copy(update={"was": before.was})
        if change.now == change.was:
            return self.without(part)
        return self.model_copy(update={"changes": {**self.changes, part: change}})

    def without(self, part: Part | None) -> Self:
        """Return it without one change, or without any."""
        left = {p: c for p, c in self.changes.items() if part not in {None, p}}
        return self.model_copy(update={"changes": left})

    def recorded_as(self, was: Mapping[Part, Value]) -> Self:
        """Return it over what the recording says now, as far as that is told."""
        fresh = {
            part: change.model_copy(update={"was": was[part]})
            if part in was
            else change
            for part, change in self.changes.items()
        }
        return self.model_copy(update={"changes": fresh})
