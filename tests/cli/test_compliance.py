"""``compliance``: documents on the terminal, in a file, as JSON."""

import json
import stat
from pathlib import Path

from pierre_mcp.services.compliance.titles import TITLES, Document
from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride


def test_without_a_name_they_are_listed(anna: Person) -> None:
    told = anna.does("compliance")
    assert all(name in told for name in Document)
    assert [d["document"] for d in anna.asks("compliance")] == list(TITLES)
    assert not anna.store.exists()


def test_one_is_written_from_the_store(runner: Person) -> None:
    ride_file = runner.file("ride.fit", fit_activity(ride(60)))
    runner.does("import", str(ride_file))
    told = runner.does("compliance", "processing-record")
    assert told.startswith("# Record of processing activities\n")
    assert "from dev, a development key" in told
    found = runner.asks("compliance", "processing-record")
    assert found["markdown"].rstrip() == told.rstrip()
    assert str(runner.home) not in told


def test_into_a_file_that_is_ours_alone(runner: Person, tmp_path: Path) -> None:
    runner.does("setup", "--yes")
    out = tmp_path / "dpia.md"
    told = runner.does("compliance", "dpia", "--out", str(out))
    assert told == f"Written to {out}.\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    done = runner.run("compliance", "dpia", "--out", str(out))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    done = runner.run("compliance", "dpia", "--out", str(tmp_path / "no" / "x.md"))
    assert done.returncode == 1
    told = runner.does("compliance", "dpia", "--out", str(tmp_path / "2.md"), "--json")
    assert json.loads(told)["file"] == str(tmp_path / "2.md")


def test_what_is_no_document_is_misspelt(runner: Person) -> None:
    done = runner.run("compliance", "poem")
    assert done.returncode == 2
    assert "privacy-notice" in done.stderr


def test_without_a_store_none_is_made(anna: Person) -> None:
    done = anna.run("compliance", "dpia")
    assert done.returncode == 1
    assert not anna.store.exists()
