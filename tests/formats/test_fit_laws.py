"""Laws of the FIT reader over made files: round trip, order, damage, and lies."""

import time
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Track
from tests.formats import making
from tests.formats.making import (
    ENUM,
    FLOAT32,
    STARTED_AT,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    Columns,
    Fit,
    Value,
    begun,
    fit_time,
    record,
    ride,
)

pytestmark = pytest.mark.unmeasured

START = fit_time(STARTED_AT)
MIB = 1024 * 1024


def event(samples: int = 12, *, big: bool = False) -> Fit:
    """A swim, a transition and a ride, with one of everything that is read."""
    fit = begun().message(2, {2: (UINT32, 3_600)}, local=9)
    power = {0: (UINT8, 0), 1: (UINT8, 5), 2: (UINT8, 0x84)}
    named: dict[int, Value] = {3: (STRING, b"Form Power\0"), 8: (STRING, b"Watts\0")}
    fit.message(206, power | named, local=10)
    columns = ride(samples)
    for i in range(samples):
        record(fit, columns, i, START, big=big)
        fit.message(78, {0: (UINT16, b"\x20\x03\xff\xff")}, local=5)
        fields: dict[int, Value] = {253: (UINT32, START + i), 48: (UINT8, 64)}
        fit.message(20, fields, local=4, developer={(0, 5): b"\x50\0"})
        fit.message(20, {3: (UINT8, 120)}, local=2, packed=START + i)
    length = {2: (UINT32, START), 3: (UINT32, 3_000), 5: (UINT16, 9), 7: (ENUM, 0)}
    fit.message(101, length | {12: (ENUM, 1)}, local=6)
    for second, kind in ((0, 0), (5, 4), (7, 0)):
        stop: dict[int, Value] = {253: (UINT32, START + second), 0: (ENUM, 0)}
        fit.message(21, stop | {1: (ENUM, kind)}, local=7)
    for sport, begins in ((5, 0), (3, 4), (2, 6)):
        span: dict[int, Value] = {253: (UINT32, START + begins), 5: (ENUM, sport)}
        span[2] = (UINT32, START + begins)
        fit.message(19, span | {7: (UINT32, 2_000)}, local=8, big=big)
        fit.message(18, span | {44: (UINT16, 2_500)}, local=1, big=big)
    return fit


EVENT = event().finish()


def outcome(data: bytes) -> list[Track] | Reason:
    """Read; nothing but tracks that hold what they promise, or a reason."""
    try:
        tracks = read_fit(data, Limits())
    except UnreadableError as fault:
        return fault.reason
    assert tracks
    for track in tracks:
        seconds = track.columns["t_s"]
        assert np.isfinite(seconds).all()
        assert (np.diff(seconds) >= 0).all()
        for name, column in track.columns.items():
            assert column.shape == seconds.shape, name
            assert not np.isnan(column).all() or not len(column), name
        assert (track.beats_s > 0).all()
        assert all(one.duration_s >= 0 for one in track.lengths)
        assert len(set(track.repairs)) == len(track.repairs)
    return tracks


def test_an_event_has_its_parts_in_order() -> None:
    tracks = outcome(EVENT)
    assert isinstance(tracks, list)
    assert [t.event_part for t in tracks] == [1, 2, 3]
    assert [t.sport for t in tracks] == [
        Sport.SWIMMING,
        Sport.TRANSITION,
        Sport.CYCLING,
    ]
    assert [len(t.beats_s) for t in tracks] == [4, 2, 6]
    assert [len(t.lengths) for t in tracks] == [1, 0, 0]
    assert [len(t.laps) for t in tracks] == [1, 1, 1]
    assert [t.samples for t in tracks] == [12, 6, 18]
    assert "form_power_w" in tracks[0].columns


def test_one_session_is_not_part_of_an_event() -> None:
    (track,) = read_fit(making.fit_activity(ride(5)), Limits())
    assert track.event_part is None


def test_a_session_told_twice_is_one() -> None:
    fit = begun()
    fit.message(20, {253: (UINT32, START), 3: (UINT8, 90)}, local=3)
    for kcal in (100, 320):
        fields: dict[int, Value] = {2: (UINT32, START), 5: (ENUM, 1)}
        fit.message(18, fields | {11: (UINT16, kcal)}, local=1)
    (track,) = read_fit(fit.finish(), Limits())
    assert track.totals.calories_kcal == 320
    assert track.repairs == ("repeated_session",)


