"""A Strava export, from the archive to the store: whole, safe, and twice the same."""

import gzip
import io
import json
import os
import signal
import stat
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import DemoStoreError
from pierre_mcp.formats.frames import BrokenFrameError, Frame
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import HeartRateCell, PowerCell
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.recording import Recording
from pierre_mcp.model.scope import Pair
from pierre_mcp.services import places, strava
from pierre_mcp.services.entries import Plan, told
from pierre_mcp.services.exported import (
    ActivityRow,
    Answered,
    UnreadRow,
    answered,
)
from pierre_mcp.services.finding import find, plan
from pierre_mcp.services.imports import Import, shown, undo
from pierre_mcp.services.parser import activity_frame
from pierre_mcp.services.readers import Readers, Task
from pierre_mcp.services.work import Reader, Work
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store import athlete, gear, policies, recordings
from pierre_mcp.store.activity import recordings_of
from pierre_mcp.store.database import Store
from pierre_mcp.store.imports import FileLine, State
from tests.fakes import StillClock
from tests.formats.exporting import (
    BIKES,
    FRENCH,
    GERMAN,
    PRIVATE,
    SHOES,
    ZONES,
    Row,
    activities_csv,
    export,
    later,
    zipped,
)
from tests.formats.making import (
    STARTED_AT,
    UINT8,
    UINT16,
    Value,
    beat,
    begun,
    fit_activity,
    gpx_activity,
    ride,
    tcx_activity,
)
from tests.services.test_workers import REAL, script
from tests.stores import a_grant, a_store, owner_grant, pairs_of

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="descriptors travel over POSIX sockets only"
)

RIDE = ride(60)
CORPUS = (
    Path(__file__).parents[3]
    / "shared/corpus/martin-ueding+geo-activity-playground/testdata/Strava Export"
)


def made(kind: str, day: int) -> bytes:
    at = STARTED_AT + timedelta(days=day)
    makers: dict[str, Any] = {
        "fit": fit_activity,
        "gpx": gpx_activity,
        "tcx": tcx_activity,
    }
    name, _, zipped_ = kind.partition(".")
    data: bytes = makers[name](RIDE, started_at=at)
    return gzip.compress(data, mtime=0) if zipped_ else data


KINDS = ("fit.gz", "gpx", "gpx.gz", "tcx.gz", "fit", "tcx")
FILES = {f"activities/{900 + i}.{kind}": made(kind, i) for i, kind in enumerate(KINDS)}
ROWS = [
    *(
        Row(i + 1, file, later(i), f"Name {i}", gear="Silver")
        for i, file in enumerate(FILES)
    ),
    Row(70, "", later(70), "By hand", note="for me alone", gear="Gone", km=5.0),
]
EXPORT = export(ROWS, FILES)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    with Parsers(1, command=REAL) as pool:
        yield pool


class Importer:
    """Imports into one store with one pool of workers."""

    def __init__(
        self, store: Store, grant: Grant, parsers: Parsers, home: Path
    ) -> None:
        self.store, self.grant, self.parsers, self.home = store, grant, parsers, home

    def planned(self, *paths: Path, limits: Limits | None = None) -> Plan:
        return plan(find(paths), self.parsers, limits)

    def run(self, planned: Plan, *, stop_after: int = -1) -> Import:
        job = Import(planned, StillClock(), most=2, parsers=self.pool)
        for done, (step, _) in enumerate(job.steps()):
            with self.store.reading() as tx:
                step.prepare(tx, self.grant)
            if done == stop_after:
                return job
            with self.store.writing() as tx:
                step.write(tx, self.grant)
        return job

    def pool(self) -> Parsers:
        return Lent(self.parsers)

    def told(self, job: Import) -> dict[str, tuple[str, str]]:
        return {
            o.line.name: (o.line.outcome.value, o.line.reason) for o in job.outcomes
        }

    def takes(self, files: Mapping[str, bytes] | bytes, name: str = "e.zip") -> Import:
        return self.run(self.planned(self.zip(files, name)))

    def zip(self, files: Mapping[str, bytes] | bytes, name: str = "e.zip") -> Path:
        path = self.home / name
        path.write_bytes(files if isinstance(files, bytes) else zipped(files))
        return path

    def folder(self, files: dict[str, bytes], name: str = "folder") -> Path:
        for inner, data in files.items():
            path = self.home / name / inner
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return self.home / name

    def recordings(self) -> list[Recording]:
        with self.store.reading() as tx:
            rows = list(recordings.newest(tx, self.grant, recordings.Wanted()))
            ids = dict.fromkeys(row.activity_id for row in rows)
            return [r for one in ids for r in recordings_of(tx, self.grant, one)]

    def dump(self) -> list[str]:
        """All that is in the store, without the ids that are drawn by lot."""
        with self.store.reading() as tx:
            titles = {i: g.title for i, g in gear.listed(tx, self.grant).items()}
        lines = [f"gear {title}" for title in titles.values()]
        for one in self.recordings():
            used = titles.get(one.activity.gear or "")
            cells: list[Any] = [one.activity.model_copy(update={"gear": used})]
            cells += [one.heart_rate, one.power, one.location, one.notes]
            told = [cell and cell.model_dump(mode="json") for cell in cells]
            lines.append(f"{one.where} {one.sport} {one.local_day} {json.dumps(told)}")
        return sorted(lines + self.together())

    def together(self) -> list[str]:
        """Which recordings are of one activity, each by its source and start."""
        found: dict[str, list[str]] = {}
        for one in self.recordings():
            told = f"{one.where.source} {one.activity.started_us}"
            found.setdefault(one.activity_id, []).append(told)
        return [f"together {sorted(told)}" for told in found.values()]


