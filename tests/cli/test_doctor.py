"""The doctor: what is wrong, and what to do about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli import doctor
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.tools.catalogue import table
from tests.cli.terminal import Person
from tests.gate.world import a_world
from tests.stores import marks_of

OTHER_KEY = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="


def checks(anna: Person, status: int = 0) -> dict[str, Any]:
    done = anna.run("doctor", "--json")
    assert (done.returncode, done.stderr) == (status, ""), done
    return {check["name"]: check for check in json.loads(done.stdout)}


def failing(anna: Person) -> Any:
    """The one check that fails; it says what to do, and to people too."""
    (found,) = [c for c in checks(anna, 1).values() if c["verdict"] == "fail"]
    said = anna.run("doctor")
    assert said.returncode == 1
    assert f"FAIL  {found['name']}: {found['words']}. {found['fix']}" in said.stdout
    assert found["fix"]
    return found


def test_all_is_well(runner: Person) -> None:
    runner.does("setup", "--yes", "--client", "claude-desktop")
    found = checks(runner)
    verdicts = {name: check["verdict"] for name, check in found.items()}
    assert verdicts.pop("master key") == "warn"  # a development key
    assert verdicts.pop("last backup") == "warn"  # none yet
    assert set(verdicts.values()) == {"ok"}
    assert {"versions", "sqlite", "permissions", "database", "keyring"} <= set(verdicts)
    assert {"seal", "audit log", "claude desktop"} <= set(verdicts)


def test_a_fresh_machine_is_not_ill(anna: Person) -> None:
    found = checks(anna)
    assert found["store"]["fix"] == "Make it with: pierre-mcp setup"
    fix = "Run: pierre-mcp setup --client claude-desktop"
    assert found["claude desktop"]["fix"] == fix
    assert not anna.data.exists()


def test_consents_given_lately_are_shown(runner: Person) -> None:
    runner.consents("--to", "somebody")
    found = checks(runner)["consents given in 7 days"]
    assert found["words"].startswith("somebody on 20")
    assert "withdraw --to NAME" in found["fix"]


def test_a_tool_added_since_a_consent_comes_with_its_command(runner: Person) -> None:
    runner.consents("--to", "somebody")
    assert checks(runner)["tools added since a consent"]["words"] == "none"
    runner.consents("grant", "share:another", "tool:get_activity", "--to", "another")
    found = checks(runner)["tools added since a consent"]
    assert found["verdict"] == "warn"
    assert found["words"] == "not in what another may use"
    lacking = sorted(set(table().readers()) - {"get_activity"})
    added = " ".join(f"tool:{name}" for name in lacking)
    assert f"pierre-mcp consent grant {added} --to another" in found["fix"]


def test_a_store_open_to_others(runner: Person) -> None:
    runner.store.chmod(0o755)
    found = failing(runner)
    assert "is not yours alone" in found["words"]
    assert "chmod 700" in found["fix"]


def test_another_key(runner: Person) -> None:
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY"] = OTHER_KEY
    found = failing(runner)
    assert "It needs the key with the public id" in found["words"]


def test_no_key(runner: Person) -> None:
    runner.env["PIERRE_MEK_SOURCE"] = "env"
    found = [c for c in checks(runner, 1).values() if c["verdict"] == "fail"]
    assert {c["name"] for c in found} == {"master key", "store"}
    assert all("PIERRE_MASTER_ENCRYPTION_KEY" in c["fix"] for c in found)


def test_a_damaged_file(runner: Person) -> None:
    (file,) = runner.store.glob("*.db")
    content = bytearray(file.read_bytes())
    content[8_192:] = bytes(len(content) - 8_192)
    file.write_bytes(content)
    found = failing(runner)
    assert "doctor" not in found["fix"]


def test_an_entry_whose_command_is_gone(anna: Person) -> None:
    anna.does("setup", "--yes", "--client", "claude-desktop")
    config = anna.claude.read_text()
    command = json.loads(config)["mcpServers"]["pierre"]["command"]
    anna.claude.write_text(config.replace(command, "/not/there"))
    assert failing(anna)["fix"] == "Run: pierre-mcp setup --client claude-desktop"
    anna.does("setup", "--yes", "--client", "claude-desktop")
    assert checks(anna)["claude desktop"]["verdict"] == "ok"


def test_a_broken_configuration(anna: Person) -> None:
    anna.claude.parent.mkdir(parents=True)
    anna.claude.write_text("{")
    assert "Mend or move it" in failing(anna)["fix"]


@pytest.mark.parametrize("verdict", Verdict)
def test_a_check_is_a_value(verdict: Verdict) -> None:
    assert Check("x", verdict, "y") == Check("x", verdict, "y", "")


class Deaf(HighWater):
    """An outside file that takes no line, as on a full disk."""

    def note(self, mark: Mark) -> None:
        del mark


def test_a_mark_that_stays_behind_the_log_is_told(tmp_path: Path) -> None:
    with a_world(tmp_path / "store") as world:
        world.ask("get_status")
        assert doctor._mark(world.gate).verdict is Verdict.OK
        world.store._outside = Deaf(
            marks_of(world.directory), world.store._outside.store_id
        )
        world.ask("get_status")
        found = doctor._mark(world.gate)
        assert found.verdict is Verdict.FAIL
        assert "configuration directory" in found.fix
