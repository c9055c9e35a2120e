"""How tools and resources look in a list, and in the README."""

from typing import Any

from pierre_mcp.model.answer import ResourceFace, ToolFace
from pierre_mcp.tools.table import Resource, Table, Tool

_NOISE = ("title", "default")


def tool_face(tool: Tool[Any, Any]) -> ToolFace:
    """Return the face of a tool; its schemas are its models', without the noise."""
    return ToolFace(
        name=tool.name,
        title=tool.title,
        description=tool.summary,
        input_schema=_lean(tool.takes.model_json_schema()),
        output_schema=_lean(tool.gives.model_json_schema(mode="serialization")),
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
        mime_type="application/json",
    )


def as_markdown(table: Table) -> str:
    """Return the table of tools as the README shows it."""
    head = "| tool | answers | needs | may carry |\n|---|---|---|---|\n"
    return head + "\n".join(_row(tool) for tool in table.tools.values())


def _row(tool: Tool[Any, Any]) -> str:
    needs = f"`{tool.terms.required}`" if tool.terms.required else "nothing"
    if tool.terms.asks:
        needs = f"`tool:{tool.name}`"
    opens = ", ".join(f"`{category}`" for category in sorted(tool.terms.opens))
    return f"| `{tool.name}` | {tool.summary} | {needs} | {opens or 'its own state'} |"


def _lean(schema: Any, *, names: bool = False) -> Any:
    """Drop generated titles and defaults, which cost tokens and say nothing new.

    ``names``: the keys are names of fields, not words of the schema language.
    """
    if isinstance(schema, list):
        return [_lean(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _lean(value, names=key in {"properties", "$defs"} and not names)
        for key, value in schema.items()
        if names or key not in _NOISE
    }
