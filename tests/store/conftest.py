"""A store of one's own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Store
from tests.stores import a_store, owner_grant


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the test's store is."""
    return tmp_path / "store"


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    with a_store(directory) as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    """The owner's."""
    return owner_grant(store)
