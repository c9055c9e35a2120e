import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Track
from tests.formats import making
from tests.formats.making import (
    BYTE,
    ENUM,
    STARTED_AT,
    UINT8,
    UINT16,
    UINT32,
    Fit,
    Value,
    fit_time,
)

START = fit_time(STARTED_AT)
HALF = (UINT16, 16_384)
FIRST_TICK = 5_000


def ticks_of(*seconds: float) -> list[int]:
    """Ticks of the strap at so many seconds after its tie to the clock."""
    return [FIRST_TICK + round(s * 1_024) for s in seconds]


def twelve_bits(ticks: Sequence[int]) -> bytes:
    """Pack ticks two in three bytes, as the strap does; an odd one gets filler."""
    low = [tick & 0xFFF for tick in ticks] + [0xFFF] * (len(ticks) % 2)
    pairs = zip(low[::2], low[1::2], strict=True)
    return b"".join((a | b << 12).to_bytes(3, "little") for a, b in pairs)


def tied(bpm: int = 90, *, at: int = START, fraction: Value = HALF) -> dict[int, Value]:
    """The message that ties ``FIRST_TICK`` to the clock, half a second past ``at``."""
    tick, rate = (UINT32, FIRST_TICK), (UINT8, bpm)
    return {253: (UINT32, at), 9: tick, 0: fraction, 6: rate}


def later(seconds: Sequence[float], bpm: Sequence[int]) -> dict[int, Value]:
    """A message of beats after it, with short ticks."""
    return {6: (UINT8, bytes(bpm)), 10: (BYTE, twelve_bits(ticks_of(*seconds)))}


def strap(*messages: dict[int, Value], big: bool = False) -> bytes:
    """The FIT of a strap: nothing but its beats."""
    fit = Fit()
    for local, fields in enumerate(messages):
        fit.message(132, fields, local=local % 16, big=big)
    return fit.finish()


def swim(seconds: int = 10, heart_rates: dict[int, int] | None = None) -> bytes:
    """A swim with a record each second, few of them with a heart rate."""
    fit = Fit().message(0, {0: (ENUM, 4)})
    for second in range(seconds):
        rate = (heart_rates or {}).get(second, 255)
        fields: dict[int, Value] = {253: (UINT32, START + second), 3: (UINT8, rate)}
        fit.message(20, fields, local=3)
    return fit.finish()


def one(data: bytes) -> Track:
    (track,) = read_fit(data, Limits())
    return track


def rates(data: bytes) -> list[float | None]:
    track = one(data)
    column = track.columns.get("heart_rate_bpm", np.full(track.samples, np.nan))
    return [None if np.isnan(v) else v for v in column.tolist()]


@pytest.mark.parametrize("big", [False, True], ids=["little-endian", "big-endian"])
def test_beats_behind_the_activity_fill_its_records(*, big: bool) -> None:
    beats = strap(tied(90), later([1, 2, 3, 3.9], [91, 92, 93, 94]), big=big)
    # Beats lie at 0.5, 1.5, 2.5, 3.5 and 4.4 s; of two as near the sooner one counts.
    expected = [90, 90, 91, 92, 94, 94, None, None]
    assert rates(swim(8) + beats) == expected


def test_beats_within_the_activity_fill_its_records() -> None:
    fit = Fit().message(0, {0: (ENUM, 4)}).message(132, tied(77), local=1)
    fit.message(20, {253: (UINT32, START)}, local=3)
    assert rates(fit.finish()) == [77]


def test_a_heart_rate_of_a_record_is_kept() -> None:
    assert rates(swim(3, {1: 150}) + strap(tied(90))) == [90, 150, 90]


def test_nothing_further_than_a_second_and_a_half() -> None:
    assert rates(swim(5) + strap(tied(90))) == [90, 90, 90, None, None]
    assert rates(swim(5) + strap(tied(90, at=START + 3))) == [None, None, 90, 90, 90]


def test_short_ticks_roll_over() -> None:
    """12 bits are four seconds: an hour of beats goes round 900 times."""
    seconds = np.arange(1, 3_601).reshape(-1, 8)
    beats = [later(row.tolist(), (60 + row % 100).tolist()) for row in seconds]
    fit = Fit().message(132, tied(60))
    for fields in beats:
        fit.message(132, fields, local=1)
    told = rates(swim(3_600) + fit.finish())
    # The beat of second s lies at s + 0.5, and the one before it is as near to s.
    assert told[1:] == [60 + (s - 1) % 100 for s in range(1, 3_600)]


def test_a_whole_tick_that_rolled_over_counts_on() -> None:
    start, after = (UINT32, 2**32 - 512), (UINT32, 512)
    fit = Fit().message(132, tied(90) | {9: start})
    fit.message(132, {9: after, 6: (UINT8, 95)}, local=1)
    assert rates(swim(4) + fit.finish()) == [90, 90, 95, 95]


def test_each_tie_begins_anew() -> None:
    beats = strap(
        tied(90), later([1, 2], [91, 92]), tied(120, at=START + 6), later([1], [121])
    )
    expected = [90, 90, 91, 92, 92, 120, 120, 120, 121, 121]
    assert rates(swim(10) + beats) == expected


