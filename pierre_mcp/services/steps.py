"""The shape of a job: a sequence of steps, each one short unit of writing.

Work happens between steps. A step seals what it is to write outside the lock, and
again where the key retired meanwhile, so that the lock is held for the writing alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.store.database import Tx


class Step(Protocol):
    """One unit of a job."""

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Look and seal, in a snapshot; may be called again."""
        ...

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write what was sealed, in one short transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; ``word`` is one of our own fixed words."""

    done: int
    total: int | None
    word: str


class UpkeepStep(Protocol):
    """One unit of a job that keeps the store, and never sees into it."""

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Look and seal, in a snapshot; may be called again."""
        ...

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Write what was sealed, in one short transaction."""
        ...


Listener = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Hear nothing: the listener of those who do not care."""
    del progress


class Act:
    """A step that only writes."""

    __slots__ = ("_write",)

    def __init__(self, write: Callable[[Tx, Grant], None]) -> None:
        self._write = write

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Nothing to seal ahead."""

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write."""
        self._write(tx, grant)
