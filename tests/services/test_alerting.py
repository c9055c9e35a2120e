"""The operator's command is told of an alert; whatever it does, nothing waits long."""

import json
import sys
import threading
import time
from pathlib import Path

import pytest

from pierre_mcp.errors import AlertCommandMalformedError
from pierre_mcp.model.alert import Alert, Reason
from pierre_mcp.services.alerting import AlertCommand, words_of
from pierre_mcp.store.alerts import ListedAlert
from tests.stores import NOW

GOOD = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"
ENVIRONMENT = (
    "import os, sys; sys.exit(any(k.startswith('PIERRE_') for k in os.environ))"
)


def an_alert() -> ListedAlert:
    reason = Reason(rule="burst", measure=61, limit=60, words="61 calls in a minute")
    alert = Alert(
        at=NOW,
        recipients=("claude-desktop",),
        score=40,
        reasons=(reason,),
        first_seq=3,
        row=9,
    )
    return ListedAlert("an id", 2, alert)


def python(script: str, *words: str) -> str:
    return json.dumps([sys.executable, "-I", "-S", "-c", script, *words])


@pytest.mark.promise("monitor.thresholds")
def test_it_gets_the_alert_as_json(tmp_path: Path) -> None:
    got = tmp_path / "got"
    assert AlertCommand(python(GOOD, str(got))).tell_alert(an_alert())
    told = json.loads(got.read_text())
    assert (told["program"], told["alert"], told["score"]) == ("pierre-mcp", 2, 40)
    assert told["recipients"] == ["claude-desktop"]
    assert told["reasons"][0]["words"] == "61 calls in a minute"
    assert (told["row"], told["first_seq"]) == (9, 3)


def test_it_inherits_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIERRE_MEK_SOURCE", "file:/secret")
    assert AlertCommand(python(ENVIRONMENT)).tell_alert(an_alert())


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(python("import sys; sys.exit(3)"), id="fails"),
        pytest.param(python("import time; time.sleep(60)"), id="hangs"),
        pytest.param("/there/is/no/such/program", id="is not there"),
    ],
)
def test_one_that_does_not_take_it_is_let_go(command: str) -> None:
    began = time.monotonic()
    assert not AlertCommand(command, within_s=0.5).tell_alert(an_alert())
    assert time.monotonic() - began < 5.0


def test_one_that_floods_says_it_to_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    flood = "import sys\nfor _ in range(9000): print('x' * 100, file=sys.stderr)"
    assert AlertCommand(python(flood)).tell_alert(an_alert())
    assert capfd.readouterr() == ("", "")


def test_one_that_hangs_ends_with_the_process() -> None:
    command = AlertCommand(python("import time; time.sleep(60)"))
    told: list[bool] = []
    thread = threading.Thread(
        target=lambda: told.append(command.tell_alert(an_alert()))
    )
    thread.start()
    while command._process is None:
        time.sleep(0.01)
    command.end()
    thread.join(5.0)
    assert told == [False]
    assert not command.tell_alert(an_alert()), "and nothing is begun after"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["mail", "-s", "an alert"]', ["mail", "-s", "an alert"]),
        ("mail -s 'an alert' me", ["mail", "-s", "an alert", "me"]),
        ("mail; rm -rf $HOME", ["mail;", "rm", "-rf", "$HOME"]),
    ],
)
def test_no_shell_reads_it(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    "text", ["", "[]", '["a", 1]', '["a", ""]', "['a']", "mail 'open", '["a\\u0000"]']
)
def test_what_is_no_command(text: str) -> None:
    with pytest.raises(AlertCommandMalformedError):
        AlertCommand(text)
