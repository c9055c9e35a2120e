"""Archives: what is read, what is refused, and that neither costs more than it may."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from pierre_mcp.formats.archive import Member, members, open_member, open_nested
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import MIB, Limits
from tests.formats.exporting import zipped

LIMITS = Limits()
SOUND = zipped({"a/b.fit": b"hello" * 100, "a/c.fit": b""})


def listed(data: bytes, limits: Limits = LIMITS) -> dict[str, Reason | None]:
    return {one.member.path: one.refused for one in members(io.BytesIO(data), limits)}


def read(data: bytes, at: int = 0, limits: Limits = LIMITS) -> bytes:
    archive = io.BytesIO(data)
    member = members(archive, limits)[at].member
    return open_member(archive, [member], limits).read(10 * MIB)


def refusal(work: Callable[[], object]) -> Reason:
    with pytest.raises(UnreadableError) as fault:
        work()
    return fault.value.reason


def with_info(change: Callable[[zipfile.ZipInfo], None], name: str = "x.fit") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(name)
        change(info)
        archive.writestr(info, b"content")
    return out.getvalue()


@pytest.mark.parametrize("deflate", [True, False], ids=["deflated", "stored"])
def test_members_are_listed_and_read(*, deflate: bool) -> None:
    data = zipped({"a/b.fit": b"hello" * 100, "a/c.fit": b""}, deflate=deflate)
    assert listed(data) == {"a/b.fit": None, "a/c.fit": None}
    assert read(data) == b"hello" * 100
    assert read(data, 1) == b""


def test_content_comes_in_parts_of_any_size() -> None:
    archive = io.BytesIO(SOUND)
    content = open_member(archive, [members(archive, LIMITS)[0].member], LIMITS)
    parts = iter(lambda: content.read(7), b"")
    assert b"".join(parts) == b"hello" * 100


def test_what_stands_before_a_zip_does_not_matter() -> None:
    assert read(b"#!/bin/sh\n" * 50 + SOUND) == b"hello" * 100


def test_folders_are_not_members() -> None:
    assert listed(zipped({"folder/": b"", "folder/x": b""})) == {"folder/x": None}


@pytest.mark.parametrize(
    "name",
    ["../x.fit", "a/../../x.fit", "/x.fit", "C:/x.fit", "a\\..\\x.fit", "\\x.fit",
     "a\nb.fit", "x" * 600],
)  # fmt: skip
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    (refused,) = listed(zipped({name: b""})).values()
    assert refused is Reason.UNSAFE_NAME


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK]
)
def test_links_and_devices_are_refused(kind: int) -> None:
    def change(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    assert listed(with_info(change)) == {"x.fit": Reason.LINK_OR_DEVICE}


def patched(data: bytes, at: int, form: str, value: int) -> bytes:
    """Change a field of the first entry of the central directory."""
    entry = data.index(b"PK\x01\x02")
    out = bytearray(data)
    struct.pack_into(form, out, entry + at, value)
    return bytes(out)


@pytest.mark.parametrize(
    ("at", "form", "value", "reason"),
    [
        pytest.param(8, "<H", 1, Reason.ENCRYPTED, id="encrypted"),
        pytest.param(10, "<H", 14, Reason.UNKNOWN_COMPRESSION, id="lzma"),
        pytest.param(24, "<I", 1 << 30, Reason.BOMB, id="declares a bomb"),
    ],
)
def test_what_the_directory_says_is_refused(
    at: int, form: str, value: int, reason: Reason
) -> None:
    assert listed(patched(SOUND, at, form, value))["a/b.fit"] is reason


def test_larger_than_any_file_is_refused() -> None:
    limits = Limits(file_bytes=100)
    assert listed(SOUND, limits)["a/b.fit"] is Reason.TOO_LARGE


def test_of_one_name_the_first_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.fit", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.fit", b"second")
        archive.writestr("X.FIT", b"third")
    found = [one.refused for one in members(out, LIMITS)]
    assert found == [None, Reason.NAMED_TWICE, Reason.NAMED_TWICE]


def test_members_share_no_bytes() -> None:
    """Two entries for one body: the shape of a small bomb of many members."""
    data = zipped({"a.fit": b"\0" * 5_000, "b.fit": b"\0" * 5_000})
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    out = bytearray(data)
    struct.pack_into("<I", out, second + 42, 0)
    assert listed(bytes(out)) == {"a.fit": None, "b.fit": Reason.OVERLAPS}


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x05\x06", b"nonsense" * 9, SOUND[:-10], b"PK\x05\x06" + b"\xff" * 18],
)
def test_no_archive(data: bytes) -> None:
    assert refusal(lambda: listed(data)) in {
        Reason.BROKEN_ARCHIVE,
        Reason.TOO_MANY_MEMBERS,
    }


def test_a_directory_has_bounds() -> None:
    data = zipped({f"{i}.fit": b"" for i in range(50)})
    for limits in (Limits(members=49), Limits(directory_bytes=1_000)):
        assert refusal(lambda: listed(data, limits)) is Reason.TOO_MANY_MEMBERS  # noqa: B023


def lying(data: bytes, **changed: int) -> bytes:
    """Read the first member as another directory would have it."""
    archive = io.BytesIO(data)
    member = members(archive, LIMITS)[0].member
    fields = {n: getattr(member, n) for n in Member.__slots__} | changed
    return open_member(archive, [Member(**fields)], LIMITS).read(10 * MIB)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"size": 499}, Reason.BOMB),
        ({"size": 501}, Reason.BROKEN_MEMBER),
        ({"crc": 1}, Reason.BROKEN_MEMBER),
        ({"at": 3}, Reason.BROKEN_MEMBER),
        ({"at": 10**6}, Reason.BROKEN_MEMBER),
        ({"at": 2**62}, Reason.BROKEN_MEMBER),
        ({"method": 0}, Reason.BROKEN_MEMBER),
        ({"packed": 3}, Reason.BROKEN_MEMBER),
        ({"packed": 10**9}, Reason.BROKEN_MEMBER),
        ({"size": 2 * MIB}, Reason.BOMB),
    ],
)
def test_a_directory_that_lies_gains_nothing(
    changed: dict[str, int], reason: Reason
) -> None:
    if changed == {"packed": 10**9}:
        assert lying(SOUND, **changed) == b"hello" * 100  # deflate knows its end
        return
    assert refusal(lambda: lying(SOUND, **changed)) is reason


def test_a_bomb_that_declares_little_stops_there() -> None:
    """500 MB of zeros behind a declared kilobyte: no more than that comes out."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = b"\0" * MIB
    body = b"".join(packed.compress(zeros) for _ in range(50)) + packed.flush()
    out = bytearray(zipped({"x.fit": b"\0" * 1_000}))
    name_end = 30 + len("x.fit")
    archive = io.BytesIO(bytes(out[:name_end]) + body)
    member = Member("x.fit", 0, len(body), 1_000, 8, 0)
    content = open_member(archive, [member], LIMITS)
    assert refusal(lambda: content.read(10**9)) is Reason.BOMB


def test_damaged_compression() -> None:
    data = bytearray(SOUND)
    data[40:60] = b"\xff" * 20
    assert refusal(lambda: read(bytes(data))) is Reason.BROKEN_MEMBER


def test_a_zip_in_a_zip() -> None:
    nested = zipped({"deep/inner.zip": SOUND, "x": b""})
    archive = io.BytesIO(nested)
    outer = members(archive, LIMITS)[0].member
    inner = members(open_nested(archive, [outer], LIMITS), LIMITS)[0].member
    assert open_member(archive, [outer, inner], LIMITS).read(MIB) == b"hello" * 100
    small, shallow = Limits(nested_bytes=100), Limits(nesting=1)
    assert refusal(lambda: open_nested(archive, [outer], small)) is Reason.TOO_LARGE
    assert (
        refusal(lambda: open_nested(archive, [outer], shallow))
        is Reason.NESTED_TOO_DEEP
    )
