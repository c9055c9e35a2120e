"""A master key is made, used from where it is kept, and shown, by its owner alone."""

import json
import re
import stat
from typing import Any

import pytest

from pierre_mcp.keyring.masters.files import DEVELOPMENT_KEY_NAME
from tests.cli.terminal import Person, Screen
from tests.tokens import SoftToken

KEY = r"(?m)^([A-Za-z0-9+/]{43}=)\r?$"
WORDS = "correct horse battery staple"


def doctor(anna: Person) -> dict[str, Any]:
    """Whatever it found, by the name of the check."""
    done = anna.run("doctor", "--json")
    return {check["name"]: check for check in json.loads(done.stdout)}


def actions(anna: Person) -> list[tuple[str, str, str]]:
    rows = anna.asks("audit", "tail")
    return [(row["action"], row["outcome"], row["caller"]) for row in rows]


def reveals(anna: Person) -> Screen:
    with anna.sits("keys", "reveal") as terminal:
        terminal.take_challenge()
        return terminal.end()


@pytest.mark.promise("keys.mek-external")
def test_a_new_key_in_a_file_is_used_by_file_and_by_command(anna: Person) -> None:
    path = anna.home / "key"
    made = anna.run("keys", "new", "--file", str(path))
    assert (made.returncode, made.stderr) == (0, "")
    assert path.read_text().strip() not in made.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    anna.env["PIERRE_ENV"] = "production"
    anna.env["PIERRE_MEK_SOURCE"] = f"file:{path}"
    assert "Sealed under the key from file" in anna.does("setup", "--yes")
    anna.env["PIERRE_MEK_SOURCE"] = "command:" + json.dumps(["cat", str(path)])
    public_id = made.stdout.partition("public id ")[2][:32]
    words = doctor(anna)["master key"]["words"]
    assert words == f"from command, public id {public_id}"


@pytest.mark.promise("keys.no-overwrite")
def test_a_new_key_is_never_put_over_one(anna: Person) -> None:
    path = anna.home / "key"
    path.write_text("something")
    made = anna.run("keys", "new", "--file", str(path))
    assert made.returncode == 78
    assert path.read_text() == "something"
    assert str(path) not in made.stderr
    made = anna.run("keys", "new", "--file", str(anna.home / "no" / "folder"))
    assert made.returncode == 1
    assert "The file cannot be made there." in made.stderr
    both = anna.run("keys", "new", "--file", str(path), "--keychain", "a/b")
    assert both.returncode == 1


def test_a_new_key_is_shown_on_a_terminal_only(anna: Person) -> None:
    made = anna.run("keys", "new")
    assert (made.returncode, made.stdout) == (1, "")
    with anna.sits("keys", "new") as terminal:
        shown = terminal.until(KEY)[1]
        terminal.end()
    anna.env["PIERRE_MASTER_ENCRYPTION_KEY"] = shown
    assert "Sealed under the key from env" in anna.does("setup", "--yes")


@pytest.mark.promise("keys.mek-external")
def test_in_the_keychain(anna: Person, keychain: dict[str, str]) -> None:
    anna.env |= {name: value for name, value in keychain.items() if name != "HOME"}
    assert "public id" in anna.does("keys", "new", "--keychain", "pierre/anna")
    assert anna.run("keys", "new", "--keychain", "pierre/anna").returncode == 78
    anna.env["PIERRE_MEK_SOURCE"] = "keychain:pierre/anna"
    assert "Sealed under the key from keychain" in anna.does("setup", "--yes")
    screen = reveals(anna)
    assert screen.status == 0
    assert re.search(KEY, screen.text)


@pytest.mark.promise("keys.mek-external")
def test_in_a_token(anna: Person, soft_token: SoftToken) -> None:
    anna.env["PIERRE_MEK_SOURCE"] = soft_token.uri("mek")
    anna.env["PIERRE_ENV"] = "production"
    assert "Sealed under the key from pkcs11" in anna.does("setup", "--yes")
    with anna.sits("keys", "reveal") as terminal:
        screen = terminal.end()
    assert screen.status == 78
    assert "in a token, which never gives it away" in screen.text


@pytest.mark.promise("keys.mek-external")
def test_by_a_passphrase(anna: Person) -> None:
    anna.env["PIERRE_MEK_SOURCE"] = "passphrase"
    refused = anna.run("setup", "--yes")
    assert refused.returncode == 78
    assert "asked for on a terminal, and there is none here" in refused.stderr
    with anna.sits("setup", "--yes") as terminal:
        terminal.answer("New passphrase of this store: ", WORDS)
        terminal.answer("The same again: ", WORDS)
        screen = terminal.end()
    assert "Sealed under the key from passphrase" in screen.text
    assert WORDS not in screen.text
    for typed, status in ((WORDS, 0), (WORDS + "r", 1)):
        with anna.sits("doctor") as terminal:
            terminal.answer("Passphrase of this store: ", typed)
            screen = terminal.end()
        assert screen.status == status, "asked once, and typed once"
    assert "It needs the key with the public id" in screen.text


@pytest.mark.promise("keys.dev-mode")
@pytest.mark.promise("keys.production")
def test_a_development_key_moves_to_production(runner: Person) -> None:
    """Shown on a terminal and set in the environment: the same store, as it is."""
    before = runner.asks("audit", "tail")
    screen = reveals(runner)
    assert screen.status == 0
    found = re.search(KEY, screen.text)
    assert found
    path = runner.config / DEVELOPMENT_KEY_NAME
    assert found[1] == path.read_text().strip()
    assert actions(runner)[-1:] == [("keys reveal", "done", "owner")]

    path.unlink()
    runner.env["PIERRE_ENV"] = "production"
    refused = runner.run("doctor")
    assert refused.returncode == 1
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY"] = found[1]
    after = runner.asks("audit", "tail")
    assert after[: len(before)] == before
    assert doctor(runner)["master key"]["verdict"] == "ok"
    assert not path.exists()


@pytest.mark.promise("keys.dev-mode")
def test_a_key_is_shown_to_a_person_on_a_terminal_only(runner: Person) -> None:
    key = (runner.config / DEVELOPMENT_KEY_NAME).read_text().strip()
    for typed in (None, "y\n" * 20):
        done = runner.run("keys", "reveal", typed=typed)
        assert (done.returncode, done.stdout) == (1, "")
        assert "on a terminal only" in done.stderr
    with (
        (runner.home / "kept").open("wb") as file,
        runner.sits("keys", "reveal", stdout=file) as terminal,
    ):
        assert terminal.end().status == 1
    assert (runner.home / "kept").read_bytes() == b""
    with runner.sits("keys", "reveal") as terminal:
        terminal.take_challenge(wrongly=True)
        screen = terminal.end()
    assert screen.status == 1
    assert key not in screen.text
    assert ("keys reveal", "refused", "owner") in actions(runner)
