"""Bits where nothing is stored: seen when they stand alone, and never imagined."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.store import stray_bits
from pierre_mcp.store.stray_bits import PAGE_BYTES
from tests.store.test_sealed import everything
from tests.stores import database


@pytest.fixture
def made(directory: Path) -> Path:
    """The file of a closed store that holds a row of nearly every kind."""
    with everything(directory):
        pass
    return database(directory)


def test_a_store_has_none(made: Path) -> None:
    assert stray_bits.count(made) == 0


def test_each_bit_that_stands_alone_is_counted(made: Path) -> None:
    content = made.read_bytes()
    empty = content.index(bytes(64), 2 * PAGE_BYTES) + 32
    for bits, found in ((0x00, 0), (0x80, 1), (0x01, 1), (0x03, 0)):
        changed = bytearray(content)
        changed[empty] = bits
        made.write_bytes(changed)
        assert stray_bits.count(made) == found


@given(st.integers(0, PAGE_BYTES * 8 - 1))
def test_any_bit_of_an_empty_page_is_seen(bit: int) -> None:
    page = bytearray(PAGE_BYTES)
    page[bit // 8] = 1 << bit % 8
    assert stray_bits._alone(np.frombuffer(page, np.uint8)) == 1


def test_the_first_page_and_a_piece_of_one_are_passed_by(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(40) + b"\x01" + bytes(PAGE_BYTES - 41) + bytes(99) + b"\x01")
    assert stray_bits.count(file) == 0
