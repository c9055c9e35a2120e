"""``pierre-mcp audit witness``: who keeps checkpoints where others cannot write."""

import json
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from pierre_mcp.cli.audit_prove import CHECKPOINT
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    say,
    say_json,
    say_table,
)
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.witness import Witness
from pierre_mcp.services import witnessing
from pierre_mcp.store import checkpoints
from pierre_mcp.tools.wording import count

ADD, REMOVE = "audit witness add", "audit witness remove"


def witness(
    where: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH|COMMAND…]",
            help="A file, or a command: a JSON list, or several words.",
        ),
    ] = None,
    remove: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Tell this one no more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have checkpoints kept elsewhere, or show who keeps them.

    A file gets each checkpoint appended; best on another disk, or one that is shared
    with another account. A command gets the newest on its standard input, without a
    shell, and has ten seconds. Who is told stands in the configuration directory.

    For example: pierre-mcp audit witness -- ssh friend tee -a pierre-notes
    """
    session = current()
    if where and remove is not None:
        msg = "Say who is to keep them, or --remove N."
        raise NotTakenError(msg)
    if where:
        _add(session, _read(where), as_json=as_json)
    elif remove is not None:
        _remove(session, remove, as_json=as_json)
    else:
        _show(session, as_json=as_json)


def _show(session: Session, *, as_json: bool) -> None:
    with session.gate() as gate:
        found, newest = gate.maintain(
            session.owner("audit witness"),
            lambda tx, _, __: (
                witnessing.of_store(tx, session.settings.high_water_dir).listed(),
                checkpoints.newest(tx),
            ),
        )
    number = 0 if newest is None else newest.number
    if as_json:
        told = {"newest": number, "witnesses": [asdict(one) for one in found]}
        say_json(told)
    elif not found:
        say(f"Nobody keeps checkpoints elsewhere. Add: {command()} audit witness PATH")
    else:
        say_table(
            ("number", "who", "has", "lacks", "last failed (UTC)"),
            [
                (n, _name(one), one.told, max(0, number - one.told), _when(one))
                for n, one in enumerate(found, 1)
            ],
        )


def _add(session: Session, new: Witness, *, as_json: bool) -> None:
    call, directory = session.owner(ADD), session.settings.high_water_dir
    with session.gate() as gate, gate.watched(call):
        if gate.peek(call, lambda tx, _: checkpoints.newest(tx)) is None:
            closing = session.owner(CHECKPOINT)
            gate.keep(closing, lambda tx, m, _: checkpoints.close(tx, m))
        witnesses, notes = gate.peek(
            call,
            lambda tx, m: (witnessing.of_store(tx, directory), witnessing.notes(tx, m)),
        )
        added = witnessing.add(witnesses, new, notes)
        gate.note(call, Outcome.DONE)
    if as_json:
        say_json(asdict(added))
        return
    say(f"Added. It has {count(added.told, 'checkpoint')} now.")
    with suppress(OSError):
        if new.path and _disk(Path(new.path)) == _disk(session.settings.store_dir):
            say(
                "It is on the disk of the store: who can rewrite the one can rewrite "
                "the other. It is worth more elsewhere."
            )


def _remove(session: Session, number: int, *, as_json: bool) -> None:
    call, directory = session.owner(REMOVE), session.settings.high_water_dir
    with session.gate() as gate, gate.watched(call):
        witnesses = gate.peek(call, lambda tx, _: witnessing.of_store(tx, directory))
        gone = witnessing.remove(witnesses, number)
        gate.note(call, Outcome.DONE)
    if as_json:
        say_json(asdict(gone))
    else:
        say("Removed. What it has stays with it.")


def _read(words: list[str]) -> Witness:
    """Read what was given: one word is a file, or a JSON list; more are a command.

    Raises:
        NotTakenError: It is a list, and not of words.
    """
    if len(words) > 1:
        return Witness(command=tuple(words))
    if not words[0].startswith("["):
        return Witness(path=str(Path(words[0]).expanduser().absolute()))
    try:
        found: Any = json.loads(words[0])
    except (ValueError, RecursionError):
        found = None
    if not (isinstance(found, list) and found and all(map(_is_word, found))):
        msg = 'A command is a JSON list of words, as ["ssh", "friend", "tee", "notes"].'
        raise NotTakenError(msg)
    return Witness(command=tuple(found))


def _is_word(word: object) -> bool:
    return isinstance(word, str) and word != "" and "\0" not in word


def _name(one: Witness) -> str:
    return one.path or " ".join(one.command)


def _when(one: Witness) -> str:
    failed = one.failed_at
    return "" if failed is None else f"{failed.astimezone(UTC):%Y-%m-%d %H:%M}"


def _disk(path: Path) -> int:
    return path.stat().st_dev