class Lent(Parsers):
    """A pool that stays when the import that used it ends."""

    def __init__(self, inner: Parsers) -> None:
        self.__dict__.update(inner.__dict__)

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def importer(store: Store, grant: Grant, parsers: Parsers, tmp_path: Path) -> Importer:
    home = tmp_path / "home"
    home.mkdir()
    return Importer(store, grant, parsers, home)


def test_everything_of_an_export_comes_in(importer: Importer) -> None:
    job = importer.takes(EXPORT)
    assert set(importer.told(job).values()) == {("imported", "")}
    found = importer.recordings()
    assert len(found) == len(ROWS)
    assert {(r.where.source, r.where.origin) for r in found} == {
        ("strava", "strava_export")
    }
    notes = {r.notes.name: r for r in found if r.notes}  # type: ignore[union-attr]
    assert set(notes) == {row.name for row in ROWS}
    by_hand = notes["By hand"]
    assert by_hand.notes.private_note == "for me alone"  # type: ignore[union-attr]
    assert by_hand.activity.distance_m == 5_000
    assert by_hand.activity.elapsed_s == 3_600
    assert notes["Name 0"].activity.elapsed_s == 59  # the file's, not the row's
    assert {r.sport for r in found} == {Sport.RUNNING}  # the row's, not the file's


def test_gear_is_told_of_and_taken_back(importer: Importer) -> None:
    job = importer.takes(EXPORT)
    with importer.store.reading() as tx:
        held = gear.listed(tx, importer.grant)
    assert {(g.kind, g.title) for g in held.values()} == {
        ("shoes", "Brandless Glider 3"),
        ("shoes", "Old ones"),
        ("bike", "Silver"),
        (None, "Gone"),
    }
    used = {held[r.activity.gear or ""].title for r in importer.recordings()}
    assert used == {"Silver", "Gone"}
    again = importer.takes(EXPORT)
    for ref, left in ((job.id, 4), (again.id, 0)):
        with importer.store.writing() as tx:
            undo(tx, importer.grant, ref)
            assert len(gear.listed(tx, importer.grant)) == left
    assert importer.recordings() == []


@pytest.mark.promise("consent.granular")
def test_gear_is_told_by_the_profile_of_its_source(importer: Importer) -> None:
    importer.takes(EXPORT)
    with importer.store.reading() as tx:
        held = gear.listed(tx, importer.grant)
        assert held
        for pairs, told in (
            (pairs_of("strava", Category.PROFILE), held),
            (pairs_of("strava", Category.ACTIVITIES, Category.NOTES), {}),
            (pairs_of("files", Category.PROFILE), {}),
        ):
            assert gear.listed(tx, _recipient(importer.grant, pairs)) == told


