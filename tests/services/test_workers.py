import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.formats.faults import Reason
from pierre_mcp.formats.frames import Frame, write_frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.services import workers
from pierre_mcp.services.parsed import Parsed
from pierre_mcp.services.sources import Source
from pierre_mcp.services.work import Job
from pierre_mcp.services.workers import COMMAND, Parsers
from tests.formats import making
from tests.formats.making import ride
from tests.services.test_parser import SOUND

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="descriptors travel over POSIX sockets only"
)

ROOT = str(Path(__file__).parents[2])
RIDE = making.fit_activity(ride(60))


def script(body: str) -> tuple[str, ...]:
    """A worker of our own making, which takes a job and then does as told."""
    lines = ("import os, sys, time", f"sys.path.insert(0, {ROOT!r})", body)
    return (sys.executable, "-I", "-c", "\n".join(lines))


REAL = script("from pierre_mcp.services.parser import main; main()")
"""The real worker, found also where the package is not installed."""


def framed(*frames: Frame) -> bytes:
    out = io.BytesIO()
    for frame in frames:
        write_frame(out, frame)
    return out.getvalue()


def saying(data: bytes) -> tuple[str, ...]:
    """A worker that answers every job with these bytes, and then waits."""
    path_free = f"while os.read(0, 4096): os.write(1, bytes.fromhex({data.hex()!r}))"
    return script(path_free)


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    with Parsers(command=REAL) as pool:
        yield pool


def parse_one(pool: Parsers, path: Path) -> Parsed:
    ((given, parsed),) = pool.parse([Job(path)])
    assert given == Job(path)
    return parsed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ride"
    path.write_bytes(RIDE)
    return path


def test_files_come_back_in_order_with_their_digests(
    parsers: Parsers, tmp_path: Path
) -> None:
    contents = [making.fit_activity(ride(10 * i)) for i in range(1, 20)]
    paths = [tmp_path / str(i) for i in range(len(contents))]
    for path, data in zip(paths, contents, strict=True):
        path.write_bytes(data)
    results = list(parsers.parse(map(Job, paths)))
    assert [job.path for job, _ in results] == paths
    for (_, parsed), data in zip(results, contents, strict=True):
        assert parsed.digest == hashlib.sha256(data).digest()
        assert (parsed.failed, parsed.skipped) == (None, None)
    assert [len(p.activities[0].columns["t_s"]) for _, p in results] == [
        10 * i for i in range(1, 20)
    ]


def test_reasons_come_back(parsers: Parsers, tmp_path: Path) -> None:
    path = tmp_path / "any.fit"
    path.write_bytes(b"")
    assert parse_one(parsers, path).skipped is Reason.EMPTY
    path.write_bytes(b"<gpx>")
    parsed = parse_one(parsers, path)
    assert parsed.failed is Reason.BROKEN_XML
    assert parsed.digest == hashlib.sha256(b"<gpx>").digest()


def test_only_regular_files_are_opened(parsers: Parsers, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    paths = [tmp_path / n for n in ("pipe", "folder", "link", "absent")]
    results = list(parsers.parse(map(Job, [*paths, Path(os.devnull)])))
    assert all(p == Parsed(None, failed=Reason.NOT_A_FILE) for _, p in results)


def test_too_large_is_told_without_a_worker(file: Path) -> None:
    with Parsers(limits=Limits(file_bytes=10), command=("/nowhere",)) as pool:
        assert parse_one(pool, file).failed is Reason.TOO_LARGE


ACTIVITY = Frame(SOUND.header, SOUND.columns)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("/nowhere",), id="cannot start"),
        pytest.param(script("sys.exit(3)"), id="dies"),
        pytest.param(script("os.read(0, 9); os.write(1, b'\\0')"), id="dies midway"),
        pytest.param(saying(b"Traceback (most recent call last)"), id="prints"),
        pytest.param(saying(framed(Frame({"kind": "win"}))), id="lies"),
        pytest.param(saying(framed(*[ACTIVITY] * 9)), id="never ends"),
    ],
)
def test_a_worker_that_fails_is_a_limit(command: tuple[str, ...], file: Path) -> None:
    with Parsers(1, command=command, limits=Limits(tracks=5)) as pool:
        parsed = parse_one(pool, file)
    assert parsed == Parsed(hashlib.sha256(RIDE).digest(), failed=Reason.LIMITS)


