"""An export: all that is held, nothing that is secret, and no half of it."""

import csv
import errno
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import (
    AuditTamperedError,
    ExportUnwritableError,
    StoreDamagedError,
)
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category
from pierre_mcp.model.correction import Part
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.services import corrections, export, export_activities
from pierre_mcp.services.export import SECTIONS, Export, outlook
from pierre_mcp.services.export_activities import safe_name
from pierre_mcp.services.export_words import READ_ME, in_words
from pierre_mcp.services.packing import FolderPackage, ZipPackage
from pierre_mcp.store import (
    audit,
    exporting,
    gear,
    imports,
    migrations,
    operations,
    originals,
    policies,
    recordings,
    sealed,
)
from pierre_mcp.store.database import Store
from pierre_mcp.store.imports import FileLine, FileOutcome
from tests.corpus import recorded
from tests.gate.world import World
from tests.services.made import made, ride, run
from tests.store.hands import edit
from tests.stores import (
    MASTER,
    NOW,
    STRAVA,
    a_grant,
    a_line,
    a_recording,
    a_store,
    add_what_came_later,
    an_operation,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)

ORIGINAL = b"as it came " * 40_000
HELD_IN = {
    "recordings": "activities.jsonl",
    "details": "activities.jsonl",
    "streams": "streams/",
    "originals": "originals/",
    "athlete": "athlete.json",
    "people": "profile.json",
    "policies": "consents.json",
    "ledger": "consent_history.json",
    "audit_detail": "access_history.jsonl",
    "corrections": "corrections.json",
    "requests": "requests.json",
    "incidents": "incidents.json",
    "alerts": "alerts.json",
    "gear": "gear.json",
    "operations": "operations.json",
    "imports": "imports.json",
    "import_files": "imports.json",
}
OURS = {"listings", "audit_state", "monitor"}
"""Sealed tables that hold nothing about the person: keys' lists, and the log's key."""

