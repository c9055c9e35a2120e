"""Checkpoints kept elsewhere: by whom, and what a command does when they fail."""

from pathlib import Path

import pytest

from tests.cli.terminal import Person


def sizes(kept: Path) -> list[str]:
    lines = kept.read_text().splitlines()
    return [
        lines[i + 1] for i, line in enumerate(lines) if line.startswith("pierre-mcp/")
    ]


@pytest.mark.promise("audit.witness")
def test_a_file_and_a_command_keep_each_checkpoint(
    runner: Person, tmp_path: Path
) -> None:
    assert "Nobody keeps checkpoints elsewhere" in runner.does("audit", "witness")
    disk, heard = tmp_path / "disk.txt", tmp_path / "heard"
    said = runner.does("audit", "witness", "disk.txt")
    assert said.startswith("Added. It has 1 checkpoint now.\nIt is on the disk of the")
    hears = ("sh", "-c", 'cat >> "$0"', str(heard))
    assert "has 1 checkpoint" in runner.does("audit", "witness", "--", *hears)
    assert heard.read_text() == disk.read_text()
    runner.does("audit", "prove", "2")
    runner.does("audit", "prove", "5")  # has a checkpoint taken
    assert sizes(disk) == sizes(heard) == ["3", "7"]
    told = runner.asks("audit", "witness")
    assert [(one["told"], one["failed_at"]) for one in told["witnesses"]] == [
        (2, None)
    ] * 2
    assert runner.does("audit", "verify", "--from-checkpoint", "disk.txt")
    assert "2 witnesses told of each" in runner.run("doctor").stdout
    assert "Removed" in runner.does("audit", "witness", "--remove", "2")
    (row,) = runner.does("audit", "witness").splitlines()[1:]
    assert row.split()[:4] == ["1", str(disk), "2", "0"]
    assert [row["action"] for row in runner.asks("audit", "tail", "-n", "2")] == [
        "audit witness remove",
        "audit witness",
    ]


@pytest.mark.promise("audit.witness")
def test_one_that_fails_is_a_warning_after_the_answer(
    runner: Person, tmp_path: Path
) -> None:
    runner.does("audit", "witness", "disk.txt")
    switch = tmp_path / "switch"
    script = 'cat > /dev/null; test ! -e "$0"'
    runner.does("audit", "witness", "--", "sh", "-c", script, str(switch))
    switch.touch()
    (tmp_path / "disk.txt").rename(tmp_path / "away.txt")
    done = runner.run("audit", "prove", "5")
    assert done.returncode == 0
    assert done.stdout.startswith("{")
    assert "Not all who keep checkpoints" in done.stderr
    (tmp_path / "away.txt").rename(tmp_path / "disk.txt")
    told = runner.asks("audit", "witness")
    assert [one["failed_at"] is None for one in told["witnesses"]] == [False, False]
    assert "2 of 2 witnesses not reached" in runner.run("doctor").stdout
    # Left alone for a while, so that not every command waits for it.
    assert runner.run("audit", "prove", "7").stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("x", "--remove", "1"), "Say who is to keep", id="both"),
        pytest.param(("--remove", "1"), "No such file or command", id="nobody"),
        pytest.param(("[1]",), "JSON list of words", id="no words"),
        pytest.param(("[",), "JSON list of words", id="no list"),
        pytest.param(('["false"]',), "took no checkpoint", id="fails"),
        pytest.param(("no/folder/notes",), "took no checkpoint", id="no folder"),
        pytest.param(("files/ride.fit",), "something else in that file", id="a ride"),
    ],
)
def test_what_keeps_no_checkpoints(
    runner: Person, words: tuple[str, ...], said: str
) -> None:
    done = runner.run("audit", "witness", *words)
    assert done.returncode == 1
    assert said in done.stderr
