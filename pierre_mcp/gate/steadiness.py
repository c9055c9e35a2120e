"""Whether the clock was moved while this process ran, by more than sleep explains.

The boot clock runs while a machine sleeps and is set by nobody, so the wall clock minus
it stays what it was. Where the two part by more than a day, somebody set the clock, and
it cannot be told which consents have ended: recipients are refused until the clock is
back, or the person says on a terminal that it is right (DESIGN 6). What passes between
two processes is never a jump: no boot clock spans it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from pierre_mcp.clock import Clock, offset_us

MOST: Final = timedelta(hours=24)
_MOST_US: Final = MOST // timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_steady(clock: Clock, confirmed_us: int | None = None) -> bool:
    """Tell whether the clock is where this process expects it.

    Args:
        clock: Takes what was confirmed as its new base, where it is there by now.
        confirmed_us: The offset that the person confirmed last, in any process.
    """
    offset = offset_us(clock)
    if abs(offset - clock.base_us) <= _MOST_US:
        return True
    if confirmed_us is None or abs(offset - confirmed_us) > _MOST_US:
        return False
    clock.base_us = confirmed_us
    return True


def noted_at(clock: Clock) -> datetime:
    """Return the time to note in the log.

    While the clock is suspect that is the earliest there is: the row then bears the
    time of the one before it. A clock set ten years ahead would else end every consent
    for good, since time in the log never runs backward.
    """
    return clock.now() if is_steady(clock) else _EPOCH
