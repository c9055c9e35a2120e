"""Arguments, held to the tool's model. A fault names the field and never the value."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from pierre_mcp.errors import ArgumentsInvalidError
from pierre_mcp.model.fields import Params

P = TypeVar("P", bound=Params)

_MOST_FAULTS = 5
_NO_OBJECT = "The arguments are not a JSON object of plain values."

# The faults whose wording by pydantic is fixed by the model alone. Others quote what
# they found (a character, a length, another error's text).
_SAID = frozenset(
    {
        "bool_type", "enum", "finite_number", "float_type",
        "greater_than", "greater_than_equal", "int_type", "less_than",
        "less_than_equal", "list_type", "literal_error", "missing", "source",
        "string_pattern_mismatch", "string_too_long", "string_too_short",
        "string_type",
    }
)  # fmt: skip


def as_bytes(arguments: Mapping[str, Any] | None) -> bytes:
    """Return arguments as canonical JSON, for the digest and for strict parsing.

    Raises:
        ArgumentsInvalidError: They are no JSON object.
    """
    try:
        text = json.dumps(
            dict(arguments or {}),
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError):
        raise ArgumentsInvalidError(_NO_OBJECT) from None


def parse(takes: type[P], arguments: bytes) -> P:
    """Hold arguments, as JSON, to their model: strict, nothing coerced, none unknown.

    Raises:
        ArgumentsInvalidError: They do not fit; says which field and what it takes.
    """
    try:
        return takes.model_validate_json(arguments, strict=True)
    except ValidationError as error:
        faults = error.errors(
            include_url=False, include_input=False, include_context=False
        )
        raise ArgumentsInvalidError(_sentences(takes, faults)) from None


def _sentences(takes: type[Params], faults: list[Any]) -> str:
    said = dict.fromkeys(_sentence(takes, fault) for fault in faults[:_MOST_FAULTS])
    return " ".join(said)


def _sentence(takes: type[Params], fault: Any) -> str:
    if not fault["loc"]:
        return _NO_OBJECT
    name = fault["loc"][0]
    if name not in takes.model_fields:
        known = ", ".join(takes.model_fields) or "none"
        return f"An argument is not known here; the known ones are: {known}."
    said = fault["msg"].replace("Input should", "should")
    if fault["type"] not in _SAID:
        said = takes.model_fields[name].description or "should be another kind of value"
    return f"{name}: {said.rstrip('.')}."