def test_the_athletes_weight_is_told_and_taken_back(importer: Importer) -> None:
    user: dict[int, Value] = {4: (UINT16, 705), 8: (UINT8, 47)}
    fit = beat(begun().message(3, user, local=1), 0).finish()
    files = {"activities/1.fit": fit, "activities/2.fit": fit}
    rows = [
        Row(1, "activities/1.fit", totals={1: 64.5}),
        Row(2, "activities/2.fit", totals={1: 0}),
        Row(3, totals={1: "9999999"}),
        Row(4, totals={1: 64.0}),
    ]
    job = importer.takes({"activities.csv": activities_csv(rows), **files})
    weights = {64.5: Origin.STRAVA_EXPORT, 70.5: Origin.USER_PROFILE}
    told = [
        *(Fact(kind=Kind.WEIGHT, value=v, origin=o) for v, o in weights.items()),
        Fact(kind=Kind.WEIGHT, value=64, origin=Origin.STRAVA_EXPORT),
        Fact(kind=Kind.RESTING_HEART_RATE, value=47, origin=Origin.USER_PROFILE),
    ]
    with importer.store.writing() as tx:
        found = list(athlete.seen(tx, importer.grant))
        assert {source for source, _ in found} == {"strava"}
        assert {seen.fact for _, seen in found} == set(told)
        undo(tx, importer.grant, job.id)
        assert list(athlete.seen(tx, importer.grant)) == []


def _recipient(grant: Grant, pairs: set[Pair]) -> Grant:
    return a_grant(Identity(grant.tenant, grant.person), pairs=pairs)


def test_what_the_file_lacks_the_row_gives(importer: Importer) -> None:
    columns = {n: c for n, c in RIDE.items() if n not in {"heart_rate_bpm", "power_w"}}
    gpx = gpx_activity(columns, started_at=STARTED_AT)
    totals = {18: 180, 19: 140, 20: 400, 21: 200, 22: 640}
    row = Row(1, "activities/1.gpx", kind="Workout", totals=totals)
    importer.takes(export([row], {"activities/1.gpx": gpx}))
    (found,) = importer.recordings()
    assert found.sport is Sport.CYCLING  # of the file, since the row's is unknown
    assert found.activity.calories_kcal == 640
    assert found.heart_rate.mean_bpm == 140  # type: ignore[union-attr]
    assert found.power.max_power_w == 400  # type: ignore[union-attr]


def test_of_a_file_of_two_the_row_gives_no_totals(importer: Importer) -> None:
    fit = made("fit", 0) + made("fit", 1)
    row = Row(1, "activities/1.fit", totals={22: 640})
    importer.takes(export([row], {"activities/1.fit": fit}))
    found = importer.recordings()
    assert len(found) == 2
    assert {r.activity.calories_kcal for r in found} == {None}


@pytest.mark.parametrize("language", [GERMAN, FRENCH], ids=["german", "french"])
@pytest.mark.parametrize("width", [11, 103])
def test_any_language_and_width(importer: Importer, language: Any, width: int) -> None:
    rows = [replace(row, kind=language.ride) for row in ROWS]
    importer.takes(export(rows, FILES, language=language, width=width))
    found = importer.recordings()
    assert len(found) == len(ROWS)
    assert {r.sport for r in found} == {Sport.CYCLING}


SHAPES = {
    "as it came": EXPORT,
    "one folder down": {f"export_1/{n}": d for n, d in EXPORT.items()},
    "flat": {n.rpartition("/")[2]: d for n, d in EXPORT.items()},
    "in a zip of its own": {"export_1.zip": zipped(EXPORT)},
}


@pytest.mark.parametrize("files", SHAPES.values(), ids=SHAPES)
def test_zipped_in_any_way_it_is_the_same(
    importer: Importer, files: dict[str, bytes]
) -> None:
    importer.takes(EXPORT)
    before = importer.dump()
    again = importer.takes(files, "again.zip")
    assert {outcome for outcome, _ in importer.told(again).values()} == {"duplicate"}
    assert importer.dump() == before


@pytest.mark.parametrize("down", ["", "export_1/"])
def test_a_folder_is_the_same_as_its_zip(importer: Importer, down: str) -> None:
    folder = importer.folder({down + n: d for n, d in EXPORT.items()})
    importer.folder({"beside/x.fit": made("fit", 30)}, "folder" if down else "other")
    importer.run(importer.planned(folder))
    importer.takes(EXPORT)
    sources = [r.where.source for r in importer.recordings()]
    assert sources.count("strava") == len(ROWS)
    assert sources.count("files") == bool(down)


