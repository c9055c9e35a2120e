"""Every example does what it says, as a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pierre_mcp.cli.clients import entry
from pierre_mcp.settings import from_environment
from tests.cli.terminal import Person

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, home: Path) -> list[str]:
    """Run an example; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        env=Person(home).env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        *("claude_desktop_config.json", "first_call.py", "withdraw_consent.py"),
    }


def test_the_entry_is_what_setup_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA_DIR", "CONFIG_DIR", "MEK_SOURCE", "ENV"):
        monkeypatch.delenv(f"PIERRE_{name}", raising=False)
    shown = json.loads((EXAMPLES / "claude_desktop_config.json").read_text())
    written = entry(from_environment())
    assert shown["mcpServers"]["pierre"].pop("command").endswith("/bin/python")
    assert Path(written.pop("command")).is_absolute()
    assert shown == {"mcpServers": {"pierre": written}}


def test_a_first_call(tmp_path: Path) -> None:
    line, answer = run("first_call.py", tmp_path)
    assert line.startswith("5 activities")
    assert len(json.loads(answer)["activities"]["id"]) == 5


@pytest.mark.promise("consent.withdraw-now")
def test_withdrawing(tmp_path: Path) -> None:
    before, withdrawn, after = run("withdraw_consent.py", tmp_path)
    assert before.startswith("get_activities: 20 activities")
    assert "withdrawn; it holds from now on" in withdrawn
    assert after.startswith("get_activities: consent_missing: ")
