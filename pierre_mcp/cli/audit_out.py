"""Where a long answer goes: to a new file that is whole or not there, or to stdout."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from pierre_mcp.cli.faults import (
    ExportStoppedError,
    NotTakenError,
    PathTakenError,
    PathUnwritableError,
    ReaderGoneError,
)
from pierre_mcp.errors import ExportUnwritableError
from pierre_mcp.formats.audit_writing import json_text
from pierre_mcp.platform import new_private_file

Write = Callable[[str], None]

Out = Annotated[
    Path | None, typer.Option("--out", help="Write to this new file, readable by you.")
]


def form(given: str | None, out: Path | None, forms: dict[str, str]) -> str | None:
    """Return the format asked for, else the one that the file's name ends in.

    Args:
        given: By ``--format``.
        out: By ``--out``.
        forms: Formats by suffix.

    Raises:
        NotTakenError: There is no such format, or the name does not tell one.
    """
    named = given or (None if out is None else forms.get(out.suffix.lower()))
    if named is None and out is None:
        return None
    if named not in forms.values():
        offered = " or ".join(dict.fromkeys(forms.values()))
        msg = f"Say --format {offered}, or end the file's name in it."
        raise NotTakenError(msg)
    return named


@contextmanager
def writing(out: Path | None) -> Iterator[Write]:
    """Give what writes the answer; a file has its name once all of it is written.

    Raises:
        PathTakenError: There is something of that name.
        PathUnwritableError: There is no folder to make it in.
        ExportUnwritableError: The disk is full, or it went away.
        ExportStoppedError: The person stopped it, and nothing of it is left.
    """
    if out is None:
        with _piped():
            yield _say
        return
    path = out.expanduser().absolute()
    if os.path.lexists(path):
        raise PathTakenError
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise PathUnwritableError
    try:
        with new_private_file(path) as file:
            yield lambda text: _put(file, text)
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise ExportUnwritableError from None
    except KeyboardInterrupt:
        raise ExportStoppedError from None


def say_escaped(value: Any) -> None:
    """Print an answer that quotes what others chose as JSON, in ASCII."""
    with writing(None) as write:
        write(f"{json_text(value)}\n")


def _put(file: BinaryIO, text: str) -> None:
    file.write(text.encode())


def _say(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise ReaderGoneError from None


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


@contextmanager
def _piped() -> Iterator[None]:
    """End quietly where the reader of a pipe has enough, as after ``| head``."""
    try:
        yield
        _flush()
    except ReaderGoneError:
        # Else the interpreter complains when it flushes the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
