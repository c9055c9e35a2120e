"""Sealed cells, version 1: one AES-256-GCM message for each stored field.

A cell is, in bytes (DESIGN.md 5; 34 over the value)::

    | 1: version 1 | 1: suite 1 | 4: key id (BE) | 12: nonce | n: ciphertext | 16: tag |

    subkey = HKDF-Expand-SHA256(DEK, "pierre/cell/v1", 32)
    AAD    = PAE("pierre/cell", header[0:6], column, tenant, person, row,
                 source, origin, day)

The header and the place are authenticated with the value, so a cell opens only as it
was written, in the row, column, tenant and person it was written for, and only beside
the plain columns that decide who may see it: changing ``origin`` by hand makes the row
unreadable, not free.

Nonces are random, which holds for 2**32 seals under one key (NIST SP 800-38D, 8.3);
``ring`` counts them. Suite 0x02 is reserved for XAES-256-GCM.

What is not stopped here: a cell put back to its own older bytes, and a row removed. The
audit log and the policy epoch answer for these (DESIGN.md 6 and 8).
"""

import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring import gcm
from pierre_mcp.keyring.gcm import AnyCipher, ListedCipher
from pierre_mcp.keyring.hkdf import expand
from pierre_mcp.keyring.pae import piece

VERSION: Final = 0x01
SUITE_AES_256_GCM: Final = 0x01
CELL_OVERHEAD: Final = 34

_PREFIX = bytes((VERSION, SUITE_AES_256_GCM))
HEADER_BYTES: Final = 6
_BODY_AT = HEADER_BYTES + gcm.NONCE_BYTES


class Place(NamedTuple):
    """Where a cell lives, and the plain columns it must stand beside.

    Attributes:
        column: The logical column: a stable name, so that a table may be renamed.
        tenant: Lower-case UUID text; empty for what belongs to the system.
        person: Lower-case UUID text; empty for what belongs to a tenant or the system.
        row: The row's own random id, as text.
        source: Where the row came from (``"strava"``); empty where it does not apply.
        origin: How it came (``"strava_export"``); empty where it does not apply.
        day: The local day, ``"YYYY-MM-DD"``; empty where it does not apply.
    """

    column: str
    tenant: str
    person: str
    row: str
    source: str = ""
    origin: str = ""
    day: str = ""

    @property
    def owner(self) -> str:
        """The scope of the person it belongs to, as ``info.person_scope`` gives it."""
        return f"person:{self.tenant}/{self.person}"


def cell_cipher(dek: bytes, listed: frozenset[bytes] | None = None) -> AnyCipher:
    """Return the cipher of one data key: make it once, and keep it.

    Args:
        dek: The key.
        listed: The only cells it may open, as ``listed_as`` gives them; None where it
            is known to nobody else, and may open all of its own.
    """
    subkey = expand(dek, b"pierre/cell/v1")
    return AESGCM(subkey) if listed is None else ListedCipher(subkey, listed)


def listed_as(cell: bytes, place: Place) -> bytes:
    """Return what stands for a cell in the listing of a compromised key, 16 bytes."""
    header, message = cell[:HEADER_BYTES], cell[HEADER_BYTES:]
    aad = _AAD_BEGINS + header + column_piece(place.column) + row_pieces(place)
    return gcm.listing_of(message, aad)


def key_id_of(cell: bytes) -> int:
    """Return the id of the key that ``cell`` says sealed it; a hint until it opens.

    Raises:
        SealBrokenError: It is too short, or of another version or suite.
    """
    if len(cell) < CELL_OVERHEAD or cell[:2] != _PREFIX:
        raise SealBrokenError
    return int.from_bytes(cell[2:HEADER_BYTES])


def seal_cell(cipher: AnyCipher, key_id: int, plain: bytes, place: Place) -> bytes:
    """Seal ``plain`` for ``place``. The caller has counted the seal."""
    column, row = column_piece(place.column), row_pieces(place)
    return seal_beside(cipher, key_id, plain, column, row)


def seal_beside(
    cipher: AnyCipher, key_id: int, plain: bytes, column: bytes, row: bytes
) -> bytes:
    """Seal for the place of a column's piece and the six that its row's cells share."""
    header = _PREFIX + key_id.to_bytes(4)
    # Never a parameter: a caller who could choose a nonce could repeat one.
    nonce = secrets.token_bytes(gcm.NONCE_BYTES)
    aad = _AAD_BEGINS + header + column + row
    return header + nonce + gcm.encrypt(cipher, nonce, plain, aad)


def open_beside(cipher: AnyCipher, cell: bytes, column: bytes, row: bytes) -> bytes:
    """Open a cell, given its column's piece and the six that its row's cells share.

    Its header was read by ``key_id_of``, or is one that was.

    Raises:
        SealBrokenError: It was altered, or sealed for another place or key.
    """
    aad = _AAD_BEGINS + cell[:HEADER_BYTES] + column + row
    return gcm.decrypt(cipher, cell[HEADER_BYTES:_BODY_AT], cell[_BODY_AT:], aad)


def open_each(
    cipher_of: Callable[[bytes], AnyCipher],
    column: bytes,
    rows: Iterable[tuple[bytes, bytes]],
) -> list[bytes]:
    """Open a column's cells, each beside its row's piece.

    What cells of one key share is made once: nearly always all are of one.

    Args:
        cipher_of: Finds a cell's cipher by the key it names.
        column: As ``column_piece`` gives it.
        rows: Cell and row piece.

    Raises:
        SealBrokenError: One was altered, or sealed for another place or key.
    """
    pairs = list(rows)
    if not pairs:
        return []
    header = pairs[0][0][:HEADER_BYTES]
    begins = _AAD_BEGINS + header + column
    if {cell[:HEADER_BYTES] for cell, _ in pairs} == {header}:
        return gcm.decrypt_each(cipher_of(pairs[0][0]), pairs, begins, HEADER_BYTES)
    return [open_beside(cipher_of(cell), cell, column, row) for cell, row in pairs]


# PAE("pierre/cell", header, column, tenant, ... day), as far as it is the same for all
# cells: the count, the label, and the length of the header, which is fixed. There are
# always nine pieces: what does not apply is empty, never left out.
_AAD_BEGINS = (
    (9).to_bytes(8, "little")
    + piece(b"pierre/cell")
    + HEADER_BYTES.to_bytes(8, "little")
)


def row_pieces(place: Place) -> bytes:
    """Return the six pieces after the column, which a row's cells share."""
    _, tenant, person, row, source, origin, day = place
    whose, came = _two(tenant, person), _two(source, origin)
    return whose + piece(row.encode()) + came + piece(day.encode())


def rows_pieces(
    who: tuple[str, str], rows: Iterable[tuple[str, str, str, str]]
) -> list[bytes]:
    """Return ``row_pieces`` of many rows of one person.

    Args:
        who: Tenant and person.
        rows: Row, source, origin and day of each.
    """
    whose = _two(*who)
    return [
        whose + piece(row.encode()) + _two(source, origin) + piece(day.encode())
        for row, source, origin, day in rows
    ]


@lru_cache(maxsize=256)
def column_piece(column: str) -> bytes:
    """Return the piece that names a column."""
    return piece(column.encode())


@lru_cache(maxsize=256)
def _two(one: str, other: str) -> bytes:
    """Encode two of the few texts that come again and again."""
    return piece(one.encode()) + piece(other.encode())
