"""How tools, resources and prompts look in a list, and in the README."""

from collections.abc import Mapping
from typing import Any

from pierre_mcp.model.answer import ArgumentFace, PromptFace, ResourceFace, ToolFace
from pierre_mcp.tools.table import Prompt, Resource, Table, Tool

_NOISE = frozenset({"title", "default"})
_NULL = {"type": "null"}


def tool_face(tool: Tool[Any, Any]) -> ToolFace:
    """Return the face of a tool: its schemas in few words, since all tools are listed.

    Arguments are described whole, but that an optional one may be null is not said.
    Of an answer the schema gives the fields and what is said of them: an answer is
    ours, and needs no types to be held to.
    """
    return ToolFace(
        name=tool.name,
        title=tool.title,
        description=tool.summary,
        input_schema=_asked(tool.takes.model_json_schema()),
        output_schema=_answered(tool.gives.model_json_schema(mode="serialization")),
        read_only=not tool.terms.writes,
        destructive=tool.destructive,
        idempotent=True,
    )


def resource_face(resource: Resource) -> ResourceFace:
    """Return the face of a resource."""
    return ResourceFace(
        uri=resource.uri,
        name=resource.name,
        title=resource.title,
        description=resource.summary,
        mime_type=resource.mime_type,
    )


def prompt_face(prompt: Prompt[Any]) -> PromptFace:
    """Return the face of a prompt; its arguments are its model's fields."""
    return PromptFace(
        name=prompt.name,
        title=prompt.title,
        description=prompt.summary,
        arguments=tuple(
            ArgumentFace(
                name=name,
                description=field.description or "",
                required=field.is_required(),
                values=tuple(field.examples or ()),
            )
            for name, field in prompt.takes.model_fields.items()
        ),
    )


def prompts_as_markdown(table: Table) -> str:
    """Return the table of prompts as the README shows it."""
    head = "| prompt | asks | arguments | leads to |\n|---|---|---|---|\n"
    faces = {name: prompt_face(prompt) for name, prompt in table.prompts.items()}
    return head + "\n".join(
        f"| `{name}` | {face.description} | {_arguments(face)} | "
        f"{', '.join(f'`{tool}`' for tool in table.prompts[name].tools)} |"
        for name, face in faces.items()
    )


def _arguments(face: PromptFace) -> str:
    said = (
        f"`{of.name}`{'' if of.required else ' (optional)'}: {of.description}"
        for of in face.arguments
    )
    return " ".join(said) or "none"


def as_markdown(table: Table) -> str:
    """Return the table of tools as the README shows it."""
    head = "| tool | answers | needs | may carry |\n|---|---|---|---|\n"
    return head + "\n".join(_row(tool) for tool in table.listed())


def _row(tool: Tool[Any, Any]) -> str:
    needs = f"`{tool.terms.required}`" if tool.terms.required else "nothing"
    if tool.terms.asks:
        needs = f"`tool:{tool.name}`"
    opens = ", ".join(f"`{category}`" for category in sorted(tool.terms.opens))
    return f"| `{tool.name}` | {tool.summary} | {needs} | {opens or 'its own state'} |"


def _asked(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of arguments, without titles, defaults and null."""
    defined = schema.pop("$defs", {})
    fields = schema.pop("properties", {})
    lean = {key: value for key, value in schema.items() if key not in _NOISE}
    lean.pop("description", None)  # the tool's own words say it
    return lean | {
        "properties": {name: _argument(of, defined) for name, of in fields.items()}
    }


def _argument(schema: dict[str, Any], defined: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an argument; what it is named after stands in its place."""
    lean = {key: value for key, value in schema.items() if key not in _NOISE}
    arms = [arm for arm in lean.pop("anyOf", []) if arm != _NULL]
    of: dict[str, Any] = {}
    for arm in arms:
        of |= _argument(arm, defined)
    if name := _defined(lean.pop("$ref", "")):
        of |= _argument(defined[name], defined)
    if "items" in lean:
        lean["items"] = _argument(lean["items"], defined)
    return of | lean


def _answered(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer by name, with what is said of them."""
    defined = schema.pop("$defs", {})
    return {"type": "object", **_fields(schema, defined)}


def _fields(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> dict[str, Any]:
    told = schema.get("properties", {})
    return {"properties": {name: _field(of, defined) for name, of in told.items()}}


def _field(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> dict[str, Any]:
    said = {"description": schema["description"]} if "description" in schema else {}
    of = defined.get(_defined(schema.get("$ref", "")), {})
    if "properties" in of:
        return said | _fields(of, defined)
    items = _field(schema["items"], defined) if "items" in schema else {}
    return said | ({"items": items} if "properties" in items else {})


def _defined(reference: str) -> str:
    return reference.removeprefix("#/$defs/")
