"""``pierre-mcp import``, ``imports`` and ``undo``."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from pierre_mcp.cli.session import (
    Session,
    command,
    current,
    err,
    say,
    say_json,
    say_table,
)
from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.jobs import pump
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import imports as service
from pierre_mcp.services.steps import Progress
from pierre_mcp.store.imports import FileOutcome, State
from pierre_mcp.tools.wording import count

T = TypeVar("T")

_SHOWN = {FileOutcome.FAILED, FileOutcome.SKIPPED, FileOutcome.REPAIRED}
_MOST_LINES = 50
_WORDS = {
    "not_a_file": "not a file that can be read",
    "not_a_known_format": "neither FIT nor GPX nor TCX",
    "empty": "there is nothing in it",
    "broken_header": "its beginning is damaged",
    "broken_xml": "its XML is damaged",
    "broken_gzip": "its compression is damaged",
    "entity_refused": "it declares entities, which no device writes",
    "too_large": "too large",
    "too_deep": "nested too deeply",
    "no_times": "its points have no times",
    "no_samples": "it has no points",
    "not_an_activity": "not an activity: a course, a workout or settings",
    "limits": "it took too long or too much memory to read",
}
_STATES = {State.RUNNING: "running, or cut off"}

_NOTHING = "There is no FIT, GPX or TCX file (.fit, .gpx, .tcx, plain or .gz) there."

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...")],
    as_json: AsJson = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list the files that would be read.")
    ] = False,
) -> None:
    """Import FIT, GPX and TCX files, plain or .gz: single files, or whole folders.

    A file imported before is left alone, so it is safe to run again, and Ctrl-C keeps
    what is done. The exit status is 1 where not one file could be read.
    """
    found = service.find(paths)
    if dry_run:
        _list(found, as_json=as_json)
        return
    session = current()
    job = run_import(session, found)
    if as_json:
        say_json(_as_json(job))
    else:
        summarise(session, job)
    if found and all(o.line.outcome is FileOutcome.FAILED for o in job.outcomes):
        raise typer.Exit(1)


def imports_(as_json: AsJson = False) -> None:
    """List what was imported, run by run."""
    runs = current().look("imports", service.listed)
    if as_json:
        say_json(
            [
                {
                    "id": r.id,
                    "number": r.number,
                    "state": r.state,
                    **r.run.model_dump(mode="json"),
                }
                for r in runs
            ]
        )
        return
    if not runs:
        say(f"Nothing was imported yet. Import with: {command()} import PATH")
        return
    say_table(
        ("number", "when (UTC)", "state", "activities", "files"),
        [
            (
                run.number,
                run.run.started_at.strftime("%Y-%m-%d %H:%M"),
                _STATES.get(run.state, run.state),
                run.run.activities,
                _counts(run.run.outcomes),
            )
            for run in runs
        ],
    )


def undo(
    ref: Annotated[
        str, typer.Argument(metavar="ID", help="A number of imports, or an id.")
    ],
    as_json: AsJson = False,
) -> None:
    """Take one import back: its recordings are deleted."""
    session = current()
    with session.gate() as gate:
        run, gone = gate.act(
            session.owner("undo"), lambda tx, grant: service.undo(tx, grant, ref)
        )
    if as_json:
        say_json({"id": run.id, "number": run.number, "recordings_deleted": gone})
    else:
        deleted = count(gone, "recording")
        say(f"Import {run.number} taken back: {deleted} deleted.")


def run_import(session: Session, found: list[Path]) -> service.Import:
    """Import files with a progress bar, and keep what is done on Ctrl-C.

    Raises:
        KeyboardInterrupt: The person stopped it.
    """
    job = service.Import(found, SystemClock())
    call = session.owner("import")
    with session.gate() as gate, _bar() as bar, Brake() as brake:
        task = bar.add_task("reading", total=len(found))

        def listen(progress: Progress) -> None:
            bar.update(task, completed=progress.done, description=progress.word)

        try:
            with closing(job.steps()) as steps:
                pump(gate, call, brake.between(steps), listen=listen)
        except KeyboardInterrupt:
            gate.step(call, job.interrupted())
            raise
    return job


class Brake:
    """Ctrl-C between two steps: one that is being written is written to its end."""

    def __init__(self) -> None:
        self._busy = True
        self._pressed = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def between(self, steps: Iterator[T]) -> Iterator[T]:
        """Give the steps; while one is out it is not interrupted.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed, now or while a step was out.
        """
        while True:
            self._release()
            step = next(steps, None)
            self._busy = True
            if step is None:
                return
            yield step

    def _release(self) -> None:
        self._busy = False  # first: what is pressed from here on is heard at once
        if self._pressed:
            self._busy = True
            raise KeyboardInterrupt

    def _press(self, number: int, frame: object) -> None:
        del number, frame
        if not self._busy:
            self._busy = True  # until all is noted down
            raise KeyboardInterrupt
        self._pressed = True


def _list(found: list[Path], *, as_json: bool) -> None:
    names = [str(path) for path in found]
    if as_json:
        say_json(names)
    elif names:
        say("\n".join(map(clean, names)))
    else:
        say(_NOTHING)


def _bar() -> Bar:
    console = err()
    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.is_dumb_terminal,
    )


def summarise(session: Session, job: service.Import) -> None:
    """Say what became of the files, and how to take it back."""
    lines = [outcome.line for outcome in job.outcomes]
    if not lines:
        say(_NOTHING)
        return
    telling = [line for line in lines if line.outcome in _SHOWN]
    for line in telling[:_MOST_LINES]:
        why = ", ".join(_WORDS.get(w, w.replace("_", " ")) for w in _split(line.reason))
        say(f"{line.outcome}: {clean(line.name)} ({why})")
    if len(telling) > _MOST_LINES:
        say(f"... and {len(telling) - _MOST_LINES} more")
    run = job.run()
    activities, files = count(run.activities, "activity"), count(len(lines), "file")
    say(f"{activities} from {files}: {_counts(run.outcomes)}.")
    if run.activities:
        say(f"Take it back with: {session.settings.command} undo {job.id[:8]}")


def _split(reason: str) -> list[str]:
    return reason.split(", ")


def _counts(outcomes: Mapping[FileOutcome, int]) -> str:
    return (
        ", ".join(f"{n} {o}" for o in FileOutcome if (n := outcomes.get(o, 0)))
        or "none"
    )


def _as_json(job: service.Import) -> dict[str, Any]:
    files = [outcome.line.model_dump(mode="json") for outcome in job.outcomes]
    return {"id": job.id, **job.run().model_dump(mode="json"), "files": files}
