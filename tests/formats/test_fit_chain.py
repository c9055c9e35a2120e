"""Files of several FITs: a broken one costs only itself."""

import pytest

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.fit_chain import parts
from pierre_mcp.formats.limits import Limits
from tests.formats import making
from tests.formats.making import Fit, beat, begun, ride

SMALL = making.fit_activity(ride(20))
OTHER = making.fit_activity(ride(7))
SHORT_HEADER = beat(begun(), 0).finish(header_bytes=12)


def sized(data: bytes, size: int) -> bytes:
    """Write another size of the data into a header, and mend its checksum."""
    head = data[:4] + size.to_bytes(4, "little") + data[8:12]
    return head + making.crc16(head).to_bytes(2, "little") + data[14:]


def read(data: bytes) -> list[tuple[int, tuple[str, ...]]]:
    return [(track.samples, track.repairs) for track in read_fit(data, Limits())]


BODY = len(SMALL) - 16


@pytest.mark.parametrize(
    ("first", "samples", "words"),
    [
        pytest.param(SMALL, 20, (), id="sound"),
        pytest.param(SMALL[:300], 8, ("truncated", "no_session"), id="cut"),
        pytest.param(SMALL[:-2], 20, ("bad_crc",), id="no checksum"),
        pytest.param(sized(SMALL, 2**32 - 1), 20, ("wrong_size",), id="4 GiB"),
        pytest.param(sized(SMALL, BODY + 99), 20, ("wrong_size",), id="too large"),
        pytest.param(sized(SMALL, 0), 20, ("wrong_size",), id="no size"),
        pytest.param(SMALL + b"junk", 20, ("trailing_bytes",), id="junk between"),
        pytest.param(
            SMALL[:-1] + bytes([SMALL[-1] ^ 1]), 20, ("bad_crc",), id="checksum"
        ),
        pytest.param(
            SMALL[:12] + b"\xee\xee" + SMALL[14:],
            20,
            ("bad_header_crc", "bad_crc"),
            id="header",
        ),
    ],
)
@pytest.mark.parametrize("second", [OTHER, SHORT_HEADER], ids=["14 bytes", "12 bytes"])
def test_what_follows_a_broken_one_is_read(
    first: bytes, samples: int, words: tuple[str, ...], second: bytes
) -> None:
    # The checksum of a file is over its header too.
    if words == ("wrong_size",):
        first = first[:-2] + making.crc16(first[:-2]).to_bytes(2, "little")
    (own, *others) = read(first + second)
    assert own == (samples, words)
    assert others == read(second)


def test_a_cut_one_in_the_middle() -> None:
    found = read(OTHER + SMALL[:300] + OTHER)
    assert [samples for samples, _ in found] == [7, 8, 7]
    assert "truncated" in found[1][1]


def test_one_without_any_message_is_passed_over() -> None:
    assert read(Fit().finish() + SMALL) == [(20, ())]
    assert read(sized(SMALL[:14], 50) + SMALL) == [(20, ())]


def test_a_header_alone_is_no_fault_of_the_next() -> None:
    first, second = parts(SMALL[:14] + SMALL)
    assert (first.end, first.next_at, second.start) == (14, 14, 14)


def test_what_looks_like_a_header_within_a_sound_one_is_data() -> None:
    inside = making.STRING, SMALL[:14]
    data = beat(begun().message(0x1234, {0: inside}, local=1), 0).finish()
    assert read(data) == [(1, ("no_session",))]


def test_a_false_header_is_not_taken_for_one() -> None:
    false = SMALL[:12] + b"\xee\xee"
    (found,) = read(SMALL[:300] + false)
    assert found[0] == read(SMALL[:300] + bytes(14))[0][0]


def test_the_reason_is_that_of_the_first() -> None:
    settings = making.fit_activity(ride(2), file_type=2)
    with pytest.raises(UnreadableError) as caught:
        read_fit(settings + begun().finish(), Limits())
    assert caught.value.reason is Reason.NOT_AN_ACTIVITY


def test_many_false_headers_take_no_time() -> None:
    data = SMALL[:-1] + b"\xff" + b".FIT" * 100_000
    assert [samples for samples, _ in read(data)] == [20]
