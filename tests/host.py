"""A host without an SDK: JSON-RPC lines over the pipes of the real server."""

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from tests.forks import PROGRAM, Fork

Frame = dict[str, Any]

LABEL = "claude-desktop"
WORDS = ("serve", "--client", LABEL)
SERVE = (*PROGRAM, *WORDS)
ENDS = ("stdin", "stdout", "stderr")
STATELESS = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "2"},
}


class Host:
    """One server process, asked one thing at a time; ended with its ``with``.

    Args:
        words: What ``pierre-mcp`` is started with.
        command: A whole command instead, as a client starts it.
        meta: Sent with every request, as the protocol without a handshake wants.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        words: Sequence[str] = WORDS,
        *,
        command: Sequence[str] = (),
        meta: Frame | None = None,
    ) -> None:
        pipes: dict[str, Any] = dict.fromkeys(ENDS, subprocess.PIPE)
        self.process: Fork | subprocess.Popen[bytes] = (
            subprocess.Popen(command, env=env, **pipes)
            if command
            else Fork(words, env=env, **pipes)
        )
        self.log = b""
        self._meta = meta
        self._asked = 0
        self._lines = queue.SimpleQueue[bytes]()
        self._threads = [
            threading.Thread(target=self._hear),
            threading.Thread(target=self._listen),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, method: str, params: Frame | None = None) -> Frame:
        """Send a request; return the whole reply to it."""
        self._asked += 1
        params = dict(params or {})
        if self._meta is not None:
            params["_meta"] = self._meta
        self.put({"id": self._asked, "method": method, "params": params})
        reply = self.take()
        assert reply["id"] == self._asked, reply
        return reply

    def result(self, method: str, params: Frame | None = None) -> Frame:
        """Send a request; return its result."""
        reply = self.ask(method, params)
        assert "result" in reply, reply
        result: Frame = reply["result"]
        return result

    def call(self, tool: str, **arguments: Any) -> Frame:
        """Call a tool; return the result, an error's too."""
        return self.result("tools/call", {"name": tool, "arguments": arguments})

    def greet(self, version: str = "2025-06-18") -> Frame:
        """Shake hands; return what the server says of itself."""
        client = {"name": "raw", "version": "1"}
        hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
        said = self.result("initialize", hello)
        self.put({"method": "notifications/initialized"})
        return said

    def put(self, frame: Frame) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **frame}).encode())
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def take(self, timeout: float = 20.0) -> Frame:
        line = self._lines.get(timeout=timeout)
        assert line, f"the server closed its output: {self.log!r}"
        frame: Frame = json.loads(line)
        return frame

    def end(self) -> int:
        """End the input; return the exit status."""
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        return self.ended()

    def ended(self, timeout: float = 10.0) -> int:
        """Wait for the end, and let go of everything."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        for thread in self._threads:
            thread.join(timeout)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return status

    def _hear(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(b"")

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.log += line


def text_of(result: Frame) -> str:
    """Return the text of a result as a host shows it."""
    text: str = result["content"][0]["text"]
    return text


def json_of(text: str) -> Frame:
    """Return what the JSON in a text block says: all behind its first line."""
    found: Frame = json.loads(text.partition("\n")[2])
    return found
