"""Originals on the command line: kept when asked for, and given back to their owner."""

import gzip
import json
import os
import shutil
import signal
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride

RIDE = gzip.compress(fit_activity(ride(60)))


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who has kept an original: for copies of it."""
    anna = Person(tmp_path_factory.mktemp("kept"))
    said = anna.does("import", "--keep-originals", str(anna.file("ride.fit.gz", RIDE)))
    assert said.splitlines()[1] == "Kept as they came: 1 file."
    return anna.home


@pytest.fixture
def keeper(kept: Path, anna: Person) -> Person:
    shutil.copytree(kept, anna.home, dirs_exist_ok=True)
    return anna


def test_it_is_written_as_it_came_and_recorded(keeper: Person) -> None:
    to = keeper.home / "back.fit.gz"
    said = keeper.does("imports", "original", "1", "1", "--to", str(to))
    assert said == f"Written as it came: {len(RIDE)} bytes.\n"
    assert to.read_bytes() == RIDE
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    told = keeper.asks("imports", "original", "1", "1", "--to", f"{to}2")
    assert told == {"bytes": len(RIDE), "sha256": sha256(RIDE).hexdigest()}
    rows = keeper.asks("audit", "tail")
    assert "imports original" in json.dumps(rows)
    assert keeper.asks("audit", "verify")["healthy"]


def test_nothing_is_overwritten(keeper: Person) -> None:
    there, dangling = keeper.file("there", b"mine"), keeper.home / "link"
    dangling.symlink_to("nowhere")
    for to in (there, dangling):
        done = keeper.run("imports", "original", "1", "1", "--to", str(to))
        assert done.returncode == 1
        assert done.stderr == (
            "There is something at that path already, and it was left as it is. "
            "Name another.\n"
        )
    assert there.read_bytes() == b"mine"
    done = keeper.run("imports", "original", "1", "1", "--to", "no/such/folder/x")
    assert (done.returncode, "cannot be made there" in done.stderr) == (1, True)
    assert sorted(p.name for p in there.parent.iterdir()) == ["ride.fit.gz", "there"]


def test_what_is_kept_is_shown(keeper: Person) -> None:
    (line,) = keeper.asks("imports", "show", "1")["files"]
    assert line == {
        "name": "ride.fit.gz",
        "outcome": "imported",
        "reason": "",
        "activities": 1,
        "original": True,
    }
    assert " kept" in keeper.does("imports", "show", "1")
    found = {check["name"]: check["words"] for check in keeper.asks("doctor")}
    assert found["originals"].startswith("1 kept, 0.0 MB")
    keeper.does("undo", "1")
    done = keeper.run("imports", "original", "1", "1", "--to", "x")
    assert done.stderr == (
        "The original of this file is not kept. "
        "Keep it with: pierre-mcp import --keep-originals PATH\n"
    )


def test_not_unless_asked_for(runner: Person) -> None:
    assert runner.asks("imports", "show", "1")["files"][0]["original"] is False
    assert "originals" not in runner.asks("import", "files")
    told = runner.asks("import", "files", "--keep-originals")
    assert told["originals"] == {"kept": 1, "not_kept": 0}
    assert "recording" not in told["files"][0]
    assert told["outcomes"] == {"duplicate": 1}


def test_ctrl_c_between_two_steps_and_again(anna: Person) -> None:
    data = fit_activity(ride(60)) + os.urandom(40_000_000)
    path = anna.file("long.fit", data)
    anna.env["TERM"] = "xterm"
    with anna.sits("import", "--keep-originals", str(path)) as terminal:
        terminal.until("keeping")
        os.killpg(terminal.process.pid, signal.SIGINT)
        screen = terminal.end()
    assert screen.status == 130
    (listed,) = anna.asks("imports")
    assert (listed["state"], listed["activities"]) == ("interrupted", 1)
    assert anna.asks("imports", "show", "1")["files"][0]["original"] is False
    told = anna.asks("import", "--keep-originals", str(path))
    assert (told["originals"]["kept"], told["outcomes"]) == (1, {"duplicate": 1})
    anna.does("imports", "original", "1", "1", "--to", str(anna.home / "back"))
    assert (anna.home / "back").read_bytes() == data