@pytest.mark.promise("privacy.minimised")
def test_only_what_is_listed_is_opened(importer: Importer) -> None:
    """Every byte read of the archive is its directory's or a listed member's."""
    path = importer.zip(EXPORT)
    with zipfile.ZipFile(path) as archive:
        private = [archive.getinfo(name) for name in PRIVATE]
    planned = importer.planned(path)
    opened = {e.job.work.chain[-1].path for e in planned.entries if e.job}
    assert opened == set(FILES)
    data = bytearray(path.read_bytes())
    for info in private:  # were one opened, it would be a damaged member
        data[info.header_offset : info.header_offset + 30] = bytes(30)
    path.write_bytes(bytes(data))
    job = importer.run(importer.planned(path))
    assert set(importer.told(job).values()) == {("imported", "")}


ORDERS = {
    "archive, files": ("zip", "files"),
    "files, archive": ("files", "zip"),
    "archive twice": ("zip", "zip", "files"),
    "one by one, folder, archive": ("each", "folder", "zip"),
    "archive, folder, files": ("zip", "folder", "each"),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_in_every_order_the_store_is_the_same(
    importer: Importer, order: tuple[str, ...], tmp_path: Path, parsers: Parsers
) -> None:
    ways = {
        "zip": [importer.zip(EXPORT)],
        "folder": [importer.folder(EXPORT)],
        "files": [importer.folder(FILES, "plain")],
        "each": sorted((importer.folder(FILES, "plain") / "activities").iterdir()),
    }
    for word in order:
        for path in ways[word]:
            importer.run(importer.planned(path))
    with a_store(tmp_path / "other", own=True) as store:
        home = tmp_path / "home2"
        home.mkdir()
        other = Importer(store, owner_grant(store), parsers, home)
        for word in ("zip", "files"):
            other.run(other.planned(*ways[word]))
        assert importer.dump() == other.dump()
    sources = [r.where.source for r in importer.recordings()]
    assert sources.count("strava") == len(ROWS)
    assert sources.count("files") == len(FILES)


def test_two_at_once(importer: Importer) -> None:
    """Whatever one has sealed when the other commits is told as there already."""
    planned = importer.planned(importer.zip(EXPORT))
    ours = Import(planned, StillClock(), most=3, parsers=importer.pool)
    for done, (step, _) in enumerate(ours.steps()):
        with importer.store.reading() as tx:
            step.prepare(tx, importer.grant)
        if done == 2:
            importer.run(planned)
        with importer.store.writing() as tx:
            step.write(tx, importer.grant)
    assert len(importer.recordings()) == len(ROWS)
    outcomes = [o.line.outcome.value for o in ours.outcomes]
    assert set(outcomes) == {"imported", "duplicate"}


@pytest.mark.parametrize("after", range(5))
def test_a_run_cut_off_is_gone_on_with(importer: Importer, after: int) -> None:
    planned = importer.planned(importer.zip(EXPORT))
    importer.run(planned, stop_after=after)
    importer.run(planned)
    cut = importer.dump()
    assert len(importer.recordings()) == len(ROWS)
    with importer.store.writing() as tx:
        for ref in ("1", "2")[after == 0 :]:
            undo(tx, importer.grant, ref if after else "1")
    importer.run(planned)
    assert importer.dump() == cut


KILLED = """
import sys
from pathlib import Path
from pierre_mcp.services.finding import find, plan
from pierre_mcp.services.imports import Import
from pierre_mcp.services.workers import Parsers
from tests.fakes import StillClock
from tests.stores import *
store = new_store(Path(sys.argv[1]))
grant = owner_grant(store)
with Parsers(1) as parsers:
    planned = plan(find([Path(sys.argv[2])]), parsers)
job = Import(planned, StillClock(), most=1)
for step, progress in job.steps():
    store.refill()
    with store.reading() as tx:
        step.prepare(tx, grant)
    with store.writing() as tx:
        step.write(tx, grant)
    print(progress.done, flush=True)
"""


@pytest.mark.promise("store.crash")
def test_a_kill_loses_nothing_that_was_told(tmp_path: Path, parsers: Parsers) -> None:
    files = {f"activities/{i}.fit.gz": made("fit.gz", i) for i in range(30)}
    rows = [Row(i + 1, name, later(i)) for i, name in enumerate(files)]
    path = tmp_path / "e.zip"
    path.write_bytes(zipped(export(rows, files)))
    words = [*script(KILLED)[:-1], script(KILLED)[-1], str(tmp_path / "s"), str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = 0
        while told < 5:
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = [int(line) for line in process.stdout.read().split()]
        told = max([told, *rest])
    assert process.returncode == -signal.SIGKILL
    with a_store(tmp_path / "s") as store:
        importer = Importer(store, owner_grant(store), parsers, tmp_path)
        assert told <= len(importer.recordings()) < 30
        importer.run(importer.planned(path))
        assert len(importer.recordings()) == 30


def outcomes_of(importer: Importer, files: dict[str, bytes]) -> dict[str, Any]:
    return importer.told(importer.takes(files))


def test_what_is_wrong_with_one_is_not_the_others(importer: Importer) -> None:
    files = {
        "activities/1.fit.gz": made("fit.gz", 1),
        "activities/2.fit.gz": b"\x1f\x8bnonsense",
        "activities/3.gpx": b'<!DOCTYPE x [<!ENTITY a "b">]><gpx/>',
        "activities/4.fit": b"MZ\x90 this is a program",
        "activities/5.gpx": b"<gpx>" + b" " * (3 * 1024 * 1024),
        "activities/6.fit": made("fit", 6),
        "activities/8.tcx": b"",
    }
    rows = [Row(i, f"activities/{n}", later(i)) for i, n in enumerate(
        ("1.fit.gz", "2.fit.gz", "3.gpx", "4.fit", "5.gpx", "7.fit", "../../etc/passwd",
         "1.fit.gz"), 1)]  # fmt: skip
    rows.append(Row(50, "", at="one day"))
    found = outcomes_of(importer, export(rows, files))
    assert found == {
        "1.fit.gz": ("failed", "named_twice"),
        "2.fit.gz": ("repaired", "broken_gzip, row_alone"),
        "3.gpx": ("repaired", "entity_refused, row_alone"),
        "4.fit": ("repaired", "not_a_known_format, row_alone"),
        "5.gpx": ("repaired", "bomb, row_alone"),
        "7.fit": ("repaired", "file_missing, row_alone"),
        "passwd": ("repaired", "file_missing, row_alone"),
        "6.fit": ("imported", ""),
        "8.tcx": ("skipped", "empty"),
        "activities.csv, row 9": ("failed", "unknown_date"),
    }
    assert len(importer.recordings()) == 8


def test_a_row_alone_gives_way_to_its_file(importer: Importer) -> None:
    name = "activities/1.fit"
    torn = export([Row(1, name)], {name: b"\x0e\x10 torn"})
    whole = export([Row(1, name)], {name: made("fit", 1)})
    importer.takes(torn)
    assert importer.recordings()[0].activity.elapsed_s == 3_600
    for files in (torn, whole, torn, whole):
        importer.takes(files)
    (found,) = importer.recordings()
    assert found.activity.elapsed_s == 59


def test_a_table_that_fails_once_doubles_nothing(importer: Importer) -> None:
    """With and without its table, in both orders, an activity is one."""
    whole = export(ROWS, FILES)
    bare = {**whole, "activities.csv": b'"' + bytes(range(32, 127)) * 2_000}
    for files in (bare, whole, bare):
        importer.takes(files)
    found = importer.recordings()
    assert len(found) == len(ROWS)


def hostile(change: Any, name: str = "activities/1.fit") -> bytes:
    """An export beside one member that is not what it should be."""
    out = io.BytesIO(zipped(export([Row(2, "activities/2.fit")], {
        "activities/2.fit": made("fit", 2)})))  # fmt: skip
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo(name)
        change(info)
        archive.writestr(info, b"content")
    return out.getvalue()


def as_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def as_it_is(info: zipfile.ZipInfo) -> None:
    del info


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        pytest.param(hostile(as_link), "1.fit", "link_or_device", id="link"),
        pytest.param(
            hostile(as_it_is, "../../x.sh"), "x.sh", "unsafe_name", id="traversal"
        ),
        pytest.param(
            hostile(as_it_is, "/etc/cron.d/x"), "x", "unsafe_name", id="absolute"
        ),
        pytest.param(
            hostile(as_it_is, "activities/2.FIT"), "2.FIT", "named_twice", id="twice"
        ),
    ],
)
def test_a_hostile_member_is_named_and_the_rest_comes_in(
    importer: Importer, data: bytes, name: str, reason: str
) -> None:
    told = importer.told(importer.takes(data))
    assert told.pop(name) == ("failed", reason)
    assert told == {"2.fit": ("imported", "")}
    inside = {p.name for p in importer.home.rglob("*")}
    assert inside == {"e.zip"}, "nothing is ever unpacked"


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b",".join([b"x"] * 10_000), "too_many_columns"),
        (activities_csv([Row(1, "activities/1.fit")]) + b'2,"' + b"x" * 200_000,
         "broken_table"),
        (b'"' + b"x" * 2_000_000, "bomb"),
    ],
)  # fmt: skip
def test_a_hostile_table(importer: Importer, table: bytes, reason: str) -> None:
    files = {"activities/1.fit": made("fit", 1), "activities/2.fit": made("fit", 2)}
    found = outcomes_of(importer, {"activities.csv": table, **files})
    assert found == {
        "activities.csv": ("failed", reason),
        "1.fit": ("imported", ""),
        "2.fit": ("imported", ""),
    }


