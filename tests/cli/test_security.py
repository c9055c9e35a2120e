"""``security`` as a person gives it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pierre_mcp.cli import doctor, security, security_thresholds
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.clock import SystemClock
from pierre_mcp.errors import ThresholdUnknownError, ThresholdValueError
from pierre_mcp.policy.rules import THRESHOLDS
from pierre_mcp.settings import Settings
from tests.gate.world import CLAUDE, World, a_world
from tests.services.test_alerting import GOOD, python
from tests.stores import settings_of

Run = Callable[..., str]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.store.db.execute("PRAGMA synchronous = OFF")
        world.give_training()
        yield world


def runs(settings: Settings) -> Run:
    """Run a command in this process, whose clock is the machine's."""
    app, sub = typer.Typer(), typer.Typer()
    app.callback()(lambda: begin(Session(settings)))
    for command in security.app.registered_commands:
        sub.registered_commands.append(command)
    sub.add_typer(security_thresholds.app, name="thresholds")
    app.add_typer(sub, name="security")

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["security", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.output)

    return run


@pytest.fixture
def run(world: World) -> Run:
    return runs(settings_of(world.directory))


def guess(world: World, count: int = 16) -> None:
    """Guess ids now, by the machine's own clock."""
    world.clock.at = SystemClock().now()
    for number in range(count):
        world.ask("get_activity", {"id": f"{number:022}"})


@pytest.mark.promise("monitor.events-report")
def test_what_was_raised_and_why_and_how_to_lift_it(run: Run, world: World) -> None:
    before = json.loads(run("events", "--json"))
    told = before["suspicious_logins"], before["last_security_scan"]
    assert told == ("not_applicable", None)
    assert run("alerts") == "No alerts.\n"
    guess(world)
    said = run("scan")
    assert "1 raised." in said
    assert "guessing: 16 ids, cursors or names tried within a day" in said
    assert "(threshold 10)" in said
    assert json.loads(run("scan", "--json"))["raised"] == []
    said = run("events")
    assert "login_success" in said
    assert "not_applicable" in said
    assert (
        f"lift it with: pierre-mcp --profile store security lift --to {CLAUDE}" in said
    )
    found = json.loads(run("events", "--json"))
    assert found["suspicious_activities"] == 1
    [held] = found["recipients"]
    assert (held["recipient"], held["score"]) == (CLAUDE, 80)
    assert json.loads(run("alerts", "--json"))[0]["reasons"][0]["rule"] == "guessing"
    assert "guessing" in run("alerts")
    assert run("lift", "--to", CLAUDE) == f"Let in as before: {CLAUDE}.\n"
    assert run("lift").startswith("Nobody was held back")
    assert json.loads(run("lift", "--json")) == {"lifted": []}
    row = world.last_row()
    assert (row["action"], row["risk"]) == ("security lift", "high")
    assert json.loads(run("events", "--json"))["recipients"] == []


def test_the_doctor_tells_of_it(run: Run, world: World) -> None:
    session = Session(settings_of(world.directory))

    def checked() -> Any:
        begin(session)
        found = doctor.examined(session, deep=False, production=False)
        return next(one for one in found if one.name == "suspicious activity")

    assert (checked().verdict, checked().words) == ("ok", "none in 7 days")
    guess(world)
    run("scan")
    check = checked()
    assert check.verdict == "warn"
    assert check.words == f"1 raised in 7 days; held back: {CLAUDE}"
    assert check.fix.endswith("security events")


@pytest.mark.promise("monitor.thresholds")
def test_thresholds_are_shown_set_and_put_back(run: Run, world: World) -> None:
    shown = json.loads(run("thresholds", "--json"))
    assert shown.keys() == THRESHOLDS.keys()
    assert (shown["burst"]["value"], shown["burst"]["rule"]) == (60, True)
    assert run("thresholds", "set", "burst", "90") == "burst is 90 from now on.\n"
    assert json.loads(run("thresholds", "show", "--json"))["burst"]["value"] == 90
    assert "burst" in run("thresholds")
    said = run("thresholds", "set", "burst", "default", "--json")
    assert json.loads(said) == {"burst": 60}
    assert world.last_row()["action"] == "security thresholds set"
    for value in ("9", "1001", "-1", "many", "1e3", "٣٠"):
        with pytest.raises(ThresholdValueError):
            run("thresholds", "set", "--", "burst", value)
    with pytest.raises(ThresholdUnknownError):
        run("thresholds", "set", "everything", "1")


@pytest.mark.promise("monitor.thresholds")
def test_a_scan_tells_the_operators_command(world: World, tmp_path: Path) -> None:
    got, settings = tmp_path / "got", settings_of(world.directory)
    guess(world)
    run = runs(replace(settings, alert_command=python(GOOD, str(got))))
    run("scan")
    assert json.loads(got.read_text())["reasons"][0]["rule"] == "guessing"
    guess(world, 40)
    assert "did not take alert 2" in runs(
        replace(settings, alert_command=python("import sys; sys.exit(1)"))
    )("scan")
    for number in range(100, 140):
        world.ask("get_activities", {"cursor": f"{number}"})
    assert "is no command" in runs(replace(settings, alert_command="mail 'open"))(
        "scan"
    )
