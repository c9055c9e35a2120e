"""Witnesses: told in order, all of it, whatever becomes of them and of the list."""

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    StorePermissionsError,
    WitnessesUnreadableError,
    WitnessesUnwritableError,
    WitnessFailedError,
    WitnessForeignError,
    WitnessTakenError,
    WitnessUnknownError,
)
from pierre_mcp.model.witness import Noted, Witness
from pierre_mcp.services import witnessing
from pierre_mcp.services.witnesses import Witnesses
from tests.stores import NOW

ID = "11111111-2222-3333-4444-555555555555"


def notes(first: int, last: int) -> list[Noted]:
    text = "pierre-mcp/{0}\n{1}\nroot\n\n— pierre-mcp/{0} signature{1}\n"
    return [Noted(n, text.format(ID, n)) for n in range(first, last + 1)]


@pytest.fixture
def witnesses(tmp_path: Path) -> Witnesses:
    return Witnesses(tmp_path / "config", ID)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "disk" / "notes.txt"


@pytest.fixture
def kept(witnesses: Witnesses, file: Path) -> Witness:
    file.parent.mkdir()
    return witnessing.add(witnesses, Witness(path=str(file)), notes(1, 2))


def text_of(first: int, last: int) -> str:
    return "\n".join(one.note for one in notes(first, last))


def test_a_file_has_every_checkpoint_in_order(
    witnesses: Witnesses, kept: Witness, file: Path
) -> None:
    assert kept.told == 2
    assert file.read_text() == text_of(1, 2)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert witnessing.behind(witnesses, 2, NOW) is None
    assert witnessing.behind(witnesses, 5, NOW) == 2
    assert witnessing.tell(witnesses, notes(1, 5), NOW) == 0
    assert file.read_text() == text_of(1, 5)
    assert witnessing.tell(witnesses, notes(3, 5), NOW) == 0
    assert file.read_text() == text_of(1, 5)
    assert [one.told for one in witnesses.listed()] == [5]