def test_an_export_of_somebody_else_is_files(importer: Importer) -> None:
    table = b"Activity Type,Date,Favorite\n" + b"Running,2022-01-01,x\n" * 3
    found = outcomes_of(importer, {"activities.csv": table, "1.fit": made("fit", 1)})
    assert found == {"1.fit": ("imported", "")}
    assert importer.recordings()[0].where.source == "files"


def test_a_plain_zip_is_files(importer: Importer) -> None:
    """The same file alone, in a zip and in a zip in a zip is one."""
    inner = zipped({"b.fit.gz": made("fit.gz", 2), "a.fit": made("fit", 1)})
    found = outcomes_of(
        importer, {"a.fit": made("fit", 1), "readme.txt": b"", "inner.zip": inner}
    )
    assert found == {"a.fit": ("duplicate", ""), "b.fit.gz": ("imported", "")}
    (importer.home / "b.fit.gz").write_bytes(made("fit.gz", 2))
    again = importer.run(importer.planned(importer.home / "b.fit.gz"))
    assert importer.told(again) == {"b.fit.gz": ("duplicate", "")}
    assert {r.where.source for r in importer.recordings()} == {"files"}


def test_zips_lie_in_one_another_only_so_deep(importer: Importer) -> None:
    data = made("fit", 1)
    for depth in range(5):
        data = zipped({f"{depth}.zip" if depth else "x.fit": data})
    assert outcomes_of(importer, {"top.zip": data}) == {
        "3.zip": ("failed", "nested_too_deep")
    }


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"not a zip", ("failed", "broken_archive")),
        (made("fit", 1), ("failed", "broken_archive")),
        (zipped({"readme.txt": b"x"}), ("skipped", "nothing_to_import")),
        (zipped({"x/locked.zip": b"no"}), ("failed", "broken_archive")),
    ],
)
def test_no_archive(importer: Importer, data: bytes, outcome: tuple[str, str]) -> None:
    (found,) = importer.told(importer.takes(data)).values()
    assert found == outcome


