"""Race times and paces against published tables."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.analytics.critical import CriticalFit, critical_speed
from pierre_mcp.analytics.racing import (
    MARATHON_M,
    MILE_M,
    cameron_s,
    critical_speed_s,
    predicted,
    race_time_s,
    riegel_s,
    training_paces,
    vdot,
    vdots,
)

HALF_M = 21_097.5
TABLE = """
35 27:00 56:03 2:04:13 4:16:03
38 25:12 52:17 1:55:55 3:59:35
40 24:08 50:03 1:50:59 3:49:45
42 23:09 48:01 1:46:27 3:40:43
45 21:50 45:16 1:40:20 3:28:26
47 21:02 43:36 1:36:38 3:21:00
50 19:57 41:21 1:31:35 3:10:49
52 19:17 39:59 1:28:31 3:04:36
55 18:22 38:06 1:24:18 2:56:01
57 17:49 36:57 1:21:43 2:50:45
60 17:03 35:22 1:18:09 2:43:25
62 16:34 34:23 1:15:57 2:38:54
65 15:54 33:01 1:12:53 2:32:35
67 15:29 32:11 1:11:00 2:28:40
70 14:55 31:00 1:08:21 2:23:10
"""


def seconds(clock: str) -> float:
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total


def a_fit() -> CriticalFit:
    """CS 4 m/s, D' 200 m."""
    fit = critical_speed(np.array([1_000.0, 5_000.0]), np.array([200.0, 1_200.0]))
    assert fit is not None
    return fit


@pytest.mark.parametrize(
    ("distance_m", "clock", "expected"),
    [
        (5_000, "20:00", 49.81),
        (10_000, "40:00", 51.94),
        (HALF_M, "1:30:00", 50.98),
        (MARATHON_M, "3:00:00", 53.53),
        (MILE_M, "5:00", 59.40),
        (15_000, "1:07:48", 46.40),
    ],
)
def test_vdot_of_a_race(distance_m: float, clock: str, expected: float) -> None:
    """The values of the reference of formulas."""
    assert vdot(distance_m, seconds(clock)) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("row", TABLE.strip().splitlines(), ids=lambda row: row[:2])
def test_the_table_of_race_times(row: str) -> None:
    """Daniels (2014), Daniels' Running Formula, 3rd ed., table 5.1."""
    worth, *clocks = row.split()
    distances, bounds_s = (5_000, 10_000, HALF_M, MARATHON_M), (3, 4, 7, 11)
    for distance, clock, bound_s in zip(distances, clocks, bounds_s, strict=True):
        got = race_time_s(float(worth), distance)
        assert got == pytest.approx(seconds(clock), abs=bound_s)


@pytest.mark.parametrize(
    ("worth", "distance_m", "clock"),
    [
        (30, 2 * MILE_M, "19:19"),
        (40, MILE_M, "7:07"),
        (50, MILE_M, "5:50"),
        (50, 2 * MILE_M, "12:28"),
        (60, MILE_M, "4:57"),
        (60, 2 * MILE_M, "10:37"),
    ],
)
def test_short_races_of_the_table(worth: float, distance_m: float, clock: str) -> None:
    """The same table, as a reading group of 2017 copied it."""
    got = race_time_s(worth, distance_m)
    assert got == pytest.approx(seconds(clock), abs=1)


@pytest.mark.parametrize(
    ("distance_m", "clock", "bound_s"),
    [
        (1_500, "5:46.1", 0.5),
        (3_000, "12:19.9", 0.5),
        (5_000, "21:15.1", 0.5),
        (8_000, "34:49.4", 1),
        (10_000, "44:03.9", 1),
        (10 * MILE_M, "1:13:04.9", 2),
        (20_000, "1:32:11.9", 2),
        (HALF_M, "1:37:36.7", 2),
        (30_000, "2:21:58.5", 3),
        (MARATHON_M, "3:22:58.7", 3),
    ],
)
def test_a_calculator_by_the_book(
    distance_m: float, clock: str, bound_s: float
) -> None:
    """What runworks.com made of 15 km in 1:07:48 (2007), between rows of the table.

    The table is in whole seconds, so tenths of it are not the formula's.
    """
    worth = vdot(15_000, seconds("1:07:48"))
    assert worth is not None
    got = race_time_s(worth, distance_m)
    assert got == pytest.approx(seconds(clock), abs=bound_s)


