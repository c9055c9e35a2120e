"""Estimated thresholds: against published values, and by the laws of a rolling best."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics import estimates
from pierre_mcp.analytics.estimates import Column, Days, Steps, rolling_best
from pierre_mcp.model.details import DISTANCES_M

FIRST = np.datetime64("2026-01-01")


def days(*numbers: int) -> Days:
    return FIRST + np.array(numbers, "m8[D]")


def told(steps: Steps) -> list[tuple[int, float]]:
    since = (steps.since - FIRST).astype(int)
    return list(zip(since.tolist(), steps.values.round(9).tolist(), strict=True))


def seconds(text: str) -> float:
    """Read ``24:08`` or ``1:50:59``."""
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def bests(**by_metres: float) -> Column:
    """One activity's best times, by distance as ``m5000``."""
    row = np.full((1, len(DISTANCES_M)), np.nan)
    for name, time_s in by_metres.items():
        row[0, DISTANCES_M.index(float(name[1:].replace("_", ".")))] = time_s
    return row


efforts = st.lists(
    st.tuples(
        st.integers(0, 400), st.sampled_from([np.nan, 200.0, 250.0, 260.0, 300.0])
    )
)


@given(efforts, st.sampled_from([1, 7, 90]))
def test_the_best_of_the_days_before(
    made: list[tuple[int, float]], window_days: int
) -> None:
    """Day by day, as one would by hand."""
    steps = rolling_best(
        days(*(day for day, _ in made)),
        np.array([value for _, value in made], float),
        window_days=window_days,
    )
    at, last, value = dict(told(steps)), np.nan, np.nan
    for today in range(600):
        within = [
            v
            for day, v in made
            if today - window_days < day <= today and not np.isnan(v)
        ]
        last = max(within, default=last)
        value = at.get(today, value)
        assert value == last or (np.isnan(value) and np.isnan(last))


@given(efforts, st.data())
def test_neither_order_nor_a_shift_of_time_changes_it(
    made: list[tuple[int, float]], data: st.DataObject
) -> None:
    def of(some: list[tuple[int, float]], shift: int = 0) -> list[tuple[int, float]]:
        on = days(*(day + shift for day, _ in some))
        return told(rolling_best(on, np.array([v for _, v in some], float)))

    plain = of(made)
    assert of(data.draw(st.permutations(made))) == plain
    assert of(made, 1_000) == [(day + 1_000, value) for day, value in plain]
    assert all(a[0] < b[0] and a[1] != b[1] for a, b in pairwise(plain))


def test_a_best_goes_out_of_the_window_and_the_last_one_goes_on() -> None:
    steps = rolling_best(days(0, 10, 300), np.array([300.0, 250.0, 200.0]))
    assert told(steps) == [(0, 300), (90, 250), (300, 200)]


def test_ftp_of_a_20_minute_test() -> None:
    """280 W give 266 W (SCIENCE: FTP is 0.95 of the best 20 min)."""
    assert told(estimates.ftp_w(days(0), np.array([280.0]))) == [(0, 266)]


def test_threshold_heart_rate_is_95_of_100() -> None:
    steps = estimates.threshold_heart_rate_bpm(days(0, 5), np.array([180.0, 170.0]))
    assert told(steps) == [(0, 171), (90, 161.5)]


def test_the_highest_heart_rate_counts_for_a_year() -> None:
    steps = estimates.max_heart_rate_bpm(days(0, 100), np.array([191.0, 185.0]))
    assert told(steps) == [(0, 191), (365, 185)]


def test_what_no_heart_beats_is_no_maximum() -> None:
    steps = estimates.max_heart_rate_bpm(days(0, 1), np.array([190.0, 250.0]))
    assert told(steps) == [(0, 190)]


def test_maximum_heart_rate_by_age() -> None:
    """Tanaka (2001): 180 at 40."""
    steps = estimates.max_heart_rate_by_age_bpm(1986, 2026)
    assert len(steps.values) == 41
    assert (str(steps.since[-1]), steps.values[-1]) == ("2026-01-01", 180)
    assert (str(steps.since[20]), steps.values[20]) == ("2006-01-01", 194)
    assert told(estimates.max_heart_rate_by_age_bpm(2027, 2026)) == []


@pytest.mark.parametrize(
    ("race", "time", "t_pace"),
    [
        ("m5000", "24:08", "5:06"),
        ("m10000", "50:03", "5:06"),
        ("m21097_5", "1:50:59", "5:06"),
        ("m5000", "19:57", "4:15"),
        ("m10000", "41:21", "4:15"),
        ("m21097_5", "1:31:35", "4:15"),
        ("m5000", "17:03", "3:40"),
        ("m10000", "35:22", "3:40"),
        ("m21097_5", "1:18:09", "3:40"),
    ],
)
def test_threshold_pace_is_daniels_t_pace(race: str, time: str, t_pace: str) -> None:
    """Races and T paces of VDOT 40, 50 and 60 in Daniels' book."""
    steps = estimates.threshold_speed_m_s(days(0), bests(**{race: seconds(time)}))
    assert 1_000 / steps.values[0] == pytest.approx(seconds(t_pace), abs=3)


def test_an_hours_race_is_at_threshold_speed() -> None:
    hour = bests(m15000=3_600.0)
    assert told(estimates.threshold_speed_m_s(days(0), hour)) == [
        (0, round(15_000 / 3_600, 9))
    ]


def test_the_fastest_distance_counts_and_what_is_no_run_does_not() -> None:
    steps = estimates.threshold_speed_m_s(
        days(0), bests(m5000=1_500.0, m15000=3_600.0, m400=50.0)
    )
    assert told(steps) == [(0, round(15_000 / 3_600, 9))]
    for wrong in (bests(m3000=200.0), bests(m10000=0.0), bests(m1000=300.0)):
        assert told(estimates.threshold_speed_m_s(days(0), wrong)) == []


@pytest.mark.parametrize(
    ("long", "short", "pace"),
    [("6:00", "2:50", 95.0), ("6:30", "3:00", 105.0)],
)
def test_critical_swim_speed(long: str, short: str, pace: float) -> None:
    """Worked examples of two public calculators; 200 m over the difference in time."""
    swum = bests(m400=seconds(long), m200=seconds(short))
    steps = estimates.threshold_swim_speed_m_s(days(0), swum)
    assert 100 / steps.values[0] == pytest.approx(pace)


def test_both_swims_count_from_the_later_one_on() -> None:
    swum = np.concatenate([bests(m400=360.0), bests(m200=170.0), bests(m200=160.0)])
    steps = estimates.threshold_swim_speed_m_s(days(0, 7, 20), swum)
    assert told(steps) == [(7, round(200 / 190, 9)), (20, 1)]


@pytest.mark.parametrize("short", [360.0, 400.0])
def test_swims_that_cannot_be_give_nothing(short: float) -> None:
    swum = bests(m400=360.0, m200=short)
    assert told(estimates.threshold_swim_speed_m_s(days(0), swum)) == []


def test_of_nothing_nothing_is_estimated() -> None:
    none, empty = days(), np.empty(0)
    rows = np.empty((0, len(DISTANCES_M)))
    for steps in (
        estimates.ftp_w(none, empty),
        estimates.ftp_w(days(0), np.array([np.nan])),
        estimates.threshold_heart_rate_bpm(none, empty),
        estimates.max_heart_rate_bpm(none, empty),
        estimates.threshold_speed_m_s(none, rows),
        estimates.threshold_swim_speed_m_s(none, rows),
        estimates.threshold_speed_m_s(days(0), bests()),
    ):
        assert told(steps) == []
