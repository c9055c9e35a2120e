"""The transport over real pipes: what a line may be, and how serving ends."""

import json
import os
import sys
import time

import pytest
from mcp import Client, StdioServerParameters

from pierre_mcp.server.lines import MAX_LINE
from tests.forks import TOY
from tests.server.raw import HELLO, Frame, Wire, calling, unread

PING = b'{"jsonrpc":"2.0","id":"after","method":"ping"}\n'
DEEP = 100_000


def odd_id(id_: str) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"method":"ping"}\n' % id_.encode()


@pytest.mark.promise("mcp.malformed")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param(b"MARKER\n", -32700, id="no JSON"),
        pytest.param(b'{"id": 1, "method": "MARKER', -32700, id="cut short"),
        pytest.param(b"\xff\xfe\n", -32700, id="no UTF-8"),
        pytest.param(b'"\\ud800"\n', -32700, id="half a surrogate pair"),
        pytest.param(b"\x00\n", -32700, id="a null byte"),
        pytest.param(b"[" * DEEP + b"\n", -32700, id="deep array"),
        pytest.param(b'{"MARKER":' * DEEP + b"\n", -32700, id="deep object"),
        pytest.param(odd_id("1" * 5_000), -32700, id="endless number"),
        pytest.param(odd_id("NaN"), -32700, id="NaN"),
        pytest.param(b'"MARKER"\n', -32600, id="a string"),
        pytest.param(b"[" + PING[:-1] + b"]\n", -32600, id="batch"),
        pytest.param(b"[]\n", -32600, id="empty batch"),
        pytest.param(odd_id("null"), -32600, id="null id"),
        pytest.param(odd_id("1.5"), -32600, id="float id"),
        pytest.param(odd_id("true"), -32600, id="boolean id"),
        pytest.param(odd_id('{"MARKER":1}'), -32600, id="object id"),
        pytest.param(odd_id('["MARKER"]'), -32600, id="list id"),
        pytest.param(odd_id("9" * 30), -32600, id="id beyond 64 bits"),
        pytest.param(odd_id('"MARKER%s"' % ("x" * 300)), -32600, id="endless id"),
        pytest.param(b'{"jsonrpc":"2.0","method":5}\n', -32600, id="method 5"),
        pytest.param(b"x" * (MAX_LINE + 1) + b"\n", -32600, id="line too long"),
    ],
)
def test_a_line_that_is_no_message(shared: Wire, line: bytes, code: int) -> None:
    if not line.endswith(b"\n"):
        line += b"\n"
    began = time.monotonic()
    shared.put(line, PING)
    refusal, after = shared.take(), shared.take()
    assert time.monotonic() - began < 1
    assert refusal["id"] is None
    assert refusal["error"]["code"] == code
    assert "MARKER" not in json.dumps(refusal)
    assert after == {"jsonrpc": "2.0", "id": "after", "result": {}}


@pytest.mark.promise("mcp.malformed")
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param({"jsonrpc": "1.0", "method": "ping"}, -32600, id="JSON-RPC 1.0"),
        pytest.param({"method": "ping"}, -32600, id="no version"),
        pytest.param({"jsonrpc": "2.0", "method": ["MARKER"]}, -32600, id="a list"),
        pytest.param({"jsonrpc": "2.0"}, -32600, id="no method"),
        pytest.param(
            {"jsonrpc": "2.0", "method": "ping", "params": ["MARKER"]},
            -32600,
            id="parameters by position",
        ),
        pytest.param({"jsonrpc": "2.0", "method": "MARKER"}, -32601, id="unknown"),
        pytest.param(
            {"jsonrpc": "2.0", "method": "MARKER" * 100_000}, -32601, id="endless"
        ),
        pytest.param({"jsonrpc": "2.0", "method": "tasks/list"}, -32601, id="unkept"),
        pytest.param(
            {
                "jsonrpc": "2.0",
                "method": "initialize",
                "params": {**HELLO, "protocolVersion": "MARKER" * 100_000},
            },
            -32602,
            id="endless version",
        ),
        pytest.param(
            {
                "jsonrpc": "2.0",
                "method": "ping",
                "params": {
                    "_meta": {
                        "io.modelcontextprotocol/protocolVersion": "MARKER" * 10_000
                    }
                },
            },
            -32602,
            id="endless version in an envelope",
        ),
        pytest.param(
            {
                "jsonrpc": "2.0",
                "method": "ping",
                "params": {
                    "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
                },
            },
            -32600,
            id="another era",
        ),
        pytest.param(
            {"jsonrpc": "2.0", "method": "ping", "params": {"_meta": ["MARKER"]}},
            -32602,
            id="odd meta",
        ),
        pytest.param({"jsonrpc": "2.0", "method": "tools/call"}, -32602, id="no name"),
        pytest.param(
            {
                "jsonrpc": "2.0",
                "method": "tools/call",
                "params": {"name": "echo", "arguments": ["MARKER"]},
            },
            -32602,
            id="arguments by position",
        ),
        pytest.param(
            {
                "jsonrpc": "2.0",
                "method": "resources/read",
                "params": {"uri": "MARKER" * 1_000},
            },
            -32602,
            id="endless address",
        ),
        pytest.param(
            {
                "jsonrpc": "2.0",
                "method": "tools/list",
                "params": {"cursor": "MARKER"},
            },
            -32602,
            id="cursor we never gave",
        ),
    ],
)
def test_a_request_that_cannot_be_served(shared: Wire, frame: Frame, code: int) -> None:
    shared.put({**frame, "id": "mine"}, PING)
    refusal, after = shared.take(), shared.take()
    assert refusal["id"] == "mine"
    assert refusal["error"]["code"] == code
    assert "MARKER" not in json.dumps(refusal)
    assert after["id"] == "after"


