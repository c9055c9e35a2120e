"""The ring: data keys by id, each for one scope and one purpose.

::

    MEK ─► DEK(system) · DEK(tenant) · DEK(tenant, person)     each once a purpose

Of each scope and purpose one key is active and seals; the older ones only open
(DESIGN.md 5, "Hierarchy"). No key serves two purposes. A ring is what one load of the
keyring gave: it never changes, and when the keyring's generation moves it is replaced,
which is also how a destroyed key leaves the process.

What the store adds, because only it can see every process: that each write is under a
key still active, and that seals are counted before they are made.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final, NoReturn

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import (
    KeyExhaustedError,
    KeyMissingError,
    KeyringTamperedError,
    SealBrokenError,
    SealBudgetError,
)
from pierre_mcp.keyring.cells import (
    HEADER_BYTES,
    Place,
    cell_cipher,
    key_id_of,
    open_beside,
    open_cell,
    open_each,
    row_pieces,
    seal_cell,
)
from pierre_mcp.keyring.hkdf import expand
from pierre_mcp.keyring.pae import pae

DEK_BYTES: Final = 32
SYSTEM: Final = "system"

# Random 96-bit nonces hold for 2**32 seals (NIST SP 800-38D, 8.3). A block is counted
# in a committed transaction before its first seal, so a crash loses
# seals, never the count.
SEAL_BLOCK: Final = 2**16
ROTATE_AT_SEALS: Final = 2**30
REFUSE_AT_SEALS: Final = 2**31


class Purpose(StrEnum):
    """What a key is for. No key serves two."""

    SEAL = "seal"
    INDEX = "index"
    AUDIT = "audit"
    CHECKPOINT_SIGN = "checkpoint-sign"
    RECEIPT_SIGN = "receipt-sign"
    CONSENT_LOCK = "consent-lock"
    TOKEN_MAC = "token-mac"  # noqa: S105 - the name of a purpose, not a password
    PSEUDONYM = "pseudonym"
    ZONE = "zone"
    MANIFEST = "manifest"
    LEDGER = "ledger"


class KeyState(StrEnum):
    """Where a key is in its life (NIST SP 800-57 part 1, 7)."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt_only"
    COMPROMISED = "compromised"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What is known of a key without opening it.

    Attributes:
        id: 1 to 2**32 - 1, never used again.
        scope: ``"system"``, ``"tenant:<uuid>"`` or ``"person:<tenant>/<person>"``.
        purpose: The one thing it is for.
        version: From 1; grows with each rotation of this scope and purpose.
        state: Only an active key seals; all but a destroyed one open.
        mek_id: The public id of the master key it is wrapped under, 16 bytes.
    """

    id: int
    scope: str
    purpose: Purpose
    version: int
    state: KeyState
    mek_id: bytes


def tenant_scope(tenant: str) -> str:
    """Return the scope of what belongs to a whole tenant."""
    return f"tenant:{tenant}"


def person_scope(tenant: str, person: str) -> str:
    """Return the scope of what belongs to one person."""
    return f"person:{tenant}/{person}"


def count_after_block(seals: int) -> int:
    """Return the count to store for a key once one more block is reserved.

    Args:
        seals: What the keyring counts for the key now.

    Raises:
        KeyExhaustedError: It would pass 2**31.
    """
    if seals + SEAL_BLOCK > REFUSE_AT_SEALS:
        raise KeyExhaustedError
    return seals + SEAL_BLOCK


def rotation_due(seals: int) -> bool:
    """Tell whether a key has sealed enough to be replaced by itself."""
    return seals >= ROTATE_AT_SEALS


class Ring:
    """The keys of one store, as one load of the keyring found them.

    Args:
        keys: Each key with its 32 bytes; a destroyed one has none, and is left out.

    Raises:
        KeyringTamperedError: Two keys share an id, or are active for the same use.
    """

    __slots__ = (
        "_active", "_by_header", "_ciphers", "_deks", "_infos", "_left", "_lock",
        "_subkeys",
    )  # fmt: skip

    def __init__(self, keys: Iterable[tuple[KeyInfo, bytes]]) -> None:
        self._infos: dict[int, KeyInfo] = {}
        self._deks: dict[int, bytes] = {}
        self._active: dict[tuple[str, Purpose], int] = {}
        self._ciphers: dict[int, AESGCM] = {}
        self._by_header: dict[bytes, AESGCM] = {}
        self._left: dict[int, int] = {}
        self._subkeys: dict[tuple[int, str], bytes] = {}
        self._lock = Lock()
        for info, dek in keys:
            self._add(info, dek)

    def __repr__(self) -> str:
        return f"<Ring of {len(self._deks)}>"

    def __reduce__(self) -> NoReturn:
        msg = "a ring is never copied or pickled: its keys would go along"
        raise TypeError(msg)

    def infos(self) -> tuple[KeyInfo, ...]:
        """Return what is known of each key, in id order."""
        return tuple(self._infos[key_id] for key_id in sorted(self._infos))

    def info(self, key_id: int) -> KeyInfo:
        """Return what is known of one key.

        Raises:
            KeyMissingError: The key is not on this ring.
        """
        try:
            return self._infos[key_id]
        except KeyError:
            raise KeyMissingError from None

    def active(self, scope: str, purpose: Purpose) -> int:
        """Return the id of the key in use.

        Raises:
            KeyMissingError: There is none: never made, or destroyed.
        """
        try:
            return self._active[scope, purpose]
        except KeyError:
            raise KeyMissingError from None

    def seal(
        self, plain: bytes, place: Place, scope: str, purpose: Purpose = Purpose.SEAL
    ) -> tuple[int, bytes]:
        """Seal ``plain`` for ``place``; return the id of the key in use, and the cell.

        Raises:
            KeyMissingError: No key is in use for this scope and purpose.
            SealBudgetError: No seals are left of the block reserved.
            ValueError: The scope is another person's than the place: their erasure
                would leave this readable.
        """
        if scope.startswith("person:") and scope != _owner(place):
            msg = "a person's cells are sealed under that person's key"
            raise ValueError(msg)
        key_id = self.active(scope, purpose)
        self._count(key_id)
        return key_id, seal_cell(self._cipher(key_id), key_id, plain, place)

    def open(self, cell: bytes, place: Place) -> bytes:
        """Open a cell under whichever key sealed it.

        Raises:
            SealBrokenError: It was altered, moved, or its key is not on the ring. Which
                of these is deliberately not said.
        """
        return open_cell(self._cipher_of(cell), cell, place)

    def open_row(
        self, place: Place, cells: Sequence[tuple[bytes, bytes]]
    ) -> list[bytes]:
        """Open several cells of the row that ``place`` names, each beside its column.

        Lists and totals open thousands: what a row's cells share is encoded once, and
        columns come as ``column_piece`` gives them.

        Raises:
            SealBrokenError: As for ``open``; of any of them.
        """
        row, opened = row_pieces(place), []
        for column, cell in cells:
            cipher = self._by_header.get(cell[:HEADER_BYTES])
            if cipher is None:
                cipher = self._cipher_of(cell)
            opened.append(open_beside(cipher, cell, column, row))
        return opened

    def open_column(
        self, column: bytes, cells: Sequence[bytes], rows: Iterable[bytes]
    ) -> list[bytes]:
        """Open one cell of each of many rows, which ``row_pieces`` stand for.

        Totals open a whole history: nearly all of it was sealed under one key, and
        what such cells share is looked up once.

        Raises:
            SealBrokenError: As for ``open``; of any of them.
        """
        return open_each(self._cipher_of, column, zip(cells, rows, strict=True))

    def reserve(self, key_id: int, count: int) -> None:
        """Allow ``count`` more seals, which the store has counted and committed.

        Raises:
            KeyMissingError: The key is not on this ring.
        """
        if count < 0:
            msg = "a reserve only grows"
            raise ValueError(msg)
        with self._lock:
            self._left[key_id] = self.seals_left(key_id) + count

    def seals_left(self, key_id: int) -> int:
        """Return how many seals this ring may still make under a key.

        Raises:
            KeyMissingError: The key is not on this ring.
        """
        try:
            return self._left[key_id]
        except KeyError:
            raise KeyMissingError from None

    def altered(
        self,
        infos: Iterable[KeyInfo],
        added: Iterable[tuple[KeyInfo, bytes]] = (),
    ) -> "Ring":
        """Return a ring of the same keys under what is now known of them.

        A key that is destroyed is left out; the seals in hand are handed over.

        Args:
            infos: Of each key that is already on this ring.
            added: Keys that are new, each with its 32 bytes.
        """
        kept = [
            (info, self._deks[info.id])
            for info in infos
            if info.state is not KeyState.DESTROYED
        ]
        fresh = Ring([*kept, *added])
        for info, _ in kept:
            fresh.reserve(info.id, self.seals_left(info.id))
        return fresh

    def hand_over(self, before: "Ring") -> None:
        """Take over the seals that an earlier load of the keyring had in hand.

        Of a key that is the same in both: a copy put back may have made another key of
        the same number.
        """
        for key_id, dek in self._deks.items():
            if hmac.compare_digest(before.dek(key_id) or b"", dek):
                self.reserve(key_id, before.seals_left(key_id))

    def dek(self, key_id: int) -> bytes | None:
        """Return the 32 bytes of a key on this ring; for this package alone."""
        return self._deks.get(key_id)

    def mac(
        self,
        scope: str,
        purpose: Purpose,
        label: str,
        *pieces: bytes,
        key_id: int | None = None,
    ) -> bytes:
        """Return the keyed digest of ``pieces``, 32 bytes.

        HMAC-SHA256 over their PAE, under the subkey that ``label`` names. With
        ``key_id``, under that older key instead of the one in use.
        """
        key = self.derive(scope, purpose, label, key_id=key_id)
        return hmac.digest(key, pae(*pieces), "sha256")

    def derive(
        self, scope: str, purpose: Purpose, label: str, *, key_id: int | None = None
    ) -> bytes:
        """Return the 32-byte subkey that ``label`` names.

        Kept beside the key it is from, and gone with it. Labels are fixed words and
        recipients, so there are few.

        Raises:
            KeyMissingError: The key is not on the ring, or is not of this use.
        """
        if key_id is None:
            key_id = self.active(scope, purpose)
        info = self.info(key_id)
        if (info.scope, info.purpose) != (scope, purpose):
            raise KeyMissingError
        subkey = self._subkeys.get((key_id, label))
        if subkey is None:
            # A prefix of its own keeps every label apart from "pierre/cell/v1".
            name = pae(b"pierre/subkey/v1", label.encode())
            subkey = expand(self._deks[key_id], name)
            self._subkeys[key_id, label] = subkey
        return subkey

    def _add(self, info: KeyInfo, dek: bytes) -> None:
        if len(dek) != DEK_BYTES or info.state is KeyState.DESTROYED:
            msg = "a key on the ring has 32 bytes"
            raise ValueError(msg)
        use = (info.scope, info.purpose)
        active = info.state is KeyState.ACTIVE
        if info.id in self._infos or (active and use in self._active):
            raise KeyringTamperedError
        self._infos[info.id] = info
        self._deks[info.id] = dek
        self._left[info.id] = 0
        if active:
            self._active[use] = info.id

    def _cipher(self, key_id: int) -> AESGCM:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            cipher = self._ciphers[key_id] = cell_cipher(self._deks[key_id])
        return cipher

    def _cipher_of(self, cell: bytes) -> AESGCM:
        """Return the cipher of the key that a cell names, once its header is sound."""
        key_id = key_id_of(cell)
        if key_id not in self._deks:
            raise SealBrokenError
        cipher = self._by_header[cell[:HEADER_BYTES]] = self._cipher(key_id)
        return cipher

    def _count(self, key_id: int) -> None:
        # Two workers share a ring; a count lost between them would be a nonce too many.
        with self._lock:
            if self._left[key_id] == 0:
                raise SealBudgetError
            self._left[key_id] -= 1


def _owner(place: Place) -> str:
    return person_scope(place.tenant, place.person)
