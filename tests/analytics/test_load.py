"""Training load against published values and the laws it keeps."""

from collections.abc import Sequence
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.analytics.load import (
    LoadModel,
    LoadState,
    Numbers,
    Variant,
    acwr,
    acwr_ewma,
    by_day,
    daily_loads,
    monotony,
    projected,
    ramp_rate,
    strain,
)

loads = st.lists(st.floats(0, 500), min_size=1, max_size=60)
FIRST = np.datetime64("2024-02-20")


def column(values: Sequence[float]) -> Numbers:
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("variant", "ctl_42", "atl_7", "ctl_1", "atl_1"),
    [
        pytest.param("exponential", 63.212, 63.212, 2.3528, 13.3122, id="1-e^(-1/tau)"),
        pytest.param("reciprocal", 63.654, 66.008, 2.381, 14.286, id="1/tau"),
    ],
)
def test_a_hundred_a_day_from_nothing(
    variant: Variant, ctl_42: float, atl_7: float, ctl_1: float, atl_1: float
) -> None:
    """The values of the reference of formulas; 2/(N + 1) would give 86.47."""
    got = daily_loads(np.full(42, 100.0), model=LoadModel(variant=variant))
    assert got.ctl[41] == pytest.approx(ctl_42, abs=0.0005)
    assert got.atl[6] == pytest.approx(atl_7, abs=0.0005)
    assert got.ctl[0] == pytest.approx(ctl_1, abs=0.0005)
    assert got.atl[0] == pytest.approx(atl_1, abs=0.0005)


def test_form_is_yesterdays_and_todays_is_another() -> None:
    got = daily_loads(column([100, 0]), before=LoadState(50, 60))
    assert got.tsb[0] == -10, "how the first day began"
    assert got.tsb[1] == got.same_day_tsb[0] == got.ctl[0] - got.atl[0]


def test_time_constants_are_parameters() -> None:
    got = daily_loads(np.full(60, 100.0), model=LoadModel(ctl_days=60, atl_days=10))
    assert got.ctl[59] == pytest.approx(100 * (1 - exp(-1)))
    assert got.atl[9] == pytest.approx(100 * (1 - exp(-1)))


def test_rest_decays_to_nothing() -> None:
    got = daily_loads(column([100, *[0] * 42]))
    assert got.ctl[42] / got.ctl[0] == pytest.approx(exp(-1))
    long = daily_loads(column([300, *[0] * 3_000]))
    assert 0 < long.ctl[-1] < 1e-20
    assert (np.diff(long.ctl) <= 0).all()


def test_a_projection_goes_on_where_the_days_end() -> None:
    whole = daily_loads(column([80, 0, 120, 60, 0, 0]), model=LoadModel(50, 5))
    half = daily_loads(column([80, 0, 120]), model=LoadModel(50, 5))
    ahead = projected(half, [60, 0, 0])
    assert ahead.ctl == pytest.approx(whole.ctl[3:])
    assert ahead.tsb == pytest.approx(whole.tsb[3:])
    assert projected(half, []).after == half.after


@settings(max_examples=30)
@given(loads, st.integers(1, 50))
def test_rest_before_all_training_changes_nothing_but_the_day(
    told: list[float], days: int
) -> None:
    shifted = daily_loads(column([*[0.0] * days, *told]))
    assert (shifted.ctl[days:] == daily_loads(column(told)).ctl).all()


@settings(max_examples=30)
@given(loads, st.floats(0.01, 100))
def test_twice_the_load_is_twice_the_fitness(told: list[float], by: float) -> None:
    one, many = daily_loads(column(told)), daily_loads(column(told) * by)
    assert many.ctl == pytest.approx(one.ctl * by)
    assert many.tsb == pytest.approx(one.tsb * by, abs=1e-9 * by)


@settings(max_examples=30)
@given(loads, st.data())
def test_more_load_is_never_less_fitness(
    told: list[float], data: st.DataObject
) -> None:
    more = column(told)
    more[data.draw(st.integers(0, len(told) - 1))] += 50
    assert (daily_loads(more).ctl >= daily_loads(column(told)).ctl).all()


