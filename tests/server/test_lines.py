"""Lines and their bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp_types import JSONRPCNotification, JSONRPCRequest

from pierre_mcp.server.lines import Fault, Lines, Trickle, parse

chunks = st.lists(st.text("ab \r\n").map(str.encode))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["jsonrpc", "id", "method", "params", "result", "_meta"]),
            inner | st.sampled_from(["2.0", "ping"]),
        )
    ),
)


@given(chunks)
def test_however_it_is_cut_the_lines_are_the_same(given: list[bytes]) -> None:
    lines = Lines()
    found = [line for chunk in given for line in lines.feed(chunk)]
    found += lines.finish()
    assert found == [line for line in b"".join(given).split(b"\n") if line.strip()]


@given(chunks, st.integers(1, 4))
def test_no_line_is_longer_than_the_bound(given: list[bytes], limit: int) -> None:
    """Where no single chunk is longer: only what is held can grow."""
    lines = Lines(limit)
    pieces = [bytes([byte]) for chunk in given for byte in chunk]
    found = [line for piece in pieces for line in lines.feed(piece)]
    found += lines.finish()
    whole = b"".join(given).split(b"\n")
    assert found.count(None) == sum(len(line) > limit for line in whole)
    kept = [line for line in whole if line.strip() and len(line) <= limit]
    assert [line for line in found if line is not None] == kept


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_nothing_raises(line: bytes) -> None:
    read = parse(line)
    assert read is None or isinstance(
        read, Fault | JSONRPCRequest | JSONRPCNotification
    )


@pytest.mark.parametrize("id_", [0, -1, 2**63 - 1, "", "a", "0" * 256, "ä"])
def test_an_id_is_kept_as_it_came(id_: int | str) -> None:
    frame = {"jsonrpc": "2.0", "id": id_, "method": "ping", "params": {"a": 1}}
    read = parse(json.dumps(frame).encode())
    assert isinstance(read, JSONRPCRequest)
    assert (read.id, read.method, read.params) == (id_, "ping", {"a": 1})


def test_so_many_in_any_second() -> None:
    times_s = iter((0.0, 0.6, 0.9, 1.0, 1.5, 1.6, 2.1))
    trickle = Trickle(2, lambda: next(times_s))
    passed = [trickle.take() for _ in range(7)]
    assert passed == [True, True, False, True, False, True, True]
    assert trickle.held_back == 2
