"""Where coverage is measured: where it tells more, since it doubles a test's time."""

import contextlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Hashable, Iterator

_CONFIG = "COVERAGE_PROCESS_CONFIG"
_config = os.environ.get(_CONFIG)
"""What tells a Python that we start to measure; None where nothing is measured."""

_seen = Counter[Hashable]()


def first(of: Hashable) -> bool:
    """Tell whether this is the first of a kind in this process."""
    _seen[of] += 1
    return _seen[of] == 1


def is_on() -> bool:
    """Tell whether what is started now is measured."""
    return _CONFIG in os.environ


def taken_out(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment for a process that measures nothing."""
    return {k: v for k, v in environment.items() if k != _CONFIG}


@contextlib.contextmanager
def off() -> Iterator[None]:
    """Measure nothing: neither here, nor in threads and processes begun meanwhile."""
    here, threads = sys.gettrace(), threading.gettrace()
    config = os.environ.pop(_CONFIG, None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        if config is not None:
            os.environ[_CONFIG] = config
        threading.settrace(threads)
        sys.settrace(here)


@contextlib.contextmanager
def as_at_first() -> Iterator[None]:
    """Start here what others measure in too, whatever the test that needs it first."""
    now = os.environ.get(_CONFIG)
    if _config is not None:
        os.environ[_CONFIG] = _config
    try:
        yield
    finally:
        if now is None:
            os.environ.pop(_CONFIG, None)
