"""What is listed and completed: public, the same for everyone, and one page each.

Each list is made when first asked for: its models and schemas would hold up the
handshake.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeAlias, TypeVar

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from pierre_mcp.model.answer import PromptFace, ResourceFace, ToolFace
from pierre_mcp.server.rendering import as_prompt, as_resource, as_template, as_tool

Context: TypeAlias = ServerRequestContext[Any, Any]
Paging: TypeAlias = types.PaginatedRequestParams | None
Completing: TypeAlias = types.CompleteRequestParams

R_co = TypeVar("R_co", covariant=True)


class Lister(Protocol[R_co]):
    """A handler of the SDK's that gives one list."""

    def __call__(self, ctx: Context, params: Paging, /) -> Awaitable[R_co]:
        """Give the list, or refuse a cursor."""
        ...


def tools(faces: Callable[[], Sequence[ToolFace]]) -> Lister[types.ListToolsResult]:
    """List tools."""

    @cache
    def listed() -> types.ListToolsResult:
        return types.ListToolsResult(tools=[as_tool(face) for face in faces()])

    return _one_page(listed)


def resources(
    faces: Callable[[], Sequence[ResourceFace]],
) -> Lister[types.ListResourcesResult]:
    """List the resources that are addresses."""

    @cache
    def listed() -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[as_resource(face) for face in faces() if not face.is_template]
        )

    return _one_page(listed)


def templates(
    faces: Callable[[], Sequence[ResourceFace]],
) -> Lister[types.ListResourceTemplatesResult]:
    """List the resources that are families of addresses."""

    @cache
    def listed() -> types.ListResourceTemplatesResult:
        templates = [as_template(face) for face in faces() if face.is_template]
        return types.ListResourceTemplatesResult(resource_templates=templates)

    return _one_page(listed)


def prompts(
    faces: Callable[[], Sequence[PromptFace]],
) -> Lister[types.ListPromptsResult]:
    """List prompts."""

    @cache
    def listed() -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[as_prompt(face) for face in faces()])

    return _one_page(listed)


def completions(
    faces: Callable[[], Sequence[PromptFace]],
) -> Callable[[Context, Completing], Awaitable[types.CompleteResult]]:
    """Complete the arguments of prompts, out of what their rows offer.

    Those of a resource are ids of a person's activities: nothing is offered for them.
    """

    @cache
    def offered() -> Mapping[tuple[str, str], Sequence[str]]:
        return {
            (face.name, of.name): of.values for face in faces() for of in face.arguments
        }

    async def complete(_: Context, params: Completing) -> types.CompleteResult:
        found: Sequence[str] = ()
        if isinstance(params.ref, types.PromptReference):
            place = params.ref.name, params.argument.name
            if place not in offered():
                raise MCPError(types.INVALID_PARAMS, "No such prompt or argument")
            typed = params.argument.value.casefold()
            found = [value for value in offered()[place] if value.startswith(typed)]
        return types.CompleteResult(
            completion=types.Completion(
                values=list(found), total=len(found), has_more=False
            )
        )

    return complete


def _one_page(listed: Callable[[], R_co]) -> Lister[R_co]:
    async def page(_: Context, paging: Paging) -> R_co:
        if paging is not None and paging.cursor is not None:
            raise MCPError(
                types.INVALID_PARAMS, "A list is one page; it gives no cursor"
            )
        return listed()

    return page