SHIFT = (123.456, -77.7)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A store with something of everything, and its gate."""
    world = World(tmp_path_factory.mktemp("export") / "store")
    fill(world)
    yield world
    world.close()


def fill(world: World) -> None:
    store, grant = world.store, owner_grant(world.store)
    weight = {Kind.WEIGHT: 70.0}
    jog = recorded(made(run(120), ago=0, sport=a_recording().sport), facts=weight)
    spin = replace(
        recorded(made(ride(90), ago=1, sport=a_recording().sport)),
        notes=a_recording(name="=cmd|' /C calc'!A0").notes,
    )
    put(store, grant, jog, spin)
    world.put(replace(a_recording(where=STRAVA), streams={}))
    keep_original(store, grant, a_recording(day="2026-01-05", bare=True))
    with store.writing() as tx:
        [run_, *_] = imports.listed(tx, grant)
        gear.add(tx, grant, "strava", Gear(name="@shoe", kind="shoes"), run_.id)
        operations.add(tx, grant, an_operation())
        add_what_came_later(tx, owner_of_tx(grant))
        zone = PrivacyZone(
            lat_deg=47.1, lon_deg=8.1, radius_m=400, name="home", shift_m=SHIFT
        )
        policy = policies.read(tx, grant).policy
        policies.write(tx, grant, policy.with_zones([zone]))
        audit.append(
            tx,
            a_line("zones", policy_epoch=1),
            now=NOW,
            who=grant,
            detail={"zone": "home"},
        )
    world.give_training()
    world.told("get_activities")
    with store.writing() as tx:
        corrections.rectify(tx, grant, "2026-01-05", Part.DISTANCE, 5_000.0, why="tape")


def owner_of_tx(grant: Grant) -> Any:
    return grant


def keep_original(store: Store, grant: Grant, new: Any) -> None:
    """Import two parts of one file, and keep the file with the first."""
    other = a_recording(day="2026-01-06", part=1, bare=True)
    import_id = put(store, grant, new, other, one_file=True)
    store.refill()
    with store.writing() as tx:
        [(one,)] = tx.execute(
            "SELECT id FROM recordings WHERE import_id = ? AND part = 0", (import_id,)
        )
        line = FileLine(
            name="../../Évil name;.FIT", outcome=FileOutcome.IMPORTED, recording=one
        )
        imports.add_file(tx, grant, import_id, 1, line)
        home = originals.home_of(tx, grant, one)
        assert home is not None
        chunks = [
            originals.seal_chunk(tx.ring, grant, home, ORIGINAL, seq)
            for seq in range(1, originals.chunks_of(ORIGINAL) + 1)
        ]
        head = originals.seal_head(tx.ring, grant, home, ORIGINAL)
        whole = [*chunks, head]
        originals.add(tx, grant, home, whole, after=None, content=ORIGINAL)


def exported(
    store: Store,
    sections: Any = SECTIONS,
    between: Callable[[int], None] = lambda _: None,
) -> dict[str, bytes]:
    """Do an export as the gate does it, and return its members."""
    file, grant = io.BytesIO(), owner_grant(store)
    with ZipPackage(file, NOW) as package:
        for number, (step, _) in enumerate(Export(package, sections).steps()):
            with store.reading() as tx:
                step.prepare(tx, grant)
            with store.writing() as tx:
                step.write(tx, grant)
            between(number)
    with zipfile.ZipFile(file) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


@pytest.fixture(scope="module")
def members(filled: World) -> dict[str, bytes]:
    return exported(filled.store)


def lines(members: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members[name].splitlines()]


@pytest.mark.promise("rights.access")
def test_every_sealed_table_has_its_place_in_it(members: dict[str, bytes]) -> None:
    assert HELD_IN.keys() | OURS == {table.name for table in sealed.TABLES}
    for table, place in HELD_IN.items():
        found = [m for name, m in members.items() if name.startswith(place)]
        assert found, table
        assert all(len(one) > len(b"[]\n") for one in found), table
    for name in members.keys() - {"README.txt"}:
        assert name.partition("/")[0] in READ_ME


def test_the_manifest_tells_of_every_other_member(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    assert manifest["sections"] == list(SECTIONS)
    assert (manifest["schema_version"], manifest["encrypted"]) == (
        migrations.VERSION,
        False,
    )
    told = {one["name"]: (one["bytes"], one["sha256"]) for one in manifest["members"]}
    assert told == {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in members.items()
        if name != "manifest.json"
    }
    assert manifest["counts"]["activities"] == 5
    assert manifest["counts"]["gear"] == 1


@pytest.mark.promise("rights.access")
def test_activities_are_whole(members: dict[str, bytes]) -> None:
    found = {line["day"]: line for line in lines(members, "activities.jsonl")}
    assert list(found) == sorted(found), "by day"
    [one] = found["2026-01-31"]["recordings"]
    assert one["summary"]["elapsed_s"] == 119
    assert one["details"]["heart_rate"]["bpm"]["seconds"]
    assert one["files"].keys() == {"streams", "track"}
    [mended] = found["2026-01-05"]["recordings"]
    assert mended["summary"]["distance_m"] == 5_000
    assert mended["corrections"]["distance_m"]["was"] == 10_000
    assert mended["files"] == {"original": "originals/_vil_name_.FIT"}
    [second] = found["2026-01-06"]["recordings"]
    assert second["files"] == mended["files"], "it came in the same file"
    [places] = found["2026-02-01"]["recordings"]
    assert places["location"]["lat_deg"] == [47.37, 47.39, 47.41]
    assert places["files"].keys() == {"track"}, "it has no samples"
    assert members["originals/_vil_name_.FIT"] == ORIGINAL


@pytest.mark.promise("rights.portability")
def test_the_tables_run_nothing(members: dict[str, bytes]) -> None:
    text = members["activities.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["day"] == "2026-01-05"
    [spin] = [row for row in rows if row["day"] == "2026-01-30"]
    assert spin["name"] == "'=cmd|' /C calc'!A0"
    assert float(spin["mean_power_w"]) == pytest.approx(200)
    [shoe] = csv.DictReader(io.StringIO(members["gear.csv"].decode(), newline=""))
    assert (shoe["title"], shoe["name"]) == ("'@shoe", "'@shoe")
    [listed] = json.loads(members["gear.json"])
    assert listed["title"] == "@shoe", "JSON has it as it is"


@pytest.mark.promise("rights.portability")
def test_a_track_comes_back_as_the_same_activity(members: dict[str, bytes]) -> None:
    wanted = {line["day"]: line for line in lines(members, "activities.jsonl")}
    for day in ("2026-01-30", "2026-01-31"):
        [one] = wanted[day]["recordings"]
        content = io.BytesIO(members[one["files"]["track"]])
        [track] = read_tracks(content, Limits())
        again = recorded(track)
        assert (again.sport, again.local_day) == (one["sport"], day)
        same = ("started_us", "elapsed_s", "moving_s", "distance_m", "ascent_m")
        for name in same:
            value = getattr(again.activity, name)
            assert value == pytest.approx(one["summary"][name], rel=1e-6), name
        for cell in (again.heart_rate, again.power):
            kind = "heart_rate" if cell is again.heart_rate else "power"
            assert (cell is None) == (one[kind] is None)
            if cell is not None:
                told = cell.model_dump(mode="json", exclude_defaults=True)
                for name, value in told.items():
                    assert value == pytest.approx(one[kind][name], rel=1e-3), name
        streams = members[one["files"]["streams"]].decode().splitlines()
        assert len(streams) == 1 + len(track.columns["t_s"])


@pytest.mark.promise("rights.access")
def test_consents_and_accesses_are_told_in_words(members: dict[str, bytes]) -> None:
    consent = json.loads(members["consents.json"])
    assert {one["recipient"] for one in consent} == {"claude-desktop"}
    assert "files:activities" in {one["scope"] for one in consent}
    history = json.loads(members["consent_history.json"])
    assert {one["event"] for one in history} == {"given"}
    [recipient] = json.loads(members["recipients.json"])
    assert (recipient["answers_released"], recipient["recipient"]) == (
        2,
        "claude-desktop",
    )
    assert recipient["last_disclosure_at"].startswith("2026-03-01T00:00")
    rows = lines(members, "access_history.jsonl")
    said = " ".join(row["in_words"] for row in rows)
    assert "claude-desktop received an answer of get_activities, with files:act" in said
    assert "You did: consent grant." in said
    assert [row["detail"] for row in rows if row["action"] == "zones"] == [
        {"zone": "home"}
    ]
    settings = json.loads(members["settings.json"])
    [zone] = settings["privacy_zones"]
    assert zone == {"lat_deg": 47.1, "lon_deg": 8.1, "radius_m": 400, "name": "home"}
    [fact] = json.loads(members["athlete.json"])
    assert (fact["kind"], fact["value"]) == ("weight_kg", 70)


def test_nothing_secret_is_in_it(filled: World, members: dict[str, bytes]) -> None:
    whole = b"\n".join(members.values())
    secrets = [str(SHIFT[0]).encode(), b"shift_m", MASTER.id.hex().encode()]
    with filled.store.reading() as tx:
        for row in tx.execute("SELECT link, mac, entry FROM audit"):
            link, mac, entry = row
            found = json.loads(entry)
            digests = ("who", "arguments", "answer", "detail")
            secrets += [mac, mac.hex().encode(), link.hex().encode()]
            secrets += [found[name].encode() for name in digests if found[name]]
        for table, column in (("ledger", "mac"), ("recordings", "digest")):
            for (value,) in tx.execute(f"SELECT {column} FROM {table}"):  # noqa: S608 - ours
                secrets += [value, value.hex().encode()]
        for (wrapped,) in tx.execute("SELECT wrapped FROM keyring"):
            secrets += [wrapped, wrapped.hex().encode()]
    assert len(secrets) > 50
    assert not [one for one in secrets if one in whole]


def test_steps_are_small_and_lose_nothing(
    filled: World, members: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_ACTIVITIES_A_STEP", "_BYTES_A_STEP", "_ROWS_A_STEP"):
        monkeypatch.setattr(export, name, 1)
    again = exported(filled.store)
    assert again.keys() == members.keys()
    changed = {name for name in members if again[name] != members[name]}
    assert not changed, "nor does it change by being exported"


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        (("consents",), {"consents.json", "consent_history.json", "notices.json"}),
        (("recipients",), {"recipients.json"}),
        (("gear", "access"), {"gear.json", "gear.csv", "access_history.jsonl"}),
    ],
)
def test_only_what_was_named(
    filled: World, only: tuple[str, ...], wanted: set[str]
) -> None:
    found = exported(filled.store, only)
    assert found.keys() == wanted | {"README.txt", "manifest.json"}


def test_an_outlook_counts(filled: World) -> None:
    grant = owner_grant(filled.store)
    with filled.store.reading() as tx:
        found = outlook(tx, grant)
    assert (found.recordings, found.activities, found.originals) == (5, 5, 1)
    assert found.rows == 3


def test_what_is_deleted_meanwhile_is_left_out(tmp_path: Path) -> None:
    with a_store(tmp_path / "store") as store:
        grant = owner_grant(store)
        put(store, grant, a_recording())
        keep_original(store, grant, a_recording(day="2026-01-05", bare=True))

        def undo(number: int) -> None:
            if number == 0:
                with store.writing() as tx:
                    for run_ in imports.listed(tx, grant):
                        recordings.undo(tx, grant, run_.id)

        found = exported(store, between=undo)
        assert found["activities.jsonl"] == b""
        assert len(found["activities.csv"].splitlines()) == 1
        assert not [name for name in found if "/" in name]


def test_a_damaged_stream_is_said(tmp_path: Path) -> None:
    with a_store(tmp_path / "store") as store:
        put(store, owner_grant(store), a_recording())
        with pytest.raises(StoreDamagedError):
            exported(store)


def prepare_all(store: Store, job: Export) -> None:
    grant = owner_grant(store)
    for step, _ in job.steps():
        with store.reading() as tx:
            step.prepare(tx, grant)


class Full:
    """A disk that is full after so many bytes."""

    def __init__(self, most: int) -> None:
        self.members: list[Any] = []
        self._left = most

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        del name
        yield self._write

    def _write(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise OSError(errno.ENOSPC, "no space")


@pytest.mark.parametrize("most", [0, 5_000, 60_000])
def test_a_full_disk_is_a_sentence(filled: World, most: int) -> None:
    with pytest.raises(ExportUnwritableError, match="nothing of it is left"):
        prepare_all(filled.store, Export(Full(most), SECTIONS))


def test_a_folder_holds_the_same(filled: World, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir(mode=0o700)
    package = FolderPackage(folder)
    prepare_all(filled.store, Export(package, SECTIONS))
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    assert found == {one.name for one in package.members}
    assert {p.stat().st_mode & 0o777 for p in folder.rglob("*") if p.is_file()} == {
        0o600
    }


def test_it_is_for_the_owner_alone(filled: World) -> None:
    grant = a_grant(
        owner_of(filled.store), pairs=pairs_of("files", Category.ACTIVITIES)
    )
    with filled.store.reading() as tx:
        for read in (exporting.recordings, exporting.operations, exporting.notices):
            with pytest.raises(RuntimeError, match="for its owner"):
                read(tx, grant)
        with pytest.raises(RuntimeError, match="for its owner"):
            next(exporting.accesses(tx, grant, after=0, most=1))


def test_a_log_changed_by_hand_is_not_told_as_if_it_were_ours(tmp_path: Path) -> None:
    with a_store(tmp_path / "store") as store:
        grant = owner_grant(store)
        with store.writing() as tx:
            audit.append(tx, a_line(), now=NOW, who=grant, detail={"a": 1})
            audit.append(tx, a_line(), now=NOW, who=grant, detail={"a": 2})
    swapped = (
        "UPDATE audit_detail SET cell = (SELECT cell FROM audit_detail WHERE seq = 2)"
    )
    edit(tmp_path / "store", f"{swapped} WHERE seq = 1")
    with a_store(tmp_path / "store") as store:
        assert [row["detail"] for row in rows_of(store)] == [None, {"a": 2}]
    edit(tmp_path / "store", "UPDATE audit SET entry = '{}'")
    with a_store(tmp_path / "store") as store, pytest.raises(AuditTamperedError):
        rows_of(store)


def rows_of(store: Store) -> list[Any]:
    grant = owner_grant(store)
    with store.reading() as tx:
        found = exporting.accesses(tx, grant, after=0, most=10)
        return [row for _, row in found]


def test_words_for_each_outcome() -> None:
    row = {
        "recipient": "",
        "caller": "system",
        "action": "upkeep",
        "outcome": "failed",
        "code": "store_busy",
        "opened": [],
    }
    words = "pierre-mcp itself asked for upkeep, which failed (store_busy)."
    assert in_words(row) == words


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("ride.fit.gz", "ride.fit.gz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.gpx", "y.gpx"),
        (".hidden", "hidden"),
        ("a\u202eb\0c.fit", "abc.fit"),
        ("...", "instead"),
        ("", "instead"),
        ("äöü", "instead"),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_are_fit_for_any_system(name: str, safe: str) -> None:
    assert safe_name(name, "instead") == safe


def test_no_two_originals_share_a_name() -> None:
    listed = [exporting.Listed(f"r{i}", f"a{i // 2}", "run", f"r{i}") for i in range(4)]
    named = [
        FileLine(name=name, outcome=FileOutcome.IMPORTED, recording=f"r{i}")
        for i, name in enumerate(("a.fit", "A.FIT", "a.fit", "b.fit"))
    ]
    found = export_activities.named(listed, named)
    assert [one.original for one in found.values()] == [
        "originals/a.fit",
        "originals/A-2.FIT",
        "originals/a-3.fit",
        "originals/b.fit",
    ]
    assert [one.made for one in found.values()] == ["a0", "a0-2", "a1", "a1-2"]