@given(st.integers(0, len(EVENT)))
@settings(deadline=2_000)
def test_any_cut_has_an_outcome(length: int) -> None:
    outcome(EVENT[:length])


@given(
    st.lists(
        st.tuples(st.integers(0, len(EVENT) - 1), st.integers(1, 255)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=150, deadline=2_000)
def test_any_flipped_bytes_have_an_outcome(flips: Sequence[tuple[int, int]]) -> None:
    data = bytearray(EVENT)
    for at, flip in flips:
        data[at] ^= flip
    outcome(bytes(data))


@given(st.integers(0, len(EVENT)), st.binary(max_size=40))
@settings(deadline=2_000)
def test_bytes_put_in_between_have_an_outcome(at: int, extra: bytes) -> None:
    outcome(EVENT[:at] + extra + EVENT[at:])


@given(st.integers(0, len(EVENT)), st.integers(0, len(EVENT)))
@settings(deadline=2_000)
def test_a_broken_one_in_a_chain_costs_only_itself(first: int, last: int) -> None:
    """Whatever stands before a sound FIT, the sound one is read."""
    broken = EVENT[:first] + EVENT[last:]
    if len(broken) < 14 or broken[:14] != EVENT[:14]:
        return
    tracks = outcome(broken + EVENT)
    assert isinstance(tracks, list)
    assert [t.samples for t in tracks[-3:]] == [12, 6, 18]


whole = st.integers(0, 250)
columns = st.integers(1, 60).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            "heart_rate_bpm": st.lists(st.none() | whole, min_size=n, max_size=n),
            "power_w": st.lists(st.none() | whole, min_size=n, max_size=n),
            "temperature_c": st.lists(
                st.none() | st.integers(-40, 60), min_size=n, max_size=n
            ),
        }
    )
)


def as_columns(told: dict[str, list[int | None]]) -> Columns:
    arrays = {name: np.array(values, dtype=np.float64) for name, values in told.items()}
    return {"t_s": np.arange(len(arrays["power_w"]), dtype=np.float64)} | arrays


@given(columns, st.sampled_from(["little", "big"]))
@settings(max_examples=40, deadline=2_000)
def test_round_trip(told: dict[str, list[int | None]], byte_order: str) -> None:
    """Few samples are read one by one and many at once; both are what was written."""
    written: Columns = as_columns(told)
    (track,) = read_fit(making.fit_activity(written, big=byte_order == "big"), Limits())
    for name, values in written.items():
        expected = np.asarray(values)
        if np.isnan(expected).all():
            assert name not in track.columns
        else:
            np.testing.assert_array_equal(track.columns[name], expected)


@given(st.permutations(range(8)))
@settings(max_examples=30, deadline=2_000)
def test_the_order_of_what_has_a_time_does_not_matter(order: Sequence[int]) -> None:
    """Laps keep that of the file; everything else is in order of time."""
    fit, sorted_fit = begun(), begun()
    for target, seconds in ((fit, order), (sorted_fit, range(8))):
        for second in seconds:
            at = START + 10 * second
            target.message(20, {253: (UINT32, at), 3: (UINT8, 90 + second)}, local=3)
            length = {2: (UINT32, at), 3: (UINT32, 9_000), 5: (UINT16, second)}
            target.message(101, length | {12: (ENUM, 1)}, local=6)
            kind = (ENUM, 4 if second % 2 else 0)
            stop: dict[int, Value] = {253: (UINT32, at), 0: (ENUM, 0), 1: kind}
            target.message(21, stop, local=7)
        for second in seconds:
            if second in {0, 5}:
                span = {2: (UINT32, START + 10 * second), 5: (ENUM, 1 + second)}
                target.message(18, span, local=1)
    ours = read_fit(fit.finish(), Limits())
    theirs = read_fit(sorted_fit.finish(), Limits())
    assert len(ours) == len(theirs) == 2
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.sport is other.sport
        assert mine.lengths == other.lengths
        assert mine.pauses == other.pauses
        for name in other.columns:
            np.testing.assert_array_equal(mine.columns[name], other.columns[name])


