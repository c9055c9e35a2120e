"""The time, asked of one object so that a test can hold it still."""

import sys
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time.

    Attributes:
        base_us: ``offset_us`` of it as this process first saw it, or as the person has
            confirmed since.
    """

    base_us: int

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        ...

    def ticks_s(self) -> float:
        """Return seconds of a monotonic clock; only differences mean anything."""
        ...

    def boot_s(self) -> float:
        """Return seconds of a clock that nobody sets, and that runs while asleep."""
        ...


def offset_us(clock: Clock) -> int:
    """Return the wall clock minus the boot clock, microseconds.

    It stays the same, but for what tunes the clock, until somebody sets it.
    """
    return round((clock.now().timestamp() - clock.boot_s()) * 1_000_000)


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self.base_us = offset_us(self)

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        return datetime.now(UTC)

    def ticks_s(self) -> float:
        """Return seconds of the monotonic clock."""
        return time.monotonic()

    def boot_s(self) -> float:
        """Return seconds of a clock that nobody sets, and that runs while asleep."""
        if sys.platform == "linux":
            seconds = time.clock_gettime(time.CLOCK_BOOTTIME)
        elif sys.platform == "darwin":  # pragma: no cover - not run here
            seconds = time.clock_gettime(time.CLOCK_MONOTONIC)
        else:  # pragma: no cover - not run here
            seconds = time.monotonic()
        return seconds