@settings(max_examples=30)
@given(st.floats(20, 95), st.sampled_from([3_000, 5_000, 10_000, HALF_M]))
def test_time_and_vdot_are_inverse(worth: float, distance_m: float) -> None:
    time_s = race_time_s(worth, distance_m)
    assert time_s is not None
    assert vdot(distance_m, time_s) == pytest.approx(worth, abs=1e-3)


@given(st.floats(1_000, 42_195), st.floats(600, 10_000))
def test_faster_is_worth_more(distance_m: float, time_s: float) -> None:
    slow, fast = vdot(distance_m, time_s), vdot(distance_m, time_s * 0.99)
    if slow is not None and fast is not None:
        assert fast > slow


def test_many_races_at_once() -> None:
    distance = np.array([5_000.0, np.nan, 5_000.0, 400.0, -9e5, 5_000.0, 1e300])
    time_s = np.array([1_200.0, 1_200.0, np.nan, 60.0, 1_200.0, 300.0, 1_200.0])
    got = vdots(distance, time_s)
    assert got[0] == pytest.approx(49.81, abs=0.005)
    assert np.isnan(got[1:]).all()


@pytest.mark.parametrize(
    ("distance_m", "time_s"),
    [
        pytest.param(1_000, 209, id="under 3.5 minutes"),
        pytest.param(42_195, 18_001, id="over 5 hours"),
        pytest.param(100, 1_200, id="standing"),
        pytest.param(50_000, 3_600, id="a car"),
        pytest.param(nan, 1_200, id="no distance"),
        pytest.param(inf, 1_200, id="infinite"),
        pytest.param(5_000, nan, id="no time"),
        pytest.param(0, 0, id="zeros"),
    ],
)
def test_what_is_no_race_has_no_vdot(distance_m: float, time_s: float) -> None:
    assert vdot(distance_m, time_s) is None


@pytest.mark.parametrize(
    ("worth", "distance_m"),
    [
        pytest.param(50, 400, id="over too soon"),
        pytest.param(20, MARATHON_M, id="over 5 hours"),
        pytest.param(0, 5_000, id="nothing"),
        pytest.param(101, 5_000, id="beyond"),
        pytest.param(nan, 5_000, id="not known"),
        pytest.param(50, 0, id="no distance"),
        pytest.param(50, inf, id="infinite"),
    ],
)
def test_no_time_outside_the_tables(worth: float, distance_m: float) -> None:
    assert race_time_s(worth, distance_m) is None


@pytest.mark.parametrize(
    ("target_m", "riegel", "cameron"),
    [
        (5_000, "19:11", "19:12"),
        (HALF_M, "1:28:15", "1:28:11"),
        (MARATHON_M, "3:04:00", "3:07:25"),
    ],
)
def test_from_ten_kilometres_in_forty_minutes(
    target_m: float, riegel: str, cameron: str
) -> None:
    """The values of the reference of formulas, to the second."""
    assert riegel_s(10_000, 2_400, target_m) == pytest.approx(seconds(riegel), abs=0.6)
    got = cameron_s(10_000, 2_400, target_m)
    assert got == pytest.approx(seconds(cameron), abs=0.6)


@given(st.floats(1_000, 20_000), st.floats(600, 3_000))
def test_a_race_predicts_itself(distance_m: float, time_s: float) -> None:
    assert riegel_s(distance_m, time_s, distance_m) == pytest.approx(time_s)
    assert cameron_s(distance_m, time_s, distance_m) == pytest.approx(time_s)


