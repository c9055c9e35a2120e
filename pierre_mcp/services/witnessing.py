"""Telling the witnesses: a file is appended to, a command gets it on its input.

Whoever took a checkpoint tells them after the commit, on no thread that a call waits
for. What one could not be told it is told the next time: a file gets every checkpoint
in its order, a command the newest alone, which holds the hash of the one before. If we
are killed between telling and noting it, a witness is told twice.

A witness is worth as much as it is out of reach of this account: who can rewrite it,
and has the keys, can make up another log (DESIGN 8).
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Final

from pierre_mcp.errors import (
    WitnessFailedError,
    WitnessForeignError,
    WitnessTakenError,
    WitnessUnknownError,
)
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.witness import Noted, Witness
from pierre_mcp.platform import create_private_file
from pierre_mcp.services.commands import WITHIN_S, Commands
from pierre_mcp.services.witnesses import Witnesses
from pierre_mcp.store import checkpoints, keys
from pierre_mcp.store.database import Tx

MOST: Final = 8
"""How many witnesses there can be."""

AGAIN: Final = timedelta(minutes=10)
"""How long one that failed is left alone."""


AT_ONCE: Final = 4_096
"""How many checkpoints are told at once."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What some witness has not been told.

    Attributes:
        notes: From what the one that lacks most lacks, oldest first.
    """

    witnesses: Witnesses
    notes: Sequence[Noted]

    def tell(
        self,
        now: datetime,
        *,
        commands: Commands | None = None,
        within_s: float = WITHIN_S,
    ) -> int:
        """Tell them, as ``tell`` does."""
        of = (self.witnesses, self.notes, now)
        return tell(*of, commands=commands, within_s=within_s)


def lacking(
    tx: Tx, maintenance: Maintenance, directory: Path, now: datetime
) -> Lacking | None:
    """Return what the witnesses of a store lack; None where that is nothing.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        directory: Of the outside files.
        now: UTC.

    Raises:
        WitnessesUnreadableError: Who they are cannot be read.
    """
    witnesses = of_store(tx, directory)
    newest = checkpoints.newest(tx)
    told = None if newest is None else behind(witnesses, newest.number, now)
    if newest is None or told is None:
        return None
    return Lacking(witnesses, notes(tx, maintenance, min(told, newest.number - 1)))


def notes(tx: Tx, maintenance: Maintenance, after: int = 0) -> list[Noted]:
    """Return the checkpoints after one, oldest first."""
    del maintenance
    found = checkpoints.after(tx, after, AT_ONCE)
    return [Noted(one.number, one.note) for one in found]


def of_store(tx: Tx, directory: Path) -> Witnesses:
    """Return the witnesses of the store, whose list is in ``directory``."""
    return Witnesses(directory, keys.store_id(tx.db))


def add(witnesses: Witnesses, new: Witness, notes: Sequence[Noted]) -> Witness:
    """Tell a new witness the checkpoints there are, and remember it.

    Args:
        witnesses: Of the store.
        new: Told nothing yet.
        notes: Every checkpoint, or the newest of them; at least one.

    Raises:
        WitnessTakenError: It is one already, or there are too many.
        WitnessForeignError: Something else is in that file.
        WitnessFailedError: It took none.
    """
    listed = witnesses.listed()
    if len(listed) >= MOST or any(new.is_same(one) for one in listed):
        raise WitnessTakenError
    if new.path:
        origin = notes[0].note.partition("\n")[0]
        _make(Path(new.path), f"{origin}\n".encode())
    if not _tell(new, notes, Commands()):
        raise WitnessFailedError
    has = replace(new, told=notes[-1].number)
    witnesses.change(lambda before: (*before, has))
    return has


def remove(witnesses: Witnesses, number: int) -> Witness:
    """Tell one no more; what it has stays with it.

    Args:
        witnesses: Of the store.
        number: Of the witness in the list, from 1.

    Raises:
        WitnessUnknownError: There is none.
    """
    listed = witnesses.listed()
    if not 0 < number <= len(listed):
        raise WitnessUnknownError
    gone = listed[number - 1]
    witnesses.change(lambda now: tuple(one for one in now if not one.is_same(gone)))
    return gone


def behind(witnesses: Witnesses, newest: int, now: datetime) -> int | None:
    """Return how far the one that lacks most was told; None where none is to be told.

    One that has just failed is left alone for a while.

    Args:
        witnesses: Of the store.
        newest: Number of the newest checkpoint.
        now: UTC.
    """
    return min(
        (one.told for one in witnesses.listed() if _is_due(one, newest, now)),
        default=None,
    )


def tell(
    witnesses: Witnesses,
    notes: Sequence[Noted],
    now: datetime,
    *,
    commands: Commands | None = None,
    within_s: float = WITHIN_S,
) -> int:
    """Tell each witness those of ``notes`` that it lacks.

    Another process that is telling them is left to it.

    Args:
        witnesses: Of the store.
        notes: Checkpoints without a gap, the oldest first, from ``behind`` on.
        now: UTC, noted where one fails.
        commands: By which those that run can be ended.
        within_s: How long a command may take, seconds.

    Returns:
        How many could not be told.
    """
    failed = 0
    with closing(witnesses.telling()) as lock:
        if not notes or not lock.try_acquire():
            return 0
        for one in witnesses.listed():
            if not _is_due(one, notes[-1].number, now):
                continue
            # It has none of these where the store is an older copy, put back.
            lacking = [note for note in notes if note.number > one.told] or notes[-1:]
            well = _tell(one, lacking, commands or Commands(), within_s)
            failed += not well
            _note(witnesses, one, lacking[-1].number if well else None, now)
    return failed


def _is_due(one: Witness, newest: int, now: datetime) -> bool:
    # Of two clocks that differ the earlier one must not silence it for long.
    rests = one.failed_at is not None and abs(now - one.failed_at) < AGAIN
    return one.told != newest and not rests


def _note(
    witnesses: Witnesses, told_one: Witness, to: int | None, now: datetime
) -> None:
    if to is None:
        after = replace(told_one, failed_at=now)
    else:
        after = replace(told_one, told=to, failed_at=None)
    # Others may have been added or removed meanwhile, this one too.
    witnesses.change(
        lambda listed: tuple(after if one.is_same(after) else one for one in listed)
    )


def _tell(
    one: Witness,
    notes: Sequence[Noted],
    commands: Commands,
    within_s: float = WITHIN_S,
) -> bool:
    if one.command:
        newest = notes[-1].note.encode()
        return commands.told(one.command, newest, within_s=within_s)
    try:
        _append(Path(one.path), "\n".join(note.note for note in notes).encode())
    except OSError:
        return False
    return True


def _append(path: Path, content: bytes) -> None:
    """Append to a file that is there: on a disk that is not, none is to be made."""
    with _opened(path) as file:
        if file.seek(0, os.SEEK_END):
            content = b"\n" + content  # a blank line between; it ends a torn one too
        if file.write(content) != len(content):
            raise OSError  # a full disk: it is told the whole again
        os.fsync(file.fileno())


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    # A pipe, whoever reads it, keeps nothing; and nobody is to be waited for.
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
    with open(
        path, "a+b", buffering=0, opener=lambda name, _: os.open(name, flags)
    ) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError
        yield file


def _make(path: Path, origin: bytes) -> None:
    """Make the file, or let pass one that has checkpoints of this log, or nothing.

    Raises:
        WitnessFailedError: It cannot be made or read.
        WitnessForeignError: There is something else in it.
    """
    try:
        with suppress(FileExistsError):
            create_private_file(path).close()
        with _opened(path) as file:
            file.seek(0)
            begins = file.read(len(origin))
    except (OSError, ValueError):  # a zero byte in its name
        raise WitnessFailedError from None
    if begins not in {b"", origin}:
        raise WitnessForeignError
