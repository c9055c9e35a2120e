"""Every example does what it says, as a process of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pierre_mcp.cli.clients import entry
from pierre_mcp.settings import from_environment
from tests.cli.terminal import Person

pytestmark = pytest.mark.unmeasured

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, home: Path, *words: Path | str, status: int = 0) -> list[str]:
    """Run an example; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *words],
        env=Person(home).env,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        *("claude_desktop_config.json", "first_call.py", "withdraw_consent.py"),
        "verify_proof.py",
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


@pytest.mark.promise("audit.prove")
def test_a_proof_is_checked_without_the_store(tmp_path: Path) -> None:
    anna = Person(tmp_path / "anna")
    anna.home.mkdir()
    row, later, kept = (tmp_path / name for name in ("row", "later", "kept"))
    anna.does("audit", "verify")
    anna.does("audit", "prove", "1", "--out", str(row))
    proof = json.loads(row.read_text())
    kept.write_text(proof["checkpoint"])
    (key := tmp_path / "key").write_text(proof["key"])
    anna.does("audit", "prove", "2")
    anna.does("audit", "prove", "--since", str(kept), "--out", str(later))
    shutil.rmtree(anna.home)

    pinned = ("--key", key, "--kept", kept)
    first, _, entry = run("verify_proof.py", tmp_path, row, *pinned)
    assert first.startswith("Row 1 is among the first ")
    assert json.loads(entry)["action"] == "audit verify"
    assert run("verify_proof.py", tmp_path, later, *pinned)[1].startswith("begins with")
    row.write_text(row.read_text().replace("audit verify", "audit export"))
    assert run("verify_proof.py", tmp_path, row, *pinned, status=1) == [
        "It does NOT hold: its row is not in the log that the checkpoint is of."
    ]
    assert run("verify_proof.py", tmp_path, tmp_path / "none", status=2) == []
    assert run("verify_proof.py", tmp_path, row, "--key", row, status=1) == [
        "It does NOT hold: something in it is no base64."
    ]
