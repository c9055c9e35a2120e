"""The time, asked of one object so that a test can hold it still."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        ...

    def ticks_s(self) -> float:
        """Return seconds of a monotonic clock; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        return datetime.now(UTC)

    def ticks_s(self) -> float:
        """Return seconds of the monotonic clock."""
        return time.monotonic()
