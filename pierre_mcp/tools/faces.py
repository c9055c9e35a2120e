"""How tools, resources and prompts look in a list, and in the README."""

from json import dumps
from typing import Any

from pierre_mcp.model.answer import ArgumentFace, PromptFace, ResourceFace, ToolFace
from pierre_mcp.tools.table import Prompt, Resource, Table, Tool

_NOISE = frozenset({"title", "default"})
_OF_ANSWERS = _NOISE | {"additionalProperties", "enum", "const"}
"""An answer is ours: a schema need not say what it never holds."""


def tool_face(tool: Tool[Any, Any]) -> ToolFace:
    """Return the face of a tool; its schemas are its models', without the noise."""
    return ToolFace(
        name=tool.name,
        title=tool.title,
        description=tool.summary,
        input_schema=_lean(tool.takes.model_json_schema(), _NOISE),
        output_schema=_short(tool.gives.model_json_schema(mode="serialization")),
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
    return head + "\n".join(_row(tool) for tool in table.tools.values())


def _row(tool: Tool[Any, Any]) -> str:
    needs = f"`{tool.terms.required}`" if tool.terms.required else "nothing"
    if tool.terms.asks:
        needs = f"`tool:{tool.name}`"
    opens = ", ".join(f"`{category}`" for category in sorted(tool.terms.opens))
    return f"| `{tool.name}` | {tool.summary} | {needs} | {opens or 'its own state'} |"


def _lean(schema: Any, noise: frozenset[str], *, names: bool = False) -> Any:
    """Drop what costs tokens and says nothing new: titles, defaults, words on models.

    ``names``: the keys are names of fields, not words of the schema language.
    """
    if isinstance(schema, list):
        return [_lean(item, noise) for item in schema]
    if not isinstance(schema, dict):
        return schema
    lean = {
        key: _lean(value, noise, names=key in {"properties", "$defs"} and not names)
        for key, value in schema.items()
        if names or key not in noise
    }
    if not names and "properties" in lean:  # the tool's own words say it
        lean.pop("description", None)
    return lean


def _short(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an answer in few words: plain types where they are used."""
    lean = _lean(schema, _OF_ANSWERS)
    defined = lean.pop("$defs", {})
    shapes = {name: of for name, of in defined.items() if "properties" in of}
    plain = {
        f"#/$defs/{name}": of["type"]
        for name, of in defined.items()
        if name not in shapes
    }
    lean, shapes = _once(lean, shapes)
    short: dict[str, Any] = _plainly(
        lean | ({"$defs": shapes} if shapes else {}), plain
    )
    return short


def _once(lean: Any, shapes: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Define each shape once: models that differ by category alone look the same."""
    names: dict[str, str] = {}
    first = {n: names.setdefault(dumps(of), n) for n, of in shapes.items()}
    kept = {name: of for name, of in shapes.items() if first[name] == name}
    same = {f"#/$defs/{name}": f"#/$defs/{of}" for name, of in first.items()}
    return _renamed(lean, same), _renamed(kept, same)


def _renamed(schema: Any, same: dict[str, str]) -> Any:
    if isinstance(schema, list):
        return [_renamed(item, same) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(ref := schema.get("$ref"), str):
        return schema | {"$ref": same.get(ref, ref)}
    return {key: _renamed(value, same) for key, value in schema.items()}


def _plainly(schema: Any, plain: dict[str, str]) -> Any:
    """Write a choice of plain types as one type with several names."""
    if isinstance(schema, list):
        return [_plainly(item, plain) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") in plain:
        return {"type": plain[schema["$ref"]]}
    short = {key: _plainly(value, plain) for key, value in schema.items()}
    arms = short.get("anyOf", [])
    if arms and all(isinstance(arm.get("type"), str) for arm in arms):
        del short["anyOf"]
        for arm in arms:
            short |= arm
        short["type"] = [arm["type"] for arm in arms]
    return short
