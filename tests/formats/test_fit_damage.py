"""Damaged and hostile FITs: what is sound is kept, and everything has an outcome."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats import fit_scan
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Track
from tests.formats import making
from tests.formats.making import STARTED_AT, UINT32, Fit, beat, begun, fit_time, ride

START = fit_time(STARTED_AT)
SMALL = making.fit_activity(ride(20))


def one(data: bytes) -> Track:
    (track,) = read_fit(data, Limits())
    return track


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableError) as caught:
        read_fit(data, limits or Limits())
    return caught.value.reason


def without_size(data: bytes) -> bytes:
    return data[:4] + bytes(4) + data[8:]


@pytest.mark.parametrize(
    ("data", "word", "samples"),
    [
        pytest.param(SMALL[:-1] + bytes([SMALL[-1] ^ 1]), "bad_crc", 20, id="crc"),
        pytest.param(SMALL[:13] + b"\xee" + SMALL[14:], "bad_header_crc", 20, id="h"),
        pytest.param(SMALL + b"garbage!", "trailing_bytes", 20, id="trailing"),
        pytest.param(SMALL[:300], "truncated", 8, id="cut"),
        pytest.param(without_size(SMALL), "no_size", 20, id="died"),
    ],
)
def test_damage_costs_only_what_is_damaged(
    data: bytes, word: str, samples: int
) -> None:
    track = one(data)
    assert word in track.repairs
    assert track.samples == samples


def test_a_message_without_definition_ends_the_reading() -> None:
    fit = beat(begun(), 0)
    fit.body += b"\x0f\x00\x00"
    assert one(beat(fit, 1).finish()).repairs == ("undefined_message", "no_session")


def test_no_file_id() -> None:
    assert one(beat(Fit(), 0).finish()).repairs == ("no_file_id", "no_session")


def test_layouts_are_bounded() -> None:
    fit = Fit()
    fit.body = b"".join(
        b"\x40\0\0" + i.to_bytes(2, "little") + b"\0" + b"\0" for i in range(2_001)
    )
    assert refusal(fit.finish()) is Reason.LIMITS


def test_messages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = 1 + 20 + 3
    monkeypatch.setattr(fit_scan, "MAX_MESSAGES", 2 * messages)
    assert len(read_fit(SMALL * 2, Limits())) == 2
    assert refusal(SMALL * 3) is Reason.LIMITS
    monkeypatch.setattr(fit_scan, "MAX_MESSAGES", messages)
    assert refusal(SMALL) is Reason.LIMITS


def test_messages_of_any_one_kind_are_bounded() -> None:
    fit = beat(begun(), 0)
    for second in range(5):
        fit.message(19, {2: (UINT32, START + second)}, local=1)
    assert refusal(fit.finish(), Limits(marks=4)) is Reason.LIMITS
    assert one(fit.finish()).samples == 1


def outcome(data: bytes) -> None:
    try:
        tracks = read_fit(data, Limits())
    except UnreadableError:
        return
    for track in tracks:
        assert np.isfinite(track.columns["t_s"]).all()
        assert (np.diff(track.columns["t_s"]) >= 0).all()


@given(st.integers(0, len(SMALL)))
def test_any_cut_has_an_outcome(length: int) -> None:
    outcome(SMALL[:length])


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
@settings(max_examples=150)
def test_any_flipped_byte_has_an_outcome(at: int, flip: int) -> None:
    outcome(SMALL[:at] + bytes([SMALL[at] ^ flip]) + SMALL[at + 1 :])


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_any_messages_have_an_outcome(body: bytes) -> None:
    fit = Fit()
    fit.body = body
    outcome(fit.finish())
