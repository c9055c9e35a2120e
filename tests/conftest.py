"""What every test shares."""

import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.tokens import keychain, soft_token

__all__ = ["keychain", "soft_token"]

# How fast a test runs says only what else the machine does.
settings.register_profile(
    "unhurried",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")


@pytest.fixture
def anyio_backend() -> str:
    """aiosqlite is asyncio's, and so are we."""
    return "asyncio"


LONG = (
    "test_readme",
    "test_secrets",
    "test_every_command",
    "test_crash",
    "test_demo",
    "test_together",
)
"""Modules of tests that take long alone: begun last, they would be waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first; all else stays in its order."""
    items.sort(key=lambda item: item.path.stem not in LONG)


MEASURED_CASES = 2
_cases = Counter[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure coverage where it tells more, since it doubles a test's time.

    Not where a test says that others reach the same, nor of many cases of one test
    more than the first in each process.
    """
    name, tracer = item.nodeid.partition("[")[0], sys.gettrace()
    _cases[name] += 1
    told = item.get_closest_marker("unmeasured") is None
    if tracer is None or (told and _cases[name] <= MEASURED_CASES):
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
