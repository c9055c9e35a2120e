"""``requests`` as a person gives it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pierre_mcp.cli import requests
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import Session, begin
from tests.gate.world import World, a_world
from tests.stores import settings_of

Run = Callable[..., str]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        yield world


@pytest.fixture
def run(world: World) -> Run:
    """Run a command in this process."""
    session = Session(settings_of(world.directory))
    app = typer.Typer()
    app.callback()(lambda: begin(session))
    app.add_typer(requests.app, name="requests")

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["requests", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.output)

    return run


def asks(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json"))


@pytest.mark.promise("rights.requests")
def test_from_entered_to_answered(run: Run, world: World) -> None:
    assert "No requests. Enter one with" in run()
    said = run("add", "access", "--received", "2024-03-05", "--note", "a letter")
    assert "to be answered by 2024-04-05" in said
    assert "public holiday" in said
    assert "OVERDUE by" in said
    assert "OVERDUE by" in run()
    made = asks(run, "add", "opt-out", "--by", "ccpa")
    assert (made["number"], made["overdue"]) == (2, False)
    assert "days left" in run()
    assert "Note: a letter" in run("show", "1")
    young = asks(run, "add", "erasure")
    extended = asks(run, "extend", str(young["number"]), "--why", "it is much")
    assert extended["due_on"] > young["due_on"]
    assert "extended" in run("show", "3")
    run("close", "1", "--outcome", "refused", "--why", "not the person")
    found = asks(run)
    assert [one["number"] for one in found][-1] == 1
    assert found[-1]["days_left"] is None
    assert "refused" in run()
    assert world.last_row()["action"] == "requests"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("add", "everything"), id="kind"),
        pytest.param(("add", "access", "--by", "law"), id="law"),
        pytest.param(("add", "access", "--received", "5 March"), id="day"),
        pytest.param(("add", "access", "--received", "2026-02-30"), id="no such day"),
        pytest.param(("add", "access", "--note", "x" * 2_001), id="long"),
        pytest.param(("extend", "1", "--why", " "), id="no reason"),
        pytest.param(("close", "1", "--outcome", "perhaps"), id="outcome"),
        pytest.param(("close", "1", "--outcome", "refused"), id="unexplained"),
    ],
)
def test_what_is_not_taken(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(NotTakenError):
        run(*words)
