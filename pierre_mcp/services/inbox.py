"""The inbox: the one folder a person lets assistants have imported, as an operation.

Nothing in a call names a file or a folder. What is imported is filed as if the person
had done it, and the operation keeps counts alone.
"""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pierre_mcp.clock import Clock
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.operation import Counts, Operation, OperationState
from pierre_mcp.platform import is_own_dir
from pierre_mcp.services.faults import (
    InboxMissingError,
    InboxUnusableError,
    ProcessEndingError,
)
from pierre_mcp.services.operations import still_running
from pierre_mcp.services.steps import Act, Progress, Step
from pierre_mcp.store import imports, operations, people
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import ListedRun, Run, State

if TYPE_CHECKING:
    from pierre_mcp.services.imports import Import


class InboxImport:
    """One operation, carried out in this process from where it stands.

    Args:
        operation_id: Of an operation that runs, and that no other process carries out.
        clock: Tells when.
    """

    def __init__(self, operation_id: str, clock: Clock) -> None:
        self.id = operation_id
        self.ending = False
        self._clock = clock
        self._import: Import | None = None

    def steps(self) -> Generator[tuple[Step, Progress]]:
        """Give a step to begin or go on, one for each of the import, and the end.

        Raises:
            ProcessEndingError: ``end`` was called.
            InboxMissingError: There is no inbox any more.
            InboxUnusableError: It is not a folder of the person's own.
        """
        # Imported here: reading files takes what would hold up a server's start.
        from pierre_mcp.services.finding import find, plan_files  # noqa: PLC0415
        from pierre_mcp.services.imports import Import  # noqa: PLC0415

        look = _Look(self.id)
        yield look, Progress(0, None, "looking")
        found = plan_files(find([look.inbox]))
        job = self._import = Import(found, self._clock, most=1)
        with closing(job.steps()) as steps:
            for step, progress in steps:
                self._go_on()
                yield _Counted(self.id, job, step, progress), progress
        self._go_on()
        end = Act(lambda tx, grant: _finish(tx, grant, self.id, job))
        total = len(found.entries)
        yield end, Progress(total, total, "done")

    def end(self) -> None:
        """Begin no further step, and wait for no file: from any thread, at once."""
        self.ending = True
        if self._import is not None:
            self._import.abandon()

    def closing(self, state: OperationState, code: str) -> Step:
        """Return the step that notes an end that came early."""
        return _Close(self.id, state, code)

    def _go_on(self) -> None:
        if self.ending:
            raise ProcessEndingError


class _Look:
    """The first step: the inbox as it is now, and what an earlier process left."""

    def __init__(self, operation_id: str) -> None:
        self._id = operation_id
        self._left: ListedRun | None = None
        self._earlier = Counts()
        self.inbox = Path()

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Find both."""
        operation = still_running(tx, grant, self._id)
        inbox = people.profile(tx, grant).inbox
        if inbox is None:
            raise InboxMissingError(grant.here.command)
        self.inbox = Path(inbox)
        if not is_own_dir(self.inbox):
            raise InboxUnusableError
        self._left = _run_of(tx, grant, operation.checkpoint)
        self._earlier = operation.earlier.then(_counted(self._left))

    def write(self, tx: Tx, grant: Grant) -> None:
        """Close the earlier run: what it did is known again as duplicates."""
        operation = still_running(tx, grant, self._id)
        _interrupt(tx, grant, self._left)
        fresh = operation.model_copy(
            update={"earlier": self._earlier, "checkpoint": None}
        )
        changed = _at(fresh, self._earlier, fresh.total)
        operations.update(tx, grant, self._id, OperationState.RUNNING, changed)


class _Counted:
    """A step of the import, and how far it came, in one transaction."""

    def __init__(
        self, operation_id: str, job: "Import", step: Step, progress: Progress
    ) -> None:
        self._id = operation_id
        self._job = job
        self._step = step
        self._progress = progress

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Seal."""
        self._step.prepare(tx, grant)

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write, unless the operation was ended."""
        operation = still_running(tx, grant, self._id)
        self._step.write(tx, grant)
        counts = operation.earlier.then(_counts(self._job.run()))
        kept = operation.model_copy(update={"checkpoint": self._job.id})
        changed = _at(kept, counts, self._progress.total)
        operations.update(tx, grant, self._id, OperationState.RUNNING, changed)


def _finish(tx: Tx, grant: Grant, operation_id: str, job: "Import") -> None:
    operation = still_running(tx, grant, operation_id)
    counts = operation.earlier.then(_counts(job.run()))
    at_end = operation.model_copy(update={"ended_at": grant.here.now})
    ended = _at(at_end, counts, operation.total)
    operations.update(tx, grant, operation_id, OperationState.FINISHED, ended)


class _Close:
    """An end that came early: what was done is counted, and stays."""

    def __init__(self, operation_id: str, state: OperationState, code: str) -> None:
        self._id = operation_id
        self._state = state
        self._code = code
        self._left: ListedRun | None = None
        self._counts = Counts()

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Count what is there: the last step may be in, and not yet told of."""
        operation = operations.find(tx, grant, self._id).operation
        self._left = _run_of(tx, grant, operation.checkpoint)
        self._counts = operation.earlier.then(_counted(self._left))

    def write(self, tx: Tx, grant: Grant) -> None:
        """Note the end; one that was noted before stays the end it was."""
        found = operations.find(tx, grant, self._id)
        _interrupt(tx, grant, self._left)
        state, ended = found.state, found.operation
        if state is OperationState.RUNNING:
            state = self._state
            ended = ended.model_copy(
                update={"ended_at": grant.here.now, "code": self._code}
            )
        changed = _at(ended, self._counts, ended.total)
        operations.update(tx, grant, self._id, state, changed)


def _at(operation: Operation, counts: Counts, total: int | None) -> Operation:
    """Return an operation that came to ``counts`` of ``total`` files."""
    done = counts.files if total is None else min(counts.files, total)
    return operation.model_copy(update={"counts": counts, "done": done, "total": total})


def _run_of(tx: Tx, grant: Grant, import_id: str | None) -> ListedRun | None:
    """Return the import run an operation had in hand, counted, if it was not undone."""
    if import_id is None:
        return None
    from pierre_mcp.services.imports import listed  # noqa: PLC0415 - as above

    runs = (run for run in listed(tx, grant) if run.id == import_id)
    return next((run for run in runs if run.state is not State.UNDONE), None)


def _counted(left: ListedRun | None) -> Counts:
    return Counts() if left is None else _counts(left.run)


def _counts(run: Run) -> Counts:
    outcomes = {str(word): count for word, count in run.outcomes.items()}
    return Counts(outcomes=outcomes, activities=run.activities)


def _interrupt(tx: Tx, grant: Grant, left: ListedRun | None) -> None:
    if left is not None and left.state is State.RUNNING:
        imports.update(tx, grant, left.id, State.INTERRUPTED, left.run)
