"""The machine's clocks."""

from datetime import UTC

from pierre_mcp.clock import SystemClock, offset_us


def test_the_boot_clock_runs() -> None:
    clock = SystemClock()
    before = clock.boot_s()
    assert 0 <= clock.boot_s() - before < 60
    assert before >= 0


def test_the_clocks_stand_where_they_stood() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.ticks_s() <= clock.ticks_s()
    assert abs(offset_us(clock) - clock.base_us) < 60_000_000