def test_too_many_samples_are_a_limit(file: Path) -> None:
    command = saying(framed(ACTIVITY, Frame({"kind": "end"})))
    with Parsers(1, command=command, limits=Limits(samples=59)) as pool:
        assert parse_one(pool, file).failed is Reason.LIMITS
    with Parsers(1, command=command, limits=Limits(samples=60)) as pool:
        assert parse_one(pool, file).failed is None


def test_a_worker_that_hangs_is_killed_by_the_clock(file: Path) -> None:
    # Its child keeps the socket open, so that the worker's death alone ends nothing.
    hangs = script("os.fork(); time.sleep(3_600)")
    with Parsers(1, command=hangs, clock_s=0.3) as pool:
        assert parse_one(pool, file).failed is Reason.LIMITS


def test_the_next_file_does_not_notice(file: Path, tmp_path: Path) -> None:
    # The first worker to start finds no mark, leaves one and dies.
    mark = str(tmp_path / "mark")
    once = script(
        f"if not os.path.exists({mark!r}): open({mark!r}, 'w'); sys.exit(1)\n"
        "from pierre_mcp.services.parser import main; main()"
    )
    with Parsers(1, command=once) as pool:
        outcomes = [parsed.failed for _, parsed in pool.parse([Job(file)] * 3)]
    assert outcomes == [Reason.LIMITS, None, None]


def test_a_worker_is_replaced_when_spent(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FILES_PER_WORKER", 2)
    log = str(tmp_path / "starts")
    counted = script(
        f"open({log!r}, 'a').write('x')\n"
        "from pierre_mcp.services.parser import main; main()"
    )
    with Parsers(1, command=counted) as pool:
        assert all(parsed.activities for _, parsed in pool.parse([Job(file)] * 5))
    assert Path(log).read_text() == "xxx"


def test_leaving_ends_the_workers_and_drops_the_rest(file: Path) -> None:
    hangs = script("time.sleep(3_600)")
    pool = Parsers(1, command=hangs)
    with pool:
        waiting = pool.parse([Job(file)] * 9)
        pool._threads.submit(pool._parse, Job(file))
    with pytest.raises(RuntimeError):
        next(waiting)


def test_a_closed_slot_starts_nothing(file: Path) -> None:
    slot = workers._Slot(REAL, 1.0, Limits())
    slot.kill()
    source = Source.open(file)
    with source.stream:
        assert slot.parse(source).failed is Reason.LIMITS


class Torn(io.FileIO):
    """A file on a disk that fails."""

    def readinto(self, _buffer: object, /) -> int:
        raise OSError


def test_a_file_that_cannot_be_read_is_no_file(file: Path) -> None:
    slot = workers._Slot(REAL, 1.0, Limits())
    with Torn(file) as stream:
        source = Source(stream, 1)
        assert slot.parse(source) == Parsed(None, failed=Reason.NOT_A_FILE)


def test_the_worker_knows_no_key_and_no_database() -> None:
    listed = (
        "import pierre_mcp.services.parser\n"
        "print(*[n for n in sys.modules if n.startswith('pierre_mcp.')])"
    )
    result = subprocess.run(script(listed), capture_output=True, text=True, check=True)
    rows = {name.split(".")[1] for name in result.stdout.split()}
    assert rows == {"analytics", "formats", "model", "services"}


def test_the_command_is_isolated() -> None:
    assert COMMAND[1:] == ("-I", "-m", "pierre_mcp.services.parser")


def test_the_worker_runs_as_installed(file: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-I", "-c", "import pierre_mcp"], check=False
    )
    if found.returncode:
        pytest.skip("pierre_mcp is not installed in this interpreter")
    with Parsers(1) as pool:
        assert len(parse_one(pool, file).activities) == 1
