"""Importing files: found, parsed in workers, sealed, written one file a step.

The digest of a file says whether it was imported before, so a second run changes
nothing and an interrupted one goes on. What became of each file is kept with the run,
and a run can be undone.
"""

import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pierre_mcp.clock import Clock
from pierre_mcp.errors import DemoStoreError, PathUnknownError
from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.services import matching, zones
from pierre_mcp.services.parsed import Parsed, ParsedActivity
from pierre_mcp.services.steps import Act, Progress, Step
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store import imports, people, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileLine, FileOutcome, ListedRun, Run, State

FILES: Final = Where("files", "file")
_SUFFIXES: Final = (".fit", ".gpx", ".tcx")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file, for the person who watches."""

    path: Path
    line: FileLine


class Import:
    """One import run over some files.

    Args:
        paths: Files as found by ``find``.
        clock: Tells when it began and ended.
        where: What the recordings are filed under.
    """

    def __init__(
        self, paths: Sequence[Path], clock: Clock, where: Where = FILES
    ) -> None:
        self.id = str(uuid4())
        self.outcomes: list[Outcome] = []
        self._paths = paths
        self._clock = clock
        self._where = where
        self._started_at = clock.now()
        self._parsers: Parsers | None = None
        self._abandoned = False

    def steps(self) -> Generator[tuple[Step, Progress]]:
        """Give one step for the run, one for each file, and one to end it."""
        total = len(self._paths)
        yield (
            Act(self._begin),
            Progress(0, total, "reading"),
        )
        with Parsers() as self._parsers:
            paths = () if self._abandoned else self._paths
            for done, (path, parsed) in enumerate(self._parsers.parse(paths), 1):
                step = _FileStep(self, done, path, parsed)
                yield step, Progress(done, total, "reading")
                self.outcomes.append(Outcome(path, step.line))
        yield Act(self._end(State.FINISHED)), Progress(total, total, "done")

    def abandon(self) -> None:
        """Wait for no file any more, from any thread: take no further step of it."""
        self._abandoned = True
        if self._parsers is not None:
            self._parsers.kill()

    def interrupted(self) -> Step:
        """Return the step that notes that the person stopped the run."""
        return _Interrupted(self)

    def run(self) -> Run:
        """Return the run as it stands."""
        return self.of([outcome.line for outcome in self.outcomes])

    def of(self, lines: Sequence[FileLine]) -> Run:
        """Return the run whose files came to ``lines``."""
        run = Run(started_at=self._started_at, finished_at=self._clock.now())
        return run.model_copy(update=_counted(lines))

    def new(self, parsed: ParsedActivity, part: int, home: str) -> NewRecording:
        """Return a parsed activity as a recording, now that its day is known."""
        facts = parsed.activity
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=facts.started_us)
        local = zones.local_time(
            at,
            utc_offset_s=parsed.utc_offset_s,
            position_deg=parsed.first_position_deg,
            home=home,
        )
        activity = facts.at(
            utc_offset_s=local.utc_offset_s, zone=local.zone, source=local.source
        )
        return NewRecording(
            where=self._where,
            sport=parsed.sport,
            local_day=zones.local_day(at, local),
            part=part,
            activity=activity,
            heart_rate=parsed.heart_rate,
            power=parsed.power,
            location=parsed.location,
            notes=parsed.notes,
            streams={
                name: pack(column, STEPS[name])
                for name, column in parsed.columns.items()
            },
            details=parsed.details,
        )

    def _begin(self, tx: Tx, grant: Grant) -> None:
        if people.is_demo(tx):
            raise DemoStoreError
        imports.begin(tx, grant, self.id, Run(started_at=self._started_at))

    def _end(self, state: State) -> "_End":
        return _End(self, state)


@dataclass(frozen=True, slots=True)
class _End:
    job: Import
    state: State

    def __call__(self, tx: Tx, grant: Grant) -> None:
        imports.update(tx, grant, self.job.id, self.state, self.job.run())


class _Interrupted:
    """The end of a run that was stopped: what it counts is what was written."""

    def __init__(self, job: Import) -> None:
        self._job = job
        self._run = job.run()

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Read what is there, since the last file may be in and not yet told of."""
        self._run = self._job.of(imports.files(tx, grant, self._job.id))

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write it."""
        imports.update(tx, grant, self._job.id, State.INTERRUPTED, self._run)


class _FileStep:
    """One file: sealed in a snapshot, written in one short transaction."""

    def __init__(self, job: Import, seq: int, path: Path, parsed: Parsed) -> None:
        self._job = job
        self._seq = seq
        self._parsed = parsed
        self._sealed: list[recordings.Sealed] = []
        self._name = _printable(path.name)
        self.line = FileLine(name=self._name, outcome=FileOutcome.FAILED)

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Seal what the file gave, unless it was imported before."""
        self._sealed = []
        digest = self._parsed.digest
        if digest is None or not self._parsed.activities:
            self.line = _without(self._name, self._parsed)
        elif recordings.known(tx, grant, digest):
            self.line = FileLine(name=self._name, outcome=FileOutcome.DUPLICATE)
        else:
            self._sealed = list(self._seal(tx, grant, digest))
            self.line = _imported(self._name, self._parsed.activities)

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write it, unless another process imported the same file meanwhile."""
        digest = self._parsed.digest
        if self._sealed and digest is not None and recordings.known(tx, grant, digest):
            self._sealed = []
            self.line = FileLine(name=self._name, outcome=FileOutcome.DUPLICATE)
        recordings.add(tx, grant, self._sealed)
        matching.join(tx, grant, [(one.id, one.day) for one in self._sealed])
        imports.add_file(tx, grant, self._job.id, self._seq, self.line)

    def _seal(self, tx: Tx, grant: Grant, digest: bytes) -> Iterator[recordings.Sealed]:
        home = people.profile(tx, grant).zone
        for part, activity in enumerate(self._parsed.activities):
            new = self._job.new(activity, part, home)
            yield recordings.seal(
                tx.ring, grant, new, digest=digest, import_id=self._job.id
            )


def find(given: Iterable[Path]) -> list[Path]:
    """Return the files to import: files as given, and what folders hold, in order.

    Of folders, only ``.fit``, ``.gpx`` and ``.tcx`` are taken, plain or ``.gz``; links
    inside them are not followed.

    Raises:
        PathUnknownError: There is nothing at a path.
    """
    found: dict[Path, None] = {}
    for path in given:
        if not os.path.lexists(path):
            raise PathUnknownError
        inside = sorted(_inside(path)) if path.is_dir() else [path]
        found.update(dict.fromkeys(inside))
    return list(found)


def listed(tx: Tx, grant: Grant) -> list[ListedRun]:
    """Return every run, oldest first, with what it has done by now.

    A run is counted at its end; one that is not over, or was killed, is counted here.
    """
    return [
        replace(run, run=run.run.model_copy(update=_counted(_lines(tx, grant, run))))
        if run.state is State.RUNNING
        else run
        for run in imports.listed(tx, grant)
    ]


def undo(tx: Tx, grant: Grant, ref: str) -> tuple[ListedRun, int]:
    """Take an import back; return it and how many recordings went with it.

    Raises:
        ImportUnknownError: There is none of that number or id.
    """
    found = imports.find(tx, grant, ref)
    gone, activities = recordings.undo(tx, grant, found.id)
    matching.part(tx, grant, activities)
    imports.update(tx, grant, found.id, State.UNDONE, found.run)
    return found, gone


def _inside(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        name = path.name.lower().removesuffix(".gz")
        if name.endswith(_SUFFIXES) and path.is_file() and not path.is_symlink():
            yield path


def _lines(tx: Tx, grant: Grant, run: ListedRun) -> list[FileLine]:
    return imports.files(tx, grant, run.id)


def _counted(lines: Sequence[FileLine]) -> dict[str, Any]:
    return {
        "outcomes": dict(Counter(line.outcome for line in lines)),
        "activities": sum(line.activities for line in lines),
    }


def _printable(name: str) -> str:
    """Return a file's name as text: on some systems it is any bytes."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _without(name: str, parsed: Parsed) -> FileLine:
    if parsed.skipped is not None:
        outcome, reason = FileOutcome.SKIPPED, str(parsed.skipped)
    else:
        outcome, reason = FileOutcome.FAILED, str(parsed.failed or "no_samples")
    return FileLine(name=name, outcome=outcome, reason=reason)


def _imported(name: str, activities: Sequence[ParsedActivity]) -> FileLine:
    repairs = dict.fromkeys(word for a in activities for word in a.repairs)
    outcome = FileOutcome.REPAIRED if repairs else FileOutcome.IMPORTED
    return FileLine(
        name=name,
        outcome=outcome,
        reason=", ".join(repairs),
        activities=len(activities),
    )
