"""An import: one file a step, each known again by its digest."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    DemoStoreError,
    ImportUnknownError,
    PathUnknownError,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import outcomes as outcomes_of_files
from pierre_mcp.services.entries import Entry
from pierre_mcp.services.finding import find, plan
from pierre_mcp.services.imports import Import, listed, undo
from pierre_mcp.services.parsed import Parsed
from pierre_mcp.services.steps import Act, Progress, Step, silent
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.imports import FileOutcome, State
from tests.fakes import StillClock
from tests.formats.making import fit_activity, gpx_activity, ride
from tests.stores import a_store, owner_grant

RIDE = ride(60)
IMPORTED, DUPLICATE = FileOutcome.IMPORTED, FileOutcome.DUPLICATE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.fit").write_bytes(fit_activity(RIDE))
    (folder / "b.gpx").write_bytes(gpx_activity(RIDE))
    (folder / "c.fit").write_bytes(fit_activity(RIDE))
    (folder / "d.fit").write_bytes(b"nonsense")
    return folder


def take(store: Store, grant: Grant, step: Step) -> None:
    """Do a step as the gate does."""
    with store.reading() as tx:
        step.prepare(tx, grant)
    with store.writing() as tx:
        step.write(tx, grant)


def run(store: Store, grant: Grant, job: Import) -> list[Progress]:
    told = []
    for step, progress in job.steps():
        take(store, grant, step)
        told.append(progress)
    return told


def an_import(paths: Sequence[Path]) -> Import:
    """An import of what ``find`` found, none of it an archive."""
    with Parsers(1) as parsers:
        return Import(plan(paths, parsers), StillClock(), most=1)


def outcomes(job: Import) -> list[FileOutcome]:
    return [outcome.line.outcome for outcome in job.outcomes]


def test_each_file_is_a_step(store: Store, grant: Grant, folder: Path) -> None:
    job = an_import(find([folder]))
    told = run(store, grant, job)
    assert told == [
        *(Progress(n, 4, "reading") for n in range(5)),
        Progress(4, 4, "done"),
    ]
    assert outcomes(job) == [IMPORTED, IMPORTED, DUPLICATE, FileOutcome.SKIPPED]
    with store.reading() as tx:
        (found,) = listed(tx, grant)
    assert (found.id, found.state, found.run) == (job.id, State.FINISHED, job.run())
    assert found.run.activities == 2


def test_again_and_after_undoing(store: Store, grant: Grant, folder: Path) -> None:
    first, second, third = (an_import(find([folder])) for _ in range(3))
    run(store, grant, first)
    run(store, grant, second)
    assert set(outcomes(second)) == {DUPLICATE, FileOutcome.SKIPPED}
    with store.writing() as tx:
        found, gone = undo(tx, grant, "1")
    assert (found.id, gone) == (first.id, 2)
    run(store, grant, third)
    assert outcomes(third) == outcomes(first)
    with store.writing() as tx, pytest.raises(ImportUnknownError):
        undo(tx, grant, "4")


def test_another_process_was_first(store: Store, grant: Grant, folder: Path) -> None:
    """Between sealing a file and writing it, another imports the same."""
    paths = [folder / "a.fit"]
    ours, theirs = an_import(paths), an_import(paths)
    steps = ours.steps()
    take(store, grant, next(steps)[0])
    step, _ = next(steps)
    with store.reading() as tx:
        step.prepare(tx, grant)
    run(store, grant, theirs)
    with store.writing() as tx:
        step.write(tx, grant)
    take(store, grant, next(steps)[0])
    assert outcomes(ours) == [DUPLICATE]
    assert ours.run().activities == 0
    assert outcomes(theirs) == [IMPORTED]


def test_a_run_not_over_is_counted_by_its_files(
    store: Store, grant: Grant, folder: Path
) -> None:
    job = an_import(find([folder]))
    steps = job.steps()
    for _ in range(3):
        take(store, grant, next(steps)[0])
    with store.reading() as tx:
        (found,) = listed(tx, grant)
    assert (found.state, found.run.activities) == (State.RUNNING, 2)
    assert found.run.outcomes == {IMPORTED: 2}
    steps.close()
    assert len(job.outcomes) == 1  # the last was written, and not told of
    take(store, grant, job.interrupted())
    with store.reading() as tx:
        (found,) = listed(tx, grant)
    assert (found.state, found.run.activities) == (State.INTERRUPTED, 2)


def test_a_demo_store_takes_none(tmp_path: Path, folder: Path) -> None:
    job = an_import(find([folder]))
    with a_store(tmp_path / "demo", demo=True) as store:
        steps = job.steps()
        step, _ = next(steps)
        with pytest.raises(DemoStoreError):
            take(store, owner_grant(store), step)
        steps.close()


def test_what_is_found(tmp_path: Path, folder: Path) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    names = ("x.FIT", "y.gpx.gz", "z.tcx.GZ", "no.txt", "no.gz", "fit")
    for name in names:
        (folder / "deep" / "er" / name).touch()
    (folder / "link.fit").symlink_to(folder / "a.fit")
    (folder / "links").symlink_to(folder / "deep")
    os.mkfifo(folder / "pipe.fit")
    found = find([folder / "d.fit", folder, folder / "link.fit", tmp_path / "files"])
    assert [str(path.relative_to(folder)) for path in found] == [
        *("d.fit", "a.fit", "b.gpx", "c.fit"),
        *("deep/er/x.FIT", "deep/er/y.gpx.gz", "deep/er/z.tcx.GZ", "link.fit"),
    ]
    with pytest.raises(PathUnknownError):
        find([folder, folder / "missing"])


def test_a_name_that_is_no_text(store: Store, grant: Grant, folder: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.fit"))
    odd.write_bytes(b"nonsense")
    job = an_import([odd])
    run(store, grant, job)
    assert job.outcomes[0].line.name == "caf?.fit"


def test_a_file_without_a_word_why() -> None:
    line = outcomes_of_files.without(Entry("x", "x"), Parsed(b""))
    assert (line.outcome, line.reason) == (FileOutcome.FAILED, "no_samples")
    assert replace(Progress(0, None, "x"), done=1).done == 1


def test_an_act_only_writes(store: Store, grant: Grant) -> None:
    seen = []

    def write(tx: Tx, given: Grant) -> None:
        del tx
        seen.append(given)

    take(store, grant, Act(write))
    silent(Progress(0, 1, "reading"))
    assert seen == [grant]
