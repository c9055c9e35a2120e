"""What every test shares."""

import gc
import importlib
import pkgutil
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import pierre_mcp
from pierre_mcp.__main__ import _ALLOCATIONS as ALLOCATIONS
from tests import measuring
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


def pytest_collection_finish() -> None:
    """Look for garbage as the program does, and not among the thousands of tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Measure the imports of the program, and nothing of the search for tests."""
    if sys.gettrace() is None:
        return (yield)
    for one in pkgutil.walk_packages(pierre_mcp.__path__, "pierre_mcp."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    with measuring.off():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure the first case of each test in a process, unless others reach the same.

    A test says the latter with its mark ``unmeasured``.
    """
    told = item.get_closest_marker("unmeasured") is None
    if told and measuring.first(item.nodeid.partition("[")[0]):
        return (yield)
    with measuring.off():
        return (yield)
