"""A tiny MCP client: raw JSON-RPC lines over the pipes of a server it starts.

It knows nothing of the SDK, so what it gets is what any client gets.
"""

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from pierre_mcp.errors import PierreError

Frame = dict[str, Any]

ANSWER_WITHIN_S: Final = 15.0
END_WITHIN_S: Final = 3.0


class ServerSilentError(PierreError):
    """The server did not answer."""

    code = "server_silent"


class Wire:
    """One server process, asked one thing at a time.

    Args:
        command: Starts the server.
        log: Takes what it writes to stderr.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: BinaryIO
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own server
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
        )
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def greet(self, name: str, version: str) -> Frame:
        """Introduce the client, and return what the server says of itself."""
        said = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": name, "version": version},
        }
        reply = self._ask("initialize", said)
        self._put({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return reply

    def call(self, tool: str, arguments: Frame) -> Frame:
        """Call a tool and return its result, an error's text included.

        Raises:
            ServerSilentError: Nothing came in time, or no result.
        """
        return self._ask("tools/call", {"name": tool, "arguments": arguments})

    def close(self) -> int:
        """End the input, as a client does that leaves; return the exit status."""
        if self._process.stdin is not None:
            with suppress(OSError):  # what was left unsent has nobody to go to
                self._process.stdin.close()
        try:
            status = self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join(END_WITHIN_S)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def _ask(self, method: str, params: Frame) -> Frame:
        self._last_id += 1
        asked = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        self._put(asked | {"params": params})
        while True:
            frame = self._take()
            if frame.get("id") == self._last_id:
                break
        result = frame.get("result")
        if not isinstance(result, dict):
            raise ServerSilentError
        return result

    def _put(self, frame: Frame) -> None:
        if self._process.stdin is None:
            raise ServerSilentError
        try:
            self._process.stdin.write(json.dumps(frame).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # it has gone, or we have closed
            raise ServerSilentError from None

    def _take(self) -> Frame:
        try:
            line = self._lines.get(timeout=ANSWER_WITHIN_S)
        except Empty:
            raise ServerSilentError from None
        if not line:
            raise ServerSilentError
        frame: Frame = json.loads(line)
        return frame

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put(b"")
