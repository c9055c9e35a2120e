"""Who asks. Every unit of work has exactly one of these four callers."""

from dataclasses import dataclass
from typing import TypeAlias

from pierre_mcp.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Recipient:
    """An assistant over MCP, known by the label in its launch configuration."""

    label: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The person at the terminal: recorded, but asked no consent of.

    Attributes:
        preview_as: Weigh and level as this recipient (``call --as``); nothing is
            disclosed, so the record says ``preview``.
        supposing: Weigh as if that recipient held these scopes too: what it would get
            if they were given.
    """

    preview_as: str | None = None
    supposing: tuple[Scope, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Work that outlives a call, on behalf of whoever started it."""

    behalf: Recipient | Owner


@dataclass(frozen=True, slots=True)
class System:
    """No person: maintenance. It never gets a Grant."""


Caller: TypeAlias = Recipient | Owner | Job | System


@dataclass(frozen=True, slots=True)
class Call:
    """One request, by a known caller.

    Attributes:
        action: The tool's name, or what the owner does, as ``import`` or ``consent``.
        session: Which process serves it: a random id made at its start.
    """

    caller: Caller
    action: str
    session: str


def weighed_as(caller: Caller) -> str | None:
    """Return the recipient whose consents count, or None for the owner himself."""
    match caller:
        case Recipient(label):
            return label
        case Owner(preview_as):
            return preview_as
        case Job(behalf):
            return weighed_as(behalf)
        case System():
            return None
