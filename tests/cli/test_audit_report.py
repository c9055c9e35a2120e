"""The log looked at, exported and reported on, as a person asks for it."""

import csv
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pierre_mcp.cli import audit_out
from pierre_mcp.cli.audit_export import export
from pierre_mcp.cli.audit_look import search, show, tail
from pierre_mcp.cli.audit_report import report
from pierre_mcp.cli.faults import (
    ExportStoppedError,
    NotTakenError,
    PathTakenError,
    PathUnwritableError,
)
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.errors import ExportUnwritableError, RowUnknownError
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.audit_report import SectionName
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.store import erasing
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.store.hands import edit
from tests.stores import a_recording, maintenance, owner_of, settings_of

ALWAYS: dict[str, Any] = {"first": "2026-01-01", "last": "2099-01-01"}
HOSTILE = "\x1b[2J\u202e=cmd()</script>"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        world.give_training()
        world.told("get_activities")
        world.ask("get_stats", of=OTHER)
        call = Call(Owner(), "initialize", "session")
        world.gate.note(call, Outcome.DONE, {"client": HOSTILE})
        begin(Session(settings_of(world.directory)))
        yield world


def said(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().out
    assert text.isprintable() or all(c.isprintable() or c in "\n\r" for c in text)
    return text


def test_the_end_of_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    tail(2)
    assert "initialize" in said(capsys)
    tail(2, as_json=True)
    rows = json.loads(said(capsys))
    assert [row["action"] for row in rows] == ["initialize", "audit tail"]
    assert world.last_row()["action"] == "audit tail"


def test_one_row_with_its_detail_opened(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    show(4)
    text = said(capsys)
    assert "Row 4: You did: initialize." in text
    assert r"\u001b[2J\u202e=cmd()</script>" in text.replace(r"\\", "\\")
    show(4, as_json=True)
    told = json.loads(said(capsys))
    assert told["detail"] == {"client": HOSTILE}
    assert (told["row"], told["seq"], len(told["link"])) == (4, 4, 64)
    assert world.last_row()["action"] == "audit show"
    show(2, as_json=True)
    assert json.loads(said(capsys))["detail"] is None
    with pytest.raises(RowUnknownError):
        show(999)


def test_a_row_of_who_was_erased(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    who, now = owner_of(world.store), world.clock.now()
    with world.store.writing() as tx:
        erasing.erase_person(tx, maintenance(), who, session="s", now=now)
    show(4, as_json=True)
    told = json.loads(said(capsys))
    assert (told["action"], told["detail"]) == ("initialize", None)
    report(**ALWAYS, as_json=True)
    assert json.loads(said(capsys))["consent_changes"]["ledger_lines"] == "not_readable"


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"recipient": OTHER}, [3]),
        ({"tool": "get_activities"}, [2]),
        ({"outcome": Outcome.REFUSED}, [3]),
        ({"category": "power"}, [2]),
        ({"event": "data_access", "risk": "low"}, [2]),
        ({"tool": "nothing"}, []),
    ],
)
def test_what_rows_say(
    world: World,
    capsys: pytest.CaptureFixture[str],
    asked: dict[str, Any],
    rows: list[int],
) -> None:
    del world
    search(**asked, **ALWAYS, as_json=True)
    assert [row["seq"] for row in json.loads(said(capsys))] == rows
    search(**asked, **ALWAYS)
    assert ("No row says so." in said(capsys)) is not bool(rows)


def test_the_last_thirty_days_unless_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The world's clock stands still in a month long gone."""
    del world
    search(tool="get_activities", as_json=True)
    assert json.loads(said(capsys)) == []


@pytest.mark.parametrize(
    "days",
    [
        {"first": "2026-02-30"},
        {"last": "yesterday"},
        {"first": "2026-03-02", "last": "2026-03-01"},
        {"last": "9999-12-31"},
        {"first": "20260301"},
    ],
)
def test_what_are_no_days(days: dict[str, Any]) -> None:
    for command in (search, export, report):
        with pytest.raises(NotTakenError):
            command(**days)


