"""What every field of every answer declares: its category, and how a level treats it.

``Sensitive(category)`` marks personal data; such a field may be absent (MISSING: not
allowed) or null (not recorded). ``PUBLIC`` marks a field that says nothing about a
person. A test walks every model and refuses a field that declares neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from pierre_mcp.model.category import Category


class Treatment(StrEnum):
    """How a privacy level changes a field on its way out."""

    AS_IS = "as_is"
    IDENTIFIER = "identifier"
    LOCAL_TIME = "local_time"
    PATH = "path"
    PLACE = "place"
    CURSOR = "cursor"
    FREE_TEXT = "free_text"
    REGION = "region"
    DAYS_AGO = "days_ago"


class Level(StrEnum):
    """How closely a recipient may look; chosen by the person, medium until then."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Personal data of one category, or derived from several.

    Attributes:
        category: Of what it tells.
        also: The categories of what else it was computed from, as far as these may be
            read: a training load is of heart rate where it came from heart rate.
    """

    category: Category
    treatment: Treatment = Treatment.AS_IS
    also: frozenset[Category] = frozenset()

    @property
    def categories(self) -> frozenset[Category]:
        """Every category it may carry."""
        return self.also | {self.category}


@dataclass(frozen=True, slots=True)
class Public:
    """Nothing about a person: a code, a cursor, a pseudonym, a count of ours."""

    treatment: Treatment = Treatment.AS_IS


PUBLIC = Public()


class Shape(BaseModel):
    """An answer, or a part of one: closed, finite, and shown whole."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True
    )


class Withheld(Shape):
    """A category of a source that the person has not consented to."""

    source: Annotated[str, PUBLIC]
    category: Annotated[Category, PUBLIC]


class Reply(Shape):
    """What every answer says about itself.

    ``withheld`` follows from the consents and the level alone: it is the same whether
    data exists or not. What it is stands in the server's instructions, once for all.
    """

    withheld: Annotated[list[Withheld], PUBLIC, WithJsonSchema({})] = []


class ListReply(Reply):
    """An answer that is a list, and may go on."""

    truncated: Annotated[bool, PUBLIC, Field(description="More rows follow.")] = False
    next_cursor: Annotated[
        str | None, PUBLIC, Field(description="Pass as cursor to go on.")
    ] = None


class Params(BaseModel):
    """Arguments: closed, strict, bounded."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, defer_build=True
    )


RowT = TypeVar("RowT", bound=Shape)


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """Rows of a list by column, before the level treats it and the budget cuts it.

    No model is made a row: ``row`` only declares what each column is.

    Attributes:
        row: Names the columns; its fields carry their category and treatment.
        columns: One list a field, all as long as ``places``.
        places: For each row, as JSON, what a cursor needs to go on after it.
        more: Whether rows follow that were not read.

    Raises:
        ValueError: The columns are not those of ``row``.
    """

    row: type[RowT]
    columns: Mapping[str, Sequence[Any]]
    places: Sequence[Any]
    more: bool

    def __post_init__(self) -> None:
        """Refuse a column that declares nothing."""
        if self.columns.keys() != self.row.model_fields.keys():
            msg = "a page has the columns that its row declares"
            raise ValueError(msg)

    def __len__(self) -> int:
        return len(self.places)

    def first(self, count: int) -> "Page[RowT]":
        """Return the page cut to ``count`` rows."""
        if count >= len(self):
            return self
        columns = {name: column[:count] for name, column in self.columns.items()}
        return Page(self.row, columns, self.places[:count], more=True)


HeadT = TypeVar("HeadT", bound=Shape)


@dataclass(frozen=True, slots=True)
class Listing(Generic[RowT, HeadT]):
    """What a listing tool returns: its rows, and what it says once about them."""

    page: Page[RowT]
    head: HeadT

    def __len__(self) -> int:
        return len(self.page)

    def cut(self, count: int) -> "Listing[RowT, HeadT]":
        """Return the listing with at most ``count`` rows."""
        return Listing(self.page.first(count), self.head)
