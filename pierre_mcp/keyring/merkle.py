"""Merkle trees over the rows of the log, as Certificate Transparency makes them.

::

    leaf = SHA-256(0x00 || entry)          node = SHA-256(0x01 || left || right)

RFC 6962, 2.1 (RFC 9162, 2.1). A tree of ``size`` leaves splits at the largest power of
two below its size. What a growing tree must keep is one hash for each bit set in its
size, of the whole subtrees it consists of, the largest first: its *range*.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Gives the root of the whole subtree of leaves ``start`` to ``end``, not included."""


def leaf(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Root:
    """What a checkpoint says of a tree."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Range:
    """The first ``size`` leaves of a tree, by the whole subtrees they consist of.

    Attributes:
        hashes: One for each bit set in ``size``, the largest subtree first.

    Raises:
        ValueError: There are more or fewer hashes than bits, or one is no hash.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        whole = all(len(one) == HASH_BYTES for one in self.hashes)
        if self.size < 0 or self.size.bit_count() != len(self.hashes) or not whole:
            msg = "a range has one hash of 32 bytes for each bit of its size"
            raise ValueError(msg)

    @classmethod
    def from_bytes(cls, size: int, joined: bytes) -> Self:
        """Return the range whose hashes are ``joined``.

        Raises:
            ValueError: They are not those of such a size.
        """
        starts = range(0, len(joined), HASH_BYTES)
        return cls(size, tuple(joined[i : i + HASH_BYTES] for i in starts))

    def __bytes__(self) -> bytes:
        """Return the hashes, one after the other."""
        return b"".join(self.hashes)

    def grown(self, leaves: Iterable[bytes]) -> "Range":
        """Return the range with more leaves at its end."""
        size, hashes = self.size, list(self.hashes)
        for one in leaves:
            merged, bits = one, size
            while bits & 1:  # as a carry runs through a binary counter
                merged, bits = node(hashes.pop(), merged), bits >> 1
            hashes.append(merged)
            size += 1
        return Range(size, tuple(hashes))

    def part(self, start: int, end: int) -> "Range":
        """Return some of its whole subtrees, as a range that begins where they do.

        Args:
            start: Where one of its subtrees begins.
            end: Where one ends, after ``start``.

        Raises:
            ValueError: No subtree of this range begins or ends there.
        """
        # Its subtrees follow the bits of its size, the highest first.
        if not (self._has_edge(start) and self._has_edge(end) and start < end):
            msg = "no whole subtree of this range begins and ends there"
            raise ValueError(msg)
        return Range(end - start, self.hashes[start.bit_count() : end.bit_count()])

    def _has_edge(self, at: int) -> bool:
        low = at & -at
        return at <= self.size and (at == 0 or self.size & -low == at)

    def root(self) -> bytes:
        """Return the root of the tree of these leaves."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for one in reversed(rest):
            root = node(one, root)
        return root


def subtree_of(pruned: Range, leaves: Sequence[bytes]) -> Subtree:
    """Return what gives the subtrees of a tree whose first leaves are gone.

    It raises ValueError where a leaf would be needed that is gone: never for a proof of
    a leaf after them, or of an earlier tree that is no smaller than they are many.

    Args:
        pruned: Of the leaves that are gone; empty where none is.
        leaves: The hashes of all that follow them.
    """

    def subtree(start: int, end: int) -> bytes:
        whole = Range()
        if start < pruned.size:
            whole = pruned.part(start, min(end, pruned.size))
        begin = max(0, start - pruned.size)
        return whole.grown(leaves[begin : max(0, end - pruned.size)]).root()

    return subtree


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, the lowest first.

    Args:
        index: Of the leaf, from 0.
        size: Of the tree.
        subtree: Called only with ranges that split off on the way; those left of
            ``index`` are whole.

    Raises:
        ValueError: There is no such leaf.
    """
    if not 0 <= index < size:
        msg = "there is no such leaf"
        raise ValueError(msg)
    start, end, proof = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes which show that a tree begins with an earlier one.

    RFC 9162, 2.1.4.1.

    Args:
        first: The size of the earlier tree.
        size: Of the later one.
        subtree: As for ``inclusion_proof``; those left of ``first`` are whole.

    Raises:
        ValueError: There is no such earlier tree.
    """
    if not 0 < first <= size:
        msg = "there is no such earlier tree"
        raise ValueError(msg)
    start, end, proof = 0, size, list[bytes]()
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    if start:  # else it is the earlier root, which whoever checks has
        proof.append(subtree(start, end))
    return proof[::-1]


def root_from_proof(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes]
) -> bytes | None:
    """Return the root that a proof leads to; None where it has not the right length.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    at, last, root = index, size - 1, leaf_hash
    for one in proof:
        if last == 0:
            return None
        if at & 1 or at == last:
            root = node(one, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node(root, one)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None


def extends(first: Root, second: Root, proof: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that the second tree begins with the first.

    It takes exactly the hashes of RFC 9162, 2.1.4, and splits as they were made.
    """
    if not 0 < first.size <= second.size:
        return False
    hashes = iter(proof)
    try:
        found = _both_roots(first.size, second.size, hashes, first.root)
    except StopIteration:
        return False
    return next(hashes, None) is None and found == (first.root, second.root)


def _both_roots(
    first: int, size: int, hashes: Iterator[bytes], known: bytes | None
) -> tuple[bytes, bytes]:
    """Return the earlier and the later root of a subtree; ``known`` if it was whole."""
    if first == size:
        root = next(hashes) if known is None else known
        return root, root
    middle = _split(size)
    if first <= middle:
        older, newer = _both_roots(first, middle, hashes, known)
        return older, node(newer, next(hashes))
    older, newer = _both_roots(first - middle, size - middle, hashes, None)
    left = next(hashes)
    return node(left, older), node(left, newer)


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return int(1 << ((size - 1).bit_length() - 1))