def test_to_a_file_of_ones_own(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "log.csv"
    export(out=out, **ALWAYS)
    assert "Written to" in said(capsys)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows] == ["1", "2", "3", "4"]
    export(out=tmp_path / "log.jsonl", **ALWAYS, as_json=True)
    assert json.loads(said(capsys))["healthy"] is True
    lines = (tmp_path / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["metadata"]["sequence"] for line in lines] == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert world.last_row()["action"] == "audit export"
    with pytest.raises(PathTakenError):
        export(out=out)


def test_to_a_pipe(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    del world
    export(**ALWAYS)
    assert len(said(capsys).splitlines()) == 4
    export("csv", **ALWAYS)
    assert said(capsys).startswith("row,at,event,")


@pytest.mark.promise("audit.report")
def test_a_report_in_every_format(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(**ALWAYS)
    assert "the log holds" in said(capsys)
    report(**ALWAYS, as_json=True)
    told = json.loads(said(capsys))
    assert list(told)[6:] == [name.value for name in SectionName]
    assert told["data_access_logs"]["answers_released"] == 1
    assert told["consent_changes"]["ledger_given"] > 5
    report([SectionName.KEYS], as_form="json", **ALWAYS)
    assert "summary" not in json.loads(said(capsys))
    report(as_form="csv", **ALWAYS)
    assert said(capsys).splitlines()[1].startswith("integrity,healthy,,,true")
    out = tmp_path / "report.html"
    report(out=out, **ALWAYS)
    assert "<h1>Audit report</h1>" in out.read_text("utf-8")
    capsys.readouterr()
    report(out=tmp_path / "report.json", **ALWAYS, as_json=True)
    assert json.loads(said(capsys))["healthy"] is True
    assert world.last_row()["action"] == "audit report"


@pytest.mark.promise("audit.report")
def test_of_a_broken_log(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(world.directory, "UPDATE audit SET mac = zeroblob(32) WHERE seq = 3")
    out = tmp_path / "report.html"
    for command, told in (
        (report, {"out": out}),
        (report, {}),
        (report, {"as_json": True}),
        (export, {}),
    ):
        with pytest.raises(typer.Exit):
            command(**told, **ALWAYS)
        shown = capsys.readouterr()
        assert "NOT healthy at row 3" in shown.err
        assert OTHER not in shown.out
    text = out.read_text("utf-8")
    assert "does NOT hold at row 3" in text
    assert CLAUDE in text
    assert OTHER not in text


def test_what_is_not_taken(tmp_path: Path) -> None:
    for command, wrong in (
        (export, {"as_json": True}),
        (export, {"as_form": "pdf"}),
        (export, {"out": tmp_path / "log.txt"}),
        (report, {"as_json": True, "as_form": "csv"}),
        (report, {"out": tmp_path / "report.pdf"}),
    ):
        with pytest.raises(NotTakenError):
            command(**wrong)


def test_what_cannot_be_written(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del world
    with pytest.raises(PathUnwritableError):
        report(out=tmp_path / "nowhere" / "report.html")
    for raised, told in (
        (OSError, ExportUnwritableError),
        (KeyboardInterrupt, ExportStoppedError),
        (FileExistsError, PathTakenError),
    ):

        def fail(*_: object, raised: type[BaseException] = raised) -> None:
            raise raised

        monkeypatch.setattr(audit_out, "_put", fail)
        with pytest.raises(told):
            report(out=tmp_path / "report.html")
    assert not list(tmp_path.glob("report*"))


def test_a_reader_who_has_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``| head`` does: no complaint, and a status of its own."""
    read, write = os.pipe()
    with os.fdopen(write, "w") as piped:
        os.close(read)
        monkeypatch.setattr("sys.stdout", piped)
        with pytest.raises(typer.Exit), audit_out.writing(None) as put:
            put("x" * 100_000)
