"""Every field of every answer says what it is; a tool with one that does not is none.

A field is ``Sensitive(category)`` or ``PUBLIC``, and stands where levels reach it: in a
model, in a model inside it, or in a list of models. Union arms, tuples and dicts are
not looked into, so no model may stand there; and an answer carries only categories
that the tool's terms open.
"""

from collections.abc import Iterator
from datetime import date
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import MISSING
from pydantic.fields import FieldInfo

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Public, Sensitive, Shape

Mark = Public | Sensitive

_LEAVES = (str, int, float, date, NoneType)


def mark_of(field: FieldInfo) -> Mark | None:
    """Return what a field declares about itself: its category, or that it is public."""
    marks = [m for m in field.metadata if isinstance(m, Public | Sensitive)]
    return marks[0] if len(marks) == 1 else None


def inner_shape(annotation: Any) -> type[Shape] | None:
    """Return the model that stands in a field, alone or as a list of them."""
    if get_origin(annotation) is list:
        (annotation,) = get_args(annotation)
    is_shape = isinstance(annotation, type) and issubclass(annotation, Shape)
    return annotation if is_shape else None


def faults(model: type[Shape], opens: frozenset[Category]) -> Iterator[str]:
    """Give each field of an answer that is not declared, or not where levels reach."""
    for name, field in model.model_fields.items():
        where = f"{model.__name__}.{name}"
        mark, inner = mark_of(field), inner_shape(field.annotation)
        if mark is None:
            yield f"{where} declares no category"
        elif isinstance(mark, Sensitive):
            for category in sorted(mark.categories - opens):
                yield f"{where} is {category}, which the terms do not open"
        if inner is not None:
            yield from faults(inner, opens)
        elif not _is_flat(field.annotation):
            yield f"{where} has a shape that levels do not reach"


def _is_flat(annotation: Any) -> bool:
    """Tell whether a type is plain values, lists of them, or a choice of these."""
    if annotation is MISSING or get_origin(annotation) is Literal:
        return True
    if isinstance(annotation, type) and not get_args(annotation):
        return issubclass(annotation, _LEAVES)
    is_known = get_origin(annotation) in _UNIONS or get_origin(annotation) is list
    return is_known and all(_is_flat(arm) for arm in get_args(annotation))


_UNIONS = {get_origin(int | None), get_origin(float | MISSING)}
