"""Originals: kept on demand, byte for byte, whole or not at all."""

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import pytest

from pierre_mcp.errors import DemoStoreError, OriginalUnknownError
from pierre_mcp.formats.archive import Member
from pierre_mcp.formats.frames import BrokenFrameError, Frame
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import contents
from pierre_mcp.services.contents import content_of, whole
from pierre_mcp.services.finding import find, plan
from pierre_mcp.services.imports import Import, shown, undo
from pierre_mcp.services.originals import Came, Originals, held, kept
from pierre_mcp.services.rotation import Emergency
from pierre_mcp.services.steps import Step
from pierre_mcp.services.work import PART_BYTES, Job, Reader, Work
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store import originals
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.imports import FileOutcome
from pierre_mcp.tools.catalogue import table
from tests.fakes import StillClock
from tests.formats.exporting import Row, export, zipped
from tests.formats.making import (
    STARTED_AT,
    UINT32,
    fit_activity,
    fit_time,
    gpx_activity,
    record,
    ride,
)
from tests.formats.making import begun as a_fit
from tests.gate.world import ABOUT
from tests.services.test_imports import run, take
from tests.services.test_workers import REAL
from tests.store.hands import edit
from tests.store.rotating import a_rotation
from tests.store.rotating import run as rotate_all
from tests.stores import a_store, owner_grant

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="descriptors travel over POSIX sockets only"
)

