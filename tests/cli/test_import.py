"""Importing: every file accounted for, twice the same as once, Ctrl-C loses nothing."""

import gzip
import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli.program import _for_profile
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.gate.founding import demo_opener
from pierre_mcp.settings import Settings
from tests.cli.terminal import Person
from tests.formats.exporting import Row, export, later, zipped
from tests.formats.making import (
    STARTED_AT,
    fit_activity,
    gpx_activity,
    ride,
    tcx_activity,
)
from tests.stores import settings_of

RIDE = ride(60)
MAKERS = ("fit", "gpx", "tcx")


def made(kind: str, day: int = 0) -> bytes:
    """A ride of its own, so many days after the first."""
    at = STARTED_AT + timedelta(days=day)
    if kind == "fit":
        return fit_activity(RIDE, started_at=at)
    if kind == "gpx":
        return gpx_activity(RIDE, started_at=at)
    return tcx_activity(RIDE, started_at=at)


def a_folder(anna: Person, count: int = 3) -> Path:
    """A folder of so many rides of every kind, plain and compressed."""
    for day in range(count):
        kind = ("fit", "gpx", "tcx")[day % 3]
        anna.file(f"{day:03}.{kind}", made(kind, day))
    return anna.home / "files"


def days_of(anna: Person) -> list[str]:
    found = json.loads(anna.does("call", "get_activities", '{"limit": 200}', "--json"))
    days: list[str] = found["activities"].get("day", [])
    return sorted(days)


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("kind", MAKERS)
def test_each_format(anna: Person, kind: str, *, zipped: bool) -> None:
    data = gzip.compress(made(kind)) if zipped else made(kind)
    path = anna.file(f"RIDE.{kind.upper()}" + ".gz" * zipped, data)
    said = anna.does("import", str(path))
    assert said.splitlines()[0] == "1 activity from 1 file: 1 imported."
    # A FIT says which day it was there; the others, out at sea 8 hours behind, do not.
    assert days_of(anna) == ["2024-05-04" if kind == "fit" else "2024-05-03"]


def test_every_outcome_has_its_reason(anna: Person) -> None:
    folder = a_folder(anna)
    anna.file("copy.fit", made("fit"))
    anna.file("settings.fit", fit_activity(RIDE, file_type=2))
    anna.file("torn.fit", made("fit", 9)[:-40])
    anna.file("torn.gpx", made("gpx", 9)[:-40])
    anna.file("empty.tcx", b"")
    anna.file("bomb.gpx", b'<!DOCTYPE x [<!ENTITY a "b">]><gpx/>')
    anna.file("notes.txt", b"not looked at in a folder")
    found = anna.asks("import", str(folder))
    told = {f["name"]: (f["outcome"], f["reason"]) for f in found["files"]}
    assert told.pop("torn.fit")[0] == "repaired"
    assert told == {
        "000.fit": ("imported", ""),
        "001.gpx": ("imported", ""),
        "002.tcx": ("imported", ""),
        "copy.fit": ("duplicate", ""),
        "settings.fit": ("skipped", "not_an_activity"),
        "torn.gpx": told["torn.gpx"],
        "empty.tcx": ("skipped", "empty"),
        "bomb.gpx": ("failed", "entity_refused"),
    }
    assert told["torn.gpx"][0] in {"repaired", "failed"}
    assert found["outcomes"]["imported"] == 3
    assert found["outcomes"]["duplicate"] == 1


def test_reasons_in_plain_words(anna: Person) -> None:
    anna.file("settings.fit", fit_activity(RIDE, file_type=2))
    anna.file("bomb.gpx", b'<!DOCTYPE x [<!ENTITY a "b">]><gpx/>')
    assert anna.does("import", "files").splitlines() == [
        "failed: bomb.gpx (it declares entities, which no device writes)",
        "skipped: settings.fit (not an activity: a course, a workout or settings)",
        "0 activities from 2 files: 1 skipped, 1 failed.",
    ]


def test_only_the_first_of_many_are_told(anna: Person) -> None:
    for number in range(60):
        anna.file(f"{number}.fit", b"nonsense")
    said = anna.does("import", "files").splitlines()
    assert said[-2:] == ["... and 10 more", "0 activities from 60 files: 60 skipped."]
    assert len(said) == 52


