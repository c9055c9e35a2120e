"""Lists go out by column: one named, optional array for each field of a row.

So each column keeps its category, and a list costs a third of the tokens of a list of
objects. A column that no row may carry is absent; in one that stays, null means "not
allowed" exactly where ``withheld`` pairs its category with the row's source, and "not
recorded" everywhere else. Free text goes under ``untrusted_text``.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import or_
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from pydantic import MISSING, Field, create_model
from pydantic.fields import FieldInfo

from pierre_mcp.model.fields import PUBLIC, Shape, Treatment
from pierre_mcp.tools.classes import Mark, mark_of

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
    filled: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name == "untrusted_text" and isinstance(field.default, Shape):
            filled[name] = as_columns(columns, type(field.default))
            continue
        values = columns[name]
        if any(value is not MISSING for value in values):
            filled[name] = [None if v is MISSING else v for v in values]
    return model.model_construct(**filled)


def _column(field: FieldInfo, mark: Mark) -> tuple[Any, Any]:
    item = field.annotation
    if get_origin(item) is not list and get_args(item):
        item = _union([kind for kind in get_args(item) if kind is not MISSING])
    column = list[item] | MISSING  # type: ignore[valid-type]
    described = Field(description=field.description)
    return Annotated[column, mark, described], MISSING


def _union(kinds: list[Any]) -> Any:
    union = kinds[0]
    for kind in kinds[1:]:
        union = or_(union, kind)
    return union
