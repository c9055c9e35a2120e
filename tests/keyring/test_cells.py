import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.cells import (
    CELL_OVERHEAD,
    Place,
    cell_cipher,
    column_piece,
    key_id_of,
    open_beside,
    row_pieces,
    seal_cell,
)
from pierre_mcp.keyring.gcm import AnyCipher

DEK = bytes(range(32))
CIPHER = cell_cipher(DEK)
HERE = Place(
    column="activities.summary/1",
    tenant="0e0e5e0c-0000-4000-8000-000000000001",
    person="0e0e5e0c-0000-4000-8000-000000000002",
    row="0e0e5e0c-0000-4000-8000-000000000003",
    source="strava",
    origin="strava_export",
    day="2026-03-29",
)
FIELDS = ("column", "tenant", "person", "row", "source", "origin", "day")

texts = st.text(max_size=8)
places = st.builds(Place, texts, texts, texts, texts, texts, texts, texts)


def open_cell(cipher: AnyCipher, cell: bytes, place: Place) -> bytes:
    return open_beside(cipher, cell, column_piece(place.column), row_pieces(place))


def by_hand(dek: bytes, key_id: int, nonce: bytes, plain: bytes, place: Place) -> bytes:
    """DESIGN.md 5 written out again, with nothing of ours but the place's fields."""
    subkey = hmac.digest(dek, b"pierre/cell/v1\x01", "sha256")  # RFC 5869, one block
    header = b"\x01\x01" + key_id.to_bytes(4, "big")
    pieces = [b"pierre/cell", header, *(text.encode() for text in place)]
    aad = len(pieces).to_bytes(8, "little")
    for piece in pieces:
        aad += len(piece).to_bytes(8, "little") + piece
    return header + nonce + AESGCM(subkey).encrypt(nonce, plain, aad)


# Written by `by_hand` at release 0.1, and never changed again: they must always open.
FROZEN = [
    pytest.param(
        7,
        bytes(12),
        b"172 bpm",
        HERE,
        (
            "01010000000700000000000000000000000063daeaf4e415fb1e28bd9725fa12478359"
            "62aa7d34ae16"
        ),
        id="a full place",
    ),
    pytest.param(
        2**32 - 1,
        bytes(range(12)),
        b"",
        Place("system.epoch/1", "", "", "1"),
        "0101ffffffff000102030405060708090a0bb1c71cf0e9641532da26b8eeaf63e279",
        id="empty value of the system",
    ),
    pytest.param(
        1,
        b"\xff" * 12,
        "Größe".encode(),
        HERE._replace(column="notes.name/1", source="", origin="", day=""),
        (
            "010100000001ffffffffffffffffffffffff98a41aba561f816b5c6384e817d33a2e75"
            "b5103f8aad46"
        ),
        id="not ASCII",
    ),
]


@pytest.mark.promise("keys.vectors")
@pytest.mark.parametrize(("key_id", "nonce", "plain", "place", "frozen"), FROZEN)
def test_frozen_cells_still_open(
    key_id: int, nonce: bytes, plain: bytes, place: Place, frozen: str
) -> None:
    cell = bytes.fromhex(frozen)
    assert cell == by_hand(DEK, key_id, nonce, plain, place)
    assert key_id_of(cell) == key_id
    assert open_cell(CIPHER, cell, place) == plain


@pytest.mark.unmeasured
@pytest.mark.promise("keys.vectors")
@given(st.integers(1, 2**32 - 1), st.binary(max_size=80), places)
def test_seals_to_the_bytes_the_design_says(
    key_id: int, plain: bytes, place: Place
) -> None:
    cell = seal_cell(CIPHER, key_id, plain, place)
    assert cell == by_hand(DEK, key_id, cell[6:18], plain, place)
    assert len(cell) == len(plain) + CELL_OVERHEAD
    assert key_id_of(cell) == key_id
    assert open_cell(CIPHER, cell, place) == plain


@pytest.mark.promise("keys.bound-cell")
def test_every_changed_bit_is_refused() -> None:
    cell = seal_cell(CIPHER, 7, b"172 bpm", HERE)
    for bit in range(8 * len(cell)):
        altered = bytearray(cell)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBrokenError):
            open_cell(CIPHER, bytes(altered), HERE)


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize("field", FIELDS)
def test_bound_to_each_field_of_its_place(field: str) -> None:
    cell = seal_cell(CIPHER, 7, b"172 bpm", HERE)
    for other in ("", "x", getattr(HERE, field) + "x", getattr(HERE, field)[:-1]):
        with pytest.raises(SealBrokenError):
            open_cell(CIPHER, cell, HERE._replace(**{field: other}))


@pytest.mark.promise("keys.bound-cell")
@given(places, places)
def test_opens_nowhere_else(here: Place, there: Place) -> None:
    cell = seal_cell(CIPHER, 7, b"48.8566,2.3522", here)
    if here != there:
        with pytest.raises(SealBrokenError):
            open_cell(CIPHER, cell, there)


@pytest.mark.promise("keys.bound-cell")
def test_no_text_moves_to_the_next_field() -> None:
    cell = seal_cell(CIPHER, 7, b"x", HERE._replace(source="ab", origin="c"))
    with pytest.raises(SealBrokenError):
        open_cell(CIPHER, cell, HERE._replace(source="a", origin="bc"))


@pytest.mark.promise("keys.bound-cell")
def test_bound_to_its_key() -> None:
    cell = seal_cell(CIPHER, 7, b"172 bpm", HERE)
    with pytest.raises(SealBrokenError):
        open_cell(cell_cipher(bytes(32)), cell, HERE)


@given(st.binary(max_size=60))
def test_noise_does_not_open(noise: bytes) -> None:
    with pytest.raises(SealBrokenError):
        open_cell(CIPHER, noise, HERE)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x01\x01" + bytes(31), id="a byte short"),
        pytest.param(b"\x02\x01" + bytes(32), id="another version"),
        pytest.param(b"\x01\x02" + bytes(32), id="the suite reserved"),
        pytest.param(b"\x01\x00" + bytes(32), id="no suite"),
    ],
)
def test_no_key_is_named_by(cell: bytes) -> None:
    with pytest.raises(SealBrokenError):
        key_id_of(cell)


def test_no_nonce_twice() -> None:
    cells = {seal_cell(CIPHER, 7, b"", HERE)[6:18] for _ in range(1000)}
    assert len(cells) == 1000