def test_an_archive_of_too_many(importer: Importer) -> None:
    path = importer.zip({"a.zip": zipped({f"{i}.fit": b"" for i in range(9)})})
    planned = importer.planned(path, limits=Limits(members=5))
    assert [e.refused for e in planned.entries] == ["too_many_members"]


def test_what_cannot_be_opened_is_said_so(importer: Importer) -> None:
    gone = importer.home / "gone.zip"
    planned = plan([gone], importer.parsers)
    assert [e.refused for e in planned.entries] == ["not_a_file"]


def test_a_strange_export(importer: Importer) -> None:
    """A table that is a link, no rows at all, zones and gear that are damaged."""
    empty = export([], {}, privacy_zones=b'"', shoes=b'"' + b"x" * 200_000)
    assert importer.planned(importer.zip(empty)).zones == ()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("activities.csv")
        as_link(info)
        archive.writestr(info, b"/etc/passwd")
        archive.writestr("activities/1.fit", made("fit", 1))
    told = importer.told(importer.takes(out.getvalue(), "l.zip"))
    assert told == {
        "activities.csv": ("failed", "link_or_device"),
        "1.fit": ("imported", ""),
    }


def test_a_refused_table_is_said_so(importer: Importer) -> None:
    data = bytearray(zipped(export([Row(1)], {})))
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] = 1  # encrypted
    (one,) = importer.planned(importer.zip(bytes(data))).entries
    assert (one.name, one.refused) == ("activities.csv", "encrypted")