def test_twice_changes_nothing(anna: Person) -> None:
    folder = a_folder(anna)
    anna.does("import", str(folder))
    before = days_of(anna)
    again = anna.does("import", str(folder), str(folder / "000.fit"))
    assert again == "0 activities from 3 files: 3 duplicate.\n"
    assert days_of(anna) == before


def test_runs_are_listed_and_taken_back(anna: Person) -> None:
    assert anna.does("imports") == (
        "Nothing was imported yet. Import with: pierre-mcp import PATH\n"
    )
    folder = a_folder(anna)
    first = anna.asks("import", str(folder / "000.fit"))
    anna.asks("import", str(folder))
    listed = anna.asks("imports")
    assert [(r["number"], r["state"], r["activities"]) for r in listed] == [
        (1, "finished", 1),
        (2, "finished", 2),
    ]
    assert listed[0]["id"] == first["id"]
    assert "2 imported, 1 duplicate" in anna.does("imports")
    assert anna.does("undo", "2") == "Import 2 taken back: 2 recordings deleted.\n"
    assert days_of(anna) == ["2024-05-04"]
    assert anna.asks("undo", first["id"][:8])["recordings_deleted"] == 1
    assert [r["state"] for r in anna.asks("imports")] == ["undone", "undone"]
    assert anna.asks("import", str(folder))["outcomes"] == {"imported": 3}


def test_there_is_no_such_run(anna: Person) -> None:
    done = anna.run("undo", "7", "--profile", "anna")
    assert done.returncode == 1
    assert done.stderr == (
        "There is no import with this id. See them with: "
        "pierre-mcp --profile anna imports\n"
    )


@pytest.mark.parametrize("named", ["", "--profile store "])
def test_an_error_names_the_profile_once(tmp_path: Path, named: str) -> None:
    """Of the commands it tells to run, some know the profile already."""
    begin(Session(settings_of(tmp_path / "store")))
    words = _for_profile(f"Only with: pierre-mcp {named}consent grant files:power")
    assert words == "Only with: pierre-mcp --profile store consent grant files:power"


def test_a_dry_run_writes_nothing(anna: Person) -> None:
    folder = a_folder(anna)
    names = [str(folder / name) for name in ("000.fit", "001.gpx", "002.tcx")]
    assert anna.does("import", "--dry-run", str(folder)).splitlines() == names
    assert anna.asks("import", "--dry-run", str(folder)) == names
    assert not anna.data.exists()


def test_there_is_nothing_at_the_path(anna: Person) -> None:
    done = anna.run("import", "files")
    assert done.returncode == 1
    assert done.stderr == "There is nothing at one of the paths given.\n"
    assert not anna.data.exists()


def test_there_is_nothing_in_the_folder(anna: Person) -> None:
    anna.file("notes.txt", b"")
    for words in (["import", "files"], ["import", "files", "--dry-run"]):
        assert anna.does(*words).startswith("There is no FIT, GPX or TCX file")
    assert anna.asks("import", "files")["files"] == []


def test_a_folder_with_strange_things_in_it(anna: Person) -> None:
    folder = a_folder(anna, 1)
    outside = anna.home / "outside"
    outside.mkdir()
    (outside / "x.fit").write_bytes(made("fit", 5))
    (folder / "link.fit").symlink_to(outside / "x.fit")
    (folder / "links").symlink_to(outside)
    (folder / "dangling.fit").symlink_to("nowhere")
    (folder / "folder.fit").mkdir()
    os.mkfifo(folder / "pipe.fit")
    assert anna.does("import", str(folder)).startswith("1 activity from 1 file")


@pytest.mark.parametrize("what", ["fifo", "dangling", "unreadable"])
def test_what_cannot_be_read_has_failed(anna: Person, what: str) -> None:
    path = a_folder(anna, 0).with_name("it.fit")
    if what == "fifo":
        os.mkfifo(path)
    elif what == "dangling":
        path.symlink_to("nowhere")
    elif os.geteuid() == 0:
        path = Path("/proc/self/mem")  # root may open all, and cannot read this
    else:
        path.write_bytes(made("fit"))
        path.chmod(0)
    done = anna.run("import", str(path))
    assert done.returncode == 1
    assert done.stdout == (
        f"failed: {path.name} (not a file that can be read)\n"
        "0 activities from 1 file: 1 failed.\n"
    )


