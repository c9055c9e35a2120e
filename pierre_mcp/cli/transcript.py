"""The demo's page: prose of ours, and beneath it what really came back, cut to read.

Plain where it is not a terminal; nothing on it is made up but the athlete.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDEST: Final = 100
_INDENT: Final = 2
_JSON_CHARS: Final = 400


class Page:
    """Where the transcript goes: standard output."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False)
        self._console.width = min(self._console.width, _WIDEST)
        self._parts = 0

    @property
    def width(self) -> int:
        """How wide what is shown under a step may be."""
        return self._console.width - _INDENT

    def part(self, heading: str) -> None:
        """Begin the next numbered part."""
        self._parts += 1
        self._console.print()
        self._console.rule(Text(f"{self._parts}. {heading}"), align="left")

    def say(self, text: str) -> None:
        """Say something of ours."""
        self._console.print(Text(text))

    def command(self, text: str) -> None:
        """Show a command as typed, on one line so that it can be copied."""
        self._console.print(Text(f"$ {text}", style="bold"), soft_wrap=True)

    def asked(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """Show a call as the client sends it."""
        line = f"visitor -> {tool} {json.dumps(arguments)}"
        self._console.print(Text(line, style="bold"))

    def shown(self, text: str) -> None:
        """Show what came back, in lines that fit."""
        lines = Text(text.rstrip()).wrap(self._console, self.width)
        self.as_is("\n".join(line.plain.rstrip() for line in lines))

    def as_is(self, text: str) -> None:
        """Show what a command printed, in its own lines."""
        for line in text.rstrip().split("\n"):
            indented = Text(" " * _INDENT + line.rstrip())
            self._console.print(indented, soft_wrap=True)

    def json(self, compact: str) -> None:
        """Show the beginning of an answer's JSON, as it came."""
        if len(compact) > _JSON_CHARS:
            size = f"({len(compact.encode()):,} bytes in all)"
            compact = f"{compact[:_JSON_CHARS]}... {size}"
        self.shown(compact)

    def table(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Show columns of an answer side by side; null is a dash."""
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in zip(*columns.values(), strict=True):
            table.add_row(*("-" if value is None else str(value) for value in row))
        with self._console.capture() as drawn:
            self._console.print(table)
        self.as_is(drawn.get())