def test_a_rolling_distance_goes_on_over_a_change_of_layout() -> None:
    fit = begun()
    for i in range(40):
        packed = (300 | (i * 400 & 0xFFF) << 12).to_bytes(3, "little")
        fields: dict[int, Value] = {253: (UINT32, START + i), 8: (making.BYTE, packed)}
        fit.message(20, fields | ({3: (UINT8, 99)} if i > 20 else {}))
    (track,) = read_fit(fit.finish(), Limits())
    assert track.columns["distance_m"].tolist() == [i * 25 for i in range(40)]


def definition(number: int, fields: bytes, *, developer: bytes = b"") -> bytes:
    head = bytes([0x60 if developer else 0x40, 0, 0]) + number.to_bytes(2, "little")
    own = head + bytes([len(fields) // 3]) + fields
    return own + bytes([len(developer) // 3]) + developer if developer else own


def lying(body: bytes, *, size: int | None = None) -> bytes:
    data = b"\x0c\x20\0\0" + (len(body) if size is None else size).to_bytes(4, "little")
    return data + b".FIT" + body + b"\0\0"


TWO = definition(20, b"\3\1\2") + b"\0\x50" + definition(20, b"\4\1\2") + b"\0\x50"
WIDE = bytes(x for n in range(255) for x in (n, 255, 2))
SAME = b"\3\1\2" * 255
NEW = b"".join(
    definition(20, b"\3\1\2" + bytes([9, i & 0xFF, 2, 10, i >> 8, 2]))
    + bytes(2 + (i & 0xFF) + (i >> 8))
    for i in range(2_001)
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(
            lying(definition(20, b"\3\1\2") + b"\0\x50" * 9, size=2**32 - 1),
            None,
            id="4 GiB",
        ),
        pytest.param(lying(TWO * 500_001), Reason.LIMITS, id="a million definitions"),
        pytest.param(lying(NEW), Reason.LIMITS, id="a new layout each time"),
        pytest.param(lying(definition(20, WIDE)), Reason.NO_SAMPLES, id="no payload"),
        pytest.param(lying(definition(20, b"") + b"\0" * 50), None, id="no fields"),
        pytest.param(
            lying(definition(20, b"\xfd\1\x86\3\0\2\7\7\x84") + b"\0" * 90),
            None,
            id="sizes that do not match",
        ),
        pytest.param(
            lying(definition(19, b"\2\4\x86") + b"\0\1\1\1\1" * 100_001),
            Reason.LIMITS,
            id="too many laps",
        ),
        pytest.param(
            lying(definition(20, b"\3\1\2") + b"\0\x50" * 2_000_001),
            Reason.LIMITS,
            id="too many samples",
        ),
    ],
)
def test_files_that_lie_take_bounded_time(data: bytes, reason: Reason | None) -> None:
    began = time.process_time()
    found = outcome(data)
    assert time.process_time() - began < 15
    assert found is reason if reason else isinstance(found, list)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lying(TWO * 1_000), id="a layout for each message"),
        pytest.param(
            lying(definition(20, SAME) + bytes(256) * 500), id="one field often"
        ),
        pytest.param(
            lying(definition(20, b"\3\1\2", developer=SAME) + bytes(257) * 500),
            id="developer fields of no one",
        ),
        pytest.param(lying(definition(20, WIDE), size=2**32 - 1), id="4 GiB"),
        pytest.param(EVENT, id="one of everything"),
    ],
)
def test_memory_is_a_few_times_the_file(data: bytes) -> None:
    outcome(data)
    tracemalloc.start()
    outcome(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 24 * len(data) + MIB


def test_floats_are_read_alike_few_and_many() -> None:
    """A float has no invalid value but those that are no numbers."""
    raw = np.array([1.5, np.nan, np.inf, -2.0], dtype="<f4")
    for copies in (1, 20):
        fit = begun()
        for i, value in enumerate(np.tile(raw, copies)):
            fields: dict[int, Value] = {253: (UINT32, START + i)}
            fit.message(20, fields | {7: (FLOAT32, value.tobytes())})
        (track,) = read_fit(fit.finish(), Limits())
        expected = np.tile([1.5, np.nan, np.nan, -2.0], copies)
        np.testing.assert_array_equal(track.columns["power_w"], expected)
