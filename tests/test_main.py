"""The program itself: which door, how it ends, and what it says to whom."""

import signal
import sys
from pathlib import Path

import pytest

from pierre_mcp.__main__ import main, profile_first
from pierre_mcp.cli import doctor, program
from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride
from tests.host import Host

KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
OTHER_KEY = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
COMMANDS = [
    *("setup", "import", "consent", "privacy", "object", "call", "athlete"),
    *("load", "records", "predict", "zones", "imports", "undo", "rectify", "refresh"),
    *("retention", "audit", "security", "disclosures", "requests", "incident", "keys"),
    *("backup", "restore", "doctor", "export", "compliance", "erase", "demo", "serve"),
]


@pytest.fixture
def anna(tmp_path: Path) -> Person:
    return Person(tmp_path)


def test_bare_on_a_terminal_it_says_that_it_waits(anna: Person) -> None:
    with anna.sits() as terminal:
        terminal.until("waiting for a client on this terminal")
        terminal.until("pierre-mcp demo.*pierre-mcp setup")
        terminal.process.send_signal(signal.SIGINT)
        screen = terminal.end()
    assert "Traceback" not in screen.text


def test_what_it_says_on_a_terminal_is_no_answer(anna: Person) -> None:
    out = anna.home / "out"
    with out.open("wb") as stdout, anna.sits(stdout=stdout) as terminal:
        terminal.until("waiting for a client")
        terminal.process.send_signal(signal.SIGTERM)
        terminal.end()
    assert out.read_bytes() == b""