def test_a_start_ten_time_constants_late_is_a_twentythousandth_low() -> None:
    even = daily_loads(np.full(5_000, 70.0)).ctl[-1]
    late = daily_loads(np.full(420, 70.0)).ctl[-1]
    assert late / even == pytest.approx(1 - exp(-10))
    noise = np.random.default_rng(4).gamma(1.0, 70.0, 5_000)
    full, cut = daily_loads(noise).ctl[-1], daily_loads(noise[-420:]).ctl[-1]
    assert 0 <= 1 - cut / full < 0.0001


def test_an_unknown_load_is_none_and_does_not_stay() -> None:
    known = daily_loads(column([10, 0, 30]))
    assert (daily_loads(column([10, np.nan, 30])).ctl == known.ctl).all()


def test_loads_of_a_day_add_up_and_missing_ones_add_nothing() -> None:
    day = FIRST + np.array([9, 0, 9, -1, 30, 9])
    load = column([40, 25, 60, 99, 99, np.nan])
    got = by_day(day, load, FIRST, FIRST + 10)
    assert got.tolist() == [25, *[0] * 8, 100, 0]
    assert by_day(day, load, FIRST, FIRST - 1).size == 0
    assert by_day(day[:0], load[:0], FIRST, FIRST + 2).tolist() == [0, 0, 0]


@settings(max_examples=30)
@given(st.permutations(range(12)))
def test_the_order_of_activities_does_not_matter(order: list[int]) -> None:
    day, load = FIRST + np.arange(12) % 5, np.arange(12.0)
    one = by_day(day, load, FIRST, FIRST + 6)
    other = by_day(day[order], load[order], FIRST, FIRST + 6)
    assert (one == other).all()


def test_ramp_is_over_a_week() -> None:
    got = ramp_rate(np.arange(20.0) ** 2)
    assert np.isnan(got[:7]).all()
    assert got[7] == 49
    assert got[19] == 361 - 144
    assert np.isnan(ramp_rate(np.arange(3.0))).all()


def test_monotony_and_strain_of_a_week() -> None:
    """The values of the reference of formulas, by the population deviation."""
    week = column([300, 0, 400, 200, 0, 500, 300])
    assert np.isnan(monotony(week)[:6]).all()
    assert monotony(week)[6] == pytest.approx(1.379, abs=0.0005)
    assert strain(week)[6] == pytest.approx(2344, abs=0.5)


@pytest.mark.parametrize("load", [0.0, 0.1, 70.3])
def test_of_equal_days_there_is_no_monotony(load: float) -> None:
    assert np.isnan(monotony(np.full(30, load))).all()
    assert np.isnan(strain(np.full(30, load))).all()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 300), min_size=8, max_size=30), st.floats(0.1, 10))
def test_monotony_knows_no_unit_and_strain_does(told: list[int], by: float) -> None:
    week = column([float(load) for load in told])
    assert monotony(week * by) == pytest.approx(monotony(week), nan_ok=True)
    assert strain(week * by) == pytest.approx(strain(week) * by, nan_ok=True)


def test_acute_to_chronic() -> None:
    """700 this week, and 500 a week over four, this one among them."""
    month = column([1_300 / 21] * 21 + [100] * 7)
    assert acwr(month)[27] == pytest.approx(1.40)
    assert np.isnan(acwr(month)[:27]).all()


def test_after_a_month_of_rest_there_is_no_ratio() -> None:
    got = acwr(column([0.1, 0.7, 90.3] * 10 + [0] * 28))
    assert got[-2] == pytest.approx(0)
    assert np.isnan(got[-1])
    assert np.isnan(acwr(np.zeros(40))).all()
    assert np.isnan(acwr_ewma(np.zeros(40))).all()


def test_exponential_ratio_after_a_hard_week() -> None:
    """A mean with weight 2/(N + 1) keeps (1 - weight)^7 of what it was."""
    got = acwr_ewma(column([100] * 60 + [200] * 7))
    assert got[59] == pytest.approx(1)
    assert got[66] == pytest.approx(
        (200 - 100 * 0.75**7) / (200 - 100 * (27 / 29) ** 7)
    )
    assert np.isnan(got[:27]).all()


@pytest.mark.parametrize("days", [0, 1, 6])
def test_too_short_for_a_week(days: int) -> None:
    few = np.full(days, 50.0)
    for told in (monotony(few), strain(few), acwr(few), acwr_ewma(few), ramp_rate(few)):
        assert told.size == days
        assert np.isnan(told).all()
    assert daily_loads(few).ctl.size == daily_loads(few).tsb.size == days
