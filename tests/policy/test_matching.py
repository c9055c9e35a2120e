"""When two recordings are of one activity."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model.category import Sport
from pierre_mcp.policy.matching import Span, groups, same

RIDE = Span("1", "a", Sport.CYCLING, 1_000_000.0, 3_600.0, 30_000.0)

spans = st.builds(
    Span,
    recording=st.uuids().map(str),
    activity=st.just("a"),
    sport=st.sampled_from([Sport.CYCLING, Sport.RUNNING, Sport.OTHER]),
    start_s=st.integers(0, 20_000).map(float),
    elapsed_s=st.integers(0, 9_000).map(float),
    distance_m=st.sampled_from([None, 0.0, 5_000.0, 5_020.0]),
)


@pytest.mark.parametrize(
    ("change", "one"),
    [
        ({}, True),
        ({"start_s": 1_000_300.0, "elapsed_s": 3_200.0}, True),  # started late
        ({"start_s": 1_001_900.0}, False),  # half of it is another time
        (
            {"start_s": 1_003_600.0, "distance_m": 3e4 + 300},
            False,
        ),  # one after the other
        ({"sport": Sport.OTHER}, True),
        ({"sport": Sport.RUNNING}, False),
        ({"sport": Sport.TRANSITION}, False),
        ({"elapsed_s": 1_500.0}, False),  # one leg of it
        # Local time given as UTC: whole quarter hours apart, and alike to a hair.
        ({"start_s": 1_007_200.0}, True),
        ({"start_s": 1_000_000.0 - 5.75 * 3_600}, True),
        ({"start_s": 1_007_200.0, "elapsed_s": 3_700.0}, False),
        ({"start_s": 1_007_200.0, "distance_m": 31_000.0}, False),
        ({"start_s": 1_007_200.0, "distance_m": None}, False),
        ({"start_s": 1_007_210.0}, False),
        ({"start_s": 1_002_700.0}, False),  # no zone is three quarters of an hour
        ({"start_s": 1_000_000.0 + 15 * 3_600}, False),
    ],
)
def test_what_is_the_same_ride(change: dict[str, object], one: bool) -> None:  # noqa: FBT001 - the table's second column
    other = replace(RIDE, recording="2", **change)  # type: ignore[arg-type]
    assert same(RIDE, other) is one
    assert same(other, RIDE) is one


def test_a_walk_may_be_called_a_hike() -> None:
    walk = replace(RIDE, sport=Sport.WALKING)
    assert same(walk, replace(walk, sport=Sport.HIKING))
    assert not same(walk, replace(walk, sport=Sport.ROWING))


def test_totals_without_a_length_are_one_only_at_one_instant() -> None:
    bare = replace(RIDE, elapsed_s=0.0, distance_m=None)
    assert same(bare, bare)
    assert not same(bare, replace(bare, start_s=1_000_001.0))


@given(st.lists(spans, max_size=7), st.randoms())
def test_groups_do_not_depend_on_the_order(found: list[Span], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def sets(of: list[Span]) -> set[frozenset[str]]:
        return {frozenset(span.recording for span in group) for group in groups(of)}

    assert sets(found) == sets(shuffled)
    assert sum(map(len, groups(found))) == len(found)
