"""What every test shares."""

import pytest
from hypothesis import HealthCheck, settings

from tests.tokens import keychain, soft_token

__all__ = ["keychain", "soft_token"]

# How fast a test runs says only what else the machine does.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


@pytest.fixture
def anyio_backend() -> str:
    """aiosqlite is asyncio's, and so are we."""
    return "asyncio"