def test_names_of_files_are_anybodys(anna: Person) -> None:
    """Bytes that are no text, control characters, markup: shown, and never obeyed."""
    odd = anna.home / "odd"
    odd.mkdir()
    for name in (b"caf\xe9.fit", b"[bold]:heart:.fit", b"\x1b[31mred\n.fit"):
        (odd / os.fsdecode(name)).write_bytes(b"nonsense")
    said = anna.does("import", "odd")
    assert "\x1b" not in said
    for shown in ("caf?.fit", "[bold]:heart:.fit", "[31mred .fit"):
        assert f"skipped: {shown} (" in said
    assert len(anna.does("import", "odd", "--dry-run").splitlines()) == 3
    assert len(anna.asks("import", "odd")["files"]) == 3


def test_a_bar_on_a_terminal(anna: Person) -> None:
    a_folder(anna)
    for kind, shown in (("xterm", True), ("dumb", False)):
        anna.env["TERM"] = kind
        with anna.sits("import", "files") as terminal:
            screen = terminal.end()
        assert screen.status == 0
        assert ("3/3" in screen.text) == shown


def stopped(anna: Person, count: int = 80) -> Any:
    """Press Ctrl-C in the middle of an import of so many files."""
    anna.env["TERM"] = "xterm"
    with anna.sits("import", "files") as terminal:
        terminal.until(rf"[1-9]\d*/{count}")
        os.killpg(terminal.process.pid, signal.SIGINT)
        return terminal.end()


@pytest.mark.promise("store.crash")
def test_ctrl_c_keeps_what_is_done(anna: Person) -> None:
    a_folder(anna, 80)
    screen = stopped(anna)
    assert screen.status == 130
    assert "Stopped. What was done is kept." in screen.text
    assert "Traceback" not in screen.text
    (run,) = anna.asks("imports")
    assert run["state"] == "interrupted"
    done = len(days_of(anna))
    assert 0 < done < 80
    assert run["activities"] == done
    assert anna.asks("import", "files")["outcomes"] == {
        "imported": 80 - done,
        "duplicate": done,
    }
    assert len(days_of(anna)) == 80
    outcomes = [row["outcome"] for row in anna.asks("audit", "tail", "-n", "20")]
    assert "cancelled" in outcomes
    assert anna.asks("audit", "verify")["healthy"]


def test_a_demo_store_takes_nobodys_data(anna: Person) -> None:
    a_folder(anna)
    settings = Settings(anna.data, anna.config, mek_source="dev")
    demo_opener(settings)().close()
    done = anna.run("import", "files")
    assert done.returncode == 1
    assert done.stderr == (
        "This is a demo store: it never holds anyone's real data. "
        "Set up your own with: pierre-mcp setup\n"
    )
    assert days_of(anna) == []


def test_an_export_is_listed_imported_and_shown(anna: Person) -> None:
    address = "anna@example.org.fit"
    files = {"activities/1.gpx": made("gpx"), f"activities/{address}": made("fit", 3)}
    rows = [
        Row(1, "activities/1.gpx"),
        Row(2, "", later(9), "By hand"),
        Row(3, "x.fit"),
    ]
    path = anna.file("export_1.zip", zipped(export(rows, files)))
    said = anna.does("import", str(path)).splitlines()
    assert said[0].startswith("repaired: x.fit (the export has no such file, only what")
    assert said[1:3] == [
        "4 activities from 4 files: 3 imported, 1 repaired.",
        "Private for every assistant from now on: 1 zone.",
    ]
    shown = anna.asks("imports", "show", "1")
    assert (shown["number"], shown["state"]) == (1, "finished")
    assert [f["name"] for f in shown["files"]] == [
        *("1.gpx", "activities.csv, row 2", "x.fit", "(name withheld).fit")
    ]
    table = anna.does("imports", "show", "1")
    assert "x.fit" in table
    assert address not in table
    assert anna.asks("audit", "verify")["healthy"]


def test_a_dry_run_looks_into_archives(anna: Person) -> None:
    path = anna.file("e.zip", zipped(export([Row(1)], {})))
    said = anna.does("import", "--dry-run", str(path))
    assert said == f"{path}: activities.csv, row 1\n"
    assert not anna.data.exists()
