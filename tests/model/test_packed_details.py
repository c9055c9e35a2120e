"""Packed details: whole or refused, and by column what they are alone."""

import struct
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pierre_mcp.model.cells import Pieces
from pierre_mcp.model.details import (
    DISTANCES_M,
    DURATIONS_S,
    ActivityDetail,
    Detail,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)
from pierre_mcp.model.packed_details import columns, pack, unpack

values = st.floats(0, 250, allow_nan=False)
curves = st.lists(values, max_size=len(DURATIONS_S)).map(tuple)
histograms = st.builds(
    Histogram,
    first=st.integers(0, 3_000),
    seconds=st.lists(st.integers(0, 10_000_000), max_size=40).map(tuple),
)
pieces = st.just(Pieces()) | st.builds(
    Pieces, start_s=st.just((0.0,)), duration_s=st.just((1.0,)),
    distance_m=st.tuples(st.none() | values),
)  # fmt: skip
moved = st.builds(
    ActivityDetail, laps=pieces, splits=pieces, speed=st.none() | histograms,
    mean_max_speed_m_s=curves,
    best_s=st.lists(values, max_size=len(DISTANCES_M)).map(tuple),
)  # fmt: skip
hearts = st.builds(HeartRateDetail, bpm=histograms, mean_max_bpm=curves)
powers = st.builds(PowerDetail, power=histograms, mean_max_power_w=curves)
details = st.one_of(moved, hearts, powers)

A_RIDE = PowerDetail(
    power=Histogram(first=200, seconds=(3, 0, 5)), mean_max_power_w=(400.5, 380.0)
)


@given(details)
def test_a_detail_comes_back_as_it_was(detail: Detail) -> None:
    assert unpack(type(detail), pack(detail)) == detail


@given(st.lists(st.none() | moved, max_size=5), st.data())
def test_by_column_they_are_what_they_are_alone(
    found: list[ActivityDetail | None], data: st.DataObject
) -> None:
    together = columns([None if one is None else pack(one) for one in found])
    rows = data.draw(st.lists(st.sampled_from(range(len(found))))) if found else []
    taken = together.taken(np.array(rows, np.int64))
    for chosen, of in ((found, together), ([found[i] for i in rows], taken)):
        for i, one in enumerate(chosen):
            curve = [v for v in of.mean_max[i].tolist() if not isnan(v)]
            best = [v for v in of.best_s[i].tolist() if not isnan(v)]
            assert tuple(curve) == (one.mean_max_speed_m_s if one else ())
            assert tuple(best) == (one.best_s if one else ())
            held = (one and one.speed) or Histogram()
            begin = int(of.bins[:i].sum())
            assert tuple(of.seconds[begin : begin + of.bins[i]]) == held.seconds
            assert of.first[i] == held.first


@given(st.lists(st.none() | moved, max_size=5))
def test_without_histograms_all_else_is_the_same(
    found: list[ActivityDetail | None],
) -> None:
    plains = [None if one is None else pack(one) for one in found]
    whole, few = columns(plains), columns(plains, histograms=False)
    np.testing.assert_array_equal(few.mean_max, whole.mean_max)
    np.testing.assert_array_equal(few.best_s, whole.best_s)
    assert not few.bins.any()
    assert not few.seconds.size
    turned = few.taken(np.arange(len(found))[::-1])
    np.testing.assert_array_equal(turned.best_s, whole.best_s[::-1])
    assert not turned.seconds.size


@given(details, st.data())
def test_a_cut_or_longer_one_is_refused(detail: Detail, data: st.DataObject) -> None:
    plain = pack(detail)
    cut = plain[: data.draw(st.integers(0, len(plain) - 1))]
    for bad in (cut, plain + b"\x00"):
        with pytest.raises(ValueError, match="packed detail"):
            unpack(type(detail), bad)


def test_what_is_of_no_known_form_is_refused() -> None:
    plain = pack(A_RIDE)
    for bad in (b"\x02" + plain[1:], plain[:100], plain[:574]):
        with pytest.raises(ValueError, match="packed detail"):
            columns([plain, bad])


def test_what_is_no_detail_is_refused() -> None:
    plain = bytearray(pack(A_RIDE))
    struct.pack_into("<d", plain, 10, -5.0)
    with pytest.raises(ValidationError):
        unpack(PowerDetail, bytes(plain))