def test_help_names_every_command_in_order(anna: Person) -> None:
    said = anna.does("--help")
    names = [
        line.split()[0]
        for line in said.split("Commands:\n")[1].splitlines()[: len(COMMANDS)]
    ]
    assert names == COMMANDS
    assert "..." not in said.split("Commands:\n")[1]  # each sentence is whole
    assert "pierre-mcp setup" in said
    assert not anna.data.exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_helps(
    anna: Person,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One of them as a process: the test above."""
    for place in ("PIERRE_DATA_DIR", "PIERRE_CONFIG_DIR"):
        monkeypatch.setenv(place, anna.env[place])
    assert program.run([name, "--help"]) == 0
    said, complained = capsys.readouterr()
    assert said.startswith(f"Usage: pierre-mcp {name}")
    assert complained == ""
    assert not anna.data.exists()


def test_an_unknown_command(anna: Person) -> None:
    done = anna.run("imprt", "x")
    assert done.returncode == 2
    assert "No such command 'imprt'" in done.stderr
    assert "import" in done.stderr  # the one that was meant
    assert anna.run("import").returncode == 2


@pytest.mark.parametrize(
    ("given", "turned"),
    [
        ([], []),
        (["doctor"], ["doctor"]),
        (["doctor", "--profile", "a"], ["--profile", "a", "doctor"]),
        (["--profile=a", "doctor"], ["--profile", "a", "doctor"]),
        (["import", "--", "--profile=a"], ["import", "--", "--profile=a"]),
        (["doctor", "--profile"], ["doctor", "--profile"]),
    ],
)
def test_the_profile_may_stand_anywhere(given: list[str], turned: list[str]) -> None:
    assert profile_first(given) == turned


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("serve",),
        ("--client", "x"),
        ("--profile", "anna"),
        ("--profile=anna", "serve"),
        ("serve", "--client", "x", "--profile", "anna"),
    ],
    ids=" ".join,
)
def test_every_way_to_start_the_server(anna: Person, words: tuple[str, ...]) -> None:
    with Host(anna.env, words) as host:
        host.greet()
        status = host.call("get_status")["structuredContent"]
    profile = "anna" if "anna" in " ".join(words) else "default"
    assert status["recipient"] == ("x" if "x" in words else "local")
    assert [path.name for path in anna.data.iterdir()] == [profile]
    assert host.process.returncode == 0


def test_the_server_refuses_in_a_sentence(anna: Person) -> None:
    for words in (["serve", "--client", "Not A Label"], ["--profile", "../x"]):
        done = anna.run(*words)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "lower-case letters, digits and hyphens" in done.stderr
        assert "Traceback" not in done.stderr
    assert anna.run("serve", "--nonsense").returncode == 2


@pytest.mark.promise("keys.no-overwrite")
def test_the_wrong_master_key(anna: Person) -> None:
    first = {**anna.env, "PIERRE_MASTER_ENCRYPTION_KEY": KEY}
    assert anna.run("setup", "--yes", env=first).returncode == 0
    second = {**anna.env, "PIERRE_MASTER_ENCRYPTION_KEY": OTHER_KEY}
    needed = anna.run("doctor", env=first).stdout.partition("public id ")[2][:32]
    before = contents(anna)
    for words in ((), ("doctor",), ("imports",), ("setup", "--yes")):
        done = anna.run(*words, env=second)
        assert done.returncode == (1 if words == ("doctor",) else 78)
        assert f"needs the key with the public id {needed}" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert OTHER_KEY not in done.stdout + done.stderr
    assert contents(anna) == before
    assert anna.run("imports", env=first).returncode == 0


def contents(anna: Person) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in anna.data.rglob("*") if p.is_file()}


@pytest.mark.promise("keys.no-overwrite")
def test_the_key_is_gone(anna: Person) -> None:
    """Without its key a store is never given another."""
    anna.does("setup", "--yes")
    before = contents(anna)
    (key,) = anna.config.glob("*.key")
    key.rename(anna.home / "kept")
    for words in ((), ("imports",), ("setup", "--yes")):
        done = anna.run(*words)
        assert done.returncode == 78
        assert "Traceback" not in done.stderr
    assert list(anna.config.glob("*.key")) == []
    assert contents(anna) == before
    (anna.home / "kept").rename(key)
    assert anna.asks("imports") == []


@pytest.mark.promise("keys.production")
@pytest.mark.parametrize("source", ["", "dev", "env"])
def test_production_needs_a_key(anna: Person, source: str) -> None:
    env = {**anna.env, "PIERRE_ENV": "production", "PIERRE_MEK_SOURCE": source}
    for words in ((), ("setup", "--yes"), ("imports",)):
        done = anna.run(*words, env=env)
        assert done.returncode == 78
        assert "PIERRE_MASTER_ENCRYPTION_KEY" in done.stderr
        assert "Traceback" not in done.stderr
    assert not anna.config.exists()
    for key in ("", "c2hvcnQ=", "A" * 43 + "="):
        bad = {**env, "PIERRE_MEK_SOURCE": "env", "PIERRE_MASTER_ENCRYPTION_KEY": key}
        assert anna.run(env=bad).returncode == 78
    good = {**env, "PIERRE_MEK_SOURCE": "", "PIERRE_MASTER_ENCRYPTION_KEY": KEY}
    assert anna.run("imports", env=good).returncode == 0


@pytest.mark.promise("keys.production")
def test_a_word_misspelt_is_not_development(anna: Person) -> None:
    for life in ("prod", "PRODUCTION!", "live"):
        done = anna.run("setup", "--yes", env={**anna.env, "PIERRE_ENV": life})
        assert done.returncode == 78
        assert "PIERRE_ENV is development or production.\n" in done.stderr
    assert not anna.data.exists()


@pytest.mark.promise("keys.dev-mode")
def test_a_development_key_is_warned_of_and_never_shown(anna: Person) -> None:
    with Host(anna.env) as host:
        host.greet()
    said = host.log.decode()
    assert "using a development master key (public id " in said
    (key,) = anna.config.glob("*.key")
    assert key.stat().st_mode & 0o777 == 0o600
    secret = key.read_text().strip()
    everything = said + anna.does("doctor") + anna.does("setup", "--yes")
    assert secret not in everything
    assert not any(secret.encode() in content for content in contents(anna).values())
    assert anna.data not in key.parents


@pytest.mark.promise("keys.dev-mode")
def test_a_development_key_becomes_the_production_one(anna: Person) -> None:
    """No migration: the same key, given from outside, opens the same store."""
    path = anna.file("ride.fit", fit_activity(ride(60)))
    anna.does("import", str(path))
    (key,) = anna.config.glob("*.key")
    secret = key.read_text().strip()
    key.unlink()
    env = {"PIERRE_ENV": "production", "PIERRE_MASTER_ENCRYPTION_KEY": secret}
    done = anna.run("imports", "--json", env={**anna.env, **env})
    assert (done.returncode, done.stderr) == (0, "")
    assert '"activities": 1' in done.stdout


@pytest.mark.parametrize("name", ["PIERRE_DATA_DIR", "PIERRE_CONFIG_DIR"])
def test_where_nothing_can_be_written(anna: Person, name: str) -> None:
    done = anna.run("setup", "--yes", env={**anna.env, name: "/dev/null/x"})
    assert done.returncode == 1
    assert done.stderr.startswith("The store cannot be written")


def test_a_reader_that_goes_away_is_no_fault(anna: Person) -> None:
    """As with ``pierre-mcp doctor | head -1``."""
    with anna.sits("doctor", command=("/bin/sh", "-c", PIPED, "sh")) as terminal:
        screen = terminal.end()
    assert "Traceback" not in screen.text
    assert "fault" not in screen.text


PIPED = f'{sys.executable} -m pierre_mcp "$@" | head -c 1'


def test_ctrl_c_before_anything_began(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(given: object) -> int:
        del given
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "run", stopped)
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 130


def test_a_fault_of_ours_quotes_nothing(
    anna: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        msg = "the heart rate of Anna"
        raise ZeroDivisionError(msg)

    for name in ("PIERRE_DATA_DIR", "PIERRE_CONFIG_DIR"):
        monkeypatch.setenv(name, anna.env[name])
    monkeypatch.setattr(doctor, "_versions", broken)
    assert program.run(["doctor"]) == 70
    said = capsys.readouterr().err
    assert said.startswith("A fault in pierre-mcp itself: ZeroDivisionError at test_")
    assert "Anna" not in said
