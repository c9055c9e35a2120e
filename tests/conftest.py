"""What every test shares."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """aiosqlite is asyncio's, and so are we."""
    return "asyncio"
