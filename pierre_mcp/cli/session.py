"""What every command has: the settings, a way to the gate, and two ways to answer."""

import json
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from pierre_mcp.cli.lately import tell_lately
from pierre_mcp.cli.passphrases import ask_passphrase
from pierre_mcp.errors import InvalidError, PierreError, PolicyTamperedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.house import Opener, opened, opener
from pierre_mcp.gate.lines import CHECKPOINT
from pierre_mcp.gate.locking import Sign
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.witness import have_witnesses
from pierre_mcp.platform import has_terminal
from pierre_mcp.policy.privacy import clean
from pierre_mcp.settings import APP, Settings
from pierre_mcp.store.database import Tx

if TYPE_CHECKING:
    from pierre_mcp.services.witnessing import Lacking

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]

_WIDE = 160
"""Columns of a table that no terminal shows: a file or a pipe has no edge."""


@dataclass(frozen=True)
class Session:
    """One command, as the owner gave it.

    Attributes:
        as_json: Its answer is for a program: nothing is told beside it.
        unwitnessed: What is to be told to who keeps checkpoints, the answer given.
    """

    settings: Settings
    as_json: bool = False
    id: str = field(default_factory=lambda: str(uuid4()))
    _told: list[bool] = field(default_factory=list, init=False, repr=False)
    unwitnessed: "list[Lacking]" = field(default_factory=list, init=False, repr=False)

    @cached_property
    def open_(self) -> Opener:
        """What opens the store; one, so that its master keys are asked for once."""
        return opener(self.settings)

    @contextmanager
    def gate(self, *, put_back_too: bool = False) -> Iterator[Gate]:
        """Open the store for this command; to look only, also one put back.

        The first time, what was given of late is told on the terminal.
        """
        open_ = self.open_.put_back_too() if put_back_too else self.open_
        with opened(self.settings, open_) as gate:
            if not (put_back_too or self.as_json or self._told):
                self._told.append(True)
                tell_lately(gate, self.settings.command)
            yield gate
            if not put_back_too:
                self._look_for_witnesses(gate)

    def _look_for_witnesses(self, gate: Gate) -> None:
        directory = self.settings.high_water_dir
        if have_witnesses(directory):
            with suppress(PierreError):
                found = gate.unwitnessed(self.owner(CHECKPOINT), directory)
                self.unwitnessed.extend([] if found is None else [found])

    def owner(self, action: str) -> Call:
        """Return the owner's call to do ``action``."""
        return Call(Owner(), action, self.id)

    def look(self, action: str, work: Callable[[Tx, Grant], T]) -> T:
        """Open the store, read what is the owner's, and close it."""
        with self.gate() as gate:
            return gate.look(self.owner(action), work)

    def widen(
        self,
        action: str,
        work: Callable[[Tx, Grant], T],
        *,
        detail: Mapping[str, Any] | None = None,
    ) -> T:
        """Do what lets more out than before: what the consent lock is there for.

        With the lock on, its passphrase is asked for on the terminal.

        Raises:
            ConsentLockedError: The lock is on, and there is no terminal to ask on.
            LockPassphraseWrongError: It is another passphrase.
            LockWaitsError: There were too many wrong ones just now.
        """
        with self.gate() as gate:
            call = self.owner(action)
            sign = self.unlocked(gate, call)
            return gate.widen(call, work, detail=detail, sign=sign)

    def unlocked(self, gate: Gate, call: Call) -> Sign | None:
        """Have the person open the consent lock for ``call``, where one is on.

        Returns:
            What signs for it; None where no lock is on, where that cannot be known, or
            where no terminal is there: then the gate itself refuses what it must.
        """
        try:
            lock = gate.lock(call)
        except PolicyTamperedError:
            return None
        if lock is None or not has_terminal():
            return None
        given = ask_passphrase("Passphrase of the consent lock: ")
        return gate.unlock(call, lock, given)


_CURRENT: ContextVar[Session] = ContextVar("session")


def begin(session: Session) -> None:
    """Make ``session`` the one of the command that is running."""
    _CURRENT.set(session)


def current() -> Session:
    """Return the session of the command that is running."""
    return _CURRENT.get()


def ended() -> Session | None:
    """Return the session of the command that has ended, if it came so far."""
    return _CURRENT.get(None)


def command() -> str:
    """Return how the person calls this program, profile included."""
    session = _CURRENT.get(None)
    return APP if session is None else session.settings.command


def out() -> Console:
    """Return where a command's answer goes."""
    return _console(sys.stdout)


def err() -> Console:
    """Return where questions, progress and warnings go."""
    return _console(sys.stderr)


def _console(file: TextIO) -> Console:
    # Neither markup nor :emoji: names: what is shown was written by somebody else.
    return Console(
        file=file, highlight=False, soft_wrap=True, markup=False, emoji=False
    )


def say(text: str) -> None:
    """Print one line of the answer, exactly as it is."""
    sys.stdout.write(f"{text}\n")


def ask(question: str, default: str, check: Callable[[str], T]) -> T:
    """Ask on the terminal until the answer is one; an empty line takes the default."""
    while True:
        answer = str(typer.prompt(question, default=default, err=True)).strip()
        try:
            return check(answer)
        except InvalidError as error:
            sys.stderr.write(f"{error}\n")


def say_json(value: Any) -> None:
    """Print the answer as JSON."""
    say(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def say_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    faint: Container[int] = (),
) -> None:
    """Print the answer as a table; rows at the places in ``faint`` are dimmed."""
    console = out()
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for place, row in enumerate(rows):
        style = "dim" if place in faint else None
        table.add_row(*(clean(str(cell)) for cell in row), style=style)
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)
    console.print(table)