@pytest.mark.promise("mcp.malformed")
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\n" * 5_000_000, id="blank lines"),
        pytest.param(b" \t\r\n" * 500_000, id="white lines"),
        pytest.param(b"x\n \n" * 50_000, id="bad lines and blank ones"),
        pytest.param(b"x" * 50_000_000 + b"\n", id="one line of 50 MB"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"result":{}}\n' * 9, id="replies"),
        pytest.param(
            b'{"jsonrpc":"2.0","method":"MARKER"}\n' * 1_000, id="unknown notices"
        ),
        pytest.param(
            b'{"jsonrpc":"2.0","method":"%b"}\n' % (b"M" * 999), id="endless notice"
        ),
        pytest.param(
            b'{"jsonrpc":"2.0","method":"notifications/cancelled",'
            b'"params":{"requestId":{"a":1}}}\n' * 9,
            id="odd cancellations",
        ),
    ],
)
def test_a_flood_is_cheap(shared: Wire, line: bytes) -> None:
    """It draws few answers or none, and the next request is served."""
    began_s = time.monotonic()
    shared.put(line, PING)
    drawn: list[Frame] = []
    while not drawn or drawn[-1]["id"] != "after":
        drawn.append(shared.take())
    took_s = time.monotonic() - began_s
    assert len(drawn) <= 11 + 10 * took_s  # ten unparsable lines in any second


def test_unanswered_lines_are_counted(wire: Wire) -> None:
    wire.put(b"x\n" * 100)
    replies = [wire.take() for _ in range(10)]
    assert {reply["error"]["code"] for reply in replies} == {-32700}
    assert wire.end() == 0
    assert wire.take_all() == []
    assert b"90 unparsable lines" in wire.log


@pytest.mark.promise("mcp.malformed")
def test_an_id_in_use_is_refused(shared: Wire) -> None:
    shared.put(calling("sleep", 7, s=0.2), calling("echo", "7"), calling("echo", 7))
    first, second, answered = shared.take(), shared.take(), shared.take()
    for refusal in (first, second):
        assert (refusal["id"], refusal["error"]["code"]) == (None, -32600)
    assert answered["id"] == 7
    assert answered["result"]["isError"] is False
    assert shared.call("echo", 7)["id"] == 7


def test_too_many_at_once(wire: Wire) -> None:
    """Stuck calls leave room for a cancellation; what is refused is told so."""
    wire.put(*(calling("sleep", i, s=60) for i in range(66)))
    refused = [wire.take(), wire.take()]
    assert [reply["id"] for reply in refused] == [64, 65]
    assert {reply["error"]["code"] for reply in refused} == {-32000}
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    wire.put({**cancel, "params": {"requestId": 5}}, calling("echo", "x"))
    assert wire.take()["id"] == "x"


def test_a_file_of_calls_is_slowed_not_refused(shared: Wire) -> None:
    shared.put(*(calling("sleep", i, s=0.01) for i in range(300)))
    assert [shared.take()["id"] for _ in range(300)] == list(range(300))


def test_a_client_that_does_not_read() -> None:
    """Answers wait for it, in bounded memory, and none is lost."""
    process = unread(answers=40)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(41)]
    process.communicate(timeout=5)
    assert sorted(json.loads(line)["id"] for line in lines) == list(range(41))
    assert process.returncode == 0


def test_stray_output_never_reaches_the_client(wire: Wire) -> None:
    reply = wire.call("print", x=1)
    assert reply["result"]["structuredContent"] == {"x": 1}
    assert wire.end() == 0
    assert wire.take_all() == []
    for stray in (b"stray print", b"stray write", b"stray child"):
        assert stray in wire.log


async def test_the_official_client() -> None:
    server = StdioServerParameters(
        command=sys.executable, args=[TOY[1]], env=dict(os.environ)
    )
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        result = await client.call_tool("echo", {"days": 3})
    assert tools[0].title == "Echo"
    assert result.structured_content == {"days": 3}
