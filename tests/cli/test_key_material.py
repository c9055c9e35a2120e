"""A master key is made, used from where it is kept, and shown, by its owner alone."""

import json
import stat

import pytest

from tests.cli.terminal import Person


@pytest.mark.promise("keys.mek-external")
def test_a_new_key_in_a_file_is_used_by_file_and_by_command(anna: Person) -> None:
    path = anna.home / "key"
    made = anna.run("keys", "new", "--file", str(path))
    assert (made.returncode, made.stdout) == (0, "")
    text = path.read_text().strip()
    assert text not in made.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    anna.env["PIERRE_ENV"] = "production"
    anna.env["PIERRE_MEK_SOURCE"] = f"file:{path}"
    assert "Sealed under the key from file" in anna.does("setup", "--yes")
    anna.env["PIERRE_MEK_SOURCE"] = "command:" + json.dumps(["cat", str(path)])
    found = {check["name"]: check for check in anna.asks("doctor")}
    public_id = made.stderr.partition("public id ")[2][:32]
    assert found["master key"]["words"] == f"from command, public id {public_id}"


@pytest.mark.promise("keys.no-overwrite")
def test_a_new_key_is_never_put_over_one(anna: Person) -> None:
    path = anna.home / "key"
    path.write_text("something")
    made = anna.run("keys", "new", "--file", str(path))
    assert made.returncode == 78
    assert path.read_text() == "something"
    assert str(path) not in made.stderr


def test_a_new_key_is_shown_on_a_terminal_only(anna: Person) -> None:
    made = anna.run("keys", "new")
    assert (made.returncode, made.stdout) == (1, "")
    with anna.sits("keys", "new") as terminal:
        shown = terminal.until(r"(?m)^([A-Za-z0-9+/]{43}=)\r$")[1]
        terminal.end()
    anna.env["PIERRE_MASTER_ENCRYPTION_KEY"] = shown
    assert "Sealed under the key from env" in anna.does("setup", "--yes")
