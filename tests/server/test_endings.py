"""How serving begins and ends: every kind of stdin and stdout, and every signal."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.forks import TOY
from tests.server.raw import HELLO, Wire, calling, request, spawn, unread

PING = b'{"jsonrpc":"2.0","id":"after","method":"ping"}\n'


@pytest.mark.promise("mcp.shutdown")
def test_replies_survive_the_end_of_input() -> None:
    said = [request("initialize", HELLO, 0)]
    said += [calling("echo", i, i=i) for i in (1, 2, 3)]
    for _ in range(10):
        lines = "".join(json.dumps(frame) + "\n" for frame in said)
        status, out, _ = run(lines.encode())
        assert status == 0
        assert [json.loads(line)["id"] for line in out.splitlines()] == [0, 1, 2, 3]


def run(said: bytes = b"", **changed: Any) -> tuple[int, bytes, bytes]:
    """Run a server over ``said``; return its exit status, stdout and stderr."""
    process = spawn(stderr=subprocess.PIPE, **changed)
    out, err = process.communicate(said or None, timeout=10)
    return process.wait(), out, err


def test_the_last_line_needs_no_newline() -> None:
    _, out, _ = run(PING.strip())
    assert json.loads(out)["id"] == "after"


def test_stdin_may_be_a_file(tmp_path: Path) -> None:
    said = tmp_path / "said"
    said.write_bytes(PING)
    with said.open() as stdin:
        status, out, _ = run(stdin=stdin)
    assert (status, json.loads(out)["id"]) == (0, "after")


@pytest.mark.parametrize("mode", [os.O_RDONLY, os.O_WRONLY])
def test_stdin_may_be_empty_or_unreadable(mode: int) -> None:
    null = os.open(os.devnull, mode)
    assert run(stdin=null) == (0, b"", b"")
    os.close(null)


def test_stdin_may_be_non_blocking() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)  # the API is positional
    process = spawn(stdin=reader)
    os.close(reader)
    time.sleep(1.5)  # it must have found nothing to read at least once
    os.write(writer, PING)
    os.close(writer)
    assert b"after" in process.communicate(timeout=5)[0]


def test_stdout_may_be_non_blocking() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)  # the API is positional
    process = spawn(stdout=writer)
    os.close(writer)
    assert process.stdin is not None
    for frame in (request("initialize", HELLO), calling("big", 2, n=500_000)):
        process.stdin.write(json.dumps(frame).encode() + b"\n")
    process.stdin.flush()
    with os.fdopen(reader, "rb") as replies:
        assert [json.loads(replies.readline())["id"] for _ in range(2)] == [1, 2]
    process.stdin.close()
    assert process.wait(5) == 0


@pytest.mark.promise("mcp.shutdown")
def test_a_client_that_is_gone_ends_it_quietly() -> None:
    process = spawn(stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(PING * 5)
    process.stdin.flush()
    assert process.wait(5) == 0
    process.stdin.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""


@pytest.mark.unmeasured
@pytest.mark.parametrize("closed", ["0", "1", "2", "012"])
def test_closed_from_the_start(closed: str) -> None:
    """No file opened later takes the place of a standard descriptor."""
    close = " ".join(f"{fd}{'<' if fd == '0' else '>'}&-" for fd in closed)
    done = subprocess.run(  # our own command
        ["/bin/sh", "-c", f'exec "$0" "$1" {close}', *TOY],
        input=PING,
        capture_output=True,
        timeout=10,
        check=False,
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert (b"after" in done.stdout) is (closed == "2")


@pytest.mark.promise("mcp.shutdown")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
@pytest.mark.parametrize("tool", ["sleep", "block"])
def test_a_signal_lets_the_running_call_finish(
    wire: Wire, number: signal.Signals, status: int, tool: str
) -> None:
    wire.put(calling(tool, "running", s=0.5))
    wire.ask("ping")
    began = time.monotonic()
    wire.process.send_signal(number)
    assert wire.wait() == status
    assert time.monotonic() - began < 1.5
    (reply,) = wire.take_all()
    assert reply["result"]["structuredContent"] == {"s": 0.5}
    assert b"Traceback" not in wire.log


@pytest.mark.promise("mcp.shutdown")
@pytest.mark.parametrize("ending", [signal.SIGTERM, None])
def test_a_call_that_does_not_finish_is_answered(
    wire: Wire, ending: signal.Signals | None
) -> None:
    wire.put(calling("sleep", "endless", s=60))
    wire.ask("ping")
    began = time.monotonic()
    if ending is None:
        assert wire.end() == 0
    else:
        wire.process.send_signal(ending)
        assert wire.wait() == 143
    assert time.monotonic() - began < 1.5
    (reply,) = wire.take_all()
    assert (reply["id"], reply["error"]["code"]) == ("endless", -32000)
    assert b"cancelled" in wire.log


@pytest.mark.promise("mcp.shutdown")
def test_a_call_that_will_not_stop_is_answered(wire: Wire) -> None:
    wire.put(calling("stubborn", "deaf", s=2))
    wire.ask("ping")
    began = time.monotonic()
    wire.process.send_signal(signal.SIGTERM)
    reply = wire.take()
    assert time.monotonic() - began < 1.5
    assert (reply["id"], reply["error"]["code"]) == ("deaf", -32000)
    assert wire.wait() == 143  # the toy waits for it; nothing more is said
    assert wire.take_all() == []


@pytest.mark.promise("mcp.shutdown")
def test_a_client_that_stopped_reading_does_not_hold_it() -> None:
    process = unread(answers=40)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 143
    assert time.monotonic() - began < 1.5
    process.communicate()