def test_several_whole_ticks_in_a_message() -> None:
    ticks = struct.pack("<3I", *ticks_of(0, 1, 2))
    fields = tied() | {9: (UINT32, ticks), 6: (UINT8, bytes([90, 91, 92]))}
    assert rates(swim(4) + strap(fields)) == [90, 90, 91, 92]


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        pytest.param(later([1, 2, 3], [91, 92, 93]), 93, id="odd, with filler"),
        pytest.param(later([1, 2, 3], [91, 92, 255]), None, id="a lost beat"),
        pytest.param(later([1, 2, 3], [91, 92, 0]), None, id="a rate of zero"),
        pytest.param(later([1, 2, 3], [91, 92]), None, id="a tick without rate"),
        pytest.param(later([1, 2, 3, 3.5], [91] * 4 + [99]), 91, id="more rates"),
        pytest.param({6: (UINT8, 91)}, None, id="no ticks"),
        pytest.param({10: (BYTE, b"\1\2\3")}, None, id="no rates"),
        pytest.param({6: (UINT8, 91), 10: (BYTE, b"\1")}, None, id="too short"),
        pytest.param({9: (UINT32, 2**32 - 1), 6: (UINT8, 91)}, None, id="no tick"),
    ],
)
def test_what_is_lacking_is_left_out(
    fields: dict[int, Value], read: int | None
) -> None:
    told = rates(swim(6) + strap(tied(90), fields))
    assert told[0] == 90
    assert told[5] == read


def test_beats_without_a_tie_are_left_out() -> None:
    untimed = tied()
    del untimed[253]
    only_short = {253: (UINT32, START)} | later([1, 2], [91, 92])
    for messages in ([untimed], [later([1, 2], [91, 92])], [only_short]):
        assert rates(swim(3) + strap(*messages)) == [None] * 3


def test_a_tie_may_lack_its_fraction() -> None:
    beats = strap(tied(90, fraction=(UINT16, 65_535)))
    assert rates(swim(3) + beats) == [90, 90, None]


def test_developer_fields_of_a_beat_are_stepped_over() -> None:
    fit = Fit().message(132, tied(90), developer={(0, 6): b"\x99"})
    assert rates(swim(1) + fit.finish()) == [90]


def test_a_swim_by_lengths_has_a_heart_rate_at_each() -> None:
    fit = Fit().message(0, {0: (ENUM, 4)})
    fields = {2: (UINT32, START), 3: (UINT32, 2_000), 12: (ENUM, 1)}
    fit.message(101, fields, local=1)
    fields = {2: (UINT32, START), 5: (ENUM, 5), 44: (UINT16, 2_500)}
    track = one(fit.message(18, fields).finish() + strap(tied(), later([1], [99])))
    assert track.columns["distance_m"].tolist() == [25]
    assert track.columns["heart_rate_bpm"].tolist() == [99]


def test_beats_alone_are_no_activity() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_fit(strap(tied()), Limits())
    assert caught.value.reason is Reason.NO_SAMPLES


def test_beats_are_bounded_like_samples() -> None:
    data = swim(3) + strap(tied(), *[later(range(1, 9), [90] * 8)] * 3)
    assert read_fit(data, Limits(samples=32))
    with pytest.raises(UnreadableError) as caught:
        read_fit(data, Limits(samples=27))
    assert caught.value.reason is Reason.LIMITS


SMALL = swim(5) + strap(tied(), later(range(1, 9), [90] * 8))


@given(st.binary(min_size=20, max_size=60), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_beats_have_an_outcome(payload: bytes, big: bool) -> None:  # noqa: FBT001
    value: dict[int, Value] = {
        253: (UINT32, payload[:4]),
        0: (UINT16, payload[4:6]),
        9: (UINT32, payload[6:14]),
        6: (UINT8, payload[14:18]),
        10: (BYTE, payload[18:]),
    }
    track = one(swim(3) + strap(tied(), value, big=big))
    assert track.samples == 3
    assert np.isfinite(track.columns["heart_rate_bpm"]).any()


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_any_flipped_byte_has_an_outcome(at: int, flip: int) -> None:
    try:
        read_fit(SMALL[:at] + bytes([SMALL[at] ^ flip]) + SMALL[at + 1 :], Limits())
    except UnreadableError as fault:
        assert fault.reason in Reason  # noqa: PT017 - any reason is an outcome


def hrv(fit: Fit, *gaps_ms: int) -> Fit:
    """Add the times between beats, as much filler as makes them five."""
    gaps = [*gaps_ms, *[65_535] * (5 - len(gaps_ms))]
    return fit.message(78, {0: (UINT16, struct.pack("<5H", *gaps))}, local=5)


def test_times_between_beats_disturb_nothing() -> None:
    columns = making.ride(30)
    plain, mixed = (Fit().message(0, {0: (ENUM, 4)}) for _ in range(2))
    for i in range(30):
        making.record(plain, columns, i, START)
        making.record(mixed, columns, i, START)
        hrv(mixed, *[812, 65_534, 0, 1][: i % 5])
    alone, between = one(plain.finish()), one(mixed.finish())
    assert between.repairs == alone.repairs
    assert between.started_at == alone.started_at
    assert between.pauses == alone.pauses
    assert set(between.columns) == set(alone.columns)
    for name, values in alone.columns.items():
        assert between.columns[name].tolist() == values.tolist(), name


def test_times_between_beats_alone_are_no_activity() -> None:
    with pytest.raises(UnreadableError) as caught:
        read_fit(hrv(Fit(), 800, 810).finish(), Limits())
    assert caught.value.reason is Reason.NO_SAMPLES
