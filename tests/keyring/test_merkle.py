"""Trees: against RFC 6962's own definition, and the known answers of its tests."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.keyring.merkle import (
    EMPTY_ROOT,
    Range,
    inclusion_proof,
    leaf,
    node,
    root_from_proof,
)

# Certificate Transparency's reference tree: its entries and roots of sizes 1 to 8.
ENTRIES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves: list[bytes], start: int, end: int) -> bytes:
    if end - start == 1:
        return leaves[start]
    middle = start + 2 ** ((end - start - 1).bit_length() - 1)
    return node(
        by_definition(leaves, start, middle), by_definition(leaves, middle, end)
    )


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    grown = Range().grown(leaf(one) for one in ENTRIES[:size])
    assert grown.root().hex() == ROOTS[size - 1]
    assert Range().root() == EMPTY_ROOT


@given(st.integers(1, 70), st.data())
def test_a_tree_grown_in_pieces_is_the_tree_and_each_proof_leads_to_its_root(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf(bytes([i])) for i in range(size)]
    cut = data.draw(st.integers(0, size))
    first = Range().grown(leaves[:cut])
    kept = Range.from_bytes(cut, bytes(first))
    whole = kept.grown(leaves[cut:])
    root = by_definition(leaves, 0, size)
    assert (whole.root(), whole.size) == (root, size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, partial(by_definition, leaves))
    assert root_from_proof(index, size, leaves[index], proof) == root
    other = data.draw(
        st.integers(0, size - 1).filter(lambda i: i != index or size == 1)
    )
    if size > 1:
        assert root_from_proof(other, size, leaves[index], proof) != root
        assert root_from_proof(index, size, leaves[index], proof[:-1]) != root
    assert root_from_proof(index, size, leaves[index], [*proof, bytes(32)]) is None


def test_what_is_no_range_or_leaf_is_refused() -> None:
    with pytest.raises(ValueError, match="one hash"):
        Range(3, (bytes(32),))
    with pytest.raises(ValueError, match="one hash"):
        Range.from_bytes(1, bytes(31))
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(4, 4, partial(by_definition, []))
    assert root_from_proof(4, 4, bytes(32), []) is None
