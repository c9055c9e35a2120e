"""A world for each test of a tool."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gate.world import World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty store and the real tools."""
    with a_world(tmp_path / "store") as made:
        yield made
