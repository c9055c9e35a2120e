"""An operation: work that outlives the call that began it, for one recipient."""

from collections import Counter
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

IMPORTS = "import_inbox"
"""The tool that begins one."""

TELLS = "get_operation"
"""The tool that says how it stands."""


class OperationState(StrEnum):
    """Where an operation is; all but running is its end."""

    RUNNING = "running"  # a process that ends leaves it so: the next one goes on
    FINISHED = "finished"
    CANCELLED = "cancelled"  # its recipient gave it up
    STOPPED = "stopped"  # what it needs is no longer consented to
    FAILED = "failed"


class Counts(BaseModel):
    """What became of the files of an import, and how many activities it gave."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    outcomes: dict[str, int] = {}
    activities: int = 0

    @property
    def files_imported(self) -> int:
        """Files that gave something new, mended ones included."""
        return self.outcomes.get("imported", 0) + self.outcomes.get("repaired", 0)

    @property
    def files(self) -> int:
        """Files counted."""
        return sum(self.outcomes.values())

    def then(self, later: "Counts") -> "Counts":
        """Return the counts of two passes over the same files, as if of one.

        What the first imported, the second met again as duplicates.
        """
        known = Counter(later.outcomes)
        known["duplicate"] = max(0, known["duplicate"] - self.files_imported)
        for word in ("imported", "repaired"):
            known[word] += self.outcomes.get(word, 0)
        outcomes = {word: count for word, count in known.items() if count}
        return Counts(outcomes=outcomes, activities=self.activities + later.activities)


class Operation(BaseModel):
    """One operation, as sealed. It takes no arguments but its tool's name.

    Attributes:
        recipient: To whom alone it is known.
        started_at: UTC, as ``ended_at``.
        done: Files dealt with, as counted; the one just written may be missing.
        total: Files there are; None until they were looked for.
        checkpoint: The id of the import run in hand.
        earlier: What passes of earlier processes came to.
        counts: What it came to, earlier passes included.
        code: Why it was stopped or failed, as ``consent_missing``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    recipient: str
    tool: str
    started_at: datetime
    ended_at: datetime | None = None
    done: int = 0
    total: int | None = None
    checkpoint: str | None = None
    earlier: Counts = Counts()
    counts: Counts = Counts()
    code: str = ""
