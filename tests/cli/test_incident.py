"""``incident`` as a person gives it."""

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from pierre_mcp.cli import incident, incident_words, program
from pierre_mcp.cli.faults import NoTerminalError, NotTakenError, PathTakenError
from pierre_mcp.cli.incident_steps import STEPS
from pierre_mcp.cli.incident_words import clock_words, draw_timeline, labels, moment
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.errors import IncidentTimeError, IncidentUnknownError
from pierre_mcp.model.incident import Duty, Told
from pierre_mcp.policy.breaches import notice_clock
from pierre_mcp.services.incident_timeline import Timeline
from pierre_mcp.services.incidents import Standing
from pierre_mcp.store import alerts
from tests.cli.terminal import Person
from tests.gate.world import CLAUDE, World, a_world
from tests.store.hands import edit
from tests.stores import (
    NOW,
    a_recording,
    an_alert,
    an_incident,
    maintenance,
    owner_of,
    settings_of,
)

Run = Callable[..., str]
HOSTILE = "line\none\x1b[2Jtwo\u202e\"three\",{'four': 5}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        yield world


@pytest.fixture
def run(world: World) -> Run:
    """Run a command in this process."""
    return runs_in(world.directory)


def runs_in(directory: Path) -> Run:
    session = Session(settings_of(directory))
    app = typer.Typer()
    app.callback()(lambda: begin(session))
    app.add_typer(incident.app, name="incident")

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["incident", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.output)

    return run


