"""How long a sample holds, on tracks made for each rule."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pierre_mcp.analytics.held import Held, clock_of, hold
from pierre_mcp.model.cells import Pieces
from tests.analytics.making import a_track

NAN = float("nan")


def held(
    times_s: Sequence[float],
    values: Sequence[float],
    pauses: Sequence[tuple[float, float]] = (),
) -> Held:
    clock = clock_of(a_track({"t_s": times_s}, pauses=pauses))
    assert clock is not None
    found = hold(clock, np.array(values, dtype=float), 0, 1_000)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("times_s", "values", "for_s"),
    [
        pytest.param([0, 1, 2], [7, 0, 9], [1, 1, 1], id="each second"),
        pytest.param([0, 3, 6, 10], [7] * 4, [3, 3, 4, 3], id="smart recording"),
        pytest.param([0, 1, 2, 4, 5], [7] * 5, [1, 1, 2, 1, 1], id="one is lacking"),
        pytest.param([0, 1, 2, 90, 91], [7] * 5, [1, 1, 5, 1, 1], id="a gap: five"),
        pytest.param([0, 4, 8, 90, 94], [7] * 5, [4, 4, 12, 4, 4], id="three usual"),
        pytest.param([0, 300, 600], [7] * 3, [60, 60, 60], id="a minute at most"),
        pytest.param([0, 1, 2, 3], [7, NAN, NAN, 9], [3, 3], id="a short dropout"),
        pytest.param([0, 1, 2, 3, 4], [7, 7, -1, 9, 9], [1, 2, 1, 1], id="a spike"),
        pytest.param([0, 1, 1, 2], [7, 8, 9, 7], [1, 0, 1, 1], id="two at once"),
        pytest.param([5, 5, 5, 5], [6, 7, 8, 9], [1 / 4] * 4, id="no time passes"),
        pytest.param([3], [7], [1], id="alone"),
    ],
)
def test_rules(times_s: list[float], values: list[float], for_s: list[float]) -> None:
    assert held(times_s, values).for_s.tolist() == for_s


def test_a_long_dropout_is_a_gap() -> None:
    watts = held(range(100), [200] * 40 + [NAN] * 30 + [100] * 30)
    assert watts.measured_s == 40 + 4 + 30
    assert watts.mean == pytest.approx((200 * 44 + 100 * 30) / 74)


def test_nothing_holds_through_a_pause() -> None:
    times, pauses = [0, 1, 2, 3, 50, 51], [(3.0, 50.0)]
    assert held(times, [7] * 6, pauses).for_s.tolist() == [1, 1, 1, 0, 1, 1]
    # Samples written while it stood still count for nothing either.
    paused = held(range(10), [7] * 10, [(2.0, 8.0)])
    assert paused.for_s.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 1, 1]


def test_pauses_that_overlap_count_once() -> None:
    paused = held(range(10), [7] * 10, [(2.0, 6.0), (4.0, 5.0), (6.0, 7.0)])
    assert paused.measured_s == 5


def test_zero_is_a_value() -> None:
    assert held([0, 1, 2, 3], [0, 0, 300, 300]).mean == 150


def test_nothing_in_range_is_nothing() -> None:
    clock = clock_of(a_track({"t_s": [0, 1]}))
    assert clock is not None
    assert hold(clock, np.array([NAN, -5.0]), 0, 10) is None
    assert hold(clock, None, 0, 10) is None
    assert clock_of(a_track({"t_s": []})) is None


def test_a_second_is_the_mean_of_what_was_held_in_it() -> None:
    track = a_track({"t_s": [0, 0.5, 2.25, 3]})
    clock = clock_of(track)
    assert clock is not None
    watts = hold(clock, np.array([100.0, 200, 300, 100]), 0, 1_000)
    assert watts is not None
    sums = watts.by_second(clock)
    assert sums.means.tolist() == [150, 200, 275, 100]
    assert sums.each_s.tolist() == [1, 1, 1, 0.75]


def test_an_uneven_track_has_the_seconds_of_an_even_one() -> None:
    """The fast path for one sample a second gives what the general one does."""
    even, odd = np.arange(50.0), np.sort(np.append(np.arange(50.0), 20.5))
    means = []
    for times in (even, odd):
        clock = clock_of(a_track({"t_s": times}))
        assert clock is not None
        watts = hold(clock, np.floor(times) * 3, 0, 1_000)
        assert watts is not None
        means.append(watts.by_second(clock).means.tolist())
    assert means[0] == means[1] == (even * 3).tolist()


def test_means_of_pieces_cut_through_samples() -> None:
    beats = held([0, 2, 4], [100, 150, 200])
    pieces = Pieces(start_s=(0, 1, 4, 9), duration_s=(1, 2, 50, 5))
    assert beats.means(pieces) == [100, 125, 200, None]
    assert beats.means(Pieces()) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 40), st.floats(0, 999) | st.just(NAN)),
        min_size=1,
        max_size=40,
    )
)
@example([(0.0, NAN), (1.5, 0.0), (0.0, 0.0)])
def test_seconds_add_up_to_what_was_held(steps: list[tuple[float, float]]) -> None:
    times = np.cumsum([step for step, _ in steps])
    clock = clock_of(a_track({"t_s": times}))
    assert clock is not None
    watts = hold(clock, np.array([value for _, value in steps]), 0, 1_000)
    if watts is None:
        return
    sums = watts.by_second(clock)
    if watts.at_s[-1] > watts.at_s[0]:
        assert sums.known[-1] <= watts.measured_s + 1e-6
        assert watts.measured_s - sums.known[-1] <= 60
    assert (sums.each_s >= -1e-9).all()
    assert (sums.each_s <= 1 + 1e-9).all()


def test_aligned_seconds_keep_their_place() -> None:
    """Of a gap of 20 s the first five are bridged; the rest is unknown, not zero."""
    clock = clock_of(a_track({"t_s": [0, 1, 2, 22, 23]}))
    assert clock is not None
    watts = hold(clock, np.array([100.0, 0, 200, 300, 400]), 0, 1_000)
    assert watts is not None
    sums = watts.by_second(clock)
    expected = [100, 0, *[200] * 5, *[NAN] * 15, 300, 400]
    assert sums.aligned == pytest.approx(expected, nan_ok=True)
    assert sums.aligned[~np.isnan(sums.aligned)].tolist() == sums.means.tolist()
