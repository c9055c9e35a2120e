"""Wherever the master key is from, it, its PIN and its passphrase turn up nowhere."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pierre_mcp.gate.house import opener
from pierre_mcp.gate.masters import Masters
from pierre_mcp.keyring.master import as_text, new_key
from pierre_mcp.keyring.masters.command import key_of_command
from pierre_mcp.keyring.masters.files import DEVELOPMENT_KEY_NAME, write_new_key
from pierre_mcp.keyring.masters.keychain import write_new_key as write_to_keychain
from pierre_mcp.services.workers import COMMAND, _Worker
from pierre_mcp.settings import (
    environment_for_child,
    environment_for_others,
    from_environment,
    overrides,
)
from tests.cli.terminal import Person
from tests.host import Host
from tests.tokens import PIN, SoftToken

pytestmark = pytest.mark.unmeasured

WORDS = "correct horse battery canary-71b3"
NAME = "PIERRE_MASTER_ENCRYPTION_KEY"


@dataclass(frozen=True)
class Kept:
    """A master key where one source keeps it.

    Attributes:
        env: How it is named to the program.
        wrong: What makes it wrong.
        keys: The key itself, where it is known to this test.
        words: PINs and passphrases.
        answers: What is typed, where something is asked.
    """

    env: Mapping[str, str]
    wrong: Mapping[str, str]
    keys: Sequence[bytes] = ()
    words: Sequence[str] = ()
    answers: Sequence[str] = field(default=())

    @property
    def canaries(self) -> list[bytes]:
        """Every spelling in which one of them could turn up."""
        forms = [
            form
            for raw in self.keys
            for form in (raw, base64.b64encode(raw)[:-1], raw.hex().encode())
        ]
        return [*forms, *(word.encode() for word in self.words)]


def in_the_environment(_: Path, __: pytest.FixtureRequest) -> Kept:
    raw, old = new_key(), new_key()
    env = {NAME: as_text(raw), f"{NAME}_PREVIOUS": as_text(old)}
    wrong = {NAME: as_text(raw)[:-2] + "x="}
    return Kept(env, wrong, keys=[raw, old])


def in_a_file(home: Path, _: pytest.FixtureRequest) -> Kept:
    raw = new_key()
    write_new_key(home / "key", raw)
    (home / "open").write_text(as_text(raw))
    (home / "open").chmod(0o644)
    env, wrong = (
        {"PIERRE_MEK_SOURCE": f"file:{home / name}"} for name in ("key", "open")
    )
    return Kept(env, wrong, keys=[raw])


def in_development(home: Path, _: pytest.FixtureRequest) -> Kept:
    raw, config = new_key(), home / "config"
    config.mkdir(mode=0o700)
    write_new_key(config / DEVELOPMENT_KEY_NAME, raw)
    return Kept({}, {"PIERRE_ENV": "production"}, keys=[raw])


def by_a_command(home: Path, _: pytest.FixtureRequest) -> Kept:
    raw = new_key()
    write_new_key(home / "key", raw)
    script = f"cat {home / 'key'}; cat {home / 'key'} >&2"
    env, wrong = (
        {"PIERRE_MEK_SOURCE": "command:" + json.dumps(["sh", "-c", of])}
        for of in (script, f"{script}; exit 1")
    )
    return Kept(env, wrong, keys=[raw])


def in_the_keychain(_: Path, request: pytest.FixtureRequest) -> Kept:
    bus = request.getfixturevalue("keychain")
    raw = new_key()
    write_to_keychain("pierre/secrets", raw)
    env = {name: value for name, value in bus.items() if name != "HOME"}
    env["PIERRE_MEK_SOURCE"] = "keychain:pierre/secrets"
    wrong = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return Kept(env, wrong, keys=[raw])


def in_a_token(home: Path, request: pytest.FixtureRequest) -> Kept:
    token: SoftToken = request.getfixturevalue("soft_token")
    (home / "pin").write_text(PIN[::-1])
    (home / "pin").chmod(0o600)
    env = {"PIERRE_MEK_SOURCE": token.uri("mek")}
    wrong = token.uri("mek", **{"pin-source": str(home / "pin")})
    return Kept(env, {"PIERRE_MEK_SOURCE": wrong}, words=[PIN, PIN[::-1]])


def by_a_passphrase(_: Path, __: pytest.FixtureRequest) -> Kept:
    return Kept({"PIERRE_MEK_SOURCE": "passphrase"}, {}, words=[WORDS], answers=[WORDS])


SOURCES: Sequence[Callable[[Path, pytest.FixtureRequest], Kept]] = (
    in_the_environment,
    in_a_file,
    in_development,
    by_a_command,
    in_the_keychain,
    in_a_token,
    by_a_passphrase,
)


@pytest.mark.promise("keys.mek-external")
@pytest.mark.promise("seal.no-plaintext")
@pytest.mark.parametrize("keeping", SOURCES, ids=lambda source: source.__name__)
def test_no_secret_of_it_turns_up(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    keeping: Callable[[Path, pytest.FixtureRequest], Kept],
) -> None:
    """In no output, error, log, audit row or file, used rightly and wrongly."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    home = tmp_path / "anna"
    home.mkdir(mode=0o700)
    kept = keeping(home, request)
    anna = Person(home, TMPDIR=str(temporary), **kept.env)
    said = told(anna, kept, "setup", "--yes", "--client", "claude-desktop", status=0)
    if not kept.answers:
        with Host(anna.env) as host:
            host.greet()
            limits = Path(f"/proc/{host.process.pid}/limits")
            if limits.exists():  # no core is written of what holds a key
                assert re.search(r"core file size +0 +0", limits.read_text())
            said += json.dumps(host.call("get_status")) + json.dumps(host.call("x"))
        said += host.log.decode()
    said += told(anna, kept, "doctor", "--json", status=0)
    said += told(anna, kept, "audit", "tail", "--json", status=0)
    anna.env |= kept.wrong or {"PIERRE_MEK_SOURCE": f"file:{home / 'none'}"}
    said += told(anna, Kept({}, {}), "audit", "verify", status=78)
    seen = [said.encode(), anna.claude.read_bytes()]
    seen += [p.read_bytes() for at in (anna.data, temporary) for p in files(at)]
    assert kept.canaries
    assert [canary for canary in kept.canaries if any(canary in x for x in seen)] == []


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def told(anna: Person, kept: Kept, *words: str, status: int) -> str:
    """All that a command shows; on a terminal where it asks for something."""
    if not kept.answers:
        done = anna.run(*words)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr
    with anna.sits(*words) as terminal:
        for answer in kept.answers:
            if "New" in terminal.until("(New )?[Pp]assphrase of this store: ")[0]:
                terminal.type(answer)
                terminal.until("The same again: ")
            terminal.type(answer)
        screen = terminal.end()
    assert screen.status == status, screen.text
    return screen.text


