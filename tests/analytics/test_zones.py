"""Zones against the printed tables, at their edges, and seconds in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics.bins import HEART_RATE, POWER, SPEED
from pierre_mcp.analytics.ratios import Values
from pierre_mcp.analytics.zone_methods import (
    COGGAN,
    FITZGERALD_SWIM,
    FRIEL_PACE,
    FRIEL_RIDE,
    FRIEL_RUN,
    KARVONEN,
    METHODS,
    PERCENT_OF_MAX,
    THREE_ZONES,
)
from pierre_mcp.analytics.zones import (
    Method,
    begins,
    polarization_index,
    seconds_in_zones,
    shares,
)
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.details import MAX_BINS, Histogram
from tests.analytics.making import bins_of

ALL = (*METHODS.values(), *THREE_ZONES.values())


def thresholds(method: Method, top: Values, rest: Values = 50) -> dict[Kind, Values]:
    return dict(zip(method.needs, (top, rest), strict=False))


def zone_of(method: Method, value: int, top: float, rest: float = 50) -> str | None:
    """Return the name of the zone where one second at a whole value is counted."""
    second = Histogram(first=value, seconds=(1,))
    told = seconds_in_zones(
        method, bins_of([second], method.scale), thresholds(method, top, rest)
    )[0]
    names = [z.name for z, s in zip(method.zones, told, strict=True) if s]
    assert len(names) <= 1
    return names[0] if names else None


PRINTED: dict[str, tuple[Method, list[tuple[str, int, int]]]] = {
    "Friel, run": (
        FRIEL_RUN,
        [
            *(("1", 50, 84), ("2", 85, 89), ("3", 90, 94), ("4", 95, 99)),
            *(("5a", 100, 102), ("5b", 103, 106), ("5c", 107, 120)),
        ],
    ),
    "Friel, ride": (
        FRIEL_RIDE,
        [
            *(("1", 50, 80), ("2", 81, 89), ("3", 90, 93), ("4", 94, 99)),
            *(("5a", 100, 102), ("5b", 103, 106), ("5c", 107, 120)),
        ],
    ),
    "Coggan": (
        COGGAN,
        [
            *(("1", 0, 54), ("2", 56, 75), ("3", 76, 90), ("4", 91, 105)),
            *(("5", 106, 120), ("6", 121, 150), ("7", 151, 400)),
        ],
    ),
}


@pytest.mark.parametrize("table", PRINTED)
@pytest.mark.parametrize("top", [100, 200])
def test_each_printed_percent_is_in_its_zone(table: str, top: int) -> None:
    """220triathlon.com (Friel), Allen & Coggan: first and last percent of each row."""
    method, rows = PRINTED[table]
    for name, first, last in rows:
        for percent in (first, last):
            assert zone_of(method, percent * top // 100, top) == name, percent


@pytest.mark.parametrize(
    ("method", "value", "top", "name"),
    [
        pytest.param(FRIEL_RUN, 179, 200, "2", id="89.5 % is not yet 90"),
        pytest.param(FRIEL_RUN, 213, 200, "5c", id="106.5 % is above 106"),
        pytest.param(COGGAN, 151, 200, "3", id="75.5 % is above 75"),
        pytest.param(COGGAN, 110, 200, "2", id="55 % is not below 55"),
        pytest.param(COGGAN, 301, 200, "7", id="150.5 % is above 150"),
        pytest.param(PERCENT_OF_MAX, 171, 190, "5", id="0.9 x 190 is 171"),
        pytest.param(PERCENT_OF_MAX, 94, 190, None, id="below half is in none"),
    ],
)
def test_between_and_on_the_edges(
    method: Method, value: int, top: float, name: str | None
) -> None:
    assert zone_of(method, value, top) == name


def test_karvonen() -> None:
    """The reference: of 50 to 190, 60 to 70 % is 134 to 148."""
    told = begins(KARVONEN, thresholds(KARVONEN, 190, 50))
    assert told == pytest.approx([120, 134, 148, 162, 176])
    assert [zone_of(KARVONEN, bpm, 190) for bpm in (133, 134, 147, 148)] == [
        *("1", "2", "2", "3")
    ]


def test_pace_of_friel() -> None:
    """220triathlon.com: 129, 114, 106 and 90 % of threshold pace, here 5:00/km.

    As fractions of speed intervals.icu rounds them to 77.5, 87.7, 94.3, 100 and on.
    """
    told = begins(FRIEL_PACE, thresholds(FRIEL_PACE, 1_000 / 300))
    assert 1_000 / told[1:5] == pytest.approx([387, 342, 318, 300])
    assert 1_000 / told[5:] == pytest.approx([291, 270])
    assert told[1:5] / (1_000 / 300) * 100 == pytest.approx(
        [77.5, 87.7, 94.3, 100], abs=0.05
    )


def test_a_bin_of_speed_is_where_its_middle_is() -> None:
    """Of 3.30 to 3.35 m/s: above a threshold of 3.31, and below one of 3.34."""
    assert zone_of(FRIEL_PACE, 66, 3.31) == "5a"
    assert zone_of(FRIEL_PACE, 66, 3.34) == "4"


def test_swim_of_fitzgerald() -> None:
    """tssPlanner (R): 75, 84, 91, 96, 100, 102, 107 % of critical speed; 1:40."""
    told = begins(FITZGERALD_SWIM, thresholds(FITZGERALD_SWIM, 1.0))
    assert told == pytest.approx([0.75, 0.84, 0.91, 0.96, 1.0, 1.02, 1.07])


def test_three_zones_of_maximum() -> None:
    """olt-skala.nif.no: of 195, zone 3 is 160 to 169 and zone 4 begins with 170."""
    method = THREE_ZONES[Kind.MAX_HEART_RATE]
    told = [zone_of(method, bpm, 195) for bpm in (107, 159, 160, 169, 170, 195)]
    assert told == ["low", "low", "moderate", "moderate", "high", "high"]


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (Kind.THRESHOLD_HEART_RATE, 90),
        (Kind.FTP, 83),
        (Kind.THRESHOLD_SPEED, 87),
        (Kind.THRESHOLD_SWIM_SPEED, 91),
    ],
)
def test_three_zones_of_a_threshold(kind: Kind, first: float) -> None:
    """tssPlanner (R): zone X begins at these percent, zone Y at the threshold."""
    told = begins(THREE_ZONES[kind], {kind: 100})
    assert told == pytest.approx([0, first, 100])


@pytest.mark.parametrize("method", ALL, ids=lambda m: f"{m.name} {m.needs[0]}")
def test_tables_are_sound(method: Method) -> None:
    at = [zone.begins for zone in method.zones]
    assert at == sorted(set(at))
    assert len({zone.name for zone in method.zones}) == len(at)
    assert method.scale in (HEART_RATE, POWER, SPEED)
    assert method.source
    with pytest.raises(ValueError, match=method.needs[0]):
        begins(method, {})


@pytest.mark.parametrize(
    ("top", "rest"), [(0, 0), (np.nan, 50), (190, np.nan), (50, 60)]
)
def test_without_sound_thresholds_there_are_no_zones(top: float, rest: float) -> None:
    assert np.isnan(begins(KARVONEN, thresholds(KARVONEN, top, rest))).all()


@given(st.integers(0, MAX_BINS - 1), st.integers(1, 500))
def test_every_value_is_in_one_zone(value: int, top: int) -> None:
    for method in ALL:
        if method.zones[0].begins == 0:
            assert zone_of(method, value, top) is not None


@given(st.lists(st.integers(0, 99), min_size=1, max_size=200), st.integers(60, 240))
def test_seconds_are_all_counted(seconds: list[int], top: int) -> None:
    bins = bins_of([Histogram(first=60, seconds=tuple(seconds))], HEART_RATE)
    told = seconds_in_zones(FRIEL_RUN, bins, thresholds(FRIEL_RUN, top))
    if sum(seconds):
        assert told.sum() == sum(seconds)
        assert (told >= 0).all()
    else:
        assert np.isnan(told).all(), "not measured is not zero"


def test_many_activities_have_the_threshold_of_their_day() -> None:
    hour = Histogram(first=160, seconds=(3_600,))
    bins = bins_of([hour, None, hour, hour], HEART_RATE)
    told = seconds_in_zones(
        FRIEL_RUN, bins, thresholds(FRIEL_RUN, np.array([160.0, 160, 190, np.nan]))
    )
    assert told.shape == (4, 7)
    assert told[0].tolist() == [0, 0, 0, 0, 3_600, 0, 0]
    assert told[2].tolist() == [3_600, 0, 0, 0, 0, 0, 0]
    assert np.isnan(told[[1, 3]]).all()


def test_shares_leave_out_what_is_unknown() -> None:
    seconds = np.array([[800.0, 50, 150], [np.nan] * 3, [0, 0, 0]])
    assert shares(seconds) == pytest.approx([0.8, 0.05, 0.15])
    assert np.isnan(shares(seconds[1:])).all()
    assert np.isnan(shares(np.empty((0, 3)))).all()


@pytest.mark.parametrize(
    ("fractions", "expected"),
    [
        pytest.param((0.80, 0.05, 0.15), 2.380, id="reference"),
        pytest.param((0.68, 0.06, 0.26), 2.469, id="reference, again"),
        pytest.param((0.80, 0.00, 0.20), 3.182, id="by hand: .80 / .01 x .19 x 100"),
        pytest.param((0.798, 0.002, 0.2), 3.182, id="hundredths, as the authors"),
        pytest.param((0.75, 0.15, 0.10), None, id="pyramidal"),
        pytest.param((0.30, 0.20, 0.50), None, id="more high than low"),
        pytest.param((0.80, 0.10, 0.10), None, id="as much high as moderate"),
        pytest.param((1.00, 0.00, 0.00), None, id="only low"),
        pytest.param((0.99, 0.00, 0.01), None, id="nothing left of high"),
        pytest.param((np.nan, np.nan, np.nan), None, id="unknown"),
    ],
)
def test_polarization_index(
    fractions: tuple[float, float, float], expected: float | None
) -> None:
    told = polarization_index(fractions)
    assert told == (pytest.approx(expected, abs=0.0005) if expected else None)
    assert polarization_index(np.array(fractions)) == told
