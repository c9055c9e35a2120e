"""However often an import of an export is stopped, the store ends up the same."""

import gzip
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.model.grant import Grant
from pierre_mcp.services.entries import Entry, Plan
from pierre_mcp.services.finding import plan
from pierre_mcp.services.imports import Import, listed
from pierre_mcp.services.parsed import Parsed
from pierre_mcp.services.steps import Step
from pierre_mcp.services.workers import Parsers, W
from pierre_mcp.store.database import Store
from pierre_mcp.store.imports import State
from tests.canonical import dump
from tests.fakes import StillClock
from tests.formats.exporting import FIRST, Row, export, zipped
from tests.formats.making import fit_activity, gpx_activity, ride, tcx_activity
from tests.services.test_workers import REAL
from tests.stores import a_store, owner_grant

pytestmark = [
    pytest.mark.unmeasured,
    pytest.mark.skipif(
        not hasattr(os, "mkfifo"), reason="descriptors travel over POSIX sockets only"
    ),
]

ACTIVITIES, STOPS = 60, 10
WAYS = ("told", "sealed", "written", "killed")


def an_export() -> bytes:
    """Rides of all formats; of some a copy as GPX, which makes them one activity."""
    files: dict[str, bytes] = {}
    rows = [Row(900, "", FIRST, "By hand"), Row(901, "activities/gone.fit", FIRST)]
    for n in range(ACTIVITIES):
        at, columns = FIRST + timedelta(hours=5 * n), ride(30 + n)
        make = (fit_activity, fit_activity, gpx_activity, tcx_activity)[n % 4]
        data = gzip.compress(make(columns, started_at=at), mtime=0)
        suffix = ("fit", "fit", "gpx", "tcx")[n % 4]
        made = {f"activities/{n}.{suffix}.gz": data if n % 17 else data[:-30]}
        if n % 5 == 0:
            made[f"activities/copy-{n}.gpx"] = gpx_activity(columns, started_at=at)
        files |= made
        rows += [Row(len(rows), name, at, f"Ride {n}", gear="Silver") for name in made]
    return zipped(export(rows, files))


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    with Parsers(1, command=REAL) as pool:
        yield pool


class Remembered(Parsers):
    """A pool that has read every file once and gives the same again."""

    def __init__(self, inner: Parsers, entries: Sequence[Entry]) -> None:
        self._parsed = {one.place: parsed for one, parsed in inner.parse(entries)}

    def __exit__(self, *_: object) -> None:
        pass

    def batches(
        self, wanted: Iterable[W], *, most: int
    ) -> Iterator[list[tuple[W, Parsed]]]:
        """See ``Parsers``."""
        entries = iter(wanted)
        while batch := list(islice(entries, most)):
            yield [(one, self._of(one)) for one in batch]

    def _of(self, one: object) -> Parsed:
        assert isinstance(one, Entry)
        return self._parsed[one.place] if one.job else Parsed(None)


@pytest.fixture(scope="module")
def planned(parsers: Parsers, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("export") / "e.zip"
    path.write_bytes(an_export())
    return plan([path], parsers)


@pytest.fixture(scope="module")
def pool(planned: Plan, parsers: Parsers) -> Remembered:
    return Remembered(parsers, planned.entries)


class _StoppedError(Exception):
    """The process was stopped here."""


def take(store: Store, grant: Grant, step: Step, stop: str = "") -> None:
    """Do a step as the gate does, up to where it is stopped."""
    with store.reading() as tx:
        step.prepare(tx, grant)
    if stop == "sealed":
        raise _StoppedError
    with store.writing() as tx:
        step.write(tx, grant)
        if stop == "written":
            raise _StoppedError


def run(store: Store, grant: Grant, job: Import, after: int, stop: str) -> bool:
    """Import until so many steps are done; tell whether it came to its end."""
    try:
        for done, (step, _) in enumerate(job.steps()):
            take(store, grant, step, stop if done >= after else "")
            if done >= after:
                break
        else:
            return True
    except _StoppedError:
        pass
    if stop != "killed":
        take(store, grant, job.interrupted())
    return False


@pytest.fixture(scope="module")
def undisturbed(
    planned: Plan, pool: Remembered, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    with a_store(tmp_path_factory.mktemp("calm")) as store:
        grant = owner_grant(store)
        job = Import(planned, StillClock(), parsers=lambda: pool)
        assert run(store, grant, job, 10_000, "")
        return dump(store, grant)


@pytest.mark.promise("store.crash")
@pytest.mark.parametrize("seed", [1, 2])
def test_ten_stops_and_a_rerun_change_nothing(
    planned: Plan, pool: Remembered, undisturbed: list[str], tmp_path: Path, seed: int
) -> None:
    drawn = np.random.default_rng(seed)
    with a_store(tmp_path) as store:
        grant = owner_grant(store)

        def an_import() -> Import:
            most = int(drawn.integers(1, 4))
            return Import(planned, StillClock(), most=most, parsers=lambda: pool)

        grew = []
        for _ in range(STOPS):
            how = WAYS[drawn.integers(4)]
            assert not run(store, grant, an_import(), int(drawn.integers(5)), how)
            grew.append(len(dump(store, grant)))
        assert grew == sorted(grew)
        assert 0 < grew[-1] < len(undisturbed)
        assert dump(store, grant) != undisturbed
        assert run(store, grant, an_import(), 10_000, "")
        assert dump(store, grant) == undisturbed
        with store.reading() as tx:
            states = [found.state for found in listed(tx, grant)]
        assert states.count(State.FINISHED) == 1


def test_an_import_in_another_order_gives_the_same(
    planned: Plan, pool: Remembered, undisturbed: list[str], tmp_path: Path
) -> None:
    order = np.random.default_rng(4).permutation(len(planned.entries))
    entries = tuple(planned.entries[i] for i in order)
    other = Plan(entries, planned.gear, planned.zones)
    with a_store(tmp_path) as store:
        grant = owner_grant(store)
        job = Import(other, StillClock(), parsers=lambda: pool)
        assert run(store, grant, job, 10_000, "")
        assert dump(store, grant) == undisturbed
