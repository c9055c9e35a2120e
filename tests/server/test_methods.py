"""The door over the wire: versions, capabilities, errors, cancellation."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from pierre_mcp.server.methods import METHODS, Needs, build_server
from tests.server.desk import Toy
from tests.server.raw import HELLO, MODERN, Frame, Wire, calling, request

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
SERVED: dict[str, Frame] = {
    "tools/list": {},
    "tools/call": {"name": "echo", "arguments": {}},
    "resources/list": {},
    "resources/templates/list": {},
    "resources/read": {"uri": "toy://thing"},
    "prompts/list": {},
    "prompts/get": {"name": "race", "arguments": {"distance": "10k"}},
    "completion/complete": {
        "ref": {"type": "ref/prompt", "name": "race"},
        "argument": {"name": "distance", "value": "10"},
    },
}
UNSERVED = (
    "logging/setLevel",
    "resources/subscribe",
    "subscriptions/listen",
    "tasks/get",
)


@pytest.mark.promise("mcp.versions")
@pytest.mark.parametrize("version", HANDSHAKES)
def test_each_version_is_served(fresh: Wire, version: str) -> None:
    greeting = fresh.greet(protocolVersion=version)["result"]
    assert greeting["protocolVersion"] == version
    assert greeting["serverInfo"]["name"] == "pierre-mcp"
    assert greeting["instructions"] == "Play."
    for method, params in SERVED.items():
        assert "result" in fresh.ask(method, params), method
    assert fresh.call("who")["result"]["structuredContent"] == {
        "client": ["raw", "1"],
        "protocol": version,
        "starts": [["raw", "1", version]],
    }


@pytest.mark.promise("mcp.versions")
@pytest.mark.parametrize("version", ["2026-07-28", "1999-01-01", ""])
def test_any_other_gets_the_counter_offer(shared: Wire, version: str) -> None:
    greeting = shared.greet(protocolVersion=version)["result"]
    assert greeting["protocolVersion"] == "2025-11-25"
    assert "result" in shared.call("echo")


@pytest.mark.promise("mcp.versions")
def test_the_version_without_a_handshake(fresh: Wire) -> None:
    found = fresh.ask("server/discover", MODERN)["result"]
    assert found["supportedVersions"] == ["2026-07-28"]
    for method, params in SERVED.items():
        result = fresh.ask(method, {**params, **MODERN})["result"]
        assert result["resultType"] == "complete", method
        info = result["_meta"]["io.modelcontextprotocol/serverInfo"]
        assert info["name"] == "pierre-mcp"
    who = fresh.ask("tools/call", {"name": "who", **MODERN})["result"]
    assert who["structuredContent"] == {
        "client": ["raw", "2"],
        "protocol": "2026-07-28",
        "starts": [["raw", "2", "2026-07-28"]],
    }


@pytest.mark.promise("mcp.versions")
def test_an_unknown_version_in_the_envelope(fresh: Wire) -> None:
    meta = {**MODERN["_meta"], "io.modelcontextprotocol/protocolVersion": "1999-01-01"}
    error = fresh.ask("tools/list", {"_meta": meta})["error"]
    assert error["code"] == -32022
    assert error["data"]["supported"] == ["2026-07-28"]


@pytest.mark.promise("mcp.versions")
def test_a_version_that_is_none(fresh: Wire) -> None:
    for version in (5, None, ["2025-06-18"]):
        assert fresh.greet(protocolVersion=version)["error"]["code"] == -32602
        # and a notification after it does not stand in for the handshake
        assert fresh.call("echo")["error"]["code"] == -32602


def test_before_the_handshake(fresh: Wire) -> None:
    assert fresh.ask("ping") == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert fresh.ask("server/discover")["error"]["code"] == -32601
    for method, params in SERVED.items():
        assert fresh.ask(method, params)["error"]["code"] == -32602, method


@pytest.mark.promise("mcp.errors")
def test_no_record_no_greeting(fresh: Wire) -> None:
    """A start that cannot be recorded is refused, and serves nothing."""
    client = {"name": "unwelcome", "version": "1"}
    assert fresh.greet(clientInfo=client)["error"] == {
        "code": -32603,
        "message": "Internal error",
    }
    assert fresh.call("echo")["error"]["code"] == -32602
    fresh.end()
    assert b"SECRET" not in fresh.log
    assert b"initialize failed: RuntimeError at " in fresh.log


@pytest.mark.promise("mcp.errors")
def test_no_record_no_answer_without_a_handshake(fresh: Wire) -> None:
    client = {
        "io.modelcontextprotocol/clientInfo": {"name": "unwelcome", "version": ""}
    }
    meta = {"_meta": {**MODERN["_meta"], **client}}
    for _ in range(2):
        error = fresh.ask("tools/list", meta)["error"]
        assert error == {"code": -32603, "message": "Internal error"}


def test_a_client_may_leave_its_name_out(fresh: Wire) -> None:
    meta = dict(MODERN["_meta"])
    del meta["io.modelcontextprotocol/clientInfo"]
    who = fresh.ask("tools/call", {"name": "who", "_meta": meta})["result"]
    assert who["structuredContent"]["client"] == ["", ""]


def test_a_declared_name_is_cut_and_printable(fresh: Wire) -> None:
    fresh.greet(clientInfo={"name": "a\x1b[31m\n" + "b" * 200, "version": "1\x00"})
    who = fresh.call("who")["result"]["structuredContent"]
    assert who["client"] == ["a[31m" + "b" * 93, "1"]


@pytest.mark.promise("mcp.capabilities")
def test_capabilities_are_what_is_served(start: Callable[..., Wire]) -> None:
    everything = {"tools", "resources", "prompts", "completions"}
    for options, kinds in (
        ((), everything),
        (("--plain",), everything - {"completions"}),
        (("--bare",), {"tools"}),
    ):
        wire = start(*options)
        declared = wire.greet()["result"]["capabilities"]
        assert set(declared) == kinds
        assert not any(flag for kind in declared.values() for flag in kind.values())
        for method, params in SERVED.items():
            served = method.split("/")[0].removesuffix("s") + "s" in kinds
            assert ("result" in wire.ask(method, params)) is served, method
        for method in UNSERVED:
            assert wire.ask(method, {})["error"] == {
                "code": -32601,
                "message": "Method not found",
            }


@pytest.mark.promise("mcp.capabilities")
def test_capabilities_without_a_handshake(fresh: Wire) -> None:
    declared = fresh.ask("server/discover", MODERN)["result"]["capabilities"]
    assert set(declared) == {"tools", "resources", "prompts", "completions"}
    for method in UNSERVED:
        assert fresh.ask(method, MODERN)["error"]["code"] == -32601, method


@pytest.mark.promise("mcp.errors")
@pytest.mark.parametrize("versions", [HANDSHAKES, ("2026-07-28",)], ids=len)
def test_what_escapes_a_tool_stays_here(fresh: Wire, versions: tuple[str, ...]) -> None:
    for version in versions:
        modern = MODERN if version == "2026-07-28" else {}
        if not modern:
            fresh.greet(protocolVersion=version)
        for tool in ("crash", "newline", "prompt"):
            method = "prompts/get" if tool == "prompt" else "tools/call"
            name = "crash" if tool == "prompt" else tool
            params = {"name": name, "arguments": {"x": "PRIVATE"}, **modern}
            reply = fresh.ask(method, params)
            assert reply["error"] == {"code": -32603, "message": "Internal error"}
    fresh.end()
    assert b"tools/call failed: OSError at " in fresh.log
    assert b"prompts/get failed: OSError at " in fresh.log
    assert b"SECRET" not in fresh.log
    assert b"PRIVATE" not in fresh.log
    assert b"Traceback" not in fresh.log


@pytest.mark.promise("mcp.errors")
def test_an_unknown_tool_is_not_repeated(shared: Wire) -> None:
    for name in ("MARKER", "MARKER" * 100_000):
        reply = shared.call(name)
        assert reply["result"]["isError"] is True
        assert "MARKER" not in json.dumps(reply)


def test_resources(shared: Wire) -> None:
    read = {"uri": "toy://thing"}
    assert shared.ask("resources/read", read)["result"] == {
        "contents": [
            {
                "uri": "toy://thing",
                "mimeType": "application/json",
                "text": '{"uri":"toy://thing"}',
            }
        ]
    }
    for uri, code in ("toy://none", -32602), ("toy://refused", -32000), (5, -32602):
        assert shared.ask("resources/read", {"uri": uri})["error"]["code"] == code
    (listed,) = shared.ask("resources/list")["result"]["resources"]
    assert listed["uri"] == "toy://thing"
    (family,) = shared.ask("resources/templates/list")["result"]["resourceTemplates"]
    assert family["uriTemplate"] == "toy://{id}"


def test_prompts(shared: Wire) -> None:
    race, none = shared.ask("prompts/list")["result"]["prompts"]
    assert race == {
        "name": "race",
        "title": "R",
        "description": "D.",
        "arguments": [
            {"name": "distance", "description": "How far.", "required": True},
            {"name": "date", "description": "When.", "required": False},
        ],
    }
    assert none["arguments"] == []
    assert shared.ask("prompts/get", SERVED["prompts/get"])["result"] == {
        "messages": [
            {"role": "user", "content": {"type": "text", "text": 'Plan "it"\nwell.'}}
        ]
    }
    page = shared.ask("prompts/list", {"cursor": "MARKER"})
    assert page["error"]["code"] == -32602
    assert "MARKER" not in json.dumps(page)


@pytest.mark.promise("mcp.errors")
@pytest.mark.parametrize(
    ("params", "code"),
    [
        pytest.param({"name": "MARKER"}, -32602, id="unknown"),
        pytest.param({"name": "MARKER" * 100_000}, -32602, id="long"),
        pytest.param({"name": "race", "arguments": {"x": "MARKER"}}, -32602, id="bad"),
        pytest.param({"name": "race", "arguments": ["MARKER"]}, -32602, id="list"),
        pytest.param({"name": ["MARKER"]}, -32602, id="no name"),
        pytest.param({}, -32602, id="nothing"),
        pytest.param({"name": "refused"}, -32000, id="refused"),
    ],
)
def test_a_prompt_is_refused_without_repeating_it(
    shared: Wire, params: Frame, code: int
) -> None:
    reply = shared.ask("prompts/get", params)
    assert reply["error"]["code"] == code
    assert "MARKER" not in json.dumps(reply)


def completing(name: str, value: str, *, of: str = "race") -> Frame:
    ref = {"type": "ref/prompt", "name": of}
    return {"ref": ref, "argument": {"name": name, "value": value}}


def test_completions(shared: Wire) -> None:
    template = {
        "ref": {"type": "ref/resource", "uri": "toy://{id}"},
        "argument": {"name": "id", "value": ""},
    }
    for asked, values in (
        (completing("distance", ""), ["10k", "100k", "half"]),
        (completing("distance", "10"), ["10k", "100k"]),
        (completing("distance", "HA"), ["half"]),
        (completing("distance", "half a"), []),
        (completing("date", ""), []),
        (template, []),
    ):
        assert shared.ask("completion/complete", asked)["result"]["completion"] == {
            "values": values,
            "total": len(values),
            "hasMore": False,
        }


@pytest.mark.promise("mcp.errors")
@pytest.mark.parametrize(
    "asked",
    [
        completing("distance", "", of="MARKER"),
        completing("MARKER", ""),
        {"ref": {"type": "MARKER"}, "argument": {"name": "x", "value": ""}},
        {"ref": {"type": "ref/prompt", "name": "race"}, "argument": {"name": "MARKER"}},
        {},
    ],
    ids=["prompt", "argument", "kind", "no value", "nothing"],
)
def test_what_cannot_be_completed_is_not_repeated(shared: Wire, asked: Frame) -> None:
    reply = shared.ask("completion/complete", asked)
    assert reply["error"]["code"] == -32602
    assert "MARKER" not in json.dumps(reply)


def test_a_second_greeting_is_recorded_too(wire: Wire) -> None:
    wire.greet(protocolVersion="2024-11-05")
    who = wire.call("who")["result"]["structuredContent"]
    assert [start[2] for start in who["starts"]] == ["2025-06-18", "2024-11-05"]


@pytest.mark.promise("mcp.cancel")
@pytest.mark.parametrize(
    ("id_", "named"),
    [(5, 5), ("five", "five"), (5, "5")],
    ids=["number", "string", "number as string"],
)
def test_a_cancelled_call_stops_alone(shared: Wire, id_: Any, named: Any) -> None:
    shared.put(calling("sleep", id_, s=60), calling("sleep", "other", s=0.3))
    shared.put(
        {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": named},
        },
        request("ping", id="ping"),
    )
    # the cancelled call has no reply, so these are the only two
    assert shared.take()["id"] == "ping"
    assert shared.take()["result"]["structuredContent"] == {"s": 0.3}
    assert shared.call("echo", id_)["id"] == id_  # the id is free again


@pytest.mark.promise("mcp.cancel")
def test_a_cancelled_call_sees_it(wire: Wire) -> None:
    cancel = request("notifications/cancelled", {"requestId": 1})
    del cancel["id"]
    wire.put(calling("sleep", 1, s=60), cancel)
    assert wire.ask("ping", id="ping")["id"] == "ping"
    assert wire.end() == 0
    assert wire.take_all() == []
    assert wire.log == b"cancelled\n"


def test_an_initialize_that_is_cancelled_or_repeated_at_once(fresh: Wire) -> None:
    fresh.put(request("initialize", HELLO, 1), request("initialize", HELLO, 1))
    ids = {str(fresh.take()["id"]) for _ in range(2)}
    assert ids <= {"1", "None"}
    assert "result" in fresh.call("echo")


async def test_over_another_transport() -> None:
    """In memory the SDK gets a plain result, with the same content."""
    server = build_server(Toy())
    assert server.get_request_handler("tools/call") is None
    async with Client(server) as client:
        called = await client.call_tool("echo", {"days": 3})
        read = await client.read_resource("toy://text")
        got = await client.get_prompt("race", {"distance": "10k"})
        listed = await client.list_prompts()
        typed = {"name": "distance", "value": "10"}
        offered = await client.complete(PromptReference(name="race"), typed)
        template = ResourceTemplateReference(uri="toy://{id}")
        nothing = await client.complete(template, {"name": "id", "value": ""})
        with pytest.raises(MCPError, match="No such prompt or argument"):
            await client.complete(PromptReference(name="other"), typed)
        with pytest.raises(MCPError, match="No such prompt or argument"):
            await client.complete(PromptReference(name="none"), typed)
        with pytest.raises(MCPError, match=r"None such\."):
            await client.get_prompt("other")
        with pytest.raises(MCPError, match="it gives no cursor"):
            await client.list_prompts(cursor="2")
    assert called.structured_content == {"days": 3}
    assert read.contents[0].model_dump()["text"] == "Only text."
    assert [of.name for of in listed.prompts] == ["race", "none"]
    assert offered.completion.values == ["10k", "100k"]
    assert nothing.completion.values == []
    assert got.messages[0].content.model_dump()["text"] == 'Plan "it"\nwell.'


def test_the_table() -> None:
    """What tells of a person is the desk's; the SDK has no way of its own to it."""
    for name, method in METHODS.items():
        assert (method.serve is None) is (method.needs is Needs.PUBLIC), name
    assert {n for n, m in METHODS.items() if m.needs is Needs.DESK} == {
        "tools/call",
        "resources/read",
        "prompts/get",
    }
