import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.formats import frames
from pierre_mcp.formats.frames import BrokenFrameError, Frame, read_frame, write_frame


def written(frame: Frame) -> bytes:
    out = io.BytesIO()
    write_frame(out, frame)
    return out.getvalue()


COLUMNS = {"t_s": np.array([0.0, 1.0]), "power_w": np.array([200.0, np.nan])}
SOUND = written(Frame({"kind": "activity"}, COLUMNS))


def test_what_is_written_is_read() -> None:
    reader = io.BytesIO(SOUND + written(Frame({"kind": "end"})))
    first, second, third = (read_frame(reader) for _ in range(3))
    assert first is not None
    assert first.header == {"kind": "activity"}
    assert list(first.columns) == ["t_s", "power_w"]
    np.testing.assert_array_equal(first.columns["power_w"], COLUMNS["power_w"])
    assert second == Frame({"kind": "end"})
    assert third is None


def raw(header: bytes, after: bytes = b"") -> bytes:
    return struct.pack("<I", len(header)) + header + after


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\1", id="prefix cut"),
        pytest.param(SOUND[:20], id="header cut"),
        pytest.param(SOUND[:-1], id="columns cut"),
        pytest.param(struct.pack("<I", 2**32 - 1), id="header too long"),
        pytest.param(raw(b"[]"), id="not an object"),
        pytest.param(raw(b"{"), id="not JSON"),
        pytest.param(raw(b"\xff"), id="not text"),
        pytest.param(raw(b'{"a":NaN}'), id="not a number"),
        pytest.param(raw(b"[" * 100_000), id="nested"),
        pytest.param(raw(b'{"columns":"t_s"}'), id="columns no list"),
        pytest.param(raw(b'{"columns":["x"],"samples":0}'), id="unknown column"),
        pytest.param(raw(b'{"columns":[1],"samples":0}'), id="column no name"),
        pytest.param(raw(b'{"columns":["t_s","t_s"],"samples":0}'), id="twice"),
        pytest.param(
            raw(b'{"columns":[1,2,3,4,5,6,7,8,9,10,11],"samples":0}'), id="too many"
        ),
        pytest.param(raw(b'{"columns":["t_s"],"samples":-1}'), id="negative"),
        pytest.param(raw(b'{"columns":["t_s"],"samples":true}'), id="no count"),
        pytest.param(raw(b'{"columns":["t_s"],"samples":1e9}'), id="fraction"),
        pytest.param(raw(b'{"columns":["t_s"],"samples":99999999}'), id="too long"),
    ],
)
def test_broken_frames_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        read_frame(io.BytesIO(data))


def test_too_large_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_HEADER_BYTES", 10)
    with pytest.raises(BrokenFrameError):
        written(Frame({"kind": "longer than ten"}))


@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_any_flipped_byte_has_an_outcome(at: int, flip: int) -> None:
    data = SOUND[:at] + bytes([SOUND[at] ^ flip]) + SOUND[at + 1 :]
    try:
        read_frame(io.BytesIO(data))
    except BrokenFrameError:
        return
