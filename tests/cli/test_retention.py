"""``retention`` as a person gives it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli import retention
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.pace import Brake
from pierre_mcp.cli.session import Session, begin, current
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.category import Category
from pierre_mcp.services import retention as service
from pierre_mcp.services.expunging import Expunging
from pierre_mcp.services.steps import silent
from tests.cli.terminal import Person
from tests.gate.world import World, a_world
from tests.store.hands import edit
from tests.stores import a_recording, settings_of


@pytest.mark.promise("privacy.retention")
def test_from_what_is_due_to_what_is_gone(runner: Person) -> None:
    kept = {one["category"]: one for one in runner.asks("retention")}
    assert {one["days"] for one in kept.values()} == {None}
    assert "kept until deleted" in runner.does("retention")

    said = runner.does("retention", "set", "heart_rate", "30", "--dry-run")
    assert "this goes now: 1 recording" in said
    assert runner.run("retention", "set", "heart_rate", "30").returncode == 1
    with runner.sits("retention", "set", "heart_rate", "30") as terminal:
        terminal.take_challenge(wrongly=True)
        assert terminal.end().status == 1
    with runner.sits("retention", "set", "heart_rate", "30") as terminal:
        terminal.take_challenge()
        screen = terminal.end()
    assert screen.status == 0
    assert "1 recording" in screen.text.split("Type these words")[0]
    assert "Kept for 30 days: heart_rate.\nDeleted: heart_rate of 1." in screen.text
    assert runner.does("retention", "run") == "Nothing is due to be deleted.\n"
    assert runner.asks("retention", "run", "--dry-run") == {"due": {}}

    with runner.sits("retention", "set", "heart_rate", "--forever") as terminal:
        terminal.take_challenge()
        assert "until you delete it: heart_rate" in terminal.end().text
    assert runner.asks("audit", "verify")["healthy"]


@pytest.mark.parametrize(
    ("category", "days", "forever"),
    [
        pytest.param("heart_rate", None, False, id="no days"),
        pytest.param("heart_rate", 3, True, id="both"),
        pytest.param("heart-rate", 3, False, id="no category"),
    ],
)
def test_what_is_no_retention(
    category: str, days: int | None, *, forever: bool
) -> None:
    with pytest.raises(NotTakenError):
        retention.set_(category, days, forever=forever)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store with one recording of which the heart rate is kept no longer."""
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        keep(world, Category.HEART_RATE, 7)
        begin(Session(settings_of(world.directory)))
        yield world


def keep(world: World, category: Category, days: int) -> None:
    world.gate.widen(
        Call(Owner(), "retention set", "session"),
        lambda tx, grant: service.set_days(tx, grant, category, days),
    )


def test_what_is_due_is_told_and_deleted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    retention.run(dry_run=True)
    assert capsys.readouterr().out == "Due: heart_rate of 1 recording\n"
    retention.run(dry_run=True, as_json=True)
    due = {"heart_rate": {"recordings": 1, "values": 0}}
    assert json.loads(capsys.readouterr().out) == {"due": due}
    retention.run(as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "deleted": {"heart_rate": 1},
        "not_readable": 0,
        "swept": True,
    }
    assert world.last_row()["action"] == "retention"


@pytest.mark.usefixtures("world")
def test_what_is_set_is_told_to_a_program_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("require_terminal", "challenge"):
        monkeypatch.setattr(retention, name, lambda *_: None)
    power = {"category": "power", "days": 30}

    def told(days: int | None, *, dry_run: bool) -> Any:
        forever = days is None
        retention.set_("power", days, forever=forever, dry_run=dry_run, as_json=True)
        return json.loads(capsys.readouterr().out)

    due = {"recordings": 1, "values": 0}
    assert told(30, dry_run=True) == {**power, "due": due}
    gone = {"heart_rate": 1, "power": 1}
    done = {"deleted": gone, "not_readable": 0, "swept": True}
    assert told(30, dry_run=False) == {**power, **done}
    nothing = {"recordings": 0, "values": 0}
    assert told(None, dry_run=True) == {
        "category": "power",
        "days": None,
        "due": nothing,
    }
    assert told(None, dry_run=False) == {
        "category": "power",
        "days": None,
        "deleted": {},
    }


def test_an_import_deletes_what_is_too_old_by_then(world: World) -> None:
    session = current()
    with Brake() as brake:
        retention.after_import(session, world.gate, brake, silent)
        rows = len(world.rows())
        retention.after_import(session, world.gate, brake, silent)
    assert len(world.rows()) == rows, "nothing is due any more"
    assert world.by_hand("SELECT heart_rate FROM recordings") == [(None,)]


def test_what_stays_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    keep(world, Category.LOCATION, 7)
    edit(
        world.directory,
        "UPDATE recordings SET power = CAST(power || x'00' AS BLOB)",
    )
    retention.run()
    said = capsys.readouterr().out
    assert "Deleted: heart_rate of 1." in said
    assert "1 recording cannot be read" in said
    retention.tell_deleted(Expunging(lambda *_: ()), free=False, as_json=False)
    assert "still in the store's files" in capsys.readouterr().out
