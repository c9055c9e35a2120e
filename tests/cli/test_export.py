"""``export``: asked on a terminal, recorded first, whole or not at all."""

import json
import stat
import zipfile
from pathlib import Path

import pytest

from pierre_mcp.cli.export import _package
from pierre_mcp.cli.faults import ExportStoppedError, PathTakenError
from pierre_mcp.errors import ExportUnwritableError
from pierre_mcp.platform import new_private_dir
from tests.cli.terminal import Person


def refused(person: Person, *words: str) -> str:
    done = person.run(*words)
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr


@pytest.mark.promise("rights.access")
@pytest.mark.promise("rights.portability")
def test_everything_is_written_and_comes_back(runner: Person) -> None:
    assert "in a terminal window" in refused(runner, "export", "mine.zip")
    with runner.sits("export", "mine.zip") as terminal:
        terminal.take_challenge(wrongly=True)
        assert terminal.end().status == 1
    assert not list(runner.home.glob("*mine*"))
    with runner.sits("export", "mine.zip") as terminal:
        terminal.until("1 activity, of 1 recording")
        terminal.take_challenge()
        screen = terminal.end()
    target = runner.home / "mine.zip"
    assert (screen.status, f"Written to {target}" in screen.text) == (0, True)
    assert screen.text.count("It is not encrypted") == 2
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in runner.home.glob("*mine*")] == ["mine.zip"]
    with zipfile.ZipFile(target) as found:
        rows = found.read("access_history.jsonl").splitlines()
    [own] = [row for line in rows if (row := json.loads(line))["action"] == "export"]
    assert (own["risk"], own["outcome"]) == ("high", "done"), "before it was written"
    actions = [row["action"] for row in runner.asks("audit", "tail")]
    assert "and it was left as it is" in refused(runner, "export", "mine.zip")
    assert actions[-3:] == ["export", "export write", "export write"]
    assert runner.asks("audit", "verify")["healthy"]

    ben = Person(runner.home / "ben")
    ben.home.mkdir()
    assert "1 activity from 1 file" in ben.does("import", str(target))
    told = [one.does("call", "get_activities", "{}") for one in (runner, ben)]
    mine, bens = (json.loads(text.partition("\n")[2]) for text in told)
    for one in (mine, bens):
        del one["activities"]["id"]
    assert mine == bens


def test_a_dry_run_and_what_it_takes(runner: Person) -> None:
    found = runner.asks("export", "x.zip", "--dry-run", "--only", "gear,consents")
    assert found["sections"] == ["gear", "consents"]
    assert (found["activities"], found["originals"]) == (1, 0)
    assert "--only takes" in refused(runner, "export", "x.zip", "--only", "all")
    nowhere = refused(runner, "export", "no/such/x.zip", "--dry-run")
    assert "cannot be made there" in nowhere
    assert "left as it is" in refused(runner, "export", "files/", "--dry-run")
    shown = runner.run("export", str(runner.home), "--dry-run")
    assert f"{runner.home}/pierre-default-export-2" in shown.stderr
    assert not list(runner.home.glob("*.zip"))


def test_into_a_folder_as_json(runner: Person) -> None:
    told = runner.home / "told.json"
    with (
        told.open("wb") as file,
        runner.sits("export", "all/", "--json", stdout=file) as terminal,
    ):
        terminal.take_challenge()
        assert terminal.end().status == 0
    found = json.loads(told.read_text("utf-8"))
    files = [path for path in (runner.home / "all").rglob("*") if path.is_file()]
    assert found["members"] == len(files)
    assert found["bytes"] == sum(path.stat().st_size for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_there_must_be_a_store(anna: Person) -> None:
    assert "no store here" in refused(anna, "export", "x.zip")
    assert not anna.data.exists()


@pytest.mark.parametrize("folder", [False, True], ids=["zip", "folder"])
@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (KeyboardInterrupt(), ExportStoppedError),
        (OSError(28, "full"), ExportUnwritableError),
        (FileExistsError(), PathTakenError),
    ],
    ids=["Ctrl-C", "full", "taken"],
)
def test_no_half_is_left(
    tmp_path: Path, error: BaseException, seen: type[BaseException], *, folder: bool
) -> None:
    def cut_short() -> None:
        with _package(tmp_path / "mine", folder=folder) as package:
            with package.member("a/b.json") as write:
                write(b"half")
            raise error

    with pytest.raises(seen):
        cut_short()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_came_meanwhile_is_left(tmp_path: Path) -> None:
    def late() -> None:
        with new_private_dir(tmp_path / "mine"):
            (tmp_path / "mine").mkdir()

    with pytest.raises(FileExistsError):
        late()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
