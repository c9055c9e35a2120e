import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pierre_mcp.formats import columns
from pierre_mcp.formats.columns import (
    STEPS,
    DamagedColumnError,
    UnpackableColumnError,
    pack,
    unpack,
)
from pierre_mcp.model.category import Category
from pierre_mcp.model.stream_names import COLUMNS
from pierre_mcp.model.streams import STREAMS
from tests.formats.making import ride

values = hnp.arrays(
    np.float64,
    st.integers(0, 60),
    elements=st.floats(-1e6, 1e6) | st.just(float("nan")),
)
steps = st.sampled_from(sorted(set(STEPS.values())))


@given(values, steps)
def test_back_within_half_a_step(column: NDArray[np.float64], step: float) -> None:
    back = unpack(pack(column, step))
    assert back.shape == column.shape
    assert (np.isnan(back) == np.isnan(column)).all()
    kept = ~np.isnan(column)
    assert (np.abs(back[kept] - column[kept]) <= step * 0.5000001 + 1e-10).all()


@given(values, steps)
def test_packing_again_changes_nothing(
    column: NDArray[np.float64], step: float
) -> None:
    blob = pack(column, step)
    assert pack(unpack(blob), step) == blob


def test_infinity_is_missing() -> None:
    assert np.isnan(unpack(pack(np.array([1.0, np.inf]), 1.0))[1])


@pytest.mark.parametrize(
    ("column", "step"),
    [
        pytest.param([1.0], 0.0, id="no step"),
        pytest.param([1.0], float("nan"), id="step is no number"),
        pytest.param([1.0], 1e300, id="step too large"),
        pytest.param([1e300], 1.0, id="too large"),
    ],
)
def test_unpackable(column: list[float], step: float) -> None:
    with pytest.raises(UnpackableColumnError):
        pack(np.array(column), step)


def test_every_stream_has_a_step_and_a_category() -> None:
    assert set(STEPS) == set(STREAMS) == set(COLUMNS)
    assert STREAMS["lat_deg"] is STREAMS["lon_deg"] is Category.LOCATION
    assert STREAMS["altitude_m"] is Category.LOCATION
    assert STREAMS["heart_rate_bpm"] is Category.HEART_RATE
    assert STREAMS["power_w"] is Category.POWER
    assert STREAMS["speed_m_s"] is Category.ACTIVITIES


def test_known_answer() -> None:
    blob = pack(np.array([150.0, np.nan, 152.0, 151.0]), 1.0)
    assert blob[:22] == struct.pack("<BBIdq", 1, 0x81, 4, 1.0, 150)
    assert zlib.decompress(blob[22:]) == bytes([0b0100_0000, 4, 1])


def test_a_ride_is_small() -> None:
    packed = sum(len(pack(c, STEPS[n])) for n, c in ride(3_600).items())
    assert packed < 3_600 * 5


SOUND = pack(np.array([1.0, np.nan, 3.0, 400.0]), 1.0)
HEAD, BODY = SOUND[:22], zlib.decompress(SOUND[22:])


def head(**changed: float) -> bytes:
    fields = {"version": 1, "flags": 0x81, "count": 4, "step": 1.0, "first": 1}
    return struct.pack("<BBIdq", *(fields | changed).values())


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(b"", id="empty"),
        pytest.param(SOUND[:-1], id="cut"),
        pytest.param(SOUND + b"x", id="longer"),
        pytest.param(head(version=2) + SOUND[22:], id="version"),
        pytest.param(head(flags=0x83) + SOUND[22:], id="width"),
        pytest.param(head(count=2**32 - 1) + SOUND[22:], id="count"),
        pytest.param(head(step=-1.0) + SOUND[22:], id="step"),
        pytest.param(head(step=1e300) + SOUND[22:], id="step too large"),
        pytest.param(head(first=2**60) + SOUND[22:], id="first"),
        pytest.param(HEAD + b"not zlib", id="not compressed"),
        pytest.param(HEAD + zlib.compress(BODY + b"\0"), id="body longer"),
        pytest.param(HEAD + zlib.compress(BODY[:-1]), id="body shorter"),
        pytest.param(HEAD + zlib.compress(bytes(10**6)), id="bomb"),
    ],
)
def test_damaged(blob: bytes) -> None:
    with pytest.raises(DamagedColumnError):
        unpack(blob)


@given(values, steps, st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_cut_short_is_refused(
    column: NDArray[np.float64], step: float, data: st.DataObject
) -> None:
    blob = pack(column, step)
    with pytest.raises(DamagedColumnError):
        unpack(blob[: data.draw(st.integers(0, len(blob) - 1))])


@given(values, steps, st.data())
@settings(max_examples=300, deadline=None)
def test_a_flipped_byte_is_refused_or_gives_a_column(
    column: NDArray[np.float64], step: float, data: st.DataObject
) -> None:
    """The seal tells that it was altered; here it may do no harm before that."""
    blob = bytearray(pack(column, step))
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= data.draw(st.integers(1, 255))
    try:
        back = unpack(bytes(blob))
    except DamagedColumnError:
        return
    assert len(back) <= len(column) + 8
    assert not np.isinf(back).any()


def test_no_more_samples_than_would_unpack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MAX_COUNT", 3)
    with pytest.raises(UnpackableColumnError):
        pack(np.zeros(4), 1.0)
