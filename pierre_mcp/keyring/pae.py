"""Pre-authentication encoding: a list of byte strings as one, with no ambiguity.

::

    PAE(pieces) = LE64(count) ‖ (LE64(length) ‖ piece)*

From PASETO ("Common.md", "PAE Definition"), used for every AAD, MAC and hash of more
than one thing (DESIGN.md 5): no two lists encode alike, so no byte can move from one
field to its neighbour and leave the digest as it was.
"""

# Lengths below this cover nearly every piece; a table is twice as fast as to_bytes.
_SHORT = tuple(length.to_bytes(8, "little") for length in range(256))


def pae(*pieces: bytes) -> bytes:
    """Return the one encoding of ``pieces``, in their order."""
    return len(pieces).to_bytes(8, "little") + b"".join(map(piece, pieces))


def piece(content: bytes) -> bytes:
    """Return one piece as it stands in an encoding, for lists that share some."""
    length = len(content)
    return (_SHORT[length] if length < 256 else length.to_bytes(8, "little")) + content
