"""The door: the one function through which every request and notification passes.

What it serves is a table of methods, each ``public`` (it tells nothing about a person)
or for the desk (which admits, runs and records). A method that is not listed is
refused and not repeated. Nothing that goes wrong behind the door passes it as
anything but a fixed error: to an old client, the SDK would send its text.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol, TypeAlias

import mcp_types as types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import progress_token_from_params
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import from_json

from pierre_mcp.model.answer import Answer, PromptFace, ResourceFace, ToolFace
from pierre_mcp.server import lists
from pierre_mcp.server.progress import Progress
from pierre_mcp.server.rendering import (
    call_result,
    modern_envelope,
    prompt_result,
    read_result,
)
from pierre_mcp.server.tickets import Ticket

MAX_NAME = 128
MAX_URI = 2_048
MAX_CLIENT = 100
REFUSED = -32000
_ASKED_WRONGLY = {
    "activity_unknown",
    "arguments_invalid",
    "prompt_unknown",
    "resource_unknown",
}

log = logging.getLogger(__name__)

Context: TypeAlias = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Which request asks, and as whom the client declared itself.

    Attributes:
        protocol: The version in force, as ``2025-06-18``.
        client_name: As declared, printable and cut at 100 characters; maybe empty.
    """

    request_id: str | int | None
    protocol: str
    client_name: str
    client_version: str


class Desk(Protocol):
    """What the door hands over to: it admits, runs and records."""

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None,
        *,
        progress: Progress,
        request: RequestInfo,
    ) -> Answer:
        """Run one tool; a refusal, or a tool there is not, is an answer too."""
        ...

    async def read(self, uri: str, *, request: RequestInfo) -> Answer:
        """Read one resource; likewise."""
        ...

    async def prompt(
        self, name: str, arguments: Mapping[str, Any] | None, *, request: RequestInfo
    ) -> Answer:
        """Write one prompt; likewise."""
        ...

    async def started(
        self, client_name: str, client_version: str, protocol: str
    ) -> None:
        """Record who declared themselves; until it returns, they get no reply."""
        ...

    def leaving(self) -> None:
        """Hear that serving ends: what waits has to answer, what goes on to stop."""
        ...

    def families(self) -> Collection[str]:
        """Return which of ``resources``, ``prompts`` and ``completion`` it serves."""
        ...

    def tools(self) -> Sequence[ToolFace]:
        """Return every tool, in the order to list them."""
        ...

    def resources(self) -> Sequence[ResourceFace]:
        """Return every resource and template, in the order to list them."""
        ...

    def prompts(self) -> Sequence[PromptFace]:
        """Return every prompt, in the order to list them."""
        ...

    def instructions(self) -> str:
        """Return what a model should know before its first call."""
        ...


