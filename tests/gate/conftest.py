"""A world for each test of the gate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gate.probes import WRITES, Acting, probe
from tests.gate.world import World, a_world
from tests.stores import a_recording


@pytest.fixture
def acting() -> Acting:
    """What the tool ``probe`` of the world does inside."""
    return Acting()


@pytest.fixture
def world(tmp_path: Path, acting: Acting) -> Iterator[World]:
    """A store with one recording, and a table with two probes more."""
    writing = probe(acting, WRITES, "scribe")
    with a_world(tmp_path / "store", probe(acting), writing) as made:
        made.put(a_recording())
        yield made
