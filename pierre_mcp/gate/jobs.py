"""The pump of long work: each step admitted again, first and last step recorded.

The terminal's progress bar and an assistant's progress are two listeners of one pump.
"""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call
from pierre_mcp.services.steps import Listener, Progress, Step


def pump(
    gate: Gate,
    call: Call,
    steps: Iterable[tuple[Step, Progress]],
    *,
    listen: Listener,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Run a job to its end.

    Stopped by Ctrl-C it keeps what is done, and says so in the log.

    Raises:
        KeyboardInterrupt: The person stopped it.
        PierreError: A step failed; what earlier steps wrote stays.
    """
    gate.note(call, Outcome.STARTED, detail)
    with gate.watched(call):
        try:
            for step, progress in steps:
                gate.step(call, step)
                listen(progress)
        finally:
            if isinstance(steps, Generator):
                steps.close()  # its workers end before its end is recorded
    gate.note(call, Outcome.DONE)
