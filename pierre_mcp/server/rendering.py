"""From answers to results, and from faces to the lists of what is served.

A result is made as bytes around the answer's own: what was recorded is what leaves,
byte for byte. Results of 2026-07-28 carry an envelope that older ones do not; all
else is the same in every version.
"""

from typing import Any

import mcp_types as types
from pydantic_core import to_json

from pierre_mcp.model.answer import Answer, PromptFace, ResourceFace, ToolFace


def call_result(answer: Answer, envelope: bytes = b"") -> bytes:
    """Render the result of ``tools/call``, in full and as JSON.

    An error carries no structured content: a client may hold that against the output
    schema, error or not. Its text says all.

    Args:
        answer: As recorded.
        envelope: Further members of the result, each ending in a comma.

    Raises:
        ValueError: The answer would not stay on its line, or is no text.
    """
    structured = b""
    if answer.structured is not None and not answer.is_error:
        structured = b',"structuredContent":' + _one_line(answer.structured)
    return b'{%b"content":[{"type":"text","text":%b}]%b,"isError":%b}' % (
        envelope,
        to_json(answer.text),
        structured,
        b"true" if answer.is_error else b"false",
    )


def read_result(answer: Answer, uri: str, envelope: bytes = b"") -> bytes:
    """Render the result of ``resources/read``: the JSON, or else the text.

    Raises:
        ValueError: The answer is no text.
    """
    plain = answer.structured is None
    text = answer.text if answer.structured is None else answer.structured.decode()
    return b'{%b"contents":[{"uri":%b,"mimeType":%b,"text":%b}]}' % (
        envelope,
        to_json(uri),
        to_json(answer.mime_type if plain else "application/json"),
        to_json(text),
    )


def prompt_result(answer: Answer, envelope: bytes = b"") -> bytes:
    """Render the result of ``prompts/get``: its text, as the person's own words."""
    return b'{%b"messages":[{"role":"user","content":{"type":"text","text":%b}}]}' % (
        envelope,
        to_json(answer.text),
    )


def modern_envelope(server_info: dict[str, Any], *, cacheable: bool) -> bytes:
    """Render what 2026-07-28 adds to a result; private answers are never cached."""
    members: dict[str, Any] = {
        "resultType": "complete",
        "_meta": {types.SERVER_INFO_META_KEY: server_info},
    }
    if cacheable:
        members |= {"ttlMs": 0, "cacheScope": "private"}
    return to_json(members)[1:-1] + b","


def as_tool(face: ToolFace) -> types.Tool:
    """List one tool. None of ours reaches beyond the person's own data."""
    return types.Tool(
        name=face.name,
        title=face.title,
        description=face.description,
        input_schema=dict(face.input_schema),
        output_schema=None if face.output_schema is None else dict(face.output_schema),
        annotations=types.ToolAnnotations(
            title=face.title,
            read_only_hint=face.read_only,
            destructive_hint=face.destructive,
            idempotent_hint=face.idempotent,
            open_world_hint=False,
        ),
    )


def as_resource(face: ResourceFace) -> types.Resource:
    """List one resource."""
    return types.Resource(
        uri=face.uri,
        name=face.name,
        title=face.title,
        description=face.description,
        mime_type=face.mime_type,
    )


def as_template(face: ResourceFace) -> types.ResourceTemplate:
    """List one family of resources."""
    return types.ResourceTemplate(
        uri_template=face.uri,
        name=face.name,
        title=face.title,
        description=face.description,
        mime_type=face.mime_type,
    )


def as_prompt(face: PromptFace) -> types.Prompt:
    """List one prompt."""
    return types.Prompt(
        name=face.name,
        title=face.title,
        description=face.description,
        arguments=[
            types.PromptArgument(
                name=of.name, description=of.description, required=of.required
            )
            for of in face.arguments
        ],
    )


def _one_line(json: bytes) -> bytes:
    # A raw newline is never part of compact JSON, and would break the framing.
    if b"\n" in json or b"\r" in json:
        message = "An answer is one line of JSON."
        raise ValueError(message)
    return json
