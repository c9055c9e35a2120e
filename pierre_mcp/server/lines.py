"""From bytes to messages: bounded lines, and the shape JSON-RPC 2.0 asks for.

Whatever arrives becomes a message, a fault to answer with, or nothing; no input
raises, and no fault repeats any of it. What would be echoed further on (a method's
name, a version) is bounded here. Nesting is bounded by the parser, at 200.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

from mcp_types import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    PROTOCOL_VERSION_META_KEY,
    JSONRPCNotification,
    JSONRPCRequest,
    RequestId,
)
from pydantic_core import from_json

MAX_LINE = 1 << 20
MAX_ID = 256
MAX_METHOD = 128
MAX_VERSION = 32


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line was refused, as the client is told.

    Attributes:
        id: The request's own id, or None where it has none that could be used.
    """

    code: int
    message: str
    id: RequestId | None = None


Message: TypeAlias = JSONRPCRequest | JSONRPCNotification

UNPARSABLE = Fault(PARSE_ERROR, "The line is not JSON that can be read.")
TOO_LONG = Fault(INVALID_REQUEST, f"A line has at most {MAX_LINE} bytes.")
_BATCH = Fault(INVALID_REQUEST, "Batches are not served; send one message a line.")
_NO_OBJECT = Fault(INVALID_REQUEST, "A message is a JSON object.")
_ODD_ID = Fault(
    INVALID_REQUEST,
    f"An id is a 64-bit integer or a string of at most {MAX_ID} characters.",
)


class Lines:
    """Cuts a stream of bytes at newlines, and holds no more than one bounded line."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._held = bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield the lines that end in ``chunk``; None as soon as one is too long.

        The rest of an over-long line is skipped. Blank lines yield nothing, and a
        flood of them is dropped in whole chunks.
        """
        between_lines = not self._held and not self._skipping
        if between_lines and chunk.endswith(b"\n") and chunk.isspace():
            return
        first, *rest = chunk.split(b"\n")
        yield from self._grow(first)
        if rest:
            yield from self.finish()
            tail = rest.pop()
            yield from (line for line in filter(None, rest) if not line.isspace())
            yield from self._grow(tail)

    def finish(self) -> Iterator[bytes]:
        """Yield the line held so far, as a newline or the end of input ends it."""
        line, self._skipping = bytes(self._held), False
        self._held.clear()
        if line and not line.isspace():
            yield line

    def _grow(self, piece: bytes) -> Iterator[None]:
        if self._skipping:
            return
        if len(self._held) + len(piece) > self._limit:
            self._held.clear()
            self._skipping = True
            yield None
        else:
            self._held += piece


def parse(line: bytes) -> Message | Fault | None:
    """Read one line; None for what needs no answer and no attention."""
    try:
        # Values are not cached: they may be somebody's, and the cache is global.
        body = from_json(line, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return UNPARSABLE
    if not isinstance(body, dict):
        return _BATCH if isinstance(body, list) else _NO_OBJECT
    if "method" not in body and ("result" in body or "error" in body):
        return None  # a reply, and we never ask
    if "id" not in body:
        return _notification(body)
    return _request(body) if _is_id(body["id"]) else _ODD_ID


def _request(body: dict[str, Any]) -> JSONRPCRequest | Fault:
    if (wrong := _misshapen(body)) is not None:
        return Fault(INVALID_REQUEST, wrong, body["id"])
    method, params = body["method"], body.get("params")
    if len(method) > MAX_METHOD:
        return Fault(METHOD_NOT_FOUND, "Method not found", body["id"])
    if params is not None and not _versions_are_bounded(params):
        return Fault(INVALID_PARAMS, "Invalid request parameters", body["id"])
    return JSONRPCRequest(jsonrpc="2.0", id=body["id"], method=method, params=params)


def _notification(body: dict[str, Any]) -> JSONRPCNotification | Fault | None:
    if (wrong := _misshapen(body)) is not None:
        return Fault(INVALID_REQUEST, wrong)
    if len(body["method"]) > MAX_METHOD:
        return None
    return JSONRPCNotification(
        jsonrpc="2.0", method=body["method"], params=body.get("params")
    )


def _misshapen(body: dict[str, Any]) -> str | None:
    if body.get("jsonrpc") != "2.0":
        return 'A message has "jsonrpc": "2.0".'
    if not isinstance(body.get("method"), str):
        return "A method is a string."
    if not isinstance(body.get("params"), dict | None):
        return "Parameters are an object."
    return None


def _is_id(value: object) -> TypeGuard[RequestId]:
    """A boolean is an int to Python, and would pass for 0 or 1."""
    if isinstance(value, str):
        return len(value) <= MAX_ID
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and -(2**63) <= value < 2**63
    )


def _versions_are_bounded(params: dict[str, Any]) -> bool:
    """The SDK answers an unknown version with an error that repeats it whole."""
    meta = params.get("_meta")
    envelope = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
    return all(
        not isinstance(version, str) or len(version) <= MAX_VERSION
        for version in (params.get("protocolVersion"), envelope)
    )


class Trickle:
    """Lets so many pass in any one second, and counts the rest.

    An error for every bad line feeds a client that answers errors with errors.
    """

    def __init__(
        self, per_s: int, ticks_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._passed_at_s = deque[float](maxlen=per_s)
        self._per_s = per_s
        self._ticks_s = ticks_s
        self.held_back = 0

    def take(self) -> bool:
        """Return whether one more may pass now."""
        now_s = self._ticks_s()
        full = len(self._passed_at_s) == self._per_s
        if full and now_s - self._passed_at_s[0] < 1.0:
            self.held_back += 1
            return False
        self._passed_at_s.append(now_s)
        return True