@pytest.mark.promise("keys.mek-external")
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_child_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser, a server of the demo, the key's own command, and a client's entry."""
    raw, old = new_key(), new_key()
    monkeypatch.setenv(NAME, as_text(raw))
    monkeypatch.setenv(f"{NAME}_PREVIOUS", as_text(old))
    monkeypatch.setenv("PIERRE_MEK_SOURCE", "env")
    monkeypatch.setenv("PIERRE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PIERRE_CONFIG_DIR", str(tmp_path / "config"))
    settings = from_environment()
    open_ = opener(settings)
    open_().close()
    seen = tmp_path / "seen"
    script = f"(env; ulimit -c) > {seen}; echo {as_text(new_key())}"
    key_of_command(json.dumps(["sh", "-c", script]))
    worker = _Worker(COMMAND)
    try:
        environ = Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    finally:
        worker.kill()
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        environ += Path(f"/proc/{child.pid}/environ").read_bytes()
    told = [environ, seen.read_bytes()]
    told += [json.dumps(environment_for_child(settings)).encode()]
    told += [json.dumps([overrides(settings), environment_for_others()]).encode()]
    told += [repr([settings, open_, Masters(settings)]).encode()]
    for text in (as_text(raw).encode(), as_text(old).encode()):
        assert not [where for where in told if text in where]
