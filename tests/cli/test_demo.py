"""The demo as a person sees it, and the demo server as a client does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli import demo
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.cli.wire import ServerSilentError, Wire
from pierre_mcp.services import athlete
from pierre_mcp.settings import Settings
from tests.forks import PIPE, Fork

COMMAND = (sys.executable, "-m", "pierre_mcp")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where all that is temporary goes."""
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


@pytest.fixture
def environment(place: Path, tmp_path: Path) -> Mapping[str, str]:
    """A machine with nothing on it; what is not the demo's would be seen here."""
    return {
        **os.environ,
        "TMPDIR": str(place),
        "PIERRE_DATA_DIR": str(tmp_path / "data"),
        "PIERRE_CONFIG_DIR": str(tmp_path / "config"),
        "PIERRE_ENV": "production",
        "PIERRE_MEK_SOURCE": "env",
        "COLUMNS": "90",
    }


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that makes its store at once: of those which do not come to an answer."""
    monkeypatch.setattr(athlete, "plan", lambda *_: [])


def closed_up(text: str) -> str:
    """Text without its spaces, so that where lines are cut does not matter."""
    return "".join(text.split())


def left(place: Path) -> list[str]:
    return sorted(p.name for p in place.parent.rglob("*") if p != place)


def test_the_whole_path_as_a_transcript(
    place: Path, environment: Mapping[str, str]
) -> None:
    words, silent = ["demo", "--seed", "5"], subprocess.DEVNULL
    process = Fork(words, env=environment, stdin=silent, stdout=PIPE, stderr=PIPE)
    said, complained = process.communicate(timeout=120)
    told, at = closed_up(said.decode()), -1
    assert (process.returncode, complained) == (0, b"")
    for landmark in (
        "1. An assistant arrives, and holds nothing",
        "visitor -> get_status {}",
        '"consented":false',
        'visitor -> get_activities {"limit": 5}',
        "consent_missing: No consent in force.",
        "The demo plays the person here",
        "$ pierre-mcp consent --to visitor",
        "Type these words to give this consent:",
        "Given to visitor until",
        "5 activities,",
        '{"withheld":[{"source":"strava","category":"notes"}]',
        "bytes in all)",
        "How is my training load?",
        "(fitness)",
        "It looks at one from sample to sample",
        "20 of ",
        "so they are withheld",
        'visitor -> withdraw_consent {"scopes": ["strava:activities"]}',
        "1 consent withdrawn",
        "consent_missing: No consent in force for strava:activities.",
        "$ pierre-mcp audit verify Healthy:",
        "$ pierre-mcp audit tail row",
        "visitor get_activities refused consent_missing",
        "owner consent grant done",
        "visitor withdraw_consent released",
        "The store, its key and its directory are removed.",
    ):
        assert closed_up(landmark) in told[at + 1 :], landmark
        at = told.index(closed_up(landmark), at + 1)
    assert left(place) == []


@pytest.mark.usefixtures("no_training")
def test_without_a_pseudo_terminal_it_prints_the_command_and_stops(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo, "can_open_terminal", lambda: False)
    begin(Session(Settings(tmp_path / "data", tmp_path / "config")))
    assert demo.run(2) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "with: pierre-mcp consent --to visitor" in told
    assert "the demo ends here" in told
    assert "audit verify" not in told


@pytest.mark.usefixtures("no_training")
def test_a_step_that_goes_otherwise_fails_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "SERVE", "pierre-mcp serve --client somebody-else")
    begin(Session(Settings(tmp_path / "data", tmp_path / "config")))
    with pytest.raises(demo.DemoUnexpectedError, match="the command of the refusal"):
        demo.run(2)


@pytest.mark.usefixtures("no_training")
def test_a_server_that_does_not_start_fails_it_and_is_heard(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo, "SERVE", "pierre-mcp serve --client BAD_LABEL")
    begin(Session(Settings(tmp_path / "data", tmp_path / "config")))
    with pytest.raises(ServerSilentError):
        demo.run(2)
    assert "label_malformed" in capsys.readouterr().err


@pytest.mark.unmeasured
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_it_leaves_nothing(
    place: Path, environment: Mapping[str, str], number: signal.Signals
) -> None:
    with subprocess.Popen(
        [*COMMAND, "demo"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        until_s = time.monotonic() + 20
        while not list(place.rglob("pierre.db")) and time.monotonic() < until_s:
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(20) == 128 + number
    assert left(place) == []


@pytest.fixture
def served(environment: Mapping[str, str], tmp_path: Path) -> Any:
    """A demo server, as a client's configuration starts it."""
    path = tmp_path / "server.log"
    with (
        path.open("wb") as log,
        Wire([*COMMAND, "serve", "--demo"], environment, log) as wire,
    ):
        wire.greet("test", "1")
        yield wire
    path.unlink()


@pytest.mark.unmeasured
def test_a_demo_server_answers_at_once_and_withholds_places(
    served: Wire, place: Path
) -> None:
    asked = {"provider": "strava", "limit": 50}
    rows = served.call("get_activities", asked)["structuredContent"]
    assert len(rows["activities"]["id"]) == 50
    assert {"source": "strava", "category": "notes"} in rows["withheld"]
    assert rows["activities"]["untrusted_text"] == {}
    first = served.call("get_activity", {"id": rows["activities"]["id"][0]})
    whole = first["structuredContent"]
    assert {"source": "strava", "category": "location"} in whole["withheld"]
    assert whole["route"] == {}
    assert served.close() == 0
    assert left(place) == ["server.log"]
