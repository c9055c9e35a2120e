"""What a call comes back with, and the faces by which all that is served is listed.

An answer is already rendered and already recorded: its text and its bytes are what
leaves, and nothing between here and the wire changes or re-encodes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as recorded.

    Attributes:
        text: One plain line, a newline, then the same JSON as ``structured``; of a
            prompt, its text.
        structured: Compact JSON, an object, UTF-8; None where there is none.
        is_error: A refusal or a failure; ``text`` then says what would help.
        code: The error's stable name, as ``consent_missing``; None on success.
        operation: The id of the long work this call began or joined, if it did.
        mime_type: Of the text, where it is the whole answer.
        days: The local days it told of, activity by activity.
        units: The person's, ``metric`` or ``imperial``, for who draws a tool's answer.
    """

    text: str
    structured: bytes | None = None
    is_error: bool = False
    code: str | None = None
    operation: str | None = None
    mime_type: str = "text/plain"
    units: str = "metric"
    days: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFace:
    """A tool as a client sees it in a list.

    Attributes:
        output_schema: None for a tool whose answer is a picture.
        destructive: It may remove or replace something.
        idempotent: A second identical call changes nothing more.
    """

    name: str
    title: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any] | None
    read_only: bool
    destructive: bool
    idempotent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFace:
    """A resource, or a family of them, as a client sees it in a list.

    Attributes:
        uri: An address, or a template of addresses (RFC 6570) where it has braces.
    """

    uri: str
    name: str
    title: str
    description: str
    mime_type: str

    @property
    def is_template(self) -> bool:
        """Whether ``uri`` stands for many addresses."""
        return "{" in self.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentFace:
    """An argument of a prompt as a client sees it; its value is always a text.

    Attributes:
        values: What may be offered to complete it; empty where anything goes.
    """

    name: str
    description: str
    required: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFace:
    """A prompt as a client sees it in a list."""

    name: str
    title: str
    description: str
    arguments: tuple[ArgumentFace, ...] = ()
