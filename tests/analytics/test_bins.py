"""Bins of many activities are those of their histograms, one after the other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics.bins import HEART_RATE
from pierre_mcp.model.details import Histogram
from tests.analytics.making import bins_of

histograms = st.builds(
    Histogram,
    first=st.integers(0, 250),
    seconds=st.lists(st.integers(0, 9_000), max_size=20).map(tuple),
)


@given(st.lists(st.none() | histograms, max_size=5))
def test_each_has_its_own_values_and_seconds(held: list[Histogram | None]) -> None:
    bins = bins_of(held, HEART_RATE)
    assert bins.count == len(held)
    for i, one in enumerate(held):
        own = slice(bins.starts[i], bins.starts[i + 1])
        wanted = one or Histogram()
        assert tuple(bins.seconds[own]) == wanted.seconds
        assert np.array_equal(
            bins.values[own], wanted.first + np.arange(len(wanted.seconds))
        )
