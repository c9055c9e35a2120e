"""Loads by heart rate against published values, for one activity and for many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pierre_mcp.analytics import heart_rate
from pierre_mcp.analytics.bins import HEART_RATE, SPEED, Bins, moving
from pierre_mcp.model.details import Histogram
from tests.analytics.making import bins_of

beats = st.dictionaries(st.integers(30, 220), st.integers(1, 3_600), max_size=12)


def bins(*activities: dict[int, int]) -> Bins:
    """Seconds by bpm of each activity."""
    return bins_of([histogram(one) for one in activities], HEART_RATE)


def histogram(seconds: dict[int, int]) -> Histogram | None:
    if not seconds:
        return None
    first, last = min(seconds), max(seconds)
    each = tuple(seconds.get(bpm, 0) for bpm in range(first, last + 1))
    return Histogram(first=first, seconds=each)


@pytest.mark.parametrize(
    ("minutes", "bpm", "rest", "most", "female", "expected"),
    [
        pytest.param(60, 150, 50, 190, False, 108.10, id="reference, men"),
        pytest.param(60, 150, 50, 190, True, 121.50, id="reference, women"),
        pytest.param(66.2, 138, 44, 187, False, 98.39, id="forum.intervals.icu/68634"),
    ],
)
def test_banister(
    minutes: float, bpm: int, rest: float, most: float, *, female: bool, expected: float
) -> None:
    told = heart_rate.trimp(
        bins({bpm: round(minutes * 60)}), resting_bpm=rest, max_bpm=most, female=female
    )
    assert told == pytest.approx([expected], abs=0.005)


def test_each_minute_counts_between_0_and_4_37() -> None:
    """fellrnr.com, TRIMP: 0 to 4.37 a minute, so the reserve is held to 0 to 1."""
    one = bins({40: 60}, {50: 60}, {190: 60}, {210: 60})
    told = heart_rate.trimp(one, resting_bpm=50, max_bpm=190)
    assert told == pytest.approx([0, 0, 4.37, 4.37], abs=0.005)


def test_intervals_weigh_more_than_their_mean() -> None:
    even, uneven = bins({150: 3_600}), bins({120: 1_800, 180: 1_800})
    told = [
        float(heart_rate.trimp(one, resting_bpm=50, max_bpm=190)[0])
        for one in (even, uneven)
    ]
    assert told[1] > told[0] * 1.05


def test_load_of_heart_rate() -> None:
    """The reference: an hour at 150 with a threshold of 170 is 63.3, at 170 is 100."""
    told = heart_rate.heart_rate_tss(
        bins({150: 3_600}, {170: 3_600}, {170: 1_800}),
        resting_bpm=50,
        max_bpm=190,
        threshold_bpm=170,
    )
    assert told == pytest.approx([63.3, 100, 50], abs=0.05)


@pytest.mark.parametrize(
    ("rest", "threshold", "most"),
    [(50, 195, 190), (50, 45, 190), (50, 170, 50), (np.nan, 170, 190)],
)
def test_thresholds_out_of_order_tell_nothing(
    rest: float, threshold: float, most: float
) -> None:
    told = heart_rate.heart_rate_tss(
        bins({150: 60}), resting_bpm=rest, max_bpm=most, threshold_bpm=threshold
    )
    assert np.isnan(told).all()


def test_edwards() -> None:
    """The reference: 10 min in each of five zones is 150. Below half is nothing."""
    each = {105: 600, 125: 600, 145: 600, 165: 600, 185: 600}
    told = heart_rate.edwards(bins(each, {99: 600}, {100: 60}, {210: 60}), max_bpm=200)
    assert told == pytest.approx([150, 0, 1, 5])


def test_lucia() -> None:
    """The reference: 20 min in each of three zones is 120; a threshold is above it."""
    each = {120: 1_200, 150: 1_200, 175: 1_200}
    activities = bins(each, {139: 60}, {140: 60}, {165: 60})
    told = heart_rate.lucia(activities, first_bpm=140, second_bpm=165)
    assert told == pytest.approx([120, 1, 2, 3])
    assert np.isnan(heart_rate.lucia(activities, first_bpm=165, second_bpm=140)).all()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (heart_rate.tanaka_max_bpm, 180),
        (heart_rate.fox_max_bpm, 180),
        (heart_rate.gulati_max_bpm, 170.8),
    ],
)
def test_maximum_by_age(formula: object, expected: float) -> None:
    """The reference: at 40 years."""
    assert callable(formula)
    assert formula(40) == pytest.approx(expected)
    assert np.isnan(formula(np.array([np.nan]))).all()


def test_many_activities_have_the_thresholds_of_their_day() -> None:
    activities = bins({150: 3_600}, {}, {150: 3_600}, {150: 3_600})
    rest, most = np.array([50.0, 50, 60, np.nan]), np.array([190.0, 190, 180, 190])
    told = heart_rate.trimp(activities, resting_bpm=rest, max_bpm=most)
    alone = heart_rate.trimp(bins({150: 3_600}), resting_bpm=60, max_bpm=180)
    assert told[[0, 2]] == pytest.approx([108.10, alone[0]], abs=0.005)
    assert np.isnan(told[[1, 3]]).all(), "without heart rate, and without rest"


@given(st.lists(beats, max_size=6))
def test_bins_are_those_of_each_histogram(activities: list[dict[int, int]]) -> None:
    together = bins(*activities)
    for i, seconds in enumerate(activities):
        owner = together.spread(np.arange(len(activities), dtype=float))
        own = (owner == i) & (together.seconds > 0)
        told = dict(zip(together.values[own], together.seconds[own], strict=True))
        assert told == seconds


def test_a_bin_of_speed_stands_for_its_middle() -> None:
    told = bins_of([Histogram(first=60, seconds=(1, 2))], SPEED)
    assert told.values == pytest.approx([3.025, 3.075])


def test_standing_can_be_left_out() -> None:
    """Half a metre a second is the first bin of moving, 0.475 the last of standing."""
    told = moving(bins_of([Histogram(first=0, seconds=(9,) * 10 + (1,)), None], SPEED))
    assert told.values[told.seconds > 0] == pytest.approx([0.525])
    assert told.sums(told.seconds)[0] == 1
    assert np.isnan(told.sums(told.seconds)[1])


@given(st.lists(beats.filter(bool), min_size=1, max_size=5))
def test_order_of_activities_and_sums(
    activities: list[dict[int, int]],
) -> None:
    """Each load is that of the plain sum, whatever stands beside it."""
    told = heart_rate.trimp(bins(*activities), resting_bpm=50, max_bpm=190)
    assert told == pytest.approx([plain(one) for one in activities])
    turned = heart_rate.trimp(bins(*activities[::-1]), resting_bpm=50, max_bpm=190)
    assert turned[::-1] == pytest.approx(told)


def plain(seconds: dict[int, int]) -> float:
    load = 0.0
    for bpm, s in seconds.items():
        x: NDArray[np.float64] = np.clip((bpm - 50) / 140, 0, 1)
        load += s / 60 * float(x) * 0.64 * float(np.exp(1.92 * x))
    return load


def test_nothing_has_no_load() -> None:
    assert heart_rate.trimp(bins(), resting_bpm=50, max_bpm=190).shape == (0,)
    assert np.isnan(heart_rate.edwards(bins({}), max_bpm=190)).all()
