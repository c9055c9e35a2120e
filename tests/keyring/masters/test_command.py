"""A command gives the key: started as it stands, bounded, and told nothing."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    MasterCommandError,
    MasterKeyMalformedError,
    MasterSourceError,
)
from pierre_mcp.keyring.master import as_text
from pierre_mcp.keyring.masters.command import key_of_command

RAW = bytes(range(200, 232))
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="programs of Unix")


def command(*words: str) -> str:
    return json.dumps(words)


def said(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "said"
    path.write_bytes(content)
    return command("cat", str(path))


@posix_only
@pytest.mark.promise("keys.mek-external")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(as_text(RAW).encode(), id="base64"),
        pytest.param(as_text(RAW).encode() + b"\n", id="a line"),
        pytest.param(as_text(RAW).encode() + b"\r\n", id="a line of Windows"),
        pytest.param(RAW, id="raw"),
    ],
)
def test_what_it_prints_is_the_key(tmp_path: Path, content: bytes) -> None:
    assert key_of_command(said(tmp_path, content)) == RAW


@posix_only
@pytest.mark.parametrize("content", [b"", b"\n", b"no key", RAW + RAW])
def test_what_is_no_key_is_malformed(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MasterKeyMalformedError):
        key_of_command(said(tmp_path, content))


@posix_only
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["no-such-program-here"], id="not there"),
        pytest.param(["/etc/passwd"], id="no program"),
        pytest.param(["false"], id="fails"),
        pytest.param(["sh", "-c", f"echo {as_text(RAW)}; exit 1"], id="fails after it"),
        pytest.param(["head", "-c", "4097", "/dev/zero"], id="says too much"),
        pytest.param(["yes"], id="never ends saying"),
        pytest.param(["sh", "-c", "kill -9 $$"], id="is killed"),
    ],
)
def test_a_command_that_gives_none(words: list[str]) -> None:
    with pytest.raises(MasterCommandError) as caught:
        key_of_command(command(*words))
    assert str(caught.value) == str(MasterCommandError())
    assert caught.value.exit_status == 78


@posix_only
@pytest.mark.parametrize(
    "script",
    [
        pytest.param("echo $$ > {}; exec sleep 60", id="itself"),
        pytest.param("sleep 60 & echo $! > {}; wait", id="what it started"),
        pytest.param("exec >&-; echo $$ > {}; exec sleep 60", id="silent, not ended"),
    ],
)
def test_one_that_takes_too_long_is_ended_with_its_children(
    tmp_path: Path, script: str
) -> None:
    pid, since_s = tmp_path / "pid", time.monotonic()
    with pytest.raises(MasterCommandError):
        key_of_command(command("sh", "-c", script.format(pid)), within_s=0.3)
    assert time.monotonic() - since_s < 5
    while (at := time.monotonic()) - since_s < 5:  # init reaps it in its own time
        state = Path("/proc") / pid.read_text().strip() / "stat"
        if not state.exists() or ") Z " in state.read_text():
            break
    assert at - since_s < 5


@posix_only
def test_no_shell_reads_it(tmp_path: Path) -> None:
    word = f"{as_text(RAW)}; touch {tmp_path / 'x'} $(touch {tmp_path / 'y'})"
    with pytest.raises(MasterKeyMalformedError):
        key_of_command(command("echo", word))
    assert list(tmp_path.iterdir()) == []


@posix_only
def test_it_hears_nothing_and_its_errors_are_thrown_away(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen = tmp_path / "seen"
    script = f"wc -c > {seen}; echo {as_text(RAW)} >&2; echo {as_text(RAW)}"
    assert key_of_command(command("sh", "-c", script)) == RAW
    assert seen.read_text().strip() == "0"
    assert capfd.readouterr() == ("", "")


@posix_only
def test_it_is_told_none_of_our_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY", "canary")
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS", "canary")
    monkeypatch.setenv("AN_AGENT", "socket")
    seen = tmp_path / "seen"
    script = f"env > {seen}; ls -l /proc/self/fd >> {seen}; echo {as_text(RAW)}"
    held = os.open(tmp_path, os.O_RDONLY)
    assert key_of_command(command("sh", "-c", script)) == RAW
    os.close(held)
    told = seen.read_text()
    assert "AN_AGENT=socket" in told
    assert "PIERRE_" not in told
    assert "canary" not in told
    assert f"-> {tmp_path}\n" not in told


@pytest.mark.parametrize(
    "text",
    [
        "", "cat key", '"cat"', "[]", "{}", "[1]", '["cat", null]', '["cat", ""]',
        '["ca\\u0000t"]', "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_list_of_words(text: str) -> None:
    with pytest.raises(MasterSourceError):
        key_of_command(text)
