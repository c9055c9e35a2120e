"""The doctor: what is wrong, and what to do about it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pierre_mcp.cli import doctor
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.tools.catalogue import table
from tests.bench.bit_flips import around, flippable
from tests.cli.terminal import Person
from tests.gate.world import a_world
from tests.store.hands import edit
from tests.stores import marks_of

OTHER_KEY = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="


def checks(anna: Person, status: int = 0, *words: str) -> dict[str, Any]:
    done = anna.run("doctor", "--json", *words)
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


def test_key_and_store_in_one_folder_that_is_copied(anna: Person) -> None:
    folder = anna.home / "Dropbox"
    anna.env["PIERRE_DATA_DIR"] = str(folder / "data")
    anna.env["PIERRE_CONFIG_DIR"] = str(folder / "config")
    anna.does("setup", "--yes")
    found = checks(anna)["master key"]
    assert found["verdict"] == "warn"
    assert "in a folder that Dropbox copies together with the store" in found["words"]
    (folder / "config").rename(anna.home / "config")
    anna.env["PIERRE_CONFIG_DIR"] = str(anna.home / "config")
    assert "Dropbox" not in checks(anna)["master key"]["words"]


def test_previous_keys_while_needed_and_after(runner: Person) -> None:
    key = (runner.config / "development.key").read_text().strip()
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY"] = key
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS"] = OTHER_KEY
    found = checks(runner)["previous master keys"]
    assert (found["verdict"], found["words"]) == ("warn", "no longer needed")
    assert "out of the environment" in found["fix"]
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY"] = OTHER_KEY
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS"] = "dev"
    found = checks(runner)["previous master keys"]
    assert (found["verdict"], found["words"]) == ("ok", "still needed")
    assert found["fix"].endswith("pierre-mcp keys rewrap")


# --- the long looks

DEEP = {
    *("structure", "references", "cells", "keys", "log and ledger", "looked through"),
    "unused bytes",
}


@pytest.mark.promise("store.deep-check")
def test_the_whole_store_is_looked_through(runner: Person) -> None:
    found = checks(runner, 0, "--deep")
    assert set(found) >= {*DEEP, "permissions of files"}
    assert {found[name]["verdict"] for name in DEEP} == {"ok"}
    assert found["permissions of files"]["words"].endswith("are yours alone")


def test_the_deep_check_says_which_table_and_no_value(runner: Person) -> None:
    (file,) = runner.store.glob("*.db")
    edit(runner.store, "UPDATE imports SET cell = CAST(cell || x'00' AS BLOB)")
    found = checks(runner, 1, "--deep")
    assert found["cells"]["verdict"] == "fail"
    assert found["cells"]["words"] == "imports: 1 of 1 do not open"
    assert file.exists()


def test_a_file_open_to_others_is_counted(runner: Person) -> None:
    (runner.store / "copy").touch()
    (runner.store / "copy").chmod(0o644)  # whatever the umask is
    found = checks(runner, 1, "--deep")["permissions of files"]
    assert found["words"].startswith("1 of ")
    assert "chmod" in found["fix"]


def test_what_cannot_be_opened_is_not_looked_through(runner: Person) -> None:
    (file,) = runner.store.glob("*.db")
    file.write_bytes(b"SQLite format 3\0" + bytes(8_192))
    found = checks(runner, 1, "--deep", "--production")
    assert found["store"]["verdict"] == "fail"
    assert found["production"]["verdict"] == "fail"
    assert "cells" not in found


def test_what_a_new_store_lacks_for_production(runner: Person) -> None:
    runner.does("setup", "--yes", "--client", "claude-desktop")
    found = checks(runner, 1, "--production")
    lacking = {n: c for n, c in found.items() if c["verdict"] == "fail"}
    assert set(lacking) == {
        "production environment",
        "production for the client",
        "a master key of your own",
        "a backup",
    }
    assert all(check["fix"] for check in lacking.values())
    assert found["cells"]["verdict"] == "ok"


def test_a_key_in_the_clients_entry_is_seen(runner: Person) -> None:
    runner.does("setup", "--yes", "--client", "claude-desktop")
    config = json.loads(runner.claude.read_text())
    entry = config["mcpServers"]["pierre"]
    entry["env"]["PIERRE_MASTER_ENCRYPTION_KEY"] = OTHER_KEY
    runner.claude.write_text(json.dumps(config))
    found = checks(runner, 1, "--production")["no key in the client's entry"]
    assert found["verdict"] == "fail"
    assert OTHER_KEY not in json.dumps(found)


@pytest.mark.promise("store.deep-check")
def test_flipped_bits_are_reported_and_nothing_crashes() -> None:
    """Fourteen here, of which two may be missed: of 300 (``python -m
    tests.bench.bit_flips``) one or two in a hundred are.
    """
    with flippable(1, seconds=600) as flips:
        size = len(flips.content) * 8
        bits = [int(b) for b in np.random.default_rng(7).integers(0, size, 400)]
        held = [bit for bit in bits if all(around(flips.content, bit))][:14]
        assert sum(map(flips.reported, held)) >= 12
        assert not flips.reported(None)


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
