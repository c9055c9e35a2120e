"""Importing: entries parsed in workers, sealed, written a few a step.

A digest says whether an entry was imported before, so a second run changes nothing and
an interrupted one goes on. What became of each is kept with the run, and a run can be
undone. A step is sealed in a snapshot and written in one short transaction, as many
entries at a time as were ready; what counts as done is what was committed.
"""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from pierre_mcp.clock import Clock
from pierre_mcp.errors import DemoStoreError
from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services import (
    matching,
    strava,
    zones,
)
from pierre_mcp.services.entries import STRAVA, Entry, Plan
from pierre_mcp.services.import_files import File, Files
from pierre_mcp.services.originals import Came, Originals
from pierre_mcp.services.parsed import ParsedActivity
from pierre_mcp.services.steps import Act, Progress, Step
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store import (
    athlete,
    gear,
    imports,
    people,
    recordings,
    renewal,
)
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileLine, ListedRun, Run, State

MOST_A_STEP: Final = 8
"""Entries written in one transaction, which holds the lock for 6 ms with them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry, for the person who watches."""

    entry: Entry
    line: FileLine


class Import:
    """One import run.

    Args:
        plan: What to do.
        clock: Tells when it began and ended.
        most: How many entries one step may write.
        originals: Whether to keep the files themselves, as they came.
        parsers: Makes the pool whose workers read the files.
    """

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        *,
        most: int = MOST_A_STEP,
        originals: bool = False,
        parsers: Callable[[], Parsers] = Parsers,
    ) -> None:
        self.id = str(uuid4())
        self.outcomes: list[Outcome] = []
        self._plan = plan
        self._most = most
        self.originals = Originals() if originals else None
        self._make_parsers = parsers
        self._titles = strava.titles(plan.gear)
        self._gear_ids: dict[str, str] = {}
        self._clock = clock
        self._started_at = clock.now()
        self._parsers: Parsers | None = None
        self._abandoned = False
        self.due = 0

    def steps(self) -> Generator[tuple[Step, Progress]]:
        """Give a step for the run, one for every few entries, and one to end it."""
        done, total = 0, len(self._plan.entries)
        begin = _Begin(self)
        yield begin, Progress(0, total, "reading")
        entries = [
            replace(entry, job=None) if i in begin.known else entry
            for i, entry in enumerate(self._plan.entries)
        ]
        with self._make_parsers() as self._parsers:
            if self._abandoned:
                entries = []
            for batch in self._parsers.batches(entries, most=self._most):
                files = [
                    File(self, done + i, entry, parsed)
                    for i, (entry, parsed) in enumerate(batch, 1)
                ]
                done += len(batch)
                yield Files(files), Progress(done, total, "reading")
                self.outcomes += [Outcome(file.entry, file.line) for file in files]
                if self.originals:
                    came = [self._came(file) for file in files]
                    for step in self.originals.steps(came, self._parsers.content):
                        yield step, Progress(done, total, "keeping")
        yield Act(self._finish), Progress(total, total, "done")

    def _finish(self, tx: Tx, grant: Grant) -> None:
        imports.update(tx, grant, self.id, State.FINISHED, self.run())

    def _came(self, file: File) -> Came:
        # What an export held before was not read again: its entry has lost its job.
        job = self._plan.entries[file.seq - 1].job
        parsed = file.parsed
        there = len(parsed.activities)
        return Came(job, parsed.digest, file.line.recording, there)

    def abandon(self) -> None:
        """Wait for no file any more, from any thread: take no further step of it."""
        self._abandoned = True
        if self._parsers is not None:
            self._parsers.kill()

    @property
    def zones(self) -> int:
        """How many privacy zones what is imported lists."""
        return len(self._plan.zones)

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

    def new(
        self, parsed: ParsedActivity, part: int, home: str, entry: Entry
    ) -> NewRecording:
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
        activity = activity.model_copy(update={"gear": self._gear_of(entry)})
        return NewRecording(
            where=entry.where,
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
            athlete=parsed.athlete,
        )

    def _gear_of(self, entry: Entry) -> str | None:
        name = entry.row.gear if entry.row else None
        piece = self._titles.get(strava.gear_key(name)) if name else None
        return self._gear_ids.get(piece.title) if piece else None

    def known(self, tx: Tx, grant: Grant) -> frozenset[int]:
        """Return which files of an export are in: none of them is read again.

        So a run that was interrupted goes on at once.
        """
        source = STRAVA.source
        return frozenset(
            i
            for i, entry in enumerate(self._plan.entries)
            if entry.key
            and recordings.known(tx, grant, strava.file_digest(entry.key), source)
        )

    def begin(self, tx: Tx, grant: Grant) -> None:
        """Note that the run begins, and the gear that it lists."""
        if people.is_demo(tx):
            raise DemoStoreError
        imports.begin(tx, grant, self.id, Run(started_at=self._started_at))
        source = STRAVA.source
        self._gear_ids = {
            piece.title: gear.add(tx, grant, source, piece, self.id)
            for piece in self._plan.gear
        }


class _Begin:
    """The beginning of a run: what is there already is left out of the reading."""

    def __init__(self, job: Import) -> None:
        self._job = job
        self.known: frozenset[int] = frozenset()

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Look what is there, and how much of it an older version computed."""
        self.known = self._job.known(tx, grant)
        self._job.due = renewal.count_due(tx, grant)

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write it."""
        self._job.begin(tx, grant)


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


def listed(tx: Tx, grant: Grant) -> list[ListedRun]:
    """Return every run, oldest first, with what it has done by now.

    A run is counted at its end; one that is not over, or was killed, is counted here.
    """
    return [
        replace(
            run,
            run=run.run.model_copy(update=_counted(imports.files(tx, grant, run.id))),
        )
        if run.state is State.RUNNING
        else run
        for run in imports.listed(tx, grant)
    ]


def shown(tx: Tx, grant: Grant, ref: str) -> tuple[ListedRun, list[FileLine]]:
    """Return one run and what became of each of its files, in order.

    Raises:
        ImportUnknownError: There is none of that number or id.
    """
    run = imports.find(tx, grant, ref)
    return run, imports.files(tx, grant, run.id)


def undo(tx: Tx, grant: Grant, ref: str) -> tuple[ListedRun, int]:
    """Take an import back; return it and how many recordings went with it.

    Raises:
        ImportUnknownError: There is none of that number or id.
    """
    found = imports.find(tx, grant, ref)
    gone, activities = recordings.undo(tx, grant, found.id)
    matching.part(tx, grant, activities)
    gear.undo(tx, grant, found.id)
    athlete.undo(tx, grant, found.id)
    imports.update(tx, grant, found.id, State.UNDONE, found.run)
    return found, gone


def _counted(lines: Sequence[FileLine]) -> dict[str, Any]:
    return {
        "outcomes": dict(Counter(line.outcome for line in lines)),
        "activities": sum(line.activities for line in lines),
    }