WORKERS = {
    "dies": "sys.exit(3)",
    "hangs": "time.sleep(3_600)",
    "prints": "os.read(0, 9); os.write(1, b'Traceback'); time.sleep(3_600)",
}


@pytest.mark.parametrize("body", WORKERS.values(), ids=WORKERS)
def test_a_worker_that_fails_at_the_directory(tmp_path: Path, body: str) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(zipped(EXPORT))
    with Parsers(1, command=script(body), clock_s=0.3) as pool:
        planned = plan([path], pool)
    assert [(e.name, e.refused) for e in planned.entries] == [("e.zip", "limits")]


def member(**changed: Any) -> dict[str, Any]:
    return {"kind": "member", "member": ["x", 0, 0, 0, 0, 0], "refused": None} | changed


END = {"kind": "end"}


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([member(refused="a sentence"), END], id="a reason of its own"),
        pytest.param([member(member=["x", -1, 0, 0, 0, 0]), END], id="before the file"),
        pytest.param([member(member=["x" * 999, 0, 0, 0, 0, 0]), END], id="long name"),
        pytest.param([member(member=["x"]), END], id="half a member"),
        pytest.param([member(more=1), END], id="unknown field"),
        pytest.param([member()] * 9, id="too many"),
        pytest.param([{"kind": "row", "row": 1}, END], id="half a row"),
        pytest.param([{"kind": "zone", "zone": {"lat_deg": 91.0}}, END], id="no zone"),
        pytest.param([{"kind": "gear", "gear": {"kind": "car"}}, END], id="a car"),
        pytest.param([{"kind": "broken", "row": 0, "reason": "empty"}], id="row 0"),
        pytest.param([{"kind": "end", "digest": "00"}], id="half a digest"),
        pytest.param([{"kind": "activity"}], id="an activity"),
    ],
)
def test_a_lying_answer_is_refused(frames: list[dict[str, Any]]) -> None:
    given = iter([Frame(header) for header in frames])
    with pytest.raises((BrokenFrameError, StopIteration)):
        answered(lambda: next(given), Limits(rows=8))


def test_an_answer_of_endless_text_is_refused() -> None:
    row = {
        "kind": "row", "row": 1, "provider_id": "1", "file": None, "sport": None,
        "name": None, "description": "x" * 9_000, "private_note": None, "gear": None,
        "activity": {"started_us": 0, "elapsed_s": 1.0}, "heart_rate": None,
        "power": None,
    }  # fmt: skip
    with pytest.raises(BrokenFrameError):
        answered(lambda: Frame(row), Limits(table_bytes=50_000))


def test_a_zip_inside_is_inflated_once(tmp_path: Path) -> None:
    nested = {f"{i}.fit": made("fit", i) for i in range(3)}
    path = tmp_path / "o.zip"
    path.write_bytes(zipped({"i.zip": zipped(nested), "j.zip": zipped(nested)}))
    readers = Readers(Limits(), activity_frame)

    def held(chain: Any, reader: Reader = Reader.LISTING) -> list[Frame]:
        with path.open("rb") as stream:
            return list(readers.frames(Task(stream, Work(reader, chain))))

    outer = [Work.of({"kind": "file", "chain": [f.header["member"]]}).chain
             for f in held(())[:-1]]  # fmt: skip
    first = [f.header["member"] for f in held(outer[0])[:-1]]
    zip_held = readers._held
    inner = Work.of({"kind": "file", "chain": [first[0]]}).chain
    frames = held(outer[0] + inner, Reader.TRACKS)
    assert [f.header["kind"] for f in frames] == ["activity", "end"]
    assert readers._held is zip_held
    held(outer[1])
    assert readers._held is not zip_held
    piped = Task(io.BytesIO(path.read_bytes()), Work(Reader.LISTING, outer[0]))
    assert len(list(readers.frames(piped))) == 4


@pytest.mark.parametrize(
    "header",
    [
        {"kind": "win"},
        {},
        {"kind": "file", "chain": [[1]]},
        {"kind": "file", "chain": 1},
    ],
)
def test_work_that_is_none_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(BrokenFrameError):
        Work.of(header)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/ride.fit", "ride.fit"),
        ("DI/anna@example.org_12.fit", "(name withheld).fit"),
        ("anna%40example.org.fit.gz", "(name withheld).fit.gz"),
        ("anna@example.org", "(name withheld)"),
        ("C:\\rides\\x.gpx", "x.gpx"),
    ],
)
def test_a_name_holds_no_address(path: str, name: str) -> None:
    assert told(path) == name


