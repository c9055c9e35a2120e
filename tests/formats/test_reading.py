import gzip
import io

import pytest

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.formats.streams import Bounded, Gunzip, Rewound
from tests.formats import making
from tests.formats.making import ride

FILES = {
    "fit": making.fit_activity(ride(30)),
    "gpx": making.gpx_activity(ride(30)),
    "tcx": making.tcx_activity(ride(30)),
}


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableError) as caught:
        read_tracks(io.BytesIO(data), limits or Limits())
    return caught.value.reason


@pytest.mark.parametrize("kind", FILES)
def test_told_by_content(kind: str) -> None:
    (track,) = read_tracks(io.BytesIO(FILES[kind]), Limits())
    assert track.samples == 30


@pytest.mark.parametrize("kind", FILES)
def test_gzip_is_opened(kind: str) -> None:
    packed = gzip.compress(FILES[kind])
    (track,) = read_tracks(io.BytesIO(packed), Limits())
    assert track.samples == 30


class Dribble(io.BytesIO):
    """A stream that gives a byte at a time, as pipes may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 1))


def test_short_reads_are_no_end() -> None:
    (track,) = read_tracks(Dribble(gzip.compress(FILES["fit"])), Limits())
    assert track.samples == 30


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", Reason.EMPTY, id="empty"),
        pytest.param(b" \n ", Reason.NOT_A_KNOWN_FORMAT, id="blank"),
        pytest.param(b"PK\x03\x04 and more", Reason.NOT_A_KNOWN_FORMAT, id="zip"),
        pytest.param(b"<HealthData/>", Reason.NOT_A_KNOWN_FORMAT, id="other XML"),
        pytest.param(b"\x1f\x8bnonsense", Reason.BROKEN_GZIP, id="bad gzip"),
        pytest.param(gzip.compress(b""), Reason.BROKEN_GZIP, id="empty gzip"),
        pytest.param(
            gzip.compress(gzip.compress(FILES["fit"])),
            Reason.NOT_A_KNOWN_FORMAT,
            id="gzip in gzip",
        ),
    ],
)
def test_refused(data: bytes, reason: Reason) -> None:
    assert refusal(data) is reason


@pytest.mark.unmeasured
def test_a_bomb_is_refused() -> None:
    bomb = gzip.compress(b"<gpx>" + b"<a/>" * 1_000_000)
    assert refusal(bomb) is Reason.TOO_LARGE


def test_sizes_are_bounded() -> None:
    assert refusal(FILES["fit"], Limits(fit_bytes=100)) is Reason.TOO_LARGE
    assert refusal(FILES["fit"], Limits(file_bytes=100)) is Reason.TOO_LARGE
    packed = gzip.compress(FILES["gpx"])
    tight = Limits(file_bytes=len(packed) + 100)
    assert refusal(packed, tight) is Reason.TOO_LARGE


def test_a_cut_gzip_keeps_what_came_before() -> None:
    packed = gzip.compress(making.fit_activity(ride(2_000)))
    (track,) = read_tracks(io.BytesIO(packed[: len(packed) // 2]), Limits())
    assert 100 < track.samples < 2_000
    assert "truncated" in track.repairs


def test_members_of_a_gzip_are_joined() -> None:
    packed = gzip.compress(b"abc") + gzip.compress(b"def") + b"garbage"
    assert Gunzip(io.BytesIO(packed), Limits()).read(100) == b"abcdef"


def test_rewound_and_bounded() -> None:
    stream = Rewound(b"ab", Bounded(io.BytesIO(b"cdef"), 4))
    assert [stream.read(1), stream.read(3), stream.read(9)] == [b"a", b"bcd", b"ef"]