RIDE = ride(60)
LONG = fit_activity(RIDE) + os.urandom(3_000_000)
"""A file with a tail that nobody reads: twelve chunks."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


class Lasting(Parsers):
    """Workers that outlive an import: a start costs more than all they do here."""

    def __exit__(self, *_: object) -> None:
        pass


_POOL = Lasting(1, command=REAL)


@pytest.fixture(scope="session", autouse=True)  # a stolen test may come after all
def pool() -> Iterator[Parsers]:
    yield _POOL
    Parsers.__exit__(_POOL, None, None, None)


def an_import(*paths: Path, keeping: bool = True) -> Import:
    found = plan(find(paths), _POOL)
    return Import(found, StillClock(), originals=keeping, parsers=lambda: _POOL)


def original(store: Store, grant: Grant, number: int, ref: str = "1") -> bytes:
    with store.reading() as tx:
        return held(tx, grant, ref, number)


def cells(store: Store) -> int:
    with store.reading() as tx:
        return int(tx.one("SELECT count(*) FROM originals")[0])


def two_sports() -> bytes:
    """A FIT of two sessions, a minute each."""
    fit, start = a_fit(), fit_time(STARTED_AT)
    columns = ride(120)
    for i in range(120):
        record(fit, columns, i, start)
    for sport, begins in ((2, start), (1, start + 60)):
        fit.message(
            18,
            {
                253: (UINT32, begins + 60),
                2: (UINT32, begins),
                7: (UINT32, 60_000),
                5: (0, sport),
            },
            local=1,
        )
    return fit.finish()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """Plain, compressed, in archives, and one of several activities."""
    at = [STARTED_AT + timedelta(days=day) for day in range(6)]
    folder = tmp_path / "files"
    folder.mkdir()
    made = {
        "a.fit": fit_activity(RIDE, started_at=at[0]),
        "b.gpx.gz": gzip.compress(gpx_activity(RIDE, started_at=at[1])),
        "c.fit": two_sports(),
    }
    inside = {
        "d.fit.gz": gzip.compress(fit_activity(RIDE, started_at=at[3])),
        "e.gpx": gpx_activity(RIDE, started_at=at[4]),
    }
    deep = {"f.fit": fit_activity(RIDE, started_at=at[5])}
    for name, data in made.items():
        (folder / name).write_bytes(data)
    (folder / "z.zip").write_bytes(zipped(inside | {"deep.zip": zipped(deep)}))
    return made | inside | deep


def test_each_kind_comes_back_as_it_came(
    store: Store, grant: Grant, tmp_path: Path, files: dict[str, bytes]
) -> None:
    job = an_import(tmp_path / "files")
    run(store, grant, job)
    assert job.originals is not None
    assert job.originals is not None
    assert (job.originals.kept, job.originals.unkept) == (6, 0)
    with store.reading() as tx:
        _, lines = shown(tx, grant, "1")
        assert kept(tx, grant, lines) == [True] * 6
        assert originals.held(tx, grant)[0] == 6
    names = [line.name for line in lines]
    back = {n: original(store, grant, i) for i, n in enumerate(names, 1)}
    assert back == files
    assert lines[names.index("c.fit")].activities == 2
    assert cells(store) == 12, "one chunk and one head each: two activities share one"


def test_off_by_default_writes_none(
    store: Store, grant: Grant, tmp_path: Path, files: dict[str, bytes]
) -> None:
    job = an_import(tmp_path / "files", keeping=False)
    run(store, grant, job)
    assert cells(store) == 0
    assert job.originals is None
    with store.reading() as tx:
        assert originals.held(tx, grant) == (0, 0)
        assert not any(kept(tx, grant, shown(tx, grant, "1")[1]))
    for number in (-1, 0, 1, len(files), len(files) + 1):
        with pytest.raises(OriginalUnknownError):
            original(store, grant, number)


def test_a_later_run_adds_what_was_not_kept(
    store: Store, grant: Grant, tmp_path: Path, files: dict[str, bytes]
) -> None:
    run(store, grant, an_import(tmp_path / "files", keeping=False))
    again, third = (an_import(tmp_path / "files") for _ in range(2))
    run(store, grant, again)
    run(store, grant, third)
    assert again.originals is not None
    assert third.originals is not None
    assert (again.originals.kept, third.originals.kept) == (6, 0)
    assert again.run().activities == 0
    for ref in "123":
        assert original(store, grant, 1, ref) == files["a.fit"]
    with store.writing() as tx:
        undo(tx, grant, "1")
    assert cells(store) == 0


def test_an_export_that_is_in_gets_its_originals(
    store: Store, grant: Grant, tmp_path: Path
) -> None:
    data = gzip.compress(fit_activity(RIDE))
    rows = [Row(1, "activities/1.fit.gz"), Row(2, "activities/gone.fit"), Row(3, "")]
    path = tmp_path / "export_1.zip"
    path.write_bytes(zipped(export(rows, {"activities/1.fit.gz": data})))
    run(store, grant, an_import(path, keeping=False))
    job = an_import(path)
    run(store, grant, job)
    assert original(store, grant, 1, "2") == data
    assert original(store, grant, 1, "1") == data
    assert job.originals is not None
    assert job.originals is not None
    assert (job.originals.kept, job.originals.unkept) == (1, 0)


@pytest.mark.parametrize("after", [3, 4, 5, 6])
def test_cut_off_anywhere_it_is_not_there_and_then_completed(
    store: Store, grant: Grant, tmp_path: Path, after: int
) -> None:
    """Begin, file, look, then chunks by four: the head comes last."""
    path = tmp_path / "long.fit"
    path.write_bytes(LONG)
    job = an_import(path)
    steps = job.steps()
    for _ in range(after):
        take(store, grant, next(steps)[0])
    steps.close()
    take(store, grant, job.interrupted())
    expected = {3: 0, 4: 4, 5: 8, 6: 13}[after]
    assert cells(store) == expected
    if after < 6:
        with pytest.raises(OriginalUnknownError):
            original(store, grant, 1)
    run(store, grant, an_import(path))
    assert original(store, grant, 1) == original(store, grant, 1, "2") == LONG
    assert cells(store) == 13


def test_two_at_once_leave_one_whole_file(
    store: Store, grant: Grant, tmp_path: Path
) -> None:
    path = tmp_path / "long.fit"
    path.write_bytes(LONG)
    run(store, grant, an_import(path, keeping=False))
    ours, theirs = an_import(path), an_import(path)
    steps = ours.steps()
    for _ in range(5):
        take(store, grant, next(steps)[0])
    others = theirs.steps()
    for _ in range(4):
        take(store, grant, next(others)[0])
    take(store, grant, next(steps)[0])  # theirs stand where ours did: let them
    for step, _ in steps:
        take(store, grant, step)
    with pytest.raises(OriginalUnknownError):
        original(store, grant, 1)
    for step, _ in others:
        take(store, grant, step)
    assert original(store, grant, 1) == LONG
    assert ours.originals is not None
    assert theirs.originals is not None
    assert (ours.originals.kept, theirs.originals.kept) == (0, 1)


def test_taken_back_meanwhile(store: Store, grant: Grant, tmp_path: Path) -> None:
    path = tmp_path / "long.fit"
    path.write_bytes(LONG)
    job = an_import(path)
    steps = job.steps()
    for _ in range(4):
        take(store, grant, next(steps)[0])
    with store.writing() as tx:
        undo(tx, grant, "1")
    for step, _ in steps:
        take(store, grant, step)
    assert cells(store) == 0


def test_a_file_changed_since_it_was_parsed_is_not_kept(
    store: Store, grant: Grant, tmp_path: Path
) -> None:
    path, gone = tmp_path / "a.fit", tmp_path / "b.fit"
    path.write_bytes(fit_activity(RIDE))
    gone.write_bytes(fit_activity(RIDE, started_at=STARTED_AT + timedelta(days=1)))
    job = an_import(path, gone)
    steps = job.steps()
    for _ in range(2):
        take(store, grant, next(steps)[0])
    path.write_bytes(path.read_bytes() + b"x")
    gone.unlink()
    for step, _ in steps:
        take(store, grant, step)
    assert job.originals is not None
    assert job.originals is not None
    assert (job.originals.kept, job.originals.unkept) == (0, 2)
    assert cells(store) == 0


def test_nothing_of_a_demo_store(tmp_path: Path) -> None:
    path = tmp_path / "a.fit"
    path.write_bytes(fit_activity(RIDE))
    with a_store(tmp_path / "demo", demo=True) as store:
        step, _ = next(an_import(path).steps())
        with pytest.raises(DemoStoreError):
            take(store, owner_grant(store), step)


def test_no_step_holds_the_lock_for_long(
    store: Store, grant: Grant, tmp_path: Path
) -> None:
    """A mebibyte a step, whatever the file: counted, since time is the machine's."""
    path = tmp_path / "long.fit"
    path.write_bytes(fit_activity(RIDE) + bytes(20_000_000))
    before, most = 0, 0
    for step, _ in an_import(path).steps():
        take(store, grant, step)
        now = cells(store)
        before, most = now, max(most, now - before)
    assert before == 20_000_000 // originals.CHUNK_BYTES + 2
    assert most == 4