def asks(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--json"))


@pytest.mark.promise("incident.runbook")
def test_from_found_to_reviewed(run: Run, world: World, tmp_path: Path) -> None:
    world.put(a_recording())
    world.give_training()
    world.told("get_activities")
    assert "The six steps for one: pierre-mcp" in run()
    said = run("open", "odd questions", "--recipient", CLAUDE, "--from", "2026-02-28")
    assert said.startswith("Incident 1: high, open. Authority: 7")
    assert "left, to 20" in said
    assert "or a reason why not" in run()
    assert "critical" in run(
        *("assess", "1", "--level", "critical", "--authority", "notify"),
        *("--why", "it read heart rates", "--to", "2026-03-02T01:00+01:00"),
    )
    run("note", "1", "the provider was asked")
    shown = run("show", "1")
    assert "get_activities" in shown
    assert "heart_rate" in shown
    assert "assessed  level critical, duty notify, to 2026-03-02 00:00 UTC" in shown
    said = run("contain", "1", "--withdraw", CLAUDE, "--tokens", "--yes")
    assert f"Withdrawn from {CLAUDE}" in said
    assert world.ask("get_activities").code == "consent_missing"
    draft = tmp_path / "draft.md"
    run("report", "1", "--to", "authority", "--out", str(draft))
    assert "## Likely consequences" in draft.read_text("utf-8")
    with pytest.raises(PathTakenError):
        run("report", "1", "--out", str(draft))
    assert "told in time" in run("told", "1", "authority", "--note", "case 12")
    assert "critical, closed" in run("close", "1", "--learnt", "give it less")
    assert "closed" in run("list")
    found = asks(run, "show", "1")
    assert [one["kind"] for one in found["entries"]] == [
        *("opened", "assessed", "note", "contained", "contained", "told", "closed"),
    ]
    assert (found["state"], found["clock"]["state"]) == ("closed", "met")
    assert found["timeline"]["answers"] == 1
    assert found["log_healthy"] is True


def test_json_of_each(run: Run, world: World) -> None:
    assert asks(run) == []
    made = asks(run, "open", "w", "--level", "medium")
    assert (made["number"], made["level"], made["level_number"]) == (1, "medium", 3)
    assert made["clock"]["state"] == "running"
    assert 71.9 < made["clock"]["hours_left"] <= 72
    assert asks(run, "list")[0]["id"] == made["id"]
    did = asks(run, "contain", "1", "--otherwise", "unplugged it")
    assert (did["state"], did["entries"][-1]["text"]) == ("contained", "unplugged it")
    drafts = asks(run, "report", made["id"])["markdown"]
    assert set(drafts) == {"authority", "people"}
    assert [one["name"] for one in asks(run, "steps")] == [one.name for one in STEPS]
    assert world.last_row()["action"] == "incident report"


@pytest.mark.promise("incident.runbook")
def test_the_six_steps_are_commands_that_there_are(run: Run) -> None:
    """The guide's: detection, assessment, containment and so on."""
    said = run("steps")
    assert [step.name for step in STEPS] == [
        *("find", "assess", "contain", "investigate", "recover", "review"),
    ]
    for step in STEPS:
        assert step.does in said
        for line in step.commands:
            found: Any = get_command(program.app)
            for word in shlex.split(line):
                if not hasattr(found, "commands"):
                    break
                found = found.commands[word]
            options = {o for p in found.params for o in p.opts}
            named = {w for w in shlex.split(line) if w.startswith("--")}
            assert named <= options, line


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("open",), id="nothing told"),
        pytest.param(("open", " "), id="nothing said"),
        pytest.param(("open", "x" * 2_001), id="long"),
        pytest.param(("open", "w", "--level", "minor"), id="level"),
        pytest.param(("open", "w", "--discovered", "yesterday"), id="time"),
        pytest.param(("open", "w", "--discovered", "2026-02-30"), id="no such day"),
        pytest.param(("open", "w", "--from", "0001-01-01T00:00+09:00"), id="year 0"),
        pytest.param(("assess", "1", "--why", "w"), id="nothing found"),
        pytest.param(
            ("assess", "1", "--why", "w", "--authority", "perhaps"), id="duty"
        ),
        pytest.param(
            ("open", "w", "--from-alert", "1", "--to", "2026-01-01"), id="both"
        ),
        pytest.param(("told", "1", "everybody"), id="whom"),
        pytest.param(("report", "1", "--to", "press"), id="to whom"),
        pytest.param(("close", "1", "--learnt", ""), id="nothing learnt"),
    ],
)
def test_what_is_not_taken(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(NotTakenError):
        runs_in(tmp_path / "store")(*words)
    assert not (tmp_path / "store").exists(), "no store was opened for it"


def test_what_is_asked_first_needs_somebody_to_ask(run: Run) -> None:
    run("open", "w")
    for words in ((), ("--tokens",), ("--yes",), ("--keys", "--otherwise", "x")):
        with pytest.raises(NoTerminalError):
            run("contain", "1", *words)
    with pytest.raises(IncidentUnknownError):
        run("contain", "2", "--tokens", "--yes")


def test_a_changed_log_tells_nothing(run: Run, world: World) -> None:
    world.told("get_status")
    run("open", "w")
    edit(world.directory, "UPDATE audit SET mac = zeroblob(32) WHERE seq = 1")
    assert "NOT healthy at row 1" in run("show", "1")
    found = asks(run, "show", "1")
    assert (found["log_healthy"], found["timeline"]) == (False, None)


@pytest.mark.promise("audit.every-call")
def test_what_was_written_is_one_line_of_plain_text(run: Run) -> None:
    run("open", HOSTILE)
    run("note", "1", HOSTILE)
    run("contain", "1", "--otherwise", HOSTILE)
    run("assess", "1", "--authority", "none", "--why", HOSTILE)
    for words in ((), ("show", "1"), ("report", "1")):
        said = run(*words)
        assert not {"\x1b", "\u202e", "\r"} & set(said)
        assert "\none" not in said
    assert asks(run, "show", "1")["what"] == HOSTILE, "JSON escapes it"


@pytest.mark.promise("incident.runbook")
def test_each_act_is_asked_on_a_terminal(runner: Person) -> None:
    runner.does("incident", "open", "somebody knows the key")
    with runner.sits("incident", "contain", "1") as terminal:
        terminal.answer("End every consent token", "n")
        terminal.answer("Replace every key", "y")
        done = terminal.end()
    assert done.status == 0
    assert "9 keys made, 8 keys destroyed" in done.text
    assert "Ended" not in done.text
    found = runner.asks("incident", "show", "1")
    assert [one["subject"] for one in found["entries"]] == ["high", "keys"]
    lines = [one["action"] for one in found["timeline"]["happenings"]]
    assert lines.count("keys emergency") == 2


def test_from_an_alert(run: Run, world: World) -> None:
    who = owner_of(world.store)
    with world.store.writing() as tx:
        alerts.add(tx, maintenance(), who, an_alert())
    said = run("open", "--from-alert", "1", "--level", "critical")
    assert said.startswith("Incident 1: critical, open.")
    assert asks(run, "show", "1")["recipients"] == [CLAUDE]
    made = asks(run, "open", "it asked much", "--from-alert", "1")
    assert (made["number"], made["what"]) == (2, "it asked much")
    told = asks(run, "told", "2", "people")
    assert set(told["told"]) == {"people"}
    with pytest.raises(IncidentTimeError):
        run("told", "2", "authority", "--at", "2020-01-01")


def test_the_clock_in_words() -> None:
    def after(hours: float, **changes: object) -> str:
        now = NOW + timedelta(hours=hours)
        one = an_incident().model_copy(update=changes)
        return clock_words(Standing("id", 1, one, notice_clock(one, now)))

    owed = {"duty": Duty.NOTIFY}
    at = NOW + timedelta(hours=73)
    assert after(1.5) == (
        "70 h 30 min left, to 2026-03-04 00:00 UTC, or a reason why not"
    )
    assert after(72.5, **owed) == "OVERDUE by 0 h 30 min, since 2026-03-04 00:00 UTC"
    assert after(99, told={Told.AUTHORITY: NOW}) == "told in time"
    assert after(99, told={Told.AUTHORITY: at}) == "told late, by 1 h 00 min"
    assert after(99, duty=Duty.NONE) == "not to be told"


def test_times_labels_and_words_as_typed() -> None:
    at = datetime(2026, 3, 1, 13, 5, tzinfo=UTC)
    assert moment("2026-03-01T14:05+01:00") == moment("2026-03-01 13:05") == at
    assert moment("2026-03-01") == at.replace(hour=0, minute=0)
    assert moment(None) is None
    assert labels([CLAUDE, CLAUDE, "b"]) == (CLAUDE, "b")
    for given in (
        "1",
        "2026-03-01T",
        "2026-03-01T25:00",
        "2026-W09-7",
        "0001-01-01T00:00+09:00",
    ):
        with pytest.raises(NotTakenError):
            moment(given)
    for given in ("", " \n", "x" * 2_001):
        with pytest.raises(NotTakenError):
            incident_words.words(given)
    with pytest.raises(NotTakenError):
        incident_words.word(Duty, "perhaps")


def test_a_long_timeline_is_said_to_be_cut(capsys: pytest.CaptureFixture[str]) -> None:
    draw_timeline(
        Timeline(start=NOW, end=NOW, happenings=(), left_out=3, answers=0, opened=())
    )
    assert "3 earlier lines left out" in capsys.readouterr().out
