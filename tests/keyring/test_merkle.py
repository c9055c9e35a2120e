"""Trees: against RFC 6962's own definition, and the known answers of its tests."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.keyring.merkle import (
    EMPTY_ROOT,
    Range,
    Root,
    consistency_proof,
    extends,
    inclusion_proof,
    leaf,
    node,
    root_from_proof,
    subtree_of,
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


# The reference's own: from one size to a larger one.
CONSISTENCY = {
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


@pytest.mark.parametrize(("sizes", "hashes"), CONSISTENCY.items())
def test_consistency_is_that_of_the_reference(
    sizes: tuple[int, int], hashes: tuple[str, ...]
) -> None:
    first, second = sizes
    subtree = subtree_of(Range(), [leaf(one) for one in ENTRIES[:second]])
    proof = consistency_proof(first, second, subtree)
    assert tuple(one.hex() for one in proof) == hashes
    older, newer = (Root(n, bytes.fromhex(ROOTS[n - 1])) for n in sizes)
    assert extends(older, newer, proof)


@given(st.integers(1, 70), st.data())
def test_a_tree_shows_which_earlier_ones_it_begins_with(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf(bytes([i])) for i in range(size)]
    first = data.draw(st.integers(1, size))
    older = Root(first, by_definition(leaves, 0, first))
    newer = Root(size, by_definition(leaves, 0, size))
    gone = data.draw(st.integers(0, first))
    subtree = subtree_of(Range().grown(leaves[:gone]), leaves[gone:])
    proof = consistency_proof(first, size, subtree)
    assert proof == consistency_proof(first, size, partial(by_definition, leaves))
    assert extends(older, newer, proof)
    assert not extends(older, newer, [*proof, bytes(32)])
    assert not extends(Root(first, bytes(32)), newer, proof)
    assert not extends(older, Root(size, bytes(32)), proof)
    assert not extends(newer, older, proof) or first == size
    if first < size:
        assert not extends(older, newer, proof[:-1])
        assert not extends(older, newer, [*proof[:-1], bytes(32)])
    if len(set(proof)) > 1:
        assert not extends(older, newer, proof[::-1])


@given(st.integers(1, 70), st.data())
def test_a_proof_holds_whatever_was_pruned_before_its_leaf(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf(bytes([i])) for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    gone = data.draw(st.integers(0, index))
    subtree = subtree_of(Range().grown(leaves[:gone]), leaves[gone:])
    assert inclusion_proof(index, size, subtree) == inclusion_proof(
        index, size, partial(by_definition, leaves)
    )


def test_no_proof_is_made_of_leaves_that_are_gone() -> None:
    leaves = [leaf(one) for one in ENTRIES]
    subtree = subtree_of(Range().grown(leaves[:4]), leaves[4:])
    with pytest.raises(ValueError, match="no whole subtree"):
        inclusion_proof(1, 8, subtree)
    with pytest.raises(ValueError, match="no whole subtree"):
        consistency_proof(3, 8, subtree)
    assert len(consistency_proof(4, 8, subtree)) == 1  # what went is whole, by chance


def test_what_is_no_range_or_leaf_is_refused() -> None:
    with pytest.raises(ValueError, match="one hash"):
        Range(3, (bytes(32),))
    with pytest.raises(ValueError, match="one hash"):
        Range.from_bytes(1, bytes(31))
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(4, 4, partial(by_definition, []))
    assert root_from_proof(4, 4, bytes(32), []) is None
    for first in (0, 5):
        with pytest.raises(ValueError, match="no such earlier tree"):
            consistency_proof(first, 4, partial(by_definition, []))
    for start, end in ((0, 3), (2, 6), (4, 4), (6, 4), (4, 8)):
        with pytest.raises(ValueError, match="no whole subtree"):
            Range(6, (bytes(32), bytes(32))).part(start, end)
