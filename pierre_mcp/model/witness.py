"""One that keeps checkpoints of the log elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

ENDING: Final = ".witnesses"
"""Of the name of the file that lists them, after the store's id."""


def have_witnesses(directory: Path) -> bool:
    """Tell whether any store whose outside files are in ``directory`` has one."""
    return any(directory.glob(f"*{ENDING}"))


@dataclass(frozen=True, slots=True)
class Noted:
    """A checkpoint as it is kept: its number, from 1, and its signed note."""

    number: int
    note: str


@dataclass(frozen=True, slots=True)
class Witness:
    """A file that checkpoints are appended to, or a command that is told them.

    Attributes:
        path: Of the file; empty where it is a command.
        command: Its words; none where it is a file.
        told: Number of the newest checkpoint it has; 0 for none.
        failed_at: When it could last not be told, UTC; None if it could since.
    """

    path: str = ""
    command: tuple[str, ...] = ()
    told: int = 0
    failed_at: datetime | None = None

    def is_same(self, other: "Witness") -> bool:
        """Tell whether both are one file or command."""
        return (self.path, self.command) == (other.path, other.command)