def test_zones_are_the_persons_own(importer: Importer) -> None:
    planned = importer.planned(importer.zip(EXPORT))
    zone = PrivacyZone(lat_deg=-48.9, lon_deg=-123.4, radius_m=400)
    assert planned.zones == (zone,)
    for new in (1, 0):
        with importer.store.writing() as tx:
            assert places.hide(tx, importer.grant, planned.zones) == new
    with importer.store.reading() as tx:
        policy = policies.read(tx, importer.grant).policy
    [kept] = policy.zones
    assert (kept.circle, policy.policy_epoch) == (zone.circle, 1)
    assert kept.shift_m is not None, "an imported zone has a shift like any other"
    with importer.store.writing() as tx, pytest.raises(RuntimeError):
        places.hide(tx, _recipient(importer.grant, set()), planned.zones)


def test_a_demo_store_has_none(tmp_path: Path) -> None:
    with a_store(tmp_path / "demo", demo=True) as store:
        grant = owner_grant(store)
        with store.writing() as tx, pytest.raises(DemoStoreError):
            places.hide(tx, grant, [])


def test_one_run_is_shown(importer: Importer) -> None:
    importer.takes(EXPORT)
    with importer.store.reading() as tx:
        run, lines = shown(tx, importer.grant, "1")
    assert run.state is State.FINISHED
    assert len(lines) == len(ROWS)
    assert isinstance(lines[0], FileLine)


def test_gear_by_any_name() -> None:
    piece = Gear(name="Old ones", brand="Brandless", model="Glider 1")
    titles = strava.titles([piece])
    assert set(titles) == {
        "old ones",
        "brandless glider 1",
        "brandless glider 1 old ones",
    }


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not on this machine")
def test_a_real_export(importer: Importer) -> None:
    (root,) = find([CORPUS])
    assert root.is_dir()
    real = {
        path.relative_to(CORPUS).as_posix(): path.read_bytes()
        for path in CORPUS.rglob("*")
        if path.is_file()
    }
    first = importer.run(importer.planned(CORPUS))
    assert [o.line.outcome.value for o in first.outcomes] == ["imported"]
    again = importer.takes(real)
    assert [o.line.outcome.value for o in again.outcomes] == ["duplicate"]
    (found,) = importer.recordings()
    assert found.sport is Sport.RUNNING
    assert found.activity.distance_m is not None
    assert 3_200 < found.activity.distance_m < 3_500


def tables(data: bytes, reader: Reader) -> Answered:
    """What a worker answers, in this process, and as the parent takes it."""
    task = Task(io.BytesIO(data), Work(reader))
    frames = Readers(Limits(), activity_frame).frames(task)
    return answered(lambda: next(frames), Limits())


def test_what_a_worker_answers_is_what_the_parent_takes() -> None:
    totals = {18: 999, 19: 140, 21: 200, 17: 0.1}
    row = Row(7, "activities/1.fit", name=" x" * 900, totals=totals)
    found = tables(activities_csv([row, Row(8, at="soon"), Row(9)]), Reader.ACTIVITIES)
    first, broken, last = found.items
    assert isinstance(first, ActivityRow)
    assert isinstance(last, ActivityRow)
    assert first.name is not None
    assert len(first.name) <= 1_000
    assert first.heart_rate == HeartRateCell(mean_bpm=140, max_bpm=None)
    assert first.power == PowerCell(mean_power_w=200, max_power_w=None)
    assert first.activity.mean_cadence_rpm is None  # out of bounds: not measured
    assert (last.power, last.file) == (None, None)
    assert isinstance(broken, UnreadRow)
    assert (broken.row, broken.reason) == (2, "unknown_date")
    kinds = [
        (SHOES, Reader.SHOES, 2),
        (BIKES, Reader.BIKES, 1),
        (ZONES, Reader.ZONES, 1),
    ]
    for data, reader, count in kinds:
        assert len(tables(data, reader).items) == count
    assert tables(ZONES + b"x,y,z\r\n", Reader.ZONES).items[1] is None
    assert tables(b"a,b\n", Reader.ACTIVITIES).broken == "broken_table"
