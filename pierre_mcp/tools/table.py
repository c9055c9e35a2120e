"""A tool is a row: listing, consent, limits, README and snapshots all read the same.

``run`` reads (or, where its terms say so, writes) and returns a typed result. Then the
gate applies the level and the budget, and ``show`` turns what is left into one plain
line and the model that goes on the wire.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pierre_mcp.model.fields import Params, Reply
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import classes

NO_RESOURCE = "no_resource"

P = TypeVar("P", bound=Params)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as shown: one plain line, and the whole of it as a model."""

    line: str
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[P, R]):
    """One row of the table.

    Attributes:
        takes: The arguments: closed, strict, bounded, each described.
        gives: What goes on the wire; every field has a category.
        run: Works inside the gate's transaction, with the gate's grant.
        show: Called after level and budget; sees only what may be seen.
        source_of: Which source the arguments ask for, if they name one.
        about: Which source alone a result is about, if it is one; it says so itself.
        begins: The id of the operation a result says was begun: whoever serves the
            call has it done, a step at a time, and answers again after a while.
        days: Which local days a reply told of, activity by activity; totals tell none.
        document: Its answer is one text in Markdown; a resource gives it, and it is in
            no list of tools.
    """

    name: str
    title: str
    summary: str
    takes: type[P]
    gives: type[Reply]
    terms: Terms
    run: Callable[[Tx, Grant, P], R]
    show: Callable[[R, Here], Shown]
    source_of: Callable[[P], str | None] = lambda _: None
    about: Callable[[R], str | None] = lambda _: None
    begins: Callable[[R], str | None] = lambda _: None
    destructive: bool = False
    document: bool = False
    days: Callable[[Any], Sequence[str]] = lambda _: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An address that gives what a tool gives, weighed by the same terms.

    Attributes:
        uri: An address, or a template with one ``{id}`` at its end.
    """

    uri: str
    name: str
    title: str
    summary: str
    tool: str
    mime_type: str = "application/json"

    def arguments(self, uri: str) -> Mapping[str, Any] | None:
        """Return the tool's arguments if ``uri`` is one of this resource's."""
        head, brace, _ = self.uri.partition("{")
        if not brace:
            return {} if uri == self.uri else None
        rest = uri.removeprefix(head)
        if not uri.startswith(head) or not rest or "/" in rest:
            return None
        return {"id": rest}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt(Generic[P]):
    """A question put so that a model answers it well, from the tools it leads to.

    It needs no consent of its own: what those tools tell is weighed when they are
    called.

    Attributes:
        takes: The arguments: closed, strict, bounded, each described; texts on the
            wire. What a field gives as ``examples`` is offered to complete it.
        tools: Every tool the text names.
        write: Gives the text, from the arguments alone: it sees no person.
    """

    name: str
    title: str
    summary: str
    takes: type[P]
    tools: tuple[str, ...]
    write: Callable[[P], str]


class Table:
    """Every tool, resource and prompt there is.

    Raises:
        ValueError: Two share a name; a resource names no tool; a tool declares no
            needs, or has a field in its answer that declares no category; a prompt
            declares no tools, or one that there is not.
    """

    def __init__(
        self,
        tools: Sequence[Tool[Any, Any]],
        resources: Sequence[Resource],
        prompts: Sequence[Prompt[Any]] = (),
    ) -> None:
        self.tools = MappingProxyType({tool.name: tool for tool in tools})
        self.resources = tuple(resources)
        self.prompts = MappingProxyType({prompt.name: prompt for prompt in prompts})
        if len(self.tools) != len(tools) or len(self.prompts) != len(prompts):
            msg = "two tools, or two prompts, share a name"
            raise ValueError(msg)
        if any(r.tool not in self.tools for r in resources):
            msg = "a resource gives what a tool gives"
            raise ValueError(msg)
        for tool in tools:
            _check(tool)
        for prompt in prompts:
            self._check_leads(prompt)

    def behind(self, uri: str) -> tuple[str, Mapping[str, Any]]:
        """Return the tool and arguments an address stands for.

        An address that is no resource's gives ``NO_RESOURCE``, which no tool is called:
        the gate refuses and records it like any other name it does not know.
        """
        for resource in self.resources:
            arguments = resource.arguments(uri)
            if arguments is not None:
                return resource.tool, arguments
        return NO_RESOURCE, {}

    def listed(self) -> tuple[Tool[Any, Any], ...]:
        """Return the tools that a client is shown."""
        return tuple(tool for tool in self.tools.values() if not tool.document)

    def readers(self) -> tuple[str, ...]:
        """Return the tools that need consent and only read: what a bundle grants."""
        rows = self.tools.values()
        return tuple(
            t.name for t in rows if not t.terms.needs_nothing and not t.terms.writes
        )

    def _check_leads(self, prompt: Prompt[Any]) -> None:
        if not prompt.tools:
            msg = f"{prompt.name} declares no tool it leads to"
            raise ValueError(msg)
        if missing := set(prompt.tools) - self.tools.keys():
            msg = (
                f"{prompt.name} leads to what is no tool: {', '.join(sorted(missing))}"
            )
            raise ValueError(msg)


def _check(tool: Any) -> None:
    if not isinstance(tool.terms, Terms):
        msg = f"{tool.name} declares no needs"
        raise ValueError(msg)  # noqa: TRY004 - a row that is not whole
    for fault in classes.faults(tool.gives, tool.terms.opens):
        raise ValueError(fault)