def test_nothing_is_asked_for_where_there_is_no_file() -> None:
    def never(job: Job) -> bytes:
        raise AssertionError(job)

    files = [Came(None, None, "x"), Came(Job(Path("x")), None, None)]
    assert list(Originals().steps(files, never)) == []


# --- a worker's word ------------------------------------------------------------------

DATA = b"0123456789"
MEMBER = Member("a.fit", 0, 10, len(DATA), 0, zlib.crc32(DATA))
END = Frame({"kind": "end"})


def part(data: object, **more: object) -> Frame:
    return Frame({"kind": "part", "data": data, **more})


def told(*frames: Frame) -> Callable[[], Frame]:
    left = iter(frames)
    return lambda: next(left)


def test_the_parts_of_a_member() -> None:
    parts = [part("MDEyMw=="), part("NDU2Nzg5"), END]
    assert content_of(told(*parts), MEMBER) == DATA
    failed = Frame({"kind": "failed", "reason": "broken_member"})
    assert content_of(told(parts[0], failed), MEMBER) is None


@pytest.mark.parametrize(
    "frames",
    [
        [END],
        [part("MDEyMw=="), END],
        [part("MDEyMzQ1Njc4OTA="), END],
        [part("MDEyMzQ1Njc4OQ=="), part("MDEy"), END],
        [part("eDEyMzQ1Njc4OQ=="), END],
        [part("MDEyMzQ1Njc4O"), END],
        [part("MDEyMzQ1Njc4OQ\n="), END],
        [part(""), END],
        [part(7), END],
        [part("A" * (PART_BYTES // 3 * 4 + 4)), END],
        [part("MDEyMzQ1Njc4OQ==", size=10), END],
        [part("MDEyMzQ1Njc4OQ=="), Frame({"kind": "gear"})],
        [replace(part("MDEyMzQ1Njc4OQ=="), columns={"t_s": ride(3)["t_s"]}), END],
    ],
)
def test_parts_that_are_not_it(frames: list[Frame]) -> None:
    with pytest.raises(BrokenFrameError):
        content_of(told(*frames), MEMBER)


def test_bytes_of_files_and_members(pool: Parsers, tmp_path: Path) -> None:
    plain, archive = tmp_path / "a.bin", tmp_path / "a.zip"
    big = os.urandom(2_000_000)
    plain.write_bytes(big)
    archive.write_bytes(zipped({"x.fit": big, "y.fit": b""}))
    assert pool.content(Job(plain)) == big
    assert pool.content(Job(tmp_path / "missing")) is None
    first, empty = (entry.job for entry in plan([archive], pool).entries)
    assert first is not None
    assert empty is not None
    assert pool.content(first) == big
    assert pool.content(empty) == b""
    (member,) = first.work.chain
    lies = [
        replace(member, crc=member.crc ^ 1),
        replace(member, size=member.size - 1),
        replace(member, size=contents.MOST_BYTES + 1),
    ]
    for lie in lies:
        work = Work(Reader.TRACKS, (lie,))
        assert pool.content(Job(archive, work)) is None
    assert pool.content(first) == big


def test_a_file_that_grew_or_cannot_be_read() -> None:
    class Torn:
        def read(self, _size: int, /) -> bytes:
            raise OSError

    class Still:
        def read(self, size: int, /) -> bytes:
            return b"abcdef"[:size]

    assert whole(Torn(), 3) is None
    assert whole(Still(), 3) is None
    assert whole(Still(), 6) == b"abcdef"


class Disturbed:
    """A step between whose sealing and writing something happens, the first time."""

    def __init__(self, step: Step, happens: Callable[[], object]) -> None:
        self._step = step
        self._happens: Callable[[], object] | None = happens

    def prepare(self, tx: Tx, grant: Grant) -> None:
        self._step.prepare(tx, grant)
        if self._happens is not None:
            self._happens()
            self._happens = None

    def write(self, tx: Tx, grant: Grant) -> None:
        self._step.write(tx, grant)


@pytest.mark.promise("keys.dek-rotation")
def test_keys_replaced_at_every_step_of_an_import_lose_nothing(
    store: Store, grant: Grant, tmp_path: Path
) -> None:
    """Nor does the import notice: each step is sealed again, and chunks go on."""
    (tmp_path / "a.fit").write_bytes(LONG)
    (tmp_path / "b.fit").write_bytes(fit_activity(ride(90)))
    job, call = an_import(tmp_path / "a.fit", tmp_path / "b.fit"), a_call()
    gate = Gate(store, table(), StillClock(), ABOUT)
    with a_store(tmp_path / "store") as other:
        emergencies = cycle([None, Emergency])

        def replaced() -> None:
            kind = next(emergencies)
            begin = kind and kind(StillClock(), None)
            assert rotate_all(other, a_rotation(begin))

        for step, _ in job.steps():
            gate.step(call, Disturbed(step, replaced))
            replaced()
    assert job.originals is not None
    assert (job.originals.kept, job.originals.unkept) == (2, 0)
    assert [original(store, grant, n) for n in (1, 2)] == [
        LONG,
        fit_activity(ride(90)),
    ]
    again = an_import(tmp_path / "a.fit", tmp_path / "b.fit")
    run(store, grant, again)
    assert {o.line.outcome for o in again.outcomes} == {FileOutcome.DUPLICATE}


def a_call() -> Call:
    return Call(Owner(), "import", "session")


def test_a_rotation_does_not_make_anothers_chunks_ours(
    store: Store, grant: Grant, tmp_path: Path
) -> None:
    """Chunks of other content, or beyond our last one, are another process's."""
    (tmp_path / "a.fit").write_bytes(fit_activity(RIDE))
    run(store, grant, an_import(tmp_path / "a.fit", keeping=False))
    with store.reading() as tx:
        [home_id] = tx.one("SELECT id FROM recordings")
        home = originals.home_of(tx, grant, home_id)
    assert home is not None

    def sealed(content: bytes, *numbers: int) -> list[originals.SealedCell]:
        store.refill()
        with store.reading() as tx:
            return [
                originals.seal_chunk(tx.ring, grant, home, content, n) for n in numbers
            ]

    def added(
        cells: list[originals.SealedCell],
        after: originals.SealedCell | None,
        content: bytes,
    ) -> bool:
        with store.writing() as tx:
            return originals.add(tx, grant, home, cells, after=after, content=content)

    ours, theirs = LONG, LONG[::-1]
    [first] = mine = sealed(ours, 1)
    assert added(mine, None, ours)
    assert added(sealed(theirs, 1), None, theirs)
    assert not added(sealed(ours, 2), first, ours)  # they began again
    assert rotate_all(store, a_rotation())
    assert not added(sealed(ours, 2), first, ours)  # sealed again, and still theirs
    [first] = mine = sealed(ours, 1)
    assert added(mine, None, ours)
    assert rotate_all(store, a_rotation())
    assert added(sealed(ours, 2), first, ours)
    assert not added(sealed(ours, 2), first, ours)  # somebody is ahead
    edit(
        tmp_path / "store",
        "UPDATE originals SET cell = CAST(substr(cell, 1, 90) AS BLOB) WHERE seq = 1",
    )
    [_, second] = sealed(ours, 1, 2)
    assert not added(sealed(ours, 3), replace(second, kid=0), ours)
