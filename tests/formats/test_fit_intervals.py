"""Times between heart beats, as a chest strap's owner wants them kept."""

import numpy as np
import pytest

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from tests.formats.making import (
    ENUM,
    STARTED_AT,
    STRING,
    UINT16,
    UINT32,
    Fit,
    beat,
    begun,
    fit_time,
)

START = fit_time(STARTED_AT)
FILLER = 0xFFFF


def hrv(fit: Fit, *milliseconds: int, big: bool = False, base: int = UINT16) -> Fit:
    order = "big" if big else "little"
    packed = b"".join(
        ms.to_bytes(2, "big" if order == "big" else "little") for ms in milliseconds
    )
    return fit.message(78, {0: (base, packed)}, local=5, big=big)


def beats_of(fit: Fit, limits: Limits | None = None) -> list[list[float]]:
    tracks = read_fit(fit.finish(), limits or Limits())
    return [track.beats_s.tolist() for track in tracks]


@pytest.mark.parametrize("big", [False, True], ids=["little-endian", "big-endian"])
def test_filler_is_left_out(*, big: bool) -> None:
    fit = beat(begun(), 0)
    hrv(fit, 812, 790, FILLER, FILLER, FILLER, big=big)
    hrv(beat(fit, 1), 805, 0, 61_000, FILLER, FILLER, big=big)
    assert beats_of(fit) == [[0.812, 0.79, 0.805, 61.0]]


def test_no_times_between_beats_are_an_empty_column() -> None:
    (track,) = read_fit(beat(begun(), 0).finish(), Limits())
    assert track.beats_s.shape == (0,)
    assert track.beats_s.dtype == np.float64


def test_arrays_of_another_length_and_layout_keep_the_order() -> None:
    fit = hrv(beat(begun(), 0), 800, 801)
    hrv(hrv(fit, 802), 803, 804)
    assert beats_of(fit) == [[0.8, 0.801, 0.802, 0.803, 0.804]]


def test_an_odd_byte_is_no_time() -> None:
    fit = beat(begun(), 0).message(78, {0: (UINT16, b"\x20\x03\x07")}, local=5)
    assert beats_of(fit) == [[0.8]]


def test_other_fields_and_types_are_no_times() -> None:
    fit = hrv(beat(begun(), 0), 800, base=STRING)
    fit.message(78, {1: (UINT16, 800)}, local=6)
    assert beats_of(fit) == [[]]


def test_each_session_has_its_own() -> None:
    fit = hrv(begun(), 700)
    for second in range(4):
        hrv(beat(fit, second), 800 + second)
    for start in (0, 2):
        fields = {253: (UINT32, START + start + 2), 2: (UINT32, START + start)}
        fit.message(18, fields | {5: (ENUM, 1 + start)})
    assert beats_of(fit) == [[0.7, 0.8, 0.801], [0.802, 0.803]]


def test_without_a_record_they_belong_to_the_first_session() -> None:
    fit = hrv(begun(), 700)
    fit.message(18, {253: (UINT32, START), 2: (UINT32, START), 5: (ENUM, 10)})
    assert beats_of(fit) == [[0.7]]


def test_behind_a_record_without_a_time_they_belong_to_the_first_session() -> None:
    fit = hrv(beat(begun(), 0), 700)
    fit.message(20, {253: (UINT32, 2**32 - 1)}, local=4)
    hrv(fit, 800)
    assert beats_of(fit) == [[0.7, 0.8]]


def test_they_are_bounded_like_samples() -> None:
    fit = beat(begun(), 0)
    for _ in range(6):
        hrv(fit, 800)
    assert len(beats_of(fit, Limits(samples=5))[0]) == 6
    hrv(fit, 800)
    with pytest.raises(UnreadableError) as caught:
        beats_of(fit, Limits(samples=5))
    assert caught.value.reason is Reason.LIMITS
