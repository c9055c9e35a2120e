"""Setting up: safe to repeat, silent with --yes, and careful with others' files."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride
from tests.host import Host

KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="


def servers(anna: Person) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(anna.claude.read_text())["mcpServers"]
    return found


def profile_of(anna: Person) -> str:
    """The line in which setup says what it keeps."""
    return anna.does("setup", "--yes").splitlines()[0]


def test_twice_is_safe(anna: Person) -> None:
    first = anna.does("setup", "--yes", "--client", "claude-desktop")
    keys = rows(anna, "SELECT id, wrapped FROM keyring ORDER BY id")
    config = anna.claude.read_bytes()
    second = anna.does("setup", "--yes", "--client", "claude-desktop")
    assert "Entry pierre added to" in first
    assert "Claude Desktop has our entry already." in second
    assert rows(anna, "SELECT id, wrapped FROM keyring ORDER BY id") == keys
    assert anna.claude.read_bytes() == config
    assert [p.name for p in anna.claude.parent.iterdir()] == [anna.claude.name]


def rows(anna: Person, sql: str, profile: str = "default") -> list[Any]:
    (file,) = (anna.data / profile).glob("*.db")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        found = database.execute(sql).fetchall()
    database.close()
    return found


@pytest.mark.promise("consent.human-only")
def test_yes_asks_nothing_and_grants_nothing(anna: Person) -> None:
    path = anna.file("ride.fit", fit_activity(ride(60)))
    anna.does("import", str(path))
    with anna.sits("setup", "--yes") as terminal:
        screen = terminal.end()  # nobody types, and it ends all the same
    assert screen.status == 0
    assert screen.challenges == 0
    assert "Next: pierre-mcp import PATH, and then: pierre-mcp consent" in screen.text
    assert anna.asks("consent", "list") == []


def test_without_a_terminal_it_asks_nothing(anna: Person) -> None:
    assert "Store ready." in anna.does("setup")


def test_the_zone_is_the_machines_unless_one_is_chosen(anna: Person) -> None:
    assert profile_of(anna) == "Store ready. Time zone Europe/Zurich, units metric."
    chosen = anna.does(
        "setup", "--yes", "--timezone", "Asia/Tokyo", "--units", "imperial"
    )
    kept = "Store ready. Time zone Asia/Tokyo, units imperial."
    assert chosen.splitlines()[0] == kept
    assert profile_of(anna) == kept


def test_a_zone_chosen_stays_once_there_is_something_in_it(runner: Person) -> None:
    runner.does("setup", "--yes", "--timezone", "UTC")
    assert profile_of(runner) == "Store ready. Time zone UTC, units metric."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--timezone", "Berlin"), "The time zone is not a name of the IANA database"),
        (("--timezone", "localtime"), "The time zone is not a name"),
        (("--timezone", "../../etc/passwd"), "The time zone is not a name"),
        (("--units", "parsecs"), "Units are metric or imperial."),
        (("--client", "emacs"), "The client known here is claude-desktop."),
        (("--profile", "Anna"), "A profile's name is lower-case letters"),
    ],
)
def test_what_is_not_one(anna: Person, words: tuple[str, ...], sentence: str) -> None:
    done = anna.run("setup", "--yes", *words)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert not anna.data.exists()  # nothing is made before all is checked


def test_a_typing_error_is_asked_again(anna: Person) -> None:
    with anna.sits("setup") as terminal:
        terminal.answer(r"time zone .*: ", "Zürich")
        terminal.until("not a name of the IANA database")
        terminal.answer(r"time zone .*: ", "Europe/Berlin")
        terminal.answer(r"Units.*: ", "metric")
        terminal.answer(r"Claude Desktop\?.*: ", "n")
        terminal.answer(r"Import now\?.*: ", "/not/there")
        terminal.until("nothing at one of the paths")
        terminal.answer(r"Import now\?.*: ", "")
        screen = terminal.end()
    assert screen.status == 0
    assert "Time zone Europe/Berlin" in screen.text
    assert "Import at any time with: pierre-mcp import PATH" in screen.text


def test_a_path_as_a_file_manager_pastes_it_and_consent_later(anna: Person) -> None:
    path = anna.file("my rides/one.fit", fit_activity(ride(60)))
    with anna.sits("setup") as terminal:
        for question in ("time zone", "Units", r"Claude Desktop\?"):
            terminal.answer(f"{question}.*: ", "")
        terminal.answer(r"Import now\?.*: ", f"'{path.parent}' ")
        terminal.answer(r"consent now\?.*: ", "n")
        screen = terminal.end()
    assert screen.status == 0
    assert "Give it at any time with: pierre-mcp consent" in screen.text


def test_another_profile_is_another_store(runner: Person) -> None:
    runner.does("setup", "--yes", "--client", "claude-desktop")
    said = runner.does(
        "setup", "--yes", "--client", "claude-desktop", "--profile", "anna"
    )
    assert "Next: pierre-mcp --profile anna import PATH" in said
    assert set(servers(runner)) == {"pierre", "pierre-anna"}
    assert servers(runner)["pierre-anna"]["args"][-5:] == [
        *("--profile", "anna", "serve", "--client", "claude-desktop"),
    ]
    keys = "SELECT wrapped FROM keyring"
    assert not set(rows(runner, keys)) & set(rows(runner, keys, "anna"))
    assert len(runner.asks("imports")) == 1
    assert runner.asks("--profile", "anna", "imports") == []


def test_others_entries_are_kept(anna: Person) -> None:
    theirs = {
        "theme": "dark",
        "mcpServers": {"weather": {"command": "wéather", "env": {"TOKEN": "t"}}},
    }
    anna.claude.parent.mkdir(parents=True)
    before = b"\xef\xbb\xbf" + json.dumps(theirs, ensure_ascii=False).encode()
    anna.claude.write_bytes(before)
    said = anna.does("setup", "--yes", "--client", "claude-desktop")
    found = json.loads(anna.claude.read_text())
    assert found.pop("theme") == "dark"
    assert found["mcpServers"].pop("weather") == theirs["mcpServers"]["weather"]  # type: ignore[index]
    assert set(found["mcpServers"]) == {"pierre"}
    assert "kept as claude_desktop_config.json.backup-1." in said
    backup = anna.claude.with_name(f"{anna.claude.name}.backup-1")
    assert backup.read_bytes() == before
    assert backup.stat().st_mode & 0o077 == 0  # others' tokens are in it


def test_each_change_keeps_a_copy_of_its_own(anna: Person) -> None:
    anna.claude.parent.mkdir(parents=True)
    for old in ("{}", '{"mcpServers": {}}'):
        anna.claude.write_text(old)
        anna.does("setup", "--yes", "--client", "claude-desktop")
    copies = sorted(anna.claude.parent.glob("*.backup-*"))
    assert [copy.read_text() for copy in copies] == ["{}", '{"mcpServers": {}}']


def test_a_configuration_that_is_a_link_stays_one(anna: Person) -> None:
    real = anna.home / "dotfiles.json"
    real.write_text("")
    anna.claude.parent.mkdir(parents=True)
    anna.claude.symlink_to(real)
    anna.does("setup", "--yes", "--client", "claude-desktop")
    assert anna.claude.is_symlink()
    assert set(json.loads(real.read_text())["mcpServers"]) == {"pierre"}


@pytest.mark.parametrize(
    "broken",
    [
        b'{"mcpServers": {,}}',
        b"[]",
        b'{"mcpServers": []}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_left_alone(anna: Person, broken: bytes) -> None:
    anna.claude.parent.mkdir(parents=True)
    anna.claude.write_bytes(broken)
    done = anna.run("setup", "--yes", "--client", "claude-desktop")
    assert done.returncode == 1
    assert str(anna.claude) in done.stderr
    assert "Mend or move it, and run the command again" in done.stderr
    assert anna.claude.read_bytes() == broken
    assert list(anna.claude.parent.iterdir()) == [anna.claude]


@pytest.mark.unmeasured
def test_the_entry_starts_the_server_without_a_shell(anna: Person) -> None:
    anna.does("setup", "--yes", "--client", "claude-desktop")
    entry = servers(anna)["pierre"]
    assert Path(entry["command"]).is_absolute()
    elsewhere = anna.home / "project"
    elsewhere.mkdir()
    (elsewhere / "pierre_mcp.py").write_text("raise SystemExit('hijacked')")
    covered = {k: v for k, v in anna.env.items() if k.startswith("COV")}
    env = {"PATH": "", "HOME": str(anna.home), **entry["env"], **covered}
    shell = ("/bin/sh", "-c", f'cd {elsewhere} && exec "$@"', "sh")
    with Host(env, command=[*shell, *run_by(entry)]) as host:
        host.greet()
        status = host.call("get_status")["structuredContent"]
    assert status["recipient"] == "claude-desktop"
    assert status["next_steps"]


def test_the_master_key_is_never_in_the_entry(tmp_path: Path) -> None:
    anna = Person(tmp_path, PIERRE_MASTER_ENCRYPTION_KEY=KEY)
    done = anna.run("setup", "--yes", "--client", "claude-desktop")
    assert done.returncode == 0
    assert "The entry does not hold your master key" in done.stderr
    assert "Sealed under the key from env" in done.stdout
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert KEY not in done.stdout + done.stderr


def test_a_key_file_is_named_in_the_entry(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    anna = Person(tmp_path, PIERRE_MEK_SOURCE=f"file:{key}", PIERRE_ENV="production")
    anna.does("setup", "--yes", "--client", "claude-desktop")
    entry = servers(anna)["pierre"]
    assert entry["env"]["PIERRE_MEK_SOURCE"] == f"file:{key}"
    assert entry["env"]["PIERRE_ENV"] == "production"
    with Host({**entry["env"], "HOME": str(tmp_path)}, command=run_by(entry)) as host:
        host.greet()
        assert not host.call("get_status").get("isError")


def run_by(entry: dict[str, Any]) -> list[str]:
    return [entry["command"], *entry["args"]]


def test_the_data_is_the_persons_alone(anna: Person) -> None:
    anna.does("setup", "--yes")
    for path in (
        anna.data,
        anna.config,
        *anna.data.rglob("*"),
        *anna.config.rglob("*"),
    ):
        assert path.stat().st_mode & 0o077 == 0, path


def test_help_teaches(anna: Person) -> None:
    said = anna.does("setup", "--help")
    for word in ("--yes", "--timezone", "--units", "--client", "Europe/Berlin"):
        assert word in said
    assert not anna.data.exists()


# --- the inbox


def folder(anna: Person, name: str = "inbox", mode: int = 0o755) -> Path:
    made = anna.home / name
    made.mkdir(parents=True, exist_ok=True)
    made.chmod(mode)
    return made


def inbox_of(anna: Person) -> dict[str, str]:
    """What the doctor says of it."""
    checks = json.loads(anna.run("doctor", "--json").stdout)
    (found,) = [check for check in checks if check["name"] == "inbox"]
    told: dict[str, str] = found
    return told


def test_an_inbox_is_named_kept_and_given_up(anna: Person) -> None:
    made = folder(anna)
    said = anna.does("setup", "--yes", "--inbox", "inbox", "--units", "imperial")
    assert f"Inbox {made}. An assistant may import it once you say so:" in said
    assert "consent grant tool:import_inbox --to NAME" in said
    assert "Inbox" not in anna.does("setup", "--yes"), "what is kept is not asked of"
    assert (inbox_of(anna)["verdict"], inbox_of(anna)["words"]) == ("ok", str(made))
    assert str(made).encode() not in (anna.store / "pierre.db").read_bytes()
    made.chmod(0o777)
    found = inbox_of(anna)
    assert (found["verdict"], "chmod go-w" in found["fix"]) == ("fail", True)
    said = anna.does("setup", "--yes", "--no-inbox")
    assert "No inbox: no assistant can import anything." in said
    assert "units imperial" in said
    assert inbox_of(anna)["words"].startswith("none")


NO_INBOX = (
    "missing", "file", "link", "open", "data/default", "config", ".", "data",
    "new\nline",
)  # fmt: skip


def test_what_cannot_be_an_inbox(anna: Person) -> None:
    anna.does("setup", "--yes")
    (anna.home / "file").write_bytes(b"")
    (anna.home / "link").symlink_to(folder(anna))
    folder(anna, "open", 0o775)
    folder(anna, "new\nline")
    for path in NO_INBOX:
        done = anna.run("setup", "--yes", "--inbox", path)
        assert done.returncode == 1, path
        said = "The inbox is not a folder of the person's own"
        assert done.stderr.startswith(said), path
        assert str(anna.home) not in done.stderr
    assert inbox_of(anna)["words"].startswith("none")


def test_an_inbox_or_none(anna: Person) -> None:
    done = anna.run("setup", "--yes", "--inbox", str(folder(anna)), "--no-inbox")
    assert (done.returncode, done.stderr) == (
        1,
        "It is either --inbox FOLDER or --no-inbox.\n",
    )
    assert not anna.data.exists()