@pytest.mark.parametrize("bad", [0, -5_000, nan, inf])
def test_no_distance_has_no_prediction(bad: float) -> None:
    assert riegel_s(bad, 2_400, 5_000) is riegel_s(5_000, 2_400, bad) is None
    assert cameron_s(bad, 2_400, 5_000) is cameron_s(5_000, 2_400, bad) is None
    assert predicted(bad, 2_400, 5_000) == {}


@pytest.mark.parametrize("bad", [0, -60, nan, inf])
def test_no_time_has_no_prediction(bad: float) -> None:
    assert riegel_s(5_000, bad, 5_000) is cameron_s(5_000, bad, 5_000) is None


def test_each_method_keeps_to_its_range() -> None:
    assert riegel_s(10_000, 2_400, 400) is None
    assert riegel_s(10_000, 3_600, 100_000) is None
    assert cameron_s(10_000, 2_400, 200) is None
    assert cameron_s(10_000, 2_400, 100_000) is None
    assert critical_speed_s(a_fit(), 600) is None, "100 s"
    assert critical_speed_s(a_fit(), 7_500) is None, "1825 s"


def test_by_critical_speed() -> None:
    """(3000 m - 200 m) / 4 m/s."""
    assert critical_speed_s(a_fit(), 3_000) == pytest.approx(700)


def test_the_spread_is_of_those_that_hold() -> None:
    got = predicted(10_000, 2_400, 5_000, critical=a_fit())
    assert list(got) == ["riegel", "cameron", "vdot", "critical_speed"]
    assert list(got.values()) == sorted(got.values())
    assert got["riegel"] == pytest.approx(1_151.1, abs=0.05)
    assert got["critical_speed"] == pytest.approx(1_200)
    ultra = predicted(MARATHON_M, 4 * 3_600, 80_000, critical=a_fit())
    assert list(ultra) == ["cameron"]
    assert predicted(5_000, 1_200, 300_000) == {}


@pytest.mark.parametrize(
    ("worth", "slow", "fast", "marathon", "threshold", "interval"),
    [
        (40, "6:59", "5:51", "5:27", "5:06", "4:41"),
        (50, "5:52", "4:54", "4:31", "4:15", "3:55"),
        (60, "5:04", "4:13", "3:52", "3:40", "3:23"),
    ],
)
def test_training_paces(
    worth: float, slow: str, fast: str, marathon: str, threshold: str, interval: str
) -> None:
    """The values of the reference of formulas, to the second."""
    got = training_paces(worth)
    assert got is not None
    assert got.easy_slow == pytest.approx(seconds(slow), abs=0.6)
    assert got.easy_fast == pytest.approx(seconds(fast), abs=0.6)
    assert got.marathon == pytest.approx(seconds(marathon), abs=0.6)
    assert got.threshold == pytest.approx(seconds(threshold), abs=0.6)
    assert got.interval == pytest.approx(seconds(interval), abs=0.6)


def test_paces_of_a_reader_of_the_book() -> None:
    """VDOT 49: M 7:24 a mile, T 4:20 and I 3:59 a km, R 89 s over 400 m (2009)."""
    got = training_paces(49)
    assert got is not None
    assert got.marathon is not None
    assert got.repetition is not None
    assert got.marathon * MILE_M / 1_000 == pytest.approx(444, abs=1)
    assert got.threshold == pytest.approx(260, abs=1)
    assert got.interval == pytest.approx(239, abs=1)
    assert got.repetition * 0.4 == pytest.approx(89, abs=1)


def test_paces_end_where_the_races_do() -> None:
    slow, fast = training_paces(15), training_paces(99)
    assert slow is not None
    assert fast is not None
    assert slow.marathon is None
    assert fast.repetition is None
    assert training_paces(0) is training_paces(101) is training_paces(nan) is None
