"""Bins of many activities are the same, whichever way their histograms were read."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics.bins import HEART_RATE, bins_from, bins_of
from pierre_mcp.model.details import HeartRateDetail, Histogram
from pierre_mcp.model.packed_details import columns, pack

histograms = st.builds(
    Histogram,
    first=st.integers(0, 250),
    seconds=st.lists(st.integers(0, 9_000), max_size=20).map(tuple),
)


@given(st.lists(st.none() | histograms, max_size=5))
def test_read_by_column_they_are_as_read_one_by_one(
    held: list[Histogram | None],
) -> None:
    packed = [None if one is None else pack(HeartRateDetail(bpm=one)) for one in held]
    by_column = bins_from(columns(packed), HEART_RATE)
    one_by_one = bins_of(held, HEART_RATE)
    known = [one is not None for one in held]
    assert by_column.first[known].tolist() == one_by_one.first[known].tolist()
    for name in ("starts", "seconds"):
        assert np.array_equal(getattr(by_column, name), getattr(one_by_one, name))
    assert by_column.count == len(held)