def test_a_command_has_the_newest_alone(witnesses: Witnesses, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    new = Witness(command=("sh", "-c", 'cat >> "$0"', str(heard)))
    witnessing.add(witnesses, new, notes(1, 2))
    assert heard.read_text() == text_of(2, 2)
    witnessing.tell(witnesses, notes(3, 4), NOW)
    assert heard.read_text() == notes(2, 2)[0].note + notes(4, 4)[0].note


@pytest.mark.usefixtures("kept")
def test_a_disk_that_is_not_there_is_told_all_of_it_once_it_is(
    witnesses: Witnesses, file: Path
) -> None:
    away = file.parent.rename(file.parent.with_name("away"))
    file.parent.mkdir()
    assert witnessing.tell(witnesses, notes(3, 3), NOW) == 1
    assert not file.exists(), "none is made where the disk is to be"
    file.parent.rmdir()
    away.rename(file.parent)
    soon, later = NOW + timedelta(minutes=1), NOW + witnessing.AGAIN
    assert witnessing.behind(witnesses, 4, soon) is None, "left alone for a while"
    assert witnessing.tell(witnesses, notes(3, 4), soon) == 0
    assert witnessing.behind(witnesses, 4, later) == 2
    assert witnessing.tell(witnesses, notes(3, 4), later) == 0
    assert file.read_text() == text_of(1, 4)
    assert witnesses.listed()[0].failed_at is None


@pytest.mark.usefixtures("kept")
def test_one_that_fails_is_no_reason_for_the_others(
    witnesses: Witnesses, file: Path, tmp_path: Path
) -> None:
    switch = tmp_path / "switch"
    switch.touch()
    new = Witness(command=("sh", "-c", 'cat > /dev/null; test -e "$0"', str(switch)))
    witnessing.add(witnesses, new, notes(1, 2))
    witnesses.change(lambda listed: listed[::-1])
    switch.unlink()
    assert witnessing.tell(witnesses, notes(3, 3), NOW) == 1
    assert file.read_text() == text_of(1, 3)
    assert [one.told for one in witnesses.listed()] == [2, 3]


@pytest.mark.usefixtures("kept")
def test_a_line_cut_short_spoils_no_later_one(witnesses: Witnesses, file: Path) -> None:
    with file.open("a") as torn:
        torn.write("\npierre-mcp/111")
    witnessing.tell(witnesses, notes(3, 3), NOW)
    assert file.read_text().endswith("\npierre-mcp/111\n" + text_of(3, 3))


@pytest.mark.usefixtures("kept")
def test_after_an_older_copy_was_put_back_it_is_told_of_it(
    witnesses: Witnesses, file: Path
) -> None:
    assert witnessing.behind(witnesses, 1, NOW) == 2
    witnessing.tell(witnesses, notes(1, 1), NOW)
    assert file.read_text() == "\n".join([text_of(1, 2), text_of(1, 1)])
    assert witnesses.listed()[0].told == 1


@pytest.mark.usefixtures("kept")
def test_who_tells_already_is_left_to_it(witnesses: Witnesses, file: Path) -> None:
    with witnesses.telling():
        assert witnessing.tell(witnesses, notes(3, 3), NOW) == 0
    assert file.read_text() == text_of(1, 2)


def test_one_removed_is_told_no_more(
    witnesses: Witnesses, kept: Witness, file: Path
) -> None:
    assert witnessing.remove(witnesses, 1) == kept
    assert witnesses.listed() == ()
    witnessing.tell(witnesses, notes(3, 3), NOW)
    assert file.read_text() == text_of(1, 2), "what it has stays with it"
    for number in (0, 1):
        with pytest.raises(WitnessUnknownError):
            witnessing.remove(witnesses, number)


def test_one_removed_while_it_is_told_does_not_come_back(
    witnesses: Witnesses, kept: Witness
) -> None:
    witnessing._note(witnesses, kept, 3, NOW)
    assert witnesses.listed()[0].told == 3
    witnessing.remove(witnesses, 1)
    witnessing._note(witnesses, kept, 4, NOW)
    assert witnesses.listed() == ()


def test_what_is_no_place_for_a_witness(
    witnesses: Witnesses, kept: Witness, file: Path, tmp_path: Path
) -> None:
    def add(path: Path) -> None:
        witnessing.add(witnesses, Witness(path=str(path)), notes(1, 1))

    with pytest.raises(WitnessTakenError):
        add(file)
    mine = tmp_path / "mine.txt"
    mine.write_text("dear diary")
    with pytest.raises(WitnessForeignError):
        add(mine)
    assert mine.read_text() == "dear diary"
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "no" / "folder", tmp_path / "pipe", Path("/\0")):
        with pytest.raises(WitnessFailedError):
            add(place)
    with pytest.raises(WitnessFailedError):
        witnessing.add(witnesses, Witness(command=("false",)), notes(1, 1))
    assert witnesses.listed() == (kept,)
    # One that another store of ours left, or this one before: it goes on there.
    older = tmp_path / "older.txt"
    older.write_text(notes(1, 1)[0].note)
    add(older)
    for n in range(2, witnessing.MOST):
        add(tmp_path / str(n))
    with pytest.raises(WitnessTakenError):
        add(tmp_path / "one too many")


@pytest.mark.parametrize(
    "content",
    ["", "{}", '[{"path": 1}]', '[{"told": "x"}]', "[" * 5_000, "\0"],
    ids=["nothing", "object", "number", "word", "depth", "zero"],
)
@pytest.mark.usefixtures("kept")
def test_a_list_that_is_not_ours(witnesses: Witnesses, content: str) -> None:
    (witnesses.directory / f"{ID}.witnesses").write_text(content)
    with pytest.raises(WitnessesUnreadableError):
        witnesses.listed()
    with pytest.raises(WitnessesUnreadableError):
        witnesses.change(lambda listed: listed)


@pytest.mark.usefixtures("kept")
def test_a_list_that_others_can_read_or_we_cannot_write(
    witnesses: Witnesses, tmp_path: Path
) -> None:
    path = witnesses.directory / f"{ID}.witnesses"
    assert json.loads(path.read_text())[0]["told"] == 2
    path.chmod(0o644)
    with pytest.raises(StorePermissionsError):
        witnesses.listed()
    (tmp_path / "file").touch()
    nowhere = Witnesses(tmp_path / "file" / "no", ID)
    with pytest.raises(WitnessesUnwritableError):
        nowhere.change(lambda listed: listed)
    with pytest.raises(WitnessesUnwritableError):
        nowhere.telling()
