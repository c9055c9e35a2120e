"""``erase``: what goes is shown, asked for, done, and told; and what comes after."""

import json
import stat
from pathlib import Path

import pytest

from pierre_mcp.store import receipts
from tests.cli.terminal import Person, Screen
from tests.formats.making import fit_activity, ride

SENTENCE = "The person whose store this was is erased"


def erase(anna: Person, *words: str, wrongly: bool = False) -> Screen:
    with anna.sits("erase", "--person", *words) as terminal:
        terminal.take_challenge(wrongly=wrongly)
        return terminal.end()


@pytest.mark.promise("rights.erase")
def test_from_first_word_to_a_new_beginning(runner: Person, tmp_path: Path) -> None:
    runner.consents("--to", "somebody")
    path = tmp_path / "receipt.json"
    done = erase(runner, "--receipt", str(path))
    assert done.status == 0
    assert done.text.index("This goes") < done.text.index("Type these words")
    assert "recordings: 1" in done.text
    assert "older backups" in done.text
    assert "Erased. Nothing of" in done.text
    text = path.read_text()
    assert receipts.holds(text)
    assert text in done.text.replace("\n\n", "\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert runner.asks("erase", "--receipts") == [
        {"holds": True, "receipt": json.loads(text)}
    ]
    assert text.strip() in runner.does("erase", "--receipts")

    refused = runner.run("imports")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert SENTENCE in refused.stderr
    assert runner.asks("audit", "verify")["healthy"]
    checks = {check["name"]: check for check in runner.asks("doctor")}
    assert checks["person"]["words"] == "erased"
    assert "pierre-mcp setup" in checks["person"]["fix"]
    assert {c["verdict"] for c in checks.values()} == {"ok", "warn"}

    assert "You begin anew" in runner.does("setup", "--yes")
    ride_again = str(runner.file("ride.fit", fit_activity(ride(60))))
    assert "1 activity from 1 file: 1 imported" in runner.does("import", ride_again)
    assert runner.asks("consent", "list") == []
    assert runner.asks("audit", "verify")["healthy"]
    verdicts = {c["verdict"] for c in runner.asks("doctor", "--deep")}
    assert "fail" not in verdicts


def test_a_dry_run_only_shows(runner: Person) -> None:
    found = runner.asks("erase", "--person", "--dry-run")
    assert found["rows"]["recordings"] == 1
    assert found["keys"] == 6
    assert found["out_of_reach"]["answers_released"] == {}
    said = runner.run("erase", "--person", "--dry-run")
    assert (said.returncode, said.stdout) == (0, "")
    assert "recordings: 1" in said.stderr
    assert len(runner.asks("imports")) == 1
    assert runner.does("erase", "--receipts") == "Nobody was erased from this store.\n"


def test_who_was_given_answers_is_named(runner: Person) -> None:
    runner.consents("--to", "somebody")
    (runner.data / "annas").mkdir()
    (runner.data / "annas" / "pierre.db").touch()
    runner.does("call", "get_status", "{}", "--as", "somebody")
    said = runner.run("erase", "--person", "--dry-run").stderr
    assert "1 of those profiles" in said
    assert "released to" not in said, "a preview is no disclosure"


def test_other_words_erase_nothing(runner: Person) -> None:
    ended = erase(runner, wrongly=True)
    assert ended.status == 1
    assert "nothing was changed" in ended.text
    assert len(runner.asks("imports")) == 1


def test_nothing_but_a_terminal_erases(runner: Person) -> None:
    done = runner.run("erase", "--person", typed="yes\n")
    assert done.returncode == 1
    assert "terminal" in done.stderr
    assert len(runner.asks("imports")) == 1


def test_whom_is_said_in_full(runner: Person) -> None:
    assert "--person" in runner.run("erase").stderr


def test_there_must_be_somebody(anna: Person) -> None:
    done = anna.run("erase", "--person", "--dry-run")
    assert (done.returncode, done.stdout) == (1, "")
    assert not anna.data.exists()


@pytest.mark.parametrize("name", ["taken.json", "missing/receipt.json"])
def test_a_receipt_that_cannot_be_written_is_refused_before(
    runner: Person, tmp_path: Path, name: str
) -> None:
    (tmp_path / "taken.json").touch()
    with runner.sits("erase", "--person", "--receipt", str(tmp_path / name)) as sitting:
        ended = sitting.end()
    assert ended.status == 1
    assert ended.challenges == 0
    assert len(runner.asks("imports")) == 1
