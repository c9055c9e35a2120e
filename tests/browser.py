"""A real browser without a window, spoken to over two pipes (DevTools protocol).

Only where one is installed: whoever asks for it is skipped with a reason elsewhere.
"""

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
WITHIN_S = 60.0
_FLAGS = (
    *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-extensions", "--disable-sync", "--hide-scrollbars", "about:blank"),
)
# The browser reads what it is told from descriptor 3, and answers on 4.
_START = """
import os, sys
told, answer = map(int, sys.argv[1:3])
os.dup2(told, 3)
os.dup2(answer, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class BrowserGoneError(Exception):
    """It ended, or says nothing."""


class Browser:
    """One page in it."""

    def __init__(self, to: int, answers: int) -> None:
        self._to, self._answers = to, answers
        self._buffer = b""
        self._count = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Take the page that it opened with."""
        pages = self.does("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in pages if one["type"] == "page")
        found = self.does("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility"):
            self.does(f"{domain}.enable")

    def does(self, method: str, **params: Any) -> dict[str, Any]:
        """Have it do one thing; what it tells meanwhile is kept in ``events``."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._count:
                assert "error" not in told, told["error"]
                result: dict[str, Any] = told["result"]
                return result
            self.events.append(told)

    def evaluate(self, script: str) -> Any:
        """Run a script of the test's own on the page, whatever the page allows."""
        found = self.does("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, path: Path) -> None:
        """Show a file, and wait until all of it is there."""
        self.events.clear()
        self.does("Page.navigate", url=path.as_uri())
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next())

    def looks(
        self, *, width: int = 1100, dark: bool = False, paper: bool = False
    ) -> None:
        """Be so wide a window, in the dark, or paper."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.does("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        media = "print" if paper else "screen"
        self.does("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def _next(self) -> dict[str, Any]:
        end_s = time.monotonic() + WITHIN_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select(
                [self._answers], [], [], end_s - time.monotonic()
            )
            piece = os.read(self._answers, 1 << 20) if ready else b""
            if not piece:
                raise BrowserGoneError
            self._buffer += piece
        one, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(one)
        return told


@contextmanager
def a_browser(home: Path) -> Iterator[Browser]:
    """Start it for the body, with a home of its own; skip where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium is installed")
    told, to = _high_pipe()
    answers, answer = _high_pipe()
    own = [f"--user-data-dir={home / 'browser'}"]
    if os.geteuid() == 0:  # in a container: its own sandbox does not run as root
        own.append("--no-sandbox")
    start = [sys.executable, "-I", "-S", "-c", _START, str(told), str(answer)]
    process = subprocess.Popen(
        [*start, program, *own, *_FLAGS],
        pass_fds=(told, answer),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(home)},
    )
    os.close(told)
    os.close(answer)
    try:
        browser = Browser(to, answers)
        try:
            browser.attach()
        except (BrowserGoneError, BrokenPipeError):
            pytest.skip("the Chromium that is installed does not start here")
        yield browser
    finally:
        process.kill()
        process.wait(WITHIN_S)
        os.close(to)
        os.close(answers)


def _high_pipe() -> tuple[int, int]:
    """A pipe whose descriptors are none that the browser is told to use."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
