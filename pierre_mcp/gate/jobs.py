"""The pump of long work: each step admitted again, first and last step recorded.

The terminal's progress bar and an assistant's progress are two listeners of one pump.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Job, Owner, weighed_as
from pierre_mcp.services.inbox import InboxImport
from pierre_mcp.services.operations import Unfinished, ending_of
from pierre_mcp.services.steps import Listener, Progress, Step, UpkeepStep

T = TypeVar("T")
LOG = logging.getLogger(__name__)


def pump(
    gate: Gate,
    call: Call,
    steps: Iterable[tuple[Step, Progress]],
    *,
    listen: Listener,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Run a job to its end; ``pump_upkeep`` runs one that keeps the store.

    Stopped by Ctrl-C it keeps what is done, and says so in the log.

    Raises:
        KeyboardInterrupt: The person stopped it.
        PierreError: A step failed; what earlier steps wrote stays.
    """
    _pump(gate, call, steps, gate.step, listen=listen, detail=detail)


def pump_upkeep(
    gate: Gate,
    call: Call,
    steps: Iterable[tuple[UpkeepStep, Progress]],
    *,
    listen: Listener,
    detail: Mapping[str, Any] | None = None,
    counted: dict[str, Any] | None = None,
) -> None:
    """Run a job that keeps the store to its end, like ``pump``.

    Args:
        gate: Of the store.
        call: Who has it done.
        steps: The job's.
        listen: Hears how far it is.
        detail: Recorded at its beginning.
        counted: What it did, counted as it goes; recorded however it ends.
    """
    _pump(gate, call, steps, gate.upkeep, listen=listen, detail=detail, counted=counted)


def _pump(  # noqa: PLR0913 - what its two callers pass on
    gate: Gate,
    call: Call,
    steps: Iterable[tuple[T, Progress]],
    do: Callable[[Call, T], None],
    *,
    listen: Listener,
    detail: Mapping[str, Any] | None,
    counted: dict[str, Any] | None = None,
) -> None:
    gate.note(call, Outcome.STARTED, detail)
    with gate.watched(call, counted):
        try:
            for step, progress in steps:
                do(call, step)
                listen(progress)
        finally:
            if isinstance(steps, Generator):
                steps.close()  # its workers end before its end is recorded
    gate.note(call, Outcome.DONE, counted)


def unfinished(gate: Gate, call: Call) -> list[str]:
    """Return the ids of the operations that ``call`` began and no end is known of.

    This process asks for itself, and tells nobody: so it is the person's own job.
    """
    step = Unfinished(weighed_as(call.caller) or "", call.action)
    gate.step(_as_owners(call), step)
    return step.ids


def carry_out(gate: Gate, call: Call, job: InboxImport, *, listen: Listener) -> None:
    """Do a recipient's operation to its end, unless it is over, and note the end.

    Each step is let in as the recipient's job. How it ended is the person's to know
    even where that recipient is let in no more, so that is noted as the person's job.
    Nothing is raised: it is in the log, and in the operation.
    """
    try:
        if job.id not in unfinished(gate, call):
            return
        pump(gate, call, job.steps(), listen=listen, detail={"operation": job.id})
    except Exception as error:  # noqa: BLE001 - whatever broke, it has ended
        if not job.ending:  # else the next process goes on with it
            _note_end(gate, call, job, error)


def _note_end(gate: Gate, call: Call, job: InboxImport, error: Exception) -> None:
    try:
        gate.step(_as_owners(call), job.closing(*ending_of(error)))
    except Exception as second:  # noqa: BLE001 - as above
        LOG.error("an operation's end was not noted: %s", type(second).__name__)  # noqa: TRY400 - its text may hold data


def _as_owners(call: Call) -> Call:
    return replace(call, caller=Job(Owner()))
