"""A command that is told something: what it does to us, whatever it does."""

import os
import time
from pathlib import Path

import pytest

from pierre_mcp.services.commands import Commands

NOTE = b"pierre-mcp/x\n1\n"


def test_it_hears_what_it_is_told_and_none_of_our_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIERRE_DATA_DIR", "/somewhere")
    heard = tmp_path / "heard"
    assert Commands().told(["sh", "-c", 'cat > "$0"; env >> "$0"', str(heard)], NOTE)
    assert heard.read_bytes().startswith(NOTE)
    assert b"PIERRE" not in heard.read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["sh", "-c", "exit 3"], id="fails"),
        pytest.param(["sh", "-c", "kill -9 $$"], id="is killed"),
        pytest.param(["no-such-program-anywhere"], id="is not there"),
        pytest.param(["cat\0"], id="is no word"),
        pytest.param(["/"], id="is a directory"),
        pytest.param(["yes"], id="floods, and does not end"),
        pytest.param(["sleep", "60"], id="does not listen, and does not end"),
    ],
)
def test_one_that_did_not_end_well(words: list[str]) -> None:
    began_s = time.monotonic()
    assert not Commands().told(words, NOTE, within_s=0.2)
    assert time.monotonic() - began_s < 2.0


def test_one_that_does_not_listen_is_told_all_the_same() -> None:
    assert Commands().told(["true"], NOTE * 100_000)


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = 'sleep 60 & echo $! > "$0"; wait'
    assert not Commands().told(["sh", "-c", script, str(pid)], NOTE, within_s=0.3)
    for _ in range(100):
        try:
            os.kill(int(pid.read_text()), 0)
        except ProcessLookupError:
            return
        if _ended(int(pid.read_text())):
            return
        time.sleep(0.01)
    pytest.fail("it goes on")


def _ended(pid: int) -> bool:
    """A zombie, where nobody waits for it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_once_ended_none_is_started(tmp_path: Path) -> None:
    made, here = Commands(), tmp_path / "here"
    made.end()
    assert not made.told(["touch", str(here)], NOTE)
    assert not here.exists()
