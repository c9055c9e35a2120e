"""Commands as a person gives them: on a pseudo-terminal, or without one.

A pseudo-terminal by ``openpty`` and a new process, never ``forkpty``: threads of the
test's own process may hold locks. The process is a ``Fork`` unless a whole command is
given.
"""

import json
import os
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pierre_mcp.tools.catalogue import table
from tests.forks import Fork

CHALLENGE = r"Type these words[^:]*: (.+?)\r?\n"
WITHIN_S = 30.0
IN_BUNDLE = 6 + len(table().readers())
"""Scopes of the training bundle for one source: four categories, insights, sharing,
and the tools that read."""


@dataclass(frozen=True)
class Screen:
    """How a command ended, and all that stood on its terminal."""

    status: int
    text: str

    @property
    def challenges(self) -> int:
        return len(re.findall(CHALLENGE, self.text))


class Terminal:
    """One command on a terminal of its own."""

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        *,
        command: Sequence[str] = (),
        within_s: float = WITHIN_S,
        **changed: Any,
    ) -> None:
        self._ours, theirs = os.openpty()
        ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        how = {**ends, **changed, "env": env, "start_new_session": True}
        self.process: Fork | subprocess.Popen[bytes] = (
            subprocess.Popen([*command, *words], **how)
            if command
            else Fork(words, **how)
        )
        os.close(theirs)
        self.text = ""
        self._read_to = 0
        self._end_s = time.monotonic() + within_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def until(self, pattern: str) -> re.Match[str]:
        """Read until what is new on the screen matches; return the match."""
        while True:
            found = re.compile(pattern).search(self.text, self._read_to)
            if found:
                self._read_to = found.end()
                return found
            assert self._more(), f"no {pattern!r} in:\n{self.text}"

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def answer(self, pattern: str, line: str) -> None:
        """Wait for a question, and type the answer."""
        self.until(pattern)
        self.type(line)

    def take_challenge(self, *, wrongly: bool = False) -> None:
        """Wait for the words, and type them back."""
        words = self.until(CHALLENGE)[1]
        self.type("some other words" if wrongly else words)

    def sit(self) -> Screen:
        """Type the words where they are asked for, and read to the end."""
        while self._more():
            if asked := re.compile(CHALLENGE).search(self.text, self._read_to):
                self._read_to = asked.end()
                self.type(asked[1])
        return self.end()

    def end(self) -> Screen:
        """Read to the end, and return how it ended."""
        while self._more():
            pass
        status = self.process.wait(max(0.1, self._end_s - time.monotonic()))
        return Screen(status, self.text.replace("\r\n", "\n"))

    def _more(self) -> bool:
        left_s = self._end_s - time.monotonic()
        ready, _, _ = select.select([self._ours], [], [], max(0.0, left_s))
        assert ready, f"nothing more came on the terminal after:\n{self.text}"
        try:
            chunk = os.read(self._ours, 65_536)
        except OSError:  # EIO: nobody holds the other side any more
            return False
        self.text += chunk.decode(errors="replace")
        return bool(chunk)


class Person:
    """Someone with a machine of their own: every directory is in ``home``."""

    def __init__(self, home: Path, **changed: str) -> None:
        self.home = home
        self.data, self.config = home / "data", home / "config"
        self.claude = home / "xdg" / "Claude" / "claude_desktop_config.json"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PIERRE_")}
        own = {
            "PIERRE_DATA_DIR": str(self.data),
            "PIERRE_CONFIG_DIR": str(self.config),
            "XDG_CONFIG_HOME": str(home / "xdg"),
            "HOME": str(home),
            "TZ": "Europe/Zurich",
            "TERM": "dumb",
            "COLUMNS": "200",
        }
        self.env = {**kept, **own, **changed}

    @property
    def store(self) -> Path:
        """The directory of the store of the default profile."""
        return self.data / "default"

    def run(
        self,
        *words: str,
        typed: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command without a terminal: its input is a pipe, or nothing at all."""
        process = Fork(
            words,
            env=env or self.env,
            cwd=self.home,
            stdin=subprocess.DEVNULL if typed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said = None if typed is None else typed.encode()
        out, err = process.communicate(said, timeout=WITHIN_S)
        return subprocess.CompletedProcess(
            words, process.wait(), out.decode(), err.decode()
        )

    def does(self, *words: str) -> str:
        """Run a command that must succeed, silent on stderr; return its answer."""
        done = self.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def asks(self, *words: str) -> Any:
        """Run a command with ``--json`` and return what it says."""
        return json.loads(self.does(*words, "--json"))

    def sits(self, *words: str, **changed: Any) -> Terminal:
        """Run a command on a terminal."""
        return Terminal(words, self.env, cwd=self.home, **changed)

    def consents(self, *words: str) -> Screen:
        """Run a consent command on a terminal, and pass its challenge."""
        with self.sits("consent", *words) as terminal:
            terminal.take_challenge()
            return terminal.end()

    def file(self, name: str, content: bytes) -> Path:
        """Put a file among the person's own."""
        path = self.home / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path
