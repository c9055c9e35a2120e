"""Pool swims: lengths, rests at the wall, and how they were swum."""

from collections.abc import Mapping

import numpy as np
import pytest

from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Length, Track
from tests.formats.making import (
    ENUM,
    STARTED_AT,
    UINT16,
    UINT32,
    Fit,
    Value,
    beat,
    begun,
    fit_time,
)

START = fit_time(STARTED_AT)
POOL = {44: (UINT16, 2_500)}


def swim(fit: Fit, **more: Mapping[int, Value]) -> Track:
    fields: dict[int, Value] = {253: (UINT32, START + 200), 2: (UINT32, START)}
    fields |= {5: (ENUM, 5), 6: (ENUM, 17), **more.get("session", POOL)}
    (track,) = read_fit(fit.message(18, fields).finish(), Limits())
    return track


def length(
    fit: Fit, second: float, fields: Mapping[int, Value] | None = None, local: int = 1
) -> Fit:
    begins: dict[int, Value] = {2: (UINT32, START + second), 12: (ENUM, 1)}
    lasts: Mapping[int, Value] = {3: (UINT32, 28_500)} if fields is None else fields
    return fit.message(101, {**begins, **lasts}, local=local)


def test_a_length_says_how_it_was_swum() -> None:
    fit = beat(begun(), 0)
    for i, (strokes, stroke) in enumerate([(18, 0), (20, 2), (65_535, 255)]):
        told = {5: (UINT16, strokes), 7: (ENUM, stroke), 3: (UINT32, 28_500)}
        length(fit, 30 * i, told)
    length(fit, 90, {3: (UINT32, 10_000), 12: (ENUM, 0)})
    track = swim(fit)
    assert track.pool_length_m == 25.0
    assert track.lengths == (
        Length(0.0, 28.5, 18, "freestyle"),
        Length(30.0, 28.5, 20, "breaststroke"),
        Length(60.0, 28.5),
        Length(90.0, 10.0, active=False),
    )
    assert track.samples == 1


def test_a_stroke_that_is_not_in_the_profile_is_unknown() -> None:
    told = {3: (UINT32, 28_500), 7: (ENUM, 99)}
    assert swim(length(begun(), 0, told)).lengths == (Length(0.0, 28.5),)


def test_lengths_are_in_order_of_time_whatever_that_of_the_file() -> None:
    seconds = (60, 0, 90, 30)
    fit = begun()
    for second in seconds:
        length(fit, second)
    track = swim(fit)
    assert [one.start_s for one in track.lengths] == sorted(seconds)
    assert track.columns["distance_m"].tolist() == [25, 50, 75, 100]


def test_the_timer_stands_in_for_the_elapsed_time() -> None:
    told = {4: (UINT32, 20_000)}
    assert swim(length(begun(), 5, told)).lengths == (Length(5.0, 20.0),)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({7: (ENUM, 0)}, id="no duration"),
        pytest.param({3: (UINT32, 28_500), 2: (UINT32, 2**32 - 1)}, id="no start"),
        pytest.param({3: (UINT32, 28_500), 2: (UINT32, START - 50)}, id="before"),
    ],
)
def test_a_length_without_its_time_is_left_out(told: dict[int, Value]) -> None:
    track = swim(length(beat(begun(), 0), 0, told))
    assert track.lengths == ()


@pytest.mark.parametrize("told", [{}, {44: (UINT16, 0)}, {44: (UINT16, 65_535)}])
def test_a_pool_of_no_length_has_none(told: dict[int, Value]) -> None:
    track = swim(length(begun(), 0), session=told)
    assert track.pool_length_m is None
    assert len(track.lengths) == 1
    assert "distance_m" not in track.columns


def test_lengths_without_a_session_are_kept_beside_samples() -> None:
    fit = beat(length(beat(begun(), 0), 10), 60)
    (track,) = read_fit(fit.finish(), Limits())
    assert track.lengths == (Length(10.0, 28.5),)
    assert track.pool_length_m is None


def test_lengths_go_to_the_session_they_were_swum_in() -> None:
    fit = begun()
    for second in (0, 40, 100, 140):
        length(beat(fit, second), second)
    for start in (0, 100):
        fields = {253: (UINT32, START + start + 90), 2: (UINT32, START + start)}
        fit.message(18, fields | POOL | {5: (ENUM, 5)})
    first, second_swim = read_fit(fit.finish(), Limits())
    for track in (first, second_swim):
        assert [one.start_s for one in track.lengths] == [0, 40]
    assert (first.event_part, second_swim.event_part) == (1, 2)
    assert np.array_equal(first.columns["t_s"], [0, 40])
