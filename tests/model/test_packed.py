"""Packed cells: whole or refused, and old ones read alike."""

import struct
from math import isnan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from pierre_mcp.model.cells import (
    ActivityCell,
    Cell,
    HeartRateCell,
    Pieces,
    PowerCell,
)
from pierre_mcp.model.packed import (
    NUMBERS,
    fixed_parts,
    index_of,
    numbers_of,
    pack,
    unpack,
)

amount = st.floats(0, 250, allow_nan=False)
maybe = st.none() | amount
pieces = st.none() | st.builds(
    Pieces, start_s=st.just((0.0,)), duration_s=st.just((1.0,)),
    distance_m=st.tuples(maybe),
)  # fmt: skip
activities = st.builds(
    ActivityCell, started_us=st.integers(-(2**62), 2**62),
    utc_offset_s=st.integers(-86_400, 86_400), zone=st.none() | st.text(max_size=64),
    zone_source=st.sampled_from(["file", "position", "home"]), elapsed_s=amount,
    moving_s=maybe, distance_m=maybe, ascent_m=maybe, descent_m=maybe,
    max_speed_m_s=maybe, mean_cadence_rpm=maybe, calories_kcal=maybe,
    indoor=st.booleans(), laps=pieces, splits=pieces,
)  # fmt: skip
hearts = st.builds(HeartRateCell, mean_bpm=maybe, max_bpm=maybe,
                   lap_mean_bpm=st.tuples(maybe))  # fmt: skip
powers = st.builds(PowerCell, mean_power_w=maybe, max_power_w=maybe,
                   split_mean_power_w=st.tuples(maybe))  # fmt: skip
cells = st.one_of(activities, hearts, powers)

A_RUN = ActivityCell(
    started_us=1_769_927_400_000_000, utc_offset_s=3_600, zone="Europe/Zurich",
    zone_source="position", elapsed_s=3_600.0, distance_m=10_000.5, indoor=True,
)  # fmt: skip


@given(cells)
def test_a_cell_comes_back_as_it_was(cell: Cell) -> None:
    kind = type(cell)
    assert kind.model_validate(unpack(kind, pack(cell))) == cell


@given(cells)
def test_a_cell_of_the_first_release_reads_alike(cell: Cell) -> None:
    kind = type(cell)
    old = cell.model_dump_json(exclude_defaults=True).encode()
    assert kind.model_validate(unpack(kind, old)) == cell
    ours, theirs = fixed_parts(kind, [pack(cell), old])
    for name in NUMBERS[kind]:
        assert ours[name] == theirs[name] or (isnan(ours[name]) and isnan(theirs[name]))


@given(cells)
def test_the_numbers_are_those_of_the_cell(cell: Cell) -> None:
    kind = type(cell)
    old = cell.model_dump_json(exclude_defaults=True).encode()
    for found in numbers_of(kind, [pack(cell), old]):
        for name in NUMBERS[kind]:
            value, told = found[index_of(kind, name)], getattr(cell, name, None)
            assert isnan(value) if told is None else value == told
        if isinstance(cell, ActivityCell):
            for name in ("started_us", "utc_offset_s"):
                assert found[index_of(kind, name)] == getattr(cell, name)


@given(cells)
def test_the_fixed_part_says_the_same(cell: Cell) -> None:
    (part,) = fixed_parts(type(cell), [pack(cell)])
    for name in NUMBERS[type(cell)]:
        value = getattr(cell, name, None)
        assert isnan(part[name]) if value is None else part[name] == value


@given(cells, st.data())
def test_what_is_cut_or_too_long_is_refused(cell: Cell, data: st.DataObject) -> None:
    plain = pack(cell)
    cut = plain[: data.draw(st.integers(0, len(plain) - 1))]
    for wrong in (cut, plain + b" "):
        with pytest.raises(ValueError, match="packed"):
            unpack(type(cell), wrong)
        with pytest.raises(ValueError, match="packed"):
            numbers_of(type(cell), [plain, wrong, plain])


@pytest.mark.parametrize("length", [0, 1, 81])
def test_a_fixed_part_that_is_cut_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="cut"):
        fixed_parts(ActivityCell, [pack(A_RUN), pack(A_RUN)[:length]])


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_refused(version: int) -> None:
    wrong = bytes([version]) + pack(A_RUN)[1:]
    with pytest.raises(ValueError, match="form"):
        unpack(ActivityCell, wrong)
    with pytest.raises(ValueError, match="form"):
        fixed_parts(ActivityCell, [wrong])
    with pytest.raises(ValueError, match="form"):
        numbers_of(ActivityCell, [wrong])


def test_what_lies_where_is_frozen() -> None:
    """Written out again, as the layout says."""
    nan = float("nan")
    tail = b'{"zone":"Europe/Zurich","zone_source":"position"}'
    numbers = (3_600.0, nan, 10_000.5, nan, nan, nan, nan, nan, nan, nan)
    head = (1, 1, len(tail), 3_600, 1_769_927_400_000_000)
    assert pack(A_RUN) == struct.pack("<BBIiq10d", *head, *numbers) + tail
    heart = HeartRateCell(mean_bpm=142.0, max_bpm=None)
    assert pack(heart) == struct.pack("<BBI3d", 1, 0, 2, 142.0, nan, nan) + b"{}"
    power = PowerCell(mean_power_w=1.0, max_power_w=2.0)
    want = struct.pack("<BBI5d", 1, 0, 2, 1.0, 2.0, nan, nan, nan) + b"{}"
    assert pack(power) == want


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_recorded(wrong: float) -> None:
    cell = A_RUN.model_copy(update={"distance_m": wrong})
    found: dict[str, Any] = unpack(ActivityCell, pack(cell))
    assert found["distance_m"] is None
    assert isnan(fixed_parts(ActivityCell, [pack(cell)])[0]["distance_m"])


def test_a_null_that_a_cell_must_tell_is_told() -> None:
    cell = HeartRateCell(mean_bpm=None, max_bpm=100.0)
    told = {"mean_bpm": None, "max_bpm": 100.0, "measured_s": None}
    assert unpack(HeartRateCell, pack(cell)) == told
    assert from_json(pack(cell)[-2:]) == {}
