"""A filled store, made once, and a copy of it to play on for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.watching.stage import Stage, a_stage, fill


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("watched") / "store"
    fill(directory)
    return directory


@pytest.fixture
def stage(made: Path, tmp_path: Path) -> Iterator[Stage]:
    with a_stage(made, tmp_path / "store") as stage:
        yield stage
