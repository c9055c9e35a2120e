"""Results, as every protocol version's own schema reads them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import methods
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic_core import to_json

from pierre_mcp.model.answer import Answer, ResourceFace, ToolFace
from pierre_mcp.server.rendering import (
    as_resource,
    as_template,
    as_tool,
    call_result,
    modern_envelope,
    prompt_result,
    read_result,
)

ANSWERS = [
    pytest.param(Answer('One.\n{"a":1}', b'{"a":1}'), id="whole"),
    pytest.param(Answer("One."), id="text"),
    pytest.param(Answer("No.", b"{}", is_error=True, code="no"), id="error"),
]
INFO = {"name": "pierre-mcp", "version": "0"}


def envelope(version: str, *, cacheable: bool) -> bytes:
    modern = version in MODERN_PROTOCOL_VERSIONS
    return modern_envelope(INFO, cacheable=cacheable) if modern else b""


@pytest.mark.parametrize("version", KNOWN_PROTOCOL_VERSIONS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_each_version_accepts_a_result(version: str, answer: Answer) -> None:
    result = json.loads(call_result(answer, envelope(version, cacheable=False)))
    assert methods.serialize_server_result("tools/call", version, result) == result


@pytest.mark.parametrize("version", KNOWN_PROTOCOL_VERSIONS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_each_version_accepts_a_resource(version: str, answer: Answer) -> None:
    rendered = read_result(answer, "toy://x", envelope(version, cacheable=True))
    result = json.loads(rendered)
    assert methods.serialize_server_result("resources/read", version, result) == result


@pytest.mark.parametrize("version", KNOWN_PROTOCOL_VERSIONS)
def test_each_version_accepts_a_prompt(version: str) -> None:
    rendered = prompt_result(
        Answer('Plan "it"\nwell.'), envelope(version, cacheable=False)
    )
    assert b"\n" not in rendered
    result = json.loads(rendered)
    assert methods.serialize_server_result("prompts/get", version, result) == result


@given(st.text(), st.dictionaries(st.text(), st.text() | st.integers() | st.floats()))
def test_what_was_recorded_is_what_leaves(
    text: str, value: dict[str, str | int | float]
) -> None:
    structured = to_json(value)
    rendered = call_result(Answer(text, structured))
    assert b'"structuredContent":' + structured + b',"isError":false}' in rendered
    assert b"\n" not in rendered
    assert json.loads(rendered)["content"] == [{"type": "text", "text": text}]


def test_an_error_is_text_alone() -> None:
    """A client may hold structured content against the schema, error or not."""
    result = json.loads(call_result(Answer("No.", b"{}", is_error=True, code="no")))
    assert result == {"content": [{"type": "text", "text": "No."}], "isError": True}


@pytest.mark.parametrize(
    "answer", [Answer("", b"{\n}"), Answer("", b"{\r}"), Answer("half \ud800")]
)
def test_what_would_break_the_framing(answer: Answer) -> None:
    with pytest.raises(ValueError, match=r"line|JSON"):
        call_result(answer)


def test_a_tool_is_listed_with_all_it_has() -> None:
    schema = {"type": "object"}
    face = ToolFace(
        name="erase",
        title="Erase",
        description="Erase it.",
        input_schema=schema,
        output_schema=schema,
        read_only=False,
        destructive=True,
        idempotent=True,
    )
    assert as_tool(face).model_dump(by_alias=True, exclude_none=True) == {
        "name": "erase",
        "title": "Erase",
        "description": "Erase it.",
        "inputSchema": schema,
        "outputSchema": schema,
        "annotations": {
            "title": "Erase",
            "readOnlyHint": False,
            "destructiveHint": True,
            "idempotentHint": True,
            "openWorldHint": False,
        },
    }


def test_a_resource_and_a_template() -> None:
    for uri, is_template in ("a://b", False), ("a://{b}", True):
        face = ResourceFace(
            uri=uri, name="n", title="T", description="D.", mime_type="text/plain"
        )
        assert face.is_template is is_template
        listed = as_template(face) if is_template else as_resource(face)
        assert uri in listed.model_dump(by_alias=True).values()