class Needs(Enum):
    """What a method needs."""

    PUBLIC = auto()
    GREETING = auto()
    DESK = auto()


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table.

    Attributes:
        serve: How it is served; None leaves it to the SDK's own handler.
        before_initialize: It may be the first thing said.
    """

    needs: Needs
    serve: Callable[["Door", Context, CallNext], Awaitable[HandlerResult]] | None = None
    before_initialize: bool = False


class Door:
    """The only middleware of the server, and so around everything it does."""

    def __init__(
        self, desk: Desk, server: Server[Any], methods: Mapping[str, Method]
    ) -> None:
        self._desk = desk
        self._methods = methods
        self._greeted: tuple[str, str] | None = None
        self._greeting = asyncio.Lock()
        info = server.server_info_stamp
        self._call_envelope = modern_envelope(info, cacheable=False)
        self._read_envelope = modern_envelope(info, cacheable=True)

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Serve one message, or refuse it.

        Raises:
            MCPError: With fixed words only.
            ValidationError: The SDK turns it into fixed words.
        """
        method = self._methods.get(ctx.method)
        if ctx.request_id is None:
            await self._note(method, ctx, call_next)
            return None
        if method is None:
            raise MCPError(types.METHOD_NOT_FOUND, "Method not found")
        try:
            return await self._pass(method, ctx, call_next)
        except (MCPError, ValidationError):
            raise
        except Exception as error:  # noqa: BLE001  # what escapes reaches old clients with its text
            log.error("%s failed: %s", ctx.method, whereabouts(error))  # noqa: TRY400  # the traceback's text may hold data
            raise MCPError(types.INTERNAL_ERROR, "Internal error") from None

    async def _note(
        self, method: Method | None, ctx: Context, call_next: CallNext
    ) -> None:
        """Pass a listed notification on; nothing is ever said about another.

        One that comes before a successful initialize must not stand in for it: the
        SDK would take a bare ``notifications/initialized`` as the handshake.
        """
        if method is not None and (_is_modern(ctx) or ctx.session.client_params):
            await call_next(ctx)

    async def _pass(
        self, method: Method, ctx: Context, call_next: CallNext
    ) -> HandlerResult:
        if _is_modern(ctx):
            await self._meet(ctx)
        elif ctx.session.client_params is None and not method.before_initialize:
            raise MCPError(types.INVALID_PARAMS, "Initialize first")
        if method.serve is None:
            return await call_next(ctx)
        return await method.serve(self, ctx, call_next)

    async def _meet(self, ctx: Context) -> None:
        """Record a client that has no handshake, when it first names itself."""
        client = _client(ctx)
        if client != self._greeted:
            async with self._greeting:
                if client != self._greeted:
                    await self._desk.started(*client, ctx.protocol_version)
                    self._greeted = client

    async def initialize(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Let the SDK negotiate; reply only once the start is recorded."""
        result = await call_next(ctx)
        declared = types.InitializeRequestParams.model_validate(
            ctx.params, by_name=False
        ).client_info
        protocol = result["protocolVersion"] if isinstance(result, dict) else ""
        await self._desk.started(
            _printable(declared.name), _printable(declared.version), protocol
        )
        return result

    async def call(self, ctx: Context, _: CallNext) -> HandlerResult:
        """Serve ``tools/call``."""
        name, arguments = _named(ctx)
        progress = _progress(ctx)
        try:
            answer = await self._desk.call(
                name, arguments, progress=progress, request=_request(ctx)
            )
        finally:
            progress.close()
        envelope = self._call_envelope if _is_modern(ctx) else b""
        return _hand_over(ctx, call_result(answer, envelope))

    async def read(self, ctx: Context, _: CallNext) -> HandlerResult:
        """Serve ``resources/read``; its errors are the protocol's, not results."""
        uri = (ctx.params or {}).get("uri")
        if not isinstance(uri, str) or len(uri) > MAX_URI:
            raise MCPError(types.INVALID_PARAMS, "Invalid request parameters")
        answer = await self._desk.read(uri, request=_request(ctx))
        _raise_refusal(answer)
        envelope = self._read_envelope if _is_modern(ctx) else b""
        return _hand_over(ctx, read_result(answer, uri, envelope))

    async def prompt(self, ctx: Context, _: CallNext) -> HandlerResult:
        """Serve ``prompts/get``; likewise."""
        name, arguments = _named(ctx)
        answer = await self._desk.prompt(name, arguments, request=_request(ctx))
        _raise_refusal(answer)
        envelope = self._call_envelope if _is_modern(ctx) else b""
        return _hand_over(ctx, prompt_result(answer, envelope))


_PUBLIC = Method(Needs.PUBLIC)
_OPENING = Method(Needs.PUBLIC, before_initialize=True)

METHODS: Mapping[str, Method] = {
    "initialize": Method(Needs.GREETING, Door.initialize, before_initialize=True),
    "ping": _OPENING,
    "server/discover": _OPENING,
    "notifications/initialized": _PUBLIC,
    "notifications/cancelled": _PUBLIC,
    "tools/list": _PUBLIC,
    "tools/call": Method(Needs.DESK, Door.call),
    "resources/list": _PUBLIC,
    "resources/templates/list": _PUBLIC,
    "resources/read": Method(Needs.DESK, Door.read),
    "prompts/list": _PUBLIC,
    "prompts/get": Method(Needs.DESK, Door.prompt),
    "completion/complete": _PUBLIC,
}


_FAMILIES = {"resources", "prompts", "completion"}


def build_server(desk: Desk) -> Server[Any]:
    """Make the SDK's low-level server, with the door as all its middleware.

    It declares what it serves: without prompts, none of their methods is listed.
    """
    families = desk.families()
    resources, prompts = "resources" in families, "prompts" in families
    server: Server[Any] = Server(
        "pierre-mcp",
        version=_version(),
        instructions=desk.instructions(),
        on_list_tools=lists.tools(desk.tools),
        on_list_resources=lists.resources(desk.resources) if resources else None,
        on_list_resource_templates=lists.templates(desk.resources)
        if resources
        else None,
        on_list_prompts=lists.prompts(desk.prompts) if prompts else None,
        on_completion=lists.completions(desk.prompts)
        if "completion" in families
        else None,
    )
    unserved = _FAMILIES - set(families)
    served = {
        name: method
        for name, method in METHODS.items()
        if name.partition("/")[0] not in unserved
    }
    server.middleware[:] = [Door(desk, server, served)]
    return server


def whereabouts(error: BaseException) -> str:
    """Name an error's class and the line it is from; its text may hold data."""
    at = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        at = f" at {frame.f_code.co_filename}:{line}"
    return f"{type(error).__qualname__}{at}"


def _version() -> str:
    try:
        return version("pierre-mcp")
    except PackageNotFoundError:  # run from a tree that was never installed
        return "0"


def _named(ctx: Context) -> tuple[str, dict[str, Any] | None]:
    """Return which tool or prompt is asked for, and with what.

    Nothing of ours has a name that long, so a cut one is as unknown as the whole.
    """
    params = ctx.params or {}
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str) or not isinstance(arguments, dict | None):
        raise MCPError(types.INVALID_PARAMS, "Invalid request parameters")
    return name[: MAX_NAME + 1], arguments


def _raise_refusal(answer: Answer) -> None:
    if answer.is_error:
        wrongly = answer.code in _ASKED_WRONGLY
        code = types.INVALID_PARAMS if wrongly else REFUSED
        raise MCPError(code, answer.text, {"code": answer.code})


def _hand_over(ctx: Context, rendered: bytes) -> dict[str, Any]:
    """Give the recorded bytes to our transport, or to another as the SDK likes it."""
    if isinstance(ctx.request, Ticket):
        ctx.request.rendered = rendered
        return {}
    result: dict[str, Any] = from_json(rendered)
    return result


def _progress(ctx: Context) -> Progress:
    token = progress_token_from_params(ctx.params)
    send = None if token is None else ctx.session.report_progress
    return Progress(send, asyncio.get_running_loop())


def _request(ctx: Context) -> RequestInfo:
    return RequestInfo(ctx.request_id, ctx.protocol_version, *_client(ctx))


def _client(ctx: Context) -> tuple[str, str]:
    params = ctx.session.client_params
    if params is None:  # 2026-07-28 leaves it to the client
        return "", ""
    return _printable(params.client_info.name), _printable(params.client_info.version)


def _printable(declared: str) -> str:
    return "".join(filter(str.isprintable, declared[:MAX_CLIENT]))


def _is_modern(ctx: Context) -> bool:
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
