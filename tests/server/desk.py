"""A desk that knows no person, with a tool for each thing that can happen."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic_core import to_json

from pierre_mcp.model.answer import (
    Answer,
    ArgumentFace,
    PromptFace,
    ResourceFace,
    ToolFace,
)
from pierre_mcp.server.methods import RequestInfo
from pierre_mcp.server.progress import Progress

Tool = Callable[[dict[str, Any], Progress, RequestInfo], Awaitable[Answer]]
NAMES = (
    "echo",
    "sleep",
    "stubborn",
    "block",
    "print",
    "crash",
    "count",
    "newline",
    "big",
    "who",
)


def answer(text: str, value: dict[str, Any]) -> Answer:
    json = to_json(value)
    return Answer(text=f"{text}\n{json.decode()}", structured=json)


def face(name: str) -> ToolFace:
    return ToolFace(
        name=name,
        title=name.title(),
        description=f"The tool {name}.",
        input_schema={"type": "object", "properties": {}},
        output_schema={"type": "object", "properties": {}},
        read_only=True,
        destructive=False,
        idempotent=True,
    )


class Toy:
    def __init__(self) -> None:
        self.starts: list[tuple[str, str, str]] = []

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None,
        *,
        progress: Progress,
        request: RequestInfo,
    ) -> Answer:
        if name not in NAMES:
            return Answer(text="There is no such tool.", is_error=True, code="unknown")
        tool: Tool = getattr(self, name)
        return await tool(dict(arguments or {}), progress, request)

    async def echo(self, given: dict[str, Any], *_: Any) -> Answer:
        return answer("Echo.", given)

    async def sleep(self, given: dict[str, Any], *_: Any) -> Answer:
        try:
            await asyncio.sleep(given["s"])
        except asyncio.CancelledError:
            print("cancelled", file=sys.stderr, flush=True)  # noqa: T201
            raise
        return answer("Slept.", given)

    async def stubborn(self, given: dict[str, Any], *_: Any) -> Answer:
        ends_at_s = time.monotonic() + given["s"]
        while (left_s := ends_at_s - time.monotonic()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(left_s)
        return answer("Slept on.", given)

    async def block(self, given: dict[str, Any], *_: Any) -> Answer:
        await asyncio.to_thread(time.sleep, given["s"])
        return answer("Blocked.", given)

    async def print(self, given: dict[str, Any], *_: Any) -> Answer:
        print("stray print", flush=True)  # noqa: T201
        os.write(1, b"stray write\n")
        await (await asyncio.create_subprocess_exec("echo", "stray child")).wait()
        return answer("Printed.", given)

    async def crash(self, given: dict[str, Any], *_: Any) -> Answer:
        message = f"SECRET {given}"
        raise OSError(message)

    async def count(self, given: dict[str, Any], progress: Progress, *_: Any) -> Answer:
        def work() -> None:
            for done in range(given["to"]):
                progress.report(done, given["to"], "counting")
                time.sleep(given.get("s", 0.01))
            progress.report(given["to"], given["to"], "counting")

        await asyncio.to_thread(work)
        return answer("Counted.", given)

    async def newline(self, *_: Any) -> Answer:
        return Answer(text="Two lines.", structured=b"{\n}")

    async def big(self, given: dict[str, Any], *_: Any) -> Answer:
        return answer("Big.", {"x": "x" * given["n"]})

    async def who(
        self, _: dict[str, Any], __: Progress, request: RequestInfo
    ) -> Answer:
        return answer(
            "You.",
            {
                "client": [request.client_name, request.client_version],
                "protocol": request.protocol,
                "starts": self.starts,
            },
        )

    async def read(self, uri: str, *, request: RequestInfo) -> Answer:
        del request
        if uri == "toy://refused":
            return Answer(text="Consent for x is missing.", is_error=True, code="no")
        if uri == "toy://text":
            return Answer(text="Only text.")
        if uri != "toy://thing":
            return Answer(text="None such.", is_error=True, code="resource_unknown")
        return answer("A thing.", {"uri": uri})

    async def prompt(
        self, name: str, arguments: Mapping[str, Any] | None, *, request: RequestInfo
    ) -> Answer:
        del request
        if name == "crash":
            message = f"SECRET {arguments}"
            raise OSError(message)
        if name == "refused":
            return Answer(text="The log is broken.", is_error=True, code="tampered")
        if name != "race":
            return Answer(text="None such.", is_error=True, code="prompt_unknown")
        if "distance" not in (arguments or {}):
            return Answer(text="No.", is_error=True, code="arguments_invalid")
        return Answer(text='Plan "it"\nwell.')

    async def started(
        self, client_name: str, client_version: str, protocol: str
    ) -> None:
        if client_name == "unwelcome":
            message = "SECRET"
            raise RuntimeError(message)
        self.starts.append((client_name, client_version, protocol))

    def leaving(self) -> None:
        """Nothing goes on behind this desk."""

    def families(self) -> set[str]:
        if "--bare" in sys.argv:
            return set()
        completes = set() if "--plain" in sys.argv else {"completion"}
        return {"resources", "prompts"} | completes

    def tools(self) -> Sequence[ToolFace]:
        return [face(name) for name in NAMES]

    def resources(self) -> Sequence[ResourceFace]:
        about = {"title": "T", "description": "D.", "mime_type": "application/json"}
        return [
            ResourceFace(uri="toy://thing", name="thing", **about),
            ResourceFace(uri="toy://{id}", name="things", **about),
        ]

    def prompts(self) -> Sequence[PromptFace]:
        values = () if "--plain" in sys.argv else ("10k", "100k", "half")
        of = ArgumentFace(
            name="distance", description="How far.", required=True, values=values
        )
        when = ArgumentFace(name="date", description="When.", required=False)
        return [
            PromptFace(name="race", title="R", description="D.", arguments=(of, when)),
            PromptFace(name="none", title="N", description="D."),
        ]

    def instructions(self) -> str:
        return "Play."
