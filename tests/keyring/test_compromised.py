"""A key that others know: it opens what was listed of it, and makes nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import KeyMissingError, SealBrokenError
from pierre_mcp.keyring.cells import (
    cell_cipher,
    column_piece,
    listed_as,
    row_pieces,
    seal_cell,
)
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose, Ring
from tests.keyring.test_ring import ANNA, DEKS, HERE, INDEX, NEW, OLD, ring_of

KNOWN = replace(OLD, state=KeyState.COMPROMISED)
HELD = ring_of(replace(OLD, state=KeyState.ACTIVE)).seal(b"172 bpm", HERE, ANNA)[1]
FORGED = seal_cell(cell_cipher(DEKS[1]), 1, b"40 bpm", HERE)

Opens = Callable[[Ring, bytes], bytes]


def by_row(ring: Ring, cell: bytes) -> bytes:
    return ring.open_row(HERE, [(column_piece(HERE.column), cell)])[0]


def by_column(ring: Ring, cell: bytes) -> bytes:
    return ring.open_column(column_piece(HERE.column), [cell], [row_pieces(HERE)])[0]


def by_mixed_column(ring: Ring, cell: bytes) -> bytes:
    """Beside a cell of another key, which takes another path."""
    other = ring.seal(b"x", HERE, ANNA)[1]
    pieces = [row_pieces(HERE)] * 2
    return ring.open_column(column_piece(HERE.column), [other, cell], pieces)[1]


EVERY_WAY = pytest.mark.parametrize(
    "opens",
    [lambda ring, cell: ring.open(cell, HERE), by_row, by_column, by_mixed_column],
    ids=["one", "row", "column", "mixed column"],
)


@pytest.mark.promise("keys.dek-emergency")
@EVERY_WAY
def test_only_what_was_listed_opens(opens: Opens) -> None:
    ring = ring_of(KNOWN, NEW)
    with pytest.raises(SealBrokenError):
        opens(ring, HELD)  # nothing is listed yet
    ring.allow(1, frozenset({listed_as(HELD, HERE)}))
    assert opens(ring, HELD) == b"172 bpm"
    assert opens(ring_of(OLD, NEW), FORGED) == b"40 bpm"
    with pytest.raises(SealBrokenError):
        opens(ring, FORGED)
    for changed in (HELD[:-1] + bytes([HELD[-1] ^ 1]), HELD[:20], HELD[:34]):
        with pytest.raises(SealBrokenError):
            opens(ring, changed)


@pytest.mark.promise("keys.dek-emergency")
def test_what_was_listed_opens_in_its_own_place_only() -> None:
    """Even a cell that does open elsewhere: who knows the key can make it so."""
    there = HERE._replace(row="42")
    ring = ring_of(KNOWN, NEW)
    ring.allow(1, frozenset({listed_as(HELD, there)}))
    for place in (HERE, there):
        with pytest.raises(SealBrokenError):
            ring.open(HELD, place)
    assert listed_as(HELD, HERE) != listed_as(HELD, there)


@pytest.mark.promise("keys.dek-emergency")
def test_a_list_goes_along_to_the_next_ring() -> None:
    ring = ring_of(KNOWN, NEW)
    ring.allow(1, frozenset({listed_as(HELD, HERE)}))
    fresh = ring.altered([KNOWN, NEW])
    assert fresh.open(HELD, HERE) == b"172 bpm"
    marked = ring_of(OLD, NEW).altered([KNOWN, NEW])
    with pytest.raises(SealBrokenError):
        marked.open(HELD, HERE)


def test_only_a_compromised_key_is_held_to_a_list() -> None:
    with pytest.raises(ValueError, match="compromised"):
        ring_of(OLD, NEW).allow(1, frozenset())
    with pytest.raises(KeyMissingError):
        ring_of(NEW).allow(1, frozenset())


def test_its_cipher_seals_nothing() -> None:
    with pytest.raises(RuntimeError):
        seal_cell(cell_cipher(DEKS[1], frozenset()), 1, b"x", HERE)


@pytest.mark.promise("keys.dek-emergency")
def test_nothing_is_derived_from_it() -> None:
    token = replace(KNOWN, purpose=Purpose.TOKEN_MAC)
    for ring in (ring_of(token), ring_of(replace(token, purpose=Purpose.INDEX))):
        purpose = ring.info(1).purpose
        with pytest.raises(KeyMissingError):
            ring.derive(ANNA, purpose, "label", key_id=1)
        with pytest.raises(KeyMissingError):
            ring.mac(ANNA, purpose, "label", b"x", key_id=1)


def index(version: int, state: KeyState = KeyState.COMPROMISED) -> KeyInfo:
    return replace(INDEX, id=version, version=version, state=state)


def ring_at(version: int) -> Ring:
    """A person's ring once the index key is of this version."""
    older = [index(n) for n in range(1, version)]
    newest = index(version, KeyState.ACTIVE)
    return Ring((info, bytes([info.id]) * 32) for info in (*older, newest))


@pytest.mark.promise("keys.dek-emergency")
@given(st.integers(1, 5), st.lists(st.binary(max_size=40), max_size=3), st.text())
def test_a_digest_folds_over_every_version(
    versions: int, pieces: list[bytes], label: str
) -> None:
    stored = ring_at(1).mac(ANNA, Purpose.INDEX, label, *pieces)
    for version in range(1, versions + 1):
        ring = ring_at(version)
        if version > 1:
            stored = ring.fold(ANNA, stored)
        assert ring.digest(ANNA, label, *pieces) == stored


@given(st.integers(1, 4), st.binary(), st.binary())
def test_digests_stay_apart(version: int, one: bytes, other: bytes) -> None:
    ring = ring_at(version)
    same = ring.digest(ANNA, "file/1", one) == ring.digest(ANNA, "file/1", other)
    assert same == (one == other)
    assert ring.digest(ANNA, "file/1", one) != ring.digest(ANNA, "gear/1", one)
    assert ring.digest(ANNA, "file/1", one) != ring_at(version + 1).digest(
        ANNA, "file/1", one
    )


def test_a_digest_needs_every_version() -> None:
    for infos in ([], [index(2, KeyState.ACTIVE)], [index(1), index(3)]):
        ring = Ring((info, bytes(32)) for info in infos)
        with pytest.raises(KeyMissingError):
            ring.digest(ANNA, "file/1", b"x")
