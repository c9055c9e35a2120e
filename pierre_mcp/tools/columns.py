"""Lists go out by column: one named, optional array for each field of a row.

So each column keeps its category, and a list costs a third of the tokens of a list of
objects. A column that no row may carry is absent; in one that stays, null means "not
allowed" exactly where ``withheld`` pairs its category with the row's source, and "not
recorded" everywhere else. Free text goes under ``untrusted_text``.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from operator import or_
from typing import Annotated, Any, TypeAlias, TypeVar, cast, get_args, get_origin

from pydantic import MISSING, Field, create_model
from pydantic.fields import FieldInfo

from pierre_mcp.model.fields import PUBLIC, Shape, Treatment
from pierre_mcp.tools.classes import Mark, inner_shape, mark_of

S = TypeVar("S", bound=Shape)

Words: TypeAlias = list[str] | MISSING
Counts: TypeAlias = list[int] | MISSING
Numbers: TypeAlias = list[float] | MISSING
"""A column as a reply has it, MISSING where it may not be read."""

Value: TypeAlias = float | MISSING | None
"""A number likewise; None where it is not recorded or cannot be told."""


@cache
def columns_of(row: type[Shape], name: str) -> type[Shape]:
    """Return the model with an optional array for each field of ``row``.

    Raises:
        ValueError: A field declares no category, so its column could have none.
    """
    plain: dict[str, Any] = {}
    texts: dict[str, Any] = {}
    for field_name, field in row.model_fields.items():
        mark = mark_of(field)
        if mark is None:
            msg = f"{row.__name__}.{field_name} declares no category"
            raise ValueError(msg)
        untrusted = mark.treatment is Treatment.FREE_TEXT
        (texts if untrusted else plain)[field_name] = _column(field, mark)
    if texts:
        nested = create_model(f"{name}Text", __base__=Shape, **texts)
        plain["untrusted_text"] = (Annotated[nested, PUBLIC], nested())
    model: type[Shape] = create_model(name, __base__=Shape, **plain)
    return model


def as_columns(columns: Mapping[str, Sequence[Any]], model: type[Shape]) -> Shape:
    """Put a page's columns into the model that ``columns_of`` made for its rows."""
    told: dict[str, Any] = {}
    for name, texts in _layout(model):
        if texts is not None:
            told[name] = as_columns(columns, texts)
            continue
        values = columns[name]
        missing = values.count(MISSING)
        if 0 < missing < len(values):
            values = [None if v is MISSING else v for v in values]
        if missing < len(values):
            told[name] = [*values]
    return filled(model, told)


def filled(model: type[S], parts: Mapping[str, Any]) -> S:
    """Return a model of parts made of valid ones, its other fields at their defaults.

    Instead of ``model_construct``, which goes over all fields of each anew.
    """
    blank = cast("S", _blank(model))
    return blank.model_copy(update=parts) if parts else blank


@cache
def _blank(model: type[Shape]) -> Shape:
    return model()


@cache
def _layout(model: type[Shape]) -> tuple[tuple[str, type[Shape] | None], ...]:
    """Return the fields of such a model; beside that of texts the model of these."""
    fields = model.model_fields.items()
    return tuple((name, inner_shape(field.annotation)) for name, field in fields)


def _column(field: FieldInfo, mark: Mark) -> tuple[Any, Any]:
    item: Any = field.annotation
    if get_origin(item) is not list and get_args(item):
        item = _union([kind for kind in get_args(item) if kind is not MISSING])
    if isinstance(item, type) and issubclass(item, StrEnum):
        item = str  # it is one; as itself its value would be asked for, word by word
    column = list[item] | MISSING
    described = Field(description=field.description)
    return Annotated[column, mark, described], MISSING


def _union(kinds: list[Any]) -> Any:
    union = kinds[0]
    for kind in kinds[1:]:
        union = or_(union, kind)
    return union
