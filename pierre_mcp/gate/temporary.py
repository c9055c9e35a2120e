"""A demo store that lives as long as its ``with``: made, filled, and removed after.

Everything of it, its development key too, is in one temporary directory, 0700, which
goes at the end however that comes: by return, by error, by Ctrl-C or by SIGTERM.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from pierre_mcp.clock import Clock, SystemClock
from pierre_mcp.gate.founding import demo_opener
from pierre_mcp.gate.house import Opener, gate_on
from pierre_mcp.gate.jobs import pump
from pierre_mcp.model.caller import Call, Job, Owner
from pierre_mcp.services import athlete
from pierre_mcp.services.steps import Listener, Progress
from pierre_mcp.settings import DEFAULT_PROFILE, Settings

_ENDING = tuple(s for s in signal.Signals if s.name in {"SIGTERM", "SIGHUP"})


def _silently(progress: Progress) -> None:
    """Listen to nothing."""


@contextmanager
def demo_store(
    settings: Settings,
    *,
    seed: int = athlete.SEED,
    listen: Listener = _silently,
    clock: Clock | None = None,
) -> Iterator[tuple[Settings, Opener]]:
    """Give the settings of a filled demo store, and what opens it.

    Whoever opens it, in this process or another, has closed it before the end.
    """
    clock = clock or SystemClock()
    with _unwound_by_signals(), TemporaryDirectory(prefix="pierre-demo-") as directory:
        temporary = within(settings, Path(directory))
        open_ = demo_opener(temporary, clock)
        _fill(temporary, open_, clock, seed=seed, listen=listen)
        yield temporary, open_


def within(settings: Settings, directory: Path) -> Settings:
    """Return settings for a store with a key of its own, all of it in ``directory``."""
    return replace(
        settings,
        data_dir=directory / "data",
        config_dir=directory / "config",
        profile=DEFAULT_PROFILE,
        mek_source="dev",
        alert_command="",
        master_key=None,
        production=False,
    )


def _fill(
    settings: Settings,
    open_: Opener,
    clock: Clock,
    *,
    seed: int,
    listen: Listener,
) -> None:
    store = open_()
    try:
        call = Call(Job(Owner()), "demo", str(uuid4()))
        steps = athlete.steps(clock, seed=seed)
        pump(gate_on(store, settings, clock), call, steps, listen=listen)
    finally:
        store.close()


@contextmanager
def _unwound_by_signals() -> Iterator[None]:
    """Let a request to end unwind the stack, so that what is temporary goes."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    before = {number: signal.signal(number, _unwind) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unwind(number: int, _: object) -> None:
    sys.exit(128 + number)
