"""The tiny client, against servers that misbehave."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pierre_mcp.cli import wire
from pierre_mcp.cli.wire import ServerSilentError, Wire


@contextmanager
def against(program: str, tmp_path: Path) -> Iterator[Wire]:
    command = [sys.executable, "-c", program]
    with (tmp_path / "log").open("wb") as log, Wire(command, {}, log) as client:
        yield client


def test_what_is_not_the_reply_is_passed_over(tmp_path: Path) -> None:
    program = (
        "import sys; sys.stdin.readline();"
        'print(\'{"method": "notifications/message"}\');'
        'print(\'{"id": 1, "result": {"fine": true}}\', flush=True);'
        "sys.stdin.read()"
    )
    with against(program, tmp_path) as client:
        assert client.call("get_status", {}) == {"fine": True}
        assert client.close() == 0


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("", id="it ends"),
        pytest.param(
            'print(\'{"id": 1, "error": {}}\', flush=True); input(); input()',
            id="it answers with an error",
        ),
        pytest.param("import sys; sys.stdin.read()", id="it says nothing"),
    ],
)
def test_no_answer_is_an_error(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ANSWER_WITHIN_S", 1.0)
    with against(program, tmp_path) as client, pytest.raises(ServerSilentError):
        client.call("get_status", {})


def test_one_that_has_gone_is_an_error(tmp_path: Path) -> None:
    with against("", tmp_path) as client:
        client.close()
        with pytest.raises(ServerSilentError):
            client.call("get_status", {})


def test_one_that_does_not_leave_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "END_WITHIN_S", 0.2)
    with against("import time; time.sleep(60)", tmp_path) as client:
        assert client.close() != 0
