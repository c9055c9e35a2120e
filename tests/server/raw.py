"""A raw client of the toy server: frames over pipes, and nothing of the SDK's."""

import json
import os
import queue
import select
import signal
import subprocess
import threading
import time
from typing import Any

from tests.forks import Fork, toy

Frame = dict[str, Any]

HELLO: Frame = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}
MODERN: Frame = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "2"},
    }
}


def spawn(*options: str, **changed: Any) -> Fork:
    """Start a server; both ends of its wire are pipes unless changed."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **changed}
    return Fork(options, main=toy, **pipes)


class Wire:
    """One server process and its three pipes."""

    def __init__(self, *options: str) -> None:
        self.process = spawn(*options, stderr=subprocess.PIPE)
        self._lines = queue.SimpleQueue[bytes]()
        self.log = b""
        self._threads = [
            threading.Thread(target=self._pump),
            threading.Thread(target=self._listen),
        ]
        for thread in self._threads:
            thread.start()

    def _pump(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(b"")

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.log += line

    def put(self, *lines: bytes | Frame) -> None:
        """Send lines in one write: bytes as they are, objects as JSON."""
        assert self.process.stdin is not None
        self.process.stdin.write(
            b"".join(
                line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
                for line in lines
            )
        )
        self.process.stdin.flush()

    def take(self, timeout: float = 5.0) -> Frame:
        """Return the next frame."""
        line = self._lines.get(timeout=timeout)
        assert line, "the server closed stdout"
        frame: Frame = json.loads(line)
        return frame

    def take_all(self) -> list[Frame]:
        """Return every frame to the end of output."""
        return [json.loads(line) for line in iter(self._lines.get, b"")]

    def ask(self, method: str, params: Frame | None = None, id: Any = 1) -> Frame:  # noqa: A002  # as on the wire
        """Send a request and return the next frame."""
        self.put(request(method, params, id))
        return self.take()

    def call(self, name: str, id: Any = 1, **arguments: Any) -> Frame:  # noqa: A002  # as on the wire
        """Call a tool and return the next frame."""
        return self.ask("tools/call", {"name": name, "arguments": arguments}, id)

    def greet(self, **changed: Any) -> Frame:
        """Shake hands; return the server's reply."""
        reply = self.ask("initialize", {**HELLO, **changed}, "hello")
        self.put({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return reply

    def end(self) -> int:
        """End the input, and return the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait()

    def wait(self, timeout: float = 5.0) -> int:
        status = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(timeout)
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    os.close(pipe.fileno())


def request(method: str, params: Frame | None = None, id: Any = 1) -> Frame:  # noqa: A002  # as on the wire
    frame = {"jsonrpc": "2.0", "id": id, "method": method}
    return frame if params is None else {**frame, "params": params}


def calling(name: str, id: Any, **arguments: Any) -> Frame:  # noqa: A002  # as on the wire
    return request("tools/call", {"name": name, "arguments": arguments}, id)


def unread(answers: int) -> Fork:
    """Start a server, and leave 800 kB unread for each of so many answers."""
    process = spawn()
    assert process.stdin is not None
    assert process.stdout is not None
    frames = [request("initialize", HELLO, 0)]
    frames += [calling("big", i, n=400_000) for i in range(1, answers + 1)]
    process.stdin.write("".join(json.dumps(f) + "\n" for f in frames).encode())
    process.stdin.flush()
    # Its first answer stands in the pipe: so it serves, however slowly it started.
    select.select([process.stdout], [], [], 30)
    time.sleep(1)  # and fills the pipe with the others
    return process
